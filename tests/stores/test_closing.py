from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert, select

from stores.closing import LAPSE_DAYS, After, Closing, Open, close_flags, closing, closings_equal_recount
from stores.flags import put_flags
from stores.sales import note_closed
from stores.tables import Flag, FlagDay, StoreDay
from tests import make

LAST = date(2026, 6, 10)
WHY = {"code": "stretch_low", "days": 7, "sold": 4, "expected": 35.0}


def at(number):
    return LAST + timedelta(days=number)


def flag(direction="too_bad", *, why=WHY, first=WHY, closed_on=None):
    return Open(direction, LAST, why, first, closed_on)


def days(*told):
    """Make the days after the flag: a p-value of its direction, `up` for one of the other, or why it was not judged."""
    made = []
    for number, one in enumerate(told, start=1):
        p_value = 0.001 if one == "up" else one if isinstance(one, float) else None
        code = None if p_value is not None else one
        made.append(After(at(number), 5, p_value, "too_good" if one == "up" else "too_bad", code))
    return made


NORMAL = [0.5] * 7


@pytest.mark.parametrize(
    ("after", "ends"),
    [
        (NORMAL, (7, 0.5)),
        (NORMAL[:6], None),
        ([0.5, 0.3, 0.05, 0.9, 0.5, 0.5, 0.5], (7, 0.05)),
        ([0.5, 0.5, 0.049, *NORMAL], (10, 0.5)),
        (["up", *NORMAL], (7, 0.001)),
        ([0.5, "closed_weekday", *NORMAL], (8, 0.5)),
        ([0.5, "silent", *NORMAL], (9, 0.5)),
        (["silent"] * 20, None),
        ([], None),
    ],
    ids=[
        "a week",
        "not yet",
        "at the edge",
        "odd again",
        "odd the other way",
        "closed that weekday",
        "silent between",
        "silent",
        "no day",
    ],
)
def test_a_week_of_normal_days_closes_a_flag(after, ends):
    found = closing(flag(), days(*after), until=at(len(after)))
    assert (found and (found.on, found.p_value)) == (ends and (at(ends[0]), ends[1]))


def test_a_day_that_is_not_counted_yet_breaks_the_week():
    after = days(*NORMAL, *NORMAL)
    assert closing(flag(), after[:3] + after[4:], until=at(13)).on == at(11)


@pytest.mark.parametrize(
    ("sold", "why", "told"),
    [
        (5, WHY, "returned"),
        (1, WHY, "settled"),
        (0, WHY, "settled"),
        (0, {"code": "one_phone", "items": 40, "days": 14}, "returned"),
    ],
    ids=["as before", "as low as it was", "nothing", "no level to go back to"],
)
def test_back_is_told_from_a_new_level(sold, why, told):
    after = [day._replace(sold=sold) for day in days(*NORMAL)]
    assert closing(flag(why=why, first=why), after, until=at(7)).why == told


def test_too_good_goes_back_down():
    why = {"code": "stretch_high", "days": 7, "sold": 70, "expected": 14.0}
    for sold, told in ((2, "returned"), (9, "settled")):
        after = [day._replace(sold=sold, direction="too_good") for day in days(*NORMAL)]
        assert closing(flag("too_good", why=why, first=why), after, until=at(7)).why == told


def test_a_store_that_closes_and_a_flag_nobody_can_judge_end_too():
    assert closing(flag(closed_on=at(3)), days(0.001), until=at(9)) == Closing(at(3), "store_closed", None)
    assert closing(flag(closed_on=at(13)), days(0.001), until=at(9)) is None
    silent = days(*["silent"] * LAPSE_DAYS)
    assert closing(flag(), silent, until=at(LAPSE_DAYS)) == Closing(at(LAPSE_DAYS), "lapsed", None)
    assert closing(flag(), silent, until=at(LAPSE_DAYS - 1)) is None


@given(st.lists(st.sampled_from([0.5, 0.01, "silent", "closed_weekday"]), max_size=30))
def test_law_what_comes_later_changes_no_closing(told):
    after = days(*told)
    full = closing(flag(), after, until=at(len(after)))
    for cut in range(len(after)):
        part = closing(flag(), after[:cut], until=at(cut))
        assert part == (full if full and full.on <= at(cut) else None)


@pytest.fixture
def world(db):
    """A store that was odd for three days, then normal for two weeks."""
    store = make.store(db)
    for number in (-2, -1, 0):
        said = {"store_id": store.id, "day": at(number), "detector": "judge", "direction": "too_bad"}
        db.execute(insert(FlagDay).values(p_value=0.0001, stake_cents=100, why=WHY, **said))
    rows = [at(number) for number in range(-2, 15)]
    note_closed(db, days=rows, now=make.NOW)
    for day in rows:
        said = {"store_id": store.id, "day": day, "count": 0 if day <= LAST else 5, "direction": "too_bad"}
        db.execute(insert(StoreDay).values(p_value=0.0001 if day <= LAST else 0.4, **said))
    put_flags(db, first=at(-2), last=at(14))
    return store


def ended(db):
    db.expire_all()
    return [tuple(row) for row in db.execute(select(Flag.closed_on, Flag.closed_why, Flag.closed_p))]


def test_law_closing_again_changes_nothing(db, world):
    assert close_flags(db, since=at(-2), last=at(14)) == 1
    assert ended(db) == [(at(7), "returned", 0.4)]
    assert close_flags(db, since=at(-2), last=at(14)) == 0
    assert close_flags(db, since=at(14), last=at(14)) == 0
    assert ended(db) == [(at(7), "returned", 0.4)]
    assert closings_equal_recount(db) == 0


def test_a_flag_whose_days_turn_odd_by_late_scans_is_open_again(db, world):
    close_flags(db, since=at(-2), last=at(14))
    db.query(StoreDay).filter(StoreDay.day.between(at(6), at(14))).update({"p_value": 0.001})
    assert closings_equal_recount(db) == 1
    assert close_flags(db, since=at(6), last=at(14)) == 1
    assert ended(db) == [(None, None, None)]
    assert closings_equal_recount(db) == 0
