from datetime import date, timedelta
from functools import cache
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from sqlalchemy import insert

from stores.effects import LEAST, Case, Estimate, came_back, cases, welch, worth, worth_by_reason, worth_over_time
from stores.holdout import Rule
from stores.sales import note_closed
from stores.tables import Draw, Flag, Outcome, StoreDay, Visit
from tests import make, visiting

DAY = date(2026, 6, 1)
LOW = {"code": "stretch_low", "days": 7, "sold": 7, "expected": 28.0}
HIGH = {"code": "stretch_high", "days": 7, "sold": 28, "expected": 7.0}


def case(items, *, held=False, visited=True, ends=DAY, reason="stretch_low"):
    return Case(held, visited and not held, ends, ("judge", reason), items, items * 100)


def arms(listed, held):
    return [case(one) for one in listed] + [case(one, held=True) for one in held]


@pytest.mark.parametrize(
    ("why", "direction", "daily", "told"),
    [
        (LOW, "too_bad", 1.0, (0.0, 0.0)),
        (LOW, "too_bad", 4.0, (3.0, 300.0)),
        (LOW, "too_bad", 0.0, (-1.0, -100.0)),
        (HIGH, "too_good", 1.0, (3.0, 300.0)),
        (LOW | {"expected": 7.0}, "too_bad", 4.0, (3.0, 0.0)),
    ],
    ids=["as it was", "back", "worse", "down again", "nothing was at stake"],
)
def test_a_store_comes_back_towards_normal(why, direction, daily, told):
    assert came_back(why, direction, daily, 9000) == pytest.approx(told)


def test_the_interval_is_that_of_welch():
    rng = np.random.default_rng(3)
    one, other = rng.normal(2, 1, 40), rng.normal(1, 3, 12)
    reference = stats.ttest_ind(one, other, equal_var=False).confidence_interval(0.95)
    assert welch(one, other) == pytest.approx((one.mean() - other.mean(), reference.low, reference.high))


def test_what_does_not_scatter_has_no_interval():
    assert worth(arms([1.0] * 20, [1.0] * 20)).items is None


@given(st.integers(0, 30), st.integers(0, 30))
def test_law_nothing_is_said_of_too_few(listed, held):
    told = worth(arms(np.arange(listed), np.arange(held)))
    assert (told.at_once, told.held) == (listed, held)
    assert (told.items is None) == (min(listed, held) < LEAST) == (told.missing > 0)


def test_how_many_more_are_wanted_is_said_where_nothing_is_told_yet():
    rng = np.random.default_rng(1)
    weak = worth(arms(rng.normal(0.3, 2, 90), rng.normal(0, 2, 10)))
    assert not weak.items.is_told
    assert weak.needed > 100
    strong = worth(arms(rng.normal(5, 2, 90), rng.normal(0, 2, 10)))
    assert strong.items.is_told
    assert strong.needed is None


def test_who_was_listed_and_never_seen_counts_as_listed():
    told = worth([case(1.0 + n % 3, visited=n % 2 == 0) for n in range(20)] + arms([], np.arange(20) % 3))
    assert (told.visited, told.items.mean) == (0.5, pytest.approx(1.0, abs=0.15))


def test_reasons_and_weeks_are_told_for_themselves():
    some = [case(n % 5, held=n % 3 == 0, ends=DAY + timedelta(days=n), reason="ab"[n % 2]) for n in range(80)]
    assert {reason: each.at_once + each.held for reason, each in worth_by_reason(some).items()} == {
        ("judge", "a"): 40,
        ("judge", "b"): 40,
    }
    weeks = worth_over_time(some)
    assert weeks[-1] == (date(2026, 8, 23), worth(some))
    assert all(end.weekday() == 6 for end, _ in weeks)
    assert worth_over_time([]) == []


def drawn(db, store, *, held, day=DAY, share_bp=1000, sold=(9, *[3] * 6), went=None):
    """Draw a lot for a new flag of a store and let it sell from the day of the list on."""
    said = {"store_id": store.id, "detector": "judge", "direction": "too_bad", "p_value": 0.01, "stake_cents": 9000}
    flag = Flag(flag_id=f"f{store.id}", first_day=day, last_day=day, why=LOW, **said)
    db.add(flag)
    db.flush()
    lot = {"flag_id": flag.id, "day": day, "until": day + timedelta(days=7), "held": held, "share_bp": share_bp}
    db.execute(insert(Draw).values(stake_cents=9000, why=LOW, **lot))
    for number, count in enumerate(sold):
        db.execute(insert(StoreDay).values(store_id=store.id, day=day + timedelta(days=number), count=count))
    if went is not None:
        rep = make.rep(db)
        listed = {"visit_id": f"v{flag.id}", "rep_id": rep.party_id, "store_id": store.id, "flag_id": flag.id}
        visit = db.scalar(insert(Visit).values(day=went, rank=1, stake_cents=1, **listed).returning(Visit.id))
        reported = {"was_real": True, "cause": "other", "action": "none"}
        db.execute(insert(Outcome).values(visit_id=visit, key="k", at=make.NOW, **reported))


def test_a_case_is_what_was_sold_after_the_list_and_before_the_wait_was_over(db):
    note_closed(db, days=[DAY + timedelta(days=7)], now=make.NOW)
    drawn(db, make.store(db), held=False, went=DAY)
    drawn(db, make.store(db), held=True, went=DAY + timedelta(days=7), sold=(9, *[1] * 6, 9, 9))
    ends = DAY + timedelta(days=6)
    assert sorted(cases(db), key=lambda one: one.held) == [
        Case(False, True, ends, ("judge", "stretch_low"), 2.0, pytest.approx(200.0)),
        Case(True, False, ends, ("judge", "stretch_low"), 0.0, 0.0),
    ]


def test_what_is_not_over_or_of_another_share_is_left_out(db):
    note_closed(db, days=[DAY + timedelta(days=7)], now=make.NOW)
    drawn(db, make.store(db), held=True, share_bp=500)
    drawn(db, make.store(db), held=True, share_bp=500, sold=(1, 1, 1))
    drawn(db, make.store(db), held=False, day=DAY + timedelta(days=1), share_bp=2000)
    assert [one.held for one in cases(db)] == [True]
    note_closed(db, days=[DAY + timedelta(days=8)], now=make.NOW)
    assert [one.held for one in cases(db)] == [False]
    assert worth(cases(db)) == (1, 0, 0.0, None, None, LEAST, None)


@cache
def years(count):
    """Return what was said of so many towns, what was true, and what before and after would have said."""
    told = []
    for seed in range(count):
        town = visiting.Town(stores=250, seed=seed, ways=visiting.Ways())
        year = visiting.live(town, days=250, capacity=12, rule=Rule(severe_cents=10**9))
        listed = [one.items for one in year.cases if not one.held]
        mean, half = np.mean(listed), 1.96 * np.std(listed, ddof=1) / len(listed) ** 0.5
        before_after = Estimate(mean, mean - half, mean + half)
        told.append(SimpleNamespace(said=worth(year.cases), truth=np.mean(year.truth), naive=before_after))
    return told


def covered(told, what):
    return sum(what(one).low <= one.truth <= what(one).high for one in told)


def scores(told):
    return [(one.said.items.mean - one.truth) / ((one.said.items.high - one.said.items.mean) / 2) for one in told]


def test_the_hold_out_shows_what_visits_are_worth_and_before_and_after_does_not():
    """Three towns for 250 days: a hit has 0.95 each, the mean of three scores a standard error of 0.58."""
    told = years(3)
    assert covered(told, lambda one: one.said.items) >= 2
    assert abs(np.mean(scores(told))) < 3 * 3**-0.5
    assert all(one.said.items.is_told for one in told)
    assert covered(told, lambda one: one.naive) == 0
    assert all(one.naive.low > one.truth for one in told)


@pytest.mark.slow
def test_law_the_interval_holds_the_planted_effect_as_often_as_it_promises():
    """Of 40 at 95 %, fewer than 34 have a chance of 0.3 %; before and after hits none."""
    told = years(40)
    assert covered(told, lambda one: one.said.items) >= 34
    assert abs(np.mean(scores(told))) < 3 * 40**-0.5
    assert covered(told, lambda one: one.naive) == 0


@pytest.mark.slow
def test_visits_that_do_nothing_are_found_to_do_nothing():
    hits = 0
    for seed in range(20):
        town = visiting.Town(stores=250, seed=seed, ways=visiting.Ways(by_visit=0.0))
        said = worth(visiting.live(town, days=250, capacity=12, rule=Rule(severe_cents=10**9)).cases)
        hits += said.items.low <= 0 <= said.items.high
    assert hits >= 16
