"""Whatever is told of goods in stores, the answer is sound: no nan, no warning, nothing that cannot be."""

from datetime import date

import numpy as np
import pytest

from stores.estimates import Ask, estimate, learn, learned_of, shares_of_stores
from stores.flows import DAYS, Goods, flow
from stores.instore import InStore, Lots, Place, Ware
from stores.stocked import lines_of

TODAY = date(2026, 6, 15)
TOPS = (2, 10, 1000, 10**6, 10**7)


def any_goods(rng, top):
    """Make up stores, products and rows of all kinds, days after today among them, without any sense."""
    stores, products = int(rng.integers(1, 8)), int(rng.integers(1, 4))
    cells = stores * products

    def rows(most, items):
        n = int(rng.integers(0, most))
        cell, day = rng.integers(0, cells, n), TODAY.toordinal() - rng.integers(-5, 210, n)
        order = np.lexsort((day, cell))
        return cell[order], day[order], rng.integers(0, items, n)

    def once(most):
        key = np.unique([cell * DAYS + day for cell, day, _ in zip(*rows(most, 2), strict=True)]).astype(np.int64)
        return key // DAYS, key % DAYS, rng.integers(0, top, len(key))

    came, seen, told = rows(40, top), rows(60, int(rng.choice([2, 30, 10**6]))), once(10)
    known = np.isin(seen[0] * DAYS + seen[1], told[0] * DAYS + told[1])
    store, product = np.divmod(np.arange(cells), products)
    goods = Goods(
        store, product, store % 2, flow(*came), flow(*rows(5, top)), flow(*seen), flow(*told),
        flow(*(column[known] for column in seen)), flow(told[0], told[1], np.ones_like(told[2])), *once(40),
    )  # fmt: skip
    places = [Place(n, f"S{n}", "Store", f"R{n % 2}", "UTC") for n in range(stores)]
    wares = [Ware(n, f"P{n}", "Tea", None) for n in range(products)]
    return InStore(places, wares, goods, Lots(*came, np.full(len(came[0]), TODAY.toordinal() + 3)))


@pytest.mark.parametrize("top", TOPS)
def test_law_any_rows_give_a_sound_answer(top):
    rng = np.random.default_rng(top)
    for _ in range(40):
        held = any_goods(rng, top)
        learned = learn(held, day=TODAY)
        assert learned_of(learned.told()) == learned
        ask = Ask(float(rng.choice([0, 3, 180])), 1.0, float(rng.choice([0.5, 0.95, 0.999])))
        for line in lines_of(held, estimate(held, learned=learned, day=TODAY, ask=ask), day=TODAY):
            assert all(np.isfinite(value) for value in line if isinstance(value, float))
            assert 0 < line.share < 1
            assert line.safety >= 0
            assert line.stock is None or line.low <= line.high
        shares = shares_of_stores(held, norms=learned.norms, day=TODAY)
        assert ((shares.yes > 0) & (shares.no > 0)).all()
