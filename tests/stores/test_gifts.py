"""Gifts that move where goods do not: promised rates under stores that differ, and what is counted."""

from datetime import date, timedelta

import numpy as np
import pytest

from stores.gifts import CODE, LEAST, chance_of_gifts, crowds, gift_findings, gifts_given
from stores.roll import Roll, roll
from tests import make
from tests.selling import sell

FIRST = date(2026, 6, 1)
DAYS = 30


def called(stores, regions=4):
    nothing = np.zeros(stores, np.int64)
    names = [f"S{number:03}" for number in range(stores)]
    return Roll(np.arange(stores), names, np.arange(stores) % regions, nothing, nothing + 10**6)


def world(*, stores=200, share=0.1, spread=0.05, seed=0, items=60):
    """Return gifts and goods of stores whose own share of gifts varies around their region's."""
    rng = np.random.default_rng(seed)
    strength = (1 - spread) / spread
    own = rng.beta(share * strength, (1 - share) * strength, stores)
    sold = rng.poisson(items / DAYS, (stores, DAYS))
    gifts = rng.binomial(sold, own[:, None])
    return gifts, sold - gifts


def found(gifts, goods, *numbers, fdr=0.1):
    days = [FIRST + timedelta(days=number) for number in numbers or (DAYS - 1,)]
    return list(gift_findings(gifts, goods, roll=called(len(gifts)), first=FIRST, days=days, fdr=fdr))


@pytest.mark.parametrize("share", [0.03, 0.1, 0.3])
@pytest.mark.parametrize("spread", [0.0005, 0.05, 0.2])
@pytest.mark.parametrize("items", [10, 60, 600])
def test_law_the_promised_rate_is_not_exceeded_though_stores_differ(share, spread, items):
    p_values = []
    for seed in range(40):
        gifts, goods = (one.sum(axis=1) for one in world(share=share, spread=spread, items=items, seed=seed))
        p_values.append(chance_of_gifts(gifts, gifts + goods, np.arange(200) % 4))
    realised = (np.concatenate(p_values) <= 0.01).mean()
    most_give_nothing = (share, spread) == (0.03, 0.2)  # docs/gifts.md
    assert realised <= (0.015 if most_give_nothing else 0.013)


def test_a_store_without_spread_in_the_test_would_be_accused():
    """The control: with the smallest spread allowed, honest stores that differ look guilty far too often."""
    from scipy.stats import binom

    gifts, goods = (one.sum(axis=1) for one in world(spread=0.2, items=600))
    naive = binom.sf(gifts - 1, gifts + goods, gifts.sum() / (gifts + goods).sum())
    assert (naive <= 0.01).mean() > 0.1


def test_gifts_that_move_alone_are_found_and_worded_in_numbers():
    gifts, goods = world()
    gifts[7], goods[7] = 1, 0
    [finding] = [one for one in found(gifts, goods) if one.row == 7]
    assert (finding.detector, finding.direction) == ("gifts", "too_bad")
    assert finding.why | {"usual": 0} == {"code": CODE, "days": 28, "gifts": 28, "goods": 0, "usual": 0}
    assert 5 < finding.why["usual"] < 20
    assert finding.items_a_day == pytest.approx(0.9, abs=0.1)


def test_a_world_of_its_like_raises_few_flags():
    told = [one for seed in range(20) for one in found(*world(seed=seed), *range(27, DAYS))]
    assert len({(one.row, one.day) for one in told}) < 20


def test_few_gifts_or_old_ones_are_no_pattern():
    gifts, goods = world(share=0.01)
    gifts[:8], goods[:8] = 0, 0
    gifts[0, -LEAST + 1 :] = 1
    gifts[1, 5:20] = 1
    assert not {0, 1} & {one.row for one in found(gifts, goods)}


def test_a_small_region_is_held_against_all_and_nothing_breaks_on_nothing():
    assert crowds(np.array([1] * 6 + [1]), np.array([0] * 6 + [1])).tolist() == [1] * 6 + [0]
    nothing = np.zeros((3, DAYS), np.int64)
    assert not found(nothing, nothing)
    assert not found(nothing[:0], nothing[:0])
    assert chance_of_gifts(np.array([5]), np.array([5]), np.array([0]))[0] > 0


def test_only_gifts_of_known_stores_are_counted(db):
    store = make.store(db, store_id="A")
    gift = make.product(db, gtin=make.OTHER_GTIN if hasattr(make, "OTHER_GTIN") else "09506000134369", kind="gift")
    sell(db, store=store, day=FIRST, count=3, product=gift)
    sell(db, store=None, day=FIRST, count=2, product=gift)
    sell(db, store=store, day=FIRST, count=5, product=make.product(db))
    told = gifts_given(db, roll=roll(db), first=FIRST, last=FIRST + timedelta(days=1))
    assert told.tolist() == [[3, 0]]
