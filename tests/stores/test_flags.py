from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, insert, select

from stores.directory import scope_of
from stores.flags import Stretch, flags_equal_stretches, flags_on, match, put_flags, stretches
from stores.tables import Flag, FlagDay, Visit
from tests import make

FIRST = date(2026, 6, 1)


def at(number):
    return FIRST + timedelta(days=number)


def one(first, last, *, store_id=1, detector="judge", direction="too_bad"):
    return Stretch(store_id, detector, direction, at(first), at(last), 0.01, 100, {"code": "stretch_low"})


def days(*numbers, **said):
    return [one(number, number, **said) for number in numbers]


def spans(found):
    return [((one.first_day - FIRST).days, (one.last_day - FIRST).days) for one in found]


@given(st.sets(st.integers(0, 40)))
def test_law_stretches_are_apart_and_hold_every_day(numbers):
    joined = spans(stretches(days(*numbers)))
    assert {number for number in numbers if any(first <= number <= last for first, last in joined)} == numbers
    assert all(first in numbers and last in numbers for first, last in joined)
    assert all(later[0] - earlier[1] > 2 for earlier, later in pairwise(joined))


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (days(3, 4, 5), [(3, 5)]),
        (days(5, 3), [(3, 5)]),
        (days(3, 6), [(3, 3), (6, 6)]),
        (days(3) + days(4, direction="too_good"), [(3, 3), (4, 4)]),
        (days(3) + days(4, detector="diversion"), [(4, 4), (3, 3)]),
        (days(3) + days(4, store_id=2), [(3, 3), (4, 4)]),
        ([], []),
    ],
    ids=["in a row", "a day between", "two days between", "other way", "other detector", "other store", "none"],
)
def test_days_are_joined_to_stretches(found, expected):
    assert spans(stretches(found)) == expected


def test_a_stretch_says_what_its_last_day_says():
    last = one(4, 4)._replace(p_value=0.5, stake_cents=7, why={"code": "drift_low"})
    assert stretches([*days(3), last]) == [last._replace(first_day=at(3))]


@pytest.mark.parametrize(
    ("found", "flags", "kept", "merged"),
    [
        ([one(3, 6)], {1: one(3, 5)}, {1: one(3, 6)}, {}),
        ([one(1, 5)], {1: one(3, 5)}, {1: one(1, 5)}, {}),
        ([one(3, 9)], {1: one(3, 4), 2: one(8, 9)}, {1: one(3, 9)}, {2: 1}),
        ([one(3, 4), one(8, 9)], {1: one(3, 9)}, {1: one(3, 4)}, {}),
        ([one(3, 4), one(8, 9)], {1: one(3, 8), 2: one(9, 9)}, {1: one(3, 4), 2: one(8, 9)}, {}),
        ([one(6, 7)], {1: one(3, 4)}, {}, {}),
        ([one(3, 4, direction="too_good")], {1: one(3, 4)}, {}, {}),
    ],
    ids=["grows", "begins earlier", "swallows one", "breaks in two", "one gives a day to another", "is new", "turns"],
)
def test_a_flag_goes_on_as_the_stretch_it_shares_days_with(found, flags, kept, merged):
    assert match(found, flags) == (kept, merged)


@pytest.fixture
def store(db):
    return make.store(db)


def find(db, store, *numbers, direction="too_bad"):
    same = {"store_id": store.id, "detector": "judge", "direction": direction, "p_value": 0.01, "stake_cents": 100}
    db.execute(insert(FlagDay), [{**same, "day": at(number), "why": {"code": "stretch_low"}} for number in numbers])


def flagged(db, first=0, last=20):
    put_flags(db, first=at(first), last=at(last))
    assert flags_equal_stretches(db) == 0
    rows = db.execute(select(Flag.id, Flag.first_day, Flag.last_day).order_by(Flag.first_day))
    return {key: ((first - FIRST).days, (last - FIRST).days) for key, first, last in rows}


def visit(db, store, flag_id):
    rep = make.rep(db)
    stop = Visit(visit_id=f"V{flag_id}", rep_id=rep.party_id, store_id=store.id, flag_id=flag_id, day=at(9), rank=1)
    stop.stake_cents = 100
    db.add(stop)
    db.flush()


def test_law_night_by_night_gives_the_flags_of_all_nights_at_once(db, store):
    for number in (3, 4, 6, 10, 11, 15):
        find(db, store, number)
        flagged(db, number, number)
    grown = flagged(db, 15, 15)
    assert list(grown.values()) == [(3, 6), (10, 11), (15, 15)]
    assert flagged(db) == grown


def test_a_flag_whose_days_are_normal_after_all_goes(db, store):
    find(db, store, 3, 4, 9)
    flagged(db)
    db.execute(delete(FlagDay).where(FlagDay.day <= at(4)))
    assert list(flagged(db, 3, 4).values()) == [(9, 9)]


def test_a_flag_that_somebody_was_sent_for_stays(db, store):
    find(db, store, 3)
    (key,) = flagged(db)
    visit(db, store, key)
    db.execute(delete(FlagDay))
    assert flagged(db) == {key: (3, 3)}
    find(db, store, 3, 4)
    assert flagged(db) == {key: (3, 4)}


def test_who_was_sent_for_two_flags_was_sent_for_what_they_grew_into(db, store):
    find(db, store, 3, 7)
    first, second = flagged(db)
    visit(db, store, second)
    find(db, store, 5)
    assert flagged(db, 5, 5) == {first: (3, 7)}
    assert db.scalars(select(Visit.flag_id)).all() == [first]


def test_other_flags_are_left_alone(db, store):
    find(db, store, 1, 9)
    before = flagged(db)
    find(db, store, 5)
    after = flagged(db, 5, 5)
    assert before.items() <= after.items()


def test_flags_that_cover_a_day_come_by_what_is_at_stake(db):
    mine = make.party(db)
    own, rival = make.store(db, party_id=mine.party_id), make.store(db)
    for store, stake in ((own, 5), (rival, 9), (own, 5)):
        flag = Flag(flag_id=f"F{stake}{db.query(Flag).count()}", store_id=store.id, detector="judge", why={"code": "x"})
        flag.direction, flag.p_value, flag.stake_cents = "too_bad", 0.01, stake
        flag.first_day, flag.last_day = at(db.query(Flag).count()), at(5)
        db.add(flag)
        db.flush()
    every, own_only = scope_of(db, party_id=None, day=make.TODAY), scope_of(db, party_id=mine.id, day=make.TODAY)
    assert [flag.flag_id for flag in flags_on(db, day=at(3), scope=every)] == ["F91", "F50", "F52"]
    assert [flag.flag_id for flag in flags_on(db, day=at(3), scope=every, after="F50")] == ["F52"]
    assert [flag.flag_id for flag in flags_on(db, day=at(3), scope=every, limit=1)] == ["F91"]
    assert [flag.flag_id for flag in flags_on(db, day=at(0), scope=own_only)] == ["F50"]
    assert flags_on(db, day=at(6), scope=every) == []


def test_a_flag_of_nothing_is_told(db, store):
    find(db, store, 3)
    assert flags_equal_stretches(db) == 1
    flagged(db)
    db.execute(delete(FlagDay))
    assert flags_equal_stretches(db) == 1
