"""The share of sales that is scanned: known truths are found again, nonsense is told apart."""

import numpy as np
import pytest

from bench.bench_stock import PRODUCT_NAMES, REGION_NAMES
from bench.shops import DAY_0, Setting, simulate
from stores.capture import Norms, cell_shares, possible, store_shares, usable
from stores.flows import Balances, Goods, balances, flow
from stores.usual import fit_norms

NAMES = {"regions": ["East"], "products": ["A"]}
NOTHING = flow(*(np.zeros(0, np.int64) for _ in range(3)))


def ints(*values):
    return np.array(values, np.int64)


def goods(*, counts=(), came=(), scanned=(), told=()):
    """One product in one store from rows of (day, items)."""

    def flowing(rows):
        return (
            flow(*(np.array(x, np.int64) for x in zip(*[(0, *row) for row in rows], strict=True))) if rows else NOTHING
        )

    told_days = [(day, 1) for day, _ in told]
    shown = [(day, items) for day, items in scanned if day in dict(told)]
    columns = [np.array(x, np.int64) for x in zip(*[(0, *row) for row in counts], strict=True)] or [ints()] * 3
    return Goods(
        ints(0), ints(0), ints(0), flowing(came), NOTHING, flowing(scanned), flowing(told), flowing(shown),
        flowing(told_days), *columns,
    )  # fmt: skip


def rows_of(some, day=100):
    return balances(some, since=0, day=day)


def test_what_left_is_what_was_there_and_came_less_what_is_there():
    some = goods(counts=[(10, 40), (40, 22)], came=[(20, 24), (41, 24)], scanned=[(10, 5), (11, 20), (40, 5), (41, 1)])
    rows = rows_of(some)
    assert [int(x[0]) for x in rows] == [0, 40, 30, 42, 25]


def test_nothing_later_than_the_day_asked_for_counts():
    some = goods(counts=[(10, 40), (40, 22)], came=[(20, 24)], told=[(50, 3)])
    assert len(rows_of(some, day=39).cell) == 0
    assert len(rows_of(some, day=49).cell) == 1


def test_a_till_stands_in_for_the_counts_of_its_days():
    some = goods(counts=[(10, 40), (40, 22)], scanned=[(11, 2), (12, 9)], told=[(11, 4), (13, 2)])
    assert [int(x[0]) for x in rows_of(some)] == [0, 13, 2, 6, 2]


@pytest.mark.parametrize(
    ("sold", "scanned", "can", "why"),
    [
        (40, 24, True, "an ordinary stretch"),
        (40, 41, True, "one miscounted item"),
        (40, 60, False, "more scanned than left"),
        (-5, 0, False, "more there than could be"),
        (0, 0, False, "nothing left, so nothing to learn"),
    ],
)
def test_balances_that_cannot_be_are_put_aside(sold, scanned, can, why):
    assert possible(Balances(ints(0), ints(9), ints(9), ints(sold), ints(scanned)))[0] == can, why


def test_a_balance_of_no_days_is_put_aside():
    assert not possible(Balances(ints(0), ints(9), ints(0), ints(40), ints(24)))[0]


def test_a_delivery_told_of_the_wrong_store_is_no_share():
    rows = Balances(ints(0, 0), ints(9, 9), ints(9, 9), ints(40, 240), ints(24, 1))
    assert usable(rows, mean=0.6, within=0.02, between=40.0).tolist() == [True, False]


def test_a_store_nobody_knows_is_taken_for_what_is_usual_there():
    norms = Norms(mean=0.6, regions={"East": 0.7})
    told = store_shares(goods(), rows_of(goods()), day=100, norms=norms, regions=["East"])
    assert len(told.mean) == 1
    assert told.mean[0] == pytest.approx(0.7)


def test_what_a_store_shows_moves_it_from_what_is_usual():
    some = goods(counts=[(10, 100), (40, 0)], scanned=[(20, 20)])
    told = cell_shares(some, rows_of(some), day=40, norms=Norms(mean=0.6), **NAMES)
    usual = cell_shares(goods(), rows_of(goods()), day=40, norms=Norms(mean=0.6), **NAMES)
    assert 0.2 < told.mean[0] < usual.mean[0] == pytest.approx(0.6)
    assert told.yes[0] + told.no[0] > usual.yes[0] + usual.no[0]


def test_a_flat_month_of_nothing_scanned_gives_a_sound_share():
    some = goods(counts=[(10, 10**7), (40, 0)])
    told = cell_shares(some, rows_of(some), day=40, norms=Norms(), **NAMES)
    assert 0 < told.mean[0] < 0.5


def test_simulated_shares_are_found_again():
    world = simulate(Setting(stores=200, days=365, differs=0.5))
    rows = balances(world.goods, since=0, day=DAY_0 + 364)
    names = {"regions": REGION_NAMES, "products": PRODUCT_NAMES}
    norms = fit_norms(world.goods, rows, day=DAY_0 + 364, start=Norms(), **names)
    assert norms.mean == pytest.approx(0.6, abs=0.05)
    told = cell_shares(world.goods, rows, day=DAY_0 + 364, norms=norms, **names)
    off = np.abs(told.mean - world.capture)
    assert off.mean() < 0.05
    assert off.mean() < 0.5 * np.abs(world.capture - world.capture.mean()).mean()
    spread = np.sqrt(told.mean * (1 - told.mean) / (told.yes + told.no + 1))
    assert 0.7 < (off < 1.2816 * spread).mean() < 0.9
