from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest

from stores.rounds import Stop, rounds, stops, tally, working_days

MONDAY = date(2026, 6, 15)
REPS = {"R1": ("Rep 1", "East"), "R2": ("Rep 2", "West")}


def day(number):
    return MONDAY + timedelta(days=number)


def stop(number, *, reported=None, rep_id="R1"):
    on = None if reported is None else day(reported)
    return Stop(rep_id, "Rep", day(number), "East", "S1", "Store", "flag", 100, False, on, None, None)


@pytest.mark.parametrize(
    ("one", "state"),
    [
        (stop(0, reported=0), "done"),
        (stop(0, reported=-1), "done"),
        (stop(0, reported=1), "late"),
        (stop(0), "missed"),
        (stop(3), "open"),
        (stop(4), "open"),
    ],
    ids=["on the day", "before it", "the day after", "never", "today", "tomorrow"],
)
def test_what_became_of_a_stop(one, state):
    assert one.state(day(3)) == state


def test_law_every_stop_is_counted_once():
    made = [stop(n % 5, reported=None if n % 3 else n % 4, rep_id=f"R{n % 2 + 1}") for n in range(60)]
    told = rounds(REPS, made, reported={}, first=day(0), last=day(6), today=day(3))
    assert sum(one.listed for one in told) == 60 == sum(sum(row.values()) for row in tally(made, today=day(3)).values())
    assert all(one.listed == one.done + one.late + one.missed + one.open for one in told)


def test_dark_are_working_days_that_are_over_without_a_report():
    told = rounds(REPS, [], reported={"R1": {day(0), day(5)}}, first=day(0), last=day(6), today=day(4))
    assert {one.rep_id: one.dark for one in told} == {"R1": (day(1), day(2), day(3)), "R2": tuple(map(day, range(4)))}
    assert {one.working_days for one in told} == {4}


def test_who_missed_most_comes_first_and_who_had_no_list_is_there():
    told = rounds(
        REPS, [stop(0, rep_id="R2"), stop(0, reported=0)], reported={}, first=day(0), last=day(0), today=day(1)
    )
    assert [(one.rep_id, one.missed, one.done) for one in told] == [("R2", 1, 0), ("R1", 0, 1)]


def test_a_week_has_five_working_days():
    assert working_days(day(-2), day(6)) == [day(number) for number in range(5)]
    assert working_days(day(1), day(0)) == []


def test_who_is_none_has_no_stops(db):
    assert stops(db, first=day(0), last=day(1), zone=ZoneInfo("Asia/Shanghai")) == []
    assert stops(db, first=day(0), last=day(1), zone=ZoneInfo("Asia/Shanghai"), rep_id="nobody") == []
