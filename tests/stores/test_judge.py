"""The judge as a whole: promised rates, sameness, edges."""

from datetime import date

import numpy as np
import pytest

from stores.judge import REASONS, Panel, judge, lot

START = date(2026, 1, 5)


def panel(counts, region=None):
    stores = [f"s{i}" for i in range(len(counts))]
    return Panel(stores, np.zeros(len(counts), int) if region is None else region, START, np.asarray(counts))


def poisson(*, stores=400, days=100, rate=4.0, seed=0):
    return np.random.default_rng(seed).poisson(rate, (stores, days))


@pytest.mark.parametrize("rate", [0.1, 1.0, 8.0, 100.0])
def test_one_in_a_hundred_means_one_in_a_hundred(rate):
    p_value = judge(panel(poisson(stores=600, rate=rate)), first=50).p_value
    assert 0.006 < (p_value <= 0.01).mean() < 0.014


def test_a_drop_and_a_rise_are_flagged_their_way():
    counts = poisson()
    counts[0, -4:], counts[1, -4:] = 0, 20
    judged = judge(panel(counts), first=99)
    assert judged.flagged[:2, 0].tolist() == [True, True]
    assert judged.direction[:2, 0].tolist() == [-1, 1]
    assert [REASONS[code] for code in judged.reason[:2, 0]] == ["stretch_low", "stretch_high"]


def test_a_region_that_moves_together_is_not_odd():
    counts = poisson(rate=6.0)
    counts[:200, -1] = np.random.default_rng(1).poisson(18.0, 200)
    region = np.repeat([0, 1], 200)
    assert judge(panel(counts, region), first=99).flagged.sum() <= 2


def test_a_flag_knows_how_its_neighbours_did():
    counts = poisson(rate=20.0)
    counts[:200, -3:] = np.random.default_rng(1).poisson(28.0, (200, 3))
    counts[[0, 200], -3:] = 0
    judged = judge(panel(counts, np.repeat([0, 1], 200)), first=99)
    assert judged.flagged[[0, 200], 0].all()
    assert judged.neighbours[[0, 200], 0] == pytest.approx([1.35, 1.0], abs=0.07)
    assert (judged.neighbours[~judged.flagged[:, 0], 0] == 1).all()


@pytest.mark.parametrize(
    "counts",
    [
        np.zeros((3, 60), int),
        np.full((3, 60), 10**6),
        np.full((1, 60), 1),
        np.full((4, 1), 3),
        np.where(np.arange(60) % 2, 10**9, 0)[None, :].repeat(2, axis=0),
        np.full((2, 40), -1),
        np.where(np.arange(70) % 60 < 35, 4, -1)[None, :].repeat(3, axis=0),
        np.zeros((0, 5), int),
    ],
    ids=[
        "all zeros",
        "a million a day",
        "one store",
        "one day",
        "to and fro",
        "never there",
        "gone for weeks",
        "no store",
    ],
)
def test_a_strange_panel_gets_numbers_and_no_warning(counts):
    judged = judge(panel(counts), first=0)
    assert np.isfinite(judged.p_value).all()
    assert ((judged.p_value > 0) & (judged.p_value <= 1)).all()
    assert np.isfinite(judged.expected).all()


def test_a_store_of_thousands_with_a_day_off_is_known_from_its_second_month():
    """One zero among its first days must not make it a store of a few: all its windows would be far off."""
    rng = np.random.default_rng(3)
    size = np.full((60, 1), 20.0)
    counts = rng.poisson(rng.gamma(size, 1 / size, (60, 70)) * 2000)
    off = np.arange(60) < 30
    counts[np.ix_(off, np.arange(1, 70, 7))] = 0
    judged = judge(panel(counts, np.arange(60) % 2), first=35)
    assert (judged.p_value <= 0.01).mean() < 0.02
    assert judged.expected[off][:, judged.expected[0] > 0].min() > 500


def test_a_day_outside_the_panel_is_refused():
    with pytest.raises(ValueError, match="not one of"):
        judge(panel(poisson(days=5)), first=5)


def test_the_lot_of_a_store_is_its_own_and_even():
    seed = np.arange(10_000, dtype=np.uint64)
    assert np.array_equal(lot(seed, 5)[:10], lot(seed[:10], 5))
    assert abs(lot(seed, 5).mean() - 0.5) < 0.01
    assert abs(np.corrcoef(lot(seed, 5), lot(seed, 6))[0, 1]) < 0.03
