"""How much is in a store now: against a slow reference, and on simulated stores whose truth is known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import betabinom, nbinom

from bench.bench_stock import coverage, order_errors
from bench.shops import Setting, simulate
from stores.capture import Rates, Shares
from stores.flows import Anchors
from stores.onhand import SLACK, stock


def one(*, there=60, scanned=18, days=20, yes=12.0, no=8.0, shape=5.0, per_day=1.5, since=5):
    now = Anchors(*(np.array([x]) for x in (since, True, there, scanned, days)))
    return stock(now, Shares(np.array([yes]), np.array([no])), Rates(np.array([shape]), np.array([per_day])))


def by_hand(*, there, scanned, days, yes, no, shape, per_day):
    """Weigh every number that may have left, one by one, with scipy's own distributions."""
    odds = shape / (shape + per_day * days)
    n = np.arange(scanned, there + 1)
    left = np.r_[nbinom.pmf(n[:-1], shape, odds), nbinom.sf(there - 1, shape, odds)]
    weight = left * np.array([betabinom.pmf(scanned, k, yes, no) for k in n])
    return float((weight / weight.sum() * (there - n)).sum())


@settings(max_examples=60, deadline=None)
@given(
    there=st.integers(0, 150),
    share=st.floats(0, 1),
    days=st.integers(1, 60),
    capture=st.floats(0.1, 0.9),
    strength=st.floats(3, 60),
    shape=st.floats(0.5, 20),
    per_day=st.floats(0.05, 5),
)
def test_law_the_mean_is_that_of_the_slow_reference(there, share, days, capture, strength, shape, per_day):
    said = {
        "there": there, "scanned": int(there * share), "days": days, "yes": capture * strength,
        "no": (1 - capture) * strength, "shape": shape, "per_day": per_day,
    }  # fmt: skip
    assert one(**said).mean[0] == pytest.approx(by_hand(**said), abs=0.05)


@settings(max_examples=60, deadline=None)
@given(there=st.integers(-5, 10**7), scanned=st.integers(0, 10**6), days=st.integers(0, 400), per_day=st.floats(0, 1e5))
def test_law_what_is_said_is_possible(there, scanned, days, per_day):
    told = one(there=there, scanned=scanned, days=days, per_day=per_day)
    if there - scanned < -SLACK:
        assert told.low[0] == -1
        assert np.isnan(told.mean[0])
    else:
        assert 0 <= told.low[0] <= told.high[0] <= max(there - scanned, 0)
        assert 0 <= told.mean[0] <= max(there - scanned, 0)


def test_the_worked_example_of_the_docs():
    told = one(there=60, scanned=18, days=20, yes=12, no=8, shape=5, per_day=1.5)
    assert (round(told.mean[0]), told.low[0], told.high[0]) == (30, 21, 37)


def test_a_store_nobody_counted_or_delivered_to_is_unknown():
    assert one(since=-1).low[0] == -1


@pytest.fixture(scope="module")
def worlds():
    some = Setting(stores=200, days=365)
    return [
        simulate(some),
        simulate(some._replace(differs=0.5)),
        simulate(some._replace(differs=0.5, misdelivered=0.03)),
    ]


def test_eighty_percent_is_eighty_percent_at_60_percent_capture_and_visits_every_30_days(worlds):
    for world in worlds:
        held, _, _ = coverage(world)
        assert 0.75 <= held <= 0.85


def test_negative_control_every_sale_taken_as_scanned_is_found_out(worlds):
    held, _, _ = coverage(worlds[0], full=True)
    assert held < 0.5


def test_the_next_order_is_nearer_than_by_tsb_croston_and_the_mean_interval(worlds):
    for world in worlds:
        errors = order_errors(world)
        for rival in (errors.tsb, errors.croston, errors.mean):
            gained = rival - errors.ours
            assert gained.mean() > 4 * gained.std() / np.sqrt(len(gained) / 9)
        assert 0.7 <= errors.held.mean() <= 0.87
