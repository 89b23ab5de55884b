from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert

from stores.cadence import (
    DEFAULTS,
    CadenceError,
    Known,
    classes,
    drop_plan,
    due,
    intervals,
    overdue,
    plans,
    put_plan,
)
from stores.sales import note_closed
from stores.tables import CheckIn, Flag, Outcome, StockCount, Visit
from tests import make
from tests.selling import goods

DAY = date(2026, 6, 15)
PLANS = {"A": 14, "B": 30, "X": None}


def ago(days):
    return DAY - timedelta(days=days)


def known(store_id="s", class_="A", last=None, since=None):
    return Known(1, store_id, "Store", "East", class_, last, since)


@pytest.mark.parametrize(
    ("store", "overdue_days"),
    [
        (known(last=ago(13)), None),
        (known(last=ago(14)), 0),
        (known(last=ago(20)), 6),
        (known(class_="B", last=ago(20)), None),
        (known(class_="X", last=ago(900)), None),
        (known(class_="other", last=ago(900)), None),
        (known(since=ago(15)), 1),
        (known(last=ago(3), since=ago(900)), None),
        (known(), None),
    ],
    ids=[
        "not yet",
        "due today",
        "overdue",
        "another class's plan",
        "not planned on purpose",
        "no plan",
        "never seen, waits from its first day",
        "seen since",
        "nothing known",
    ],
)
def test_a_store_is_due_when_its_plan_has_run_out(store, overdue_days):
    found = due([store], PLANS, day=DAY)
    assert [over for _, _, over in found] == ([] if overdue_days is None else [overdue_days])


@given(st.lists(st.tuples(st.text("ab", min_size=1, max_size=4), st.integers(0, 80)), max_size=8))
def test_law_the_longest_overdue_comes_first_whatever_the_order(rows):
    stores = [known(store_id, "A", ago(days)) for store_id, days in rows]
    found = [(-over, one.store_id) for one, _, over in due(stores, PLANS, day=DAY)]
    assert found == sorted((14 - days, store_id) for store_id, days in rows if days >= 14)
    assert [one[2] for one in due(stores[::-1], PLANS, day=DAY)] == [-over for over, _ in found]


def seen(db, store, rep, *, on, closed=True):
    """Let a rep be sent to a store, who comes back with an outcome or only checks in."""
    said = {"store_id": store.id, "first_day": on, "last_day": on, "detector": "judge", "direction": "too_bad"}
    flag = Flag(flag_id=f"f{store.id}-{on}", p_value=0.01, stake_cents=1, why={}, **said)
    db.add(flag)
    db.flush()
    listed = {"visit_id": f"v{flag.id}", "rep_id": rep.party_id, "store_id": store.id, "flag_id": flag.id, "day": on}
    visit = db.scalar(insert(Visit).values(**listed, rank=1, stake_cents=1).returning(Visit.id))
    db.execute(insert(CheckIn).values(visit_id=visit, at=make.NOW))
    if closed:
        said = {"was_real": True, "cause": "other", "action": "none"}
        db.execute(insert(Outcome).values(visit_id=visit, key="k", at=make.NOW, **said))


def counted(db, store, *, on):
    said = {"store_id": store.id, "product_id": goods(db).id, "counted_on": on, "count": 3}
    db.execute(insert(StockCount).values(count_id=f"c{store.id}-{on}", **said))


def test_a_store_is_seen_by_an_outcome_or_a_count_and_not_by_an_arrival(db):
    rep = make.rep(db)
    note_closed(db, days=[ago(100)], now=make.NOW)
    for name in "abcdef":
        make.store(db, store_id=name, class_="A")
    a, b, c, d, e, _ = (make_key(db, name) for name in "abcdef")
    seen(db, a, rep, on=ago(20))
    seen(db, b, rep, on=ago(5))
    seen(db, c, rep, on=ago(5), closed=False)
    seen(db, d, rep, on=ago(40))
    counted(db, d, on=ago(16))
    counted(db, e, on=ago(3))
    found = [(one.store_id, one.overdue_days, one.last_on, one.rep_key) for one in overdue(db, day=DAY)]
    never = 100 - 14
    assert found == [
        ("c", never, None, rep.party_id),
        ("f", never, None, rep.party_id),
        ("a", 6, ago(20), rep.party_id),
        ("d", 2, ago(16), rep.party_id),
    ]


def make_key(db, name):
    from stores.tables import Store

    return db.query(Store).filter_by(store_id=name).one()


def test_only_stores_that_exist_and_are_planned_fall_due(db):
    note_closed(db, days=[ago(100)], now=make.NOW)
    make.store(db, store_id="planned", class_="B", region="nowhere")
    make.store(db, store_id="none")
    make.store(db, store_id="other", class_="Z")
    make.store(db, store_id="gone", class_="B", closed_on=ago(1))
    make.store(db, store_id="young", class_="B", opened_on=ago(29))
    make.store(db, store_id="older", class_="B", opened_on=ago(31))
    assert [(one.store_id, one.overdue_days, one.rep_key) for one in overdue(db, day=DAY)] == [
        ("planned", 70, None),
        ("older", 1, None),
    ]
    put_plan(db, class_="", planned_days=90)
    put_plan(db, class_="B", planned_days=None)
    assert [one.store_id for one in overdue(db, day=DAY)] == ["none"]


def test_before_the_first_night_nothing_is_overdue(db):
    make.store(db, class_="A")
    assert overdue(db, day=DAY) == []


def test_what_the_office_says_of_a_class_holds_until_it_is_forgotten(db):
    make.store(db, class_="A")
    make.store(db)
    assert plans(db) == DEFAULTS
    put_plan(db, class_="A", planned_days=7)
    put_plan(db, class_="A", planned_days=10)
    put_plan(db, class_="KA", planned_days=None)
    assert plans(db) == DEFAULTS | {"A": 10, "KA": None}
    drop_plan(db, class_="A")
    assert plans(db)["A"] == DEFAULTS["A"]
    assert classes(db) == {"": 1, "A": 1}


@pytest.mark.parametrize(("class_", "days"), [("A", 0), ("A", 367), ("A" * 33, 7), ("\x00", 7)])
def test_a_plan_that_cannot_be_is_refused(db, class_, days):
    with pytest.raises(CadenceError):
        put_plan(db, class_=class_, planned_days=days)


def test_the_real_interval_counts_gaps_that_are_not_over(db):
    rep = make.rep(db)
    note_closed(db, days=[ago(400)], now=make.NOW)
    often, once, never = (make.store(db, class_="A") for _ in range(3))
    make.store(db, class_="B", opened_on=ago(9))
    for days in (0, 30, 60, 90):  # the last one lies before the ninety days
        seen(db, often, rep, on=ago(days))
    seen(db, once, rep, on=ago(0))
    counted(db, once, on=ago(0))  # the same day: seen once
    a, b = intervals(db, day=DAY, late=overdue(db, day=DAY))
    assert (a.stores, a.visits, a.real_days, a.planned_days, a.overdue) == (3, 4, 3 * 90 / 4, 14, 1)
    assert (b.stores, b.visits, b.real_days, b.planned_days) == (1, 0, None, 30)
    assert never.store_id in {one.store_id for one in overdue(db, day=DAY)}


def test_an_empty_house_has_no_cadence(db):
    assert overdue(db, day=DAY) == []
    assert intervals(db, day=DAY, late=[]) == []
