"""Where in its life a store stands."""

import numpy as np
import pytest

from stores.presence import Life, Presence


def lived(days, *, surprise=1.0):
    """Return where one store stands on each day, given its counts."""
    life, stood = Life.before_first_day(1), []
    ones = np.full(1, surprise)
    for number, count in enumerate(days):
        counts, weekday = np.array([count]), number % 7
        closed = life.closed_weekday(weekday)
        stood.append(Presence(life.presence(counts, closed)[0]))
        life.remember(counts, ones, ones, weekday, closed)
    return stood


@pytest.mark.parametrize(
    ("days", "stands", "why"),
    [
        ([0] * 40, Presence.NOT_OPEN, "zeros before the first sale say nothing"),
        ([2] * 20, Presence.NEW, "too little history"),
        ([2] * 40, Presence.ACTIVE, "four of each weekday are known"),
        ([2] * 40 + [-1], Presence.ABSENT, "no row"),
        ([2] * 40 + [0] * 20, Presence.ACTIVE, "a silence of three weeks is still told"),
        ([2] * 40 + [0] * 40, Presence.SILENT, "then it is taken as closed"),
        ([2] * 40 + [0] * 40 + [1] * 5, Presence.REOPENED, "it sells again, its level is not known yet"),
        ([2] * 40 + [0] * 40 + [1] * 20, Presence.ACTIVE, "and then it is"),
        (([2] * 6 + [0]) * 7, Presence.CLOSED_WEEKDAY, "every seventh day is a zero"),
        (([2] * 6 + [0]) * 6 + [2] * 7 + [2] * 6 + [0], Presence.ACTIVE, "the day off was given up"),
    ],
)
def test_where_a_store_stands(days, stands, why):
    assert lived(days)[-1] == stands, why


def test_a_slow_store_is_not_taken_as_closed_for_its_ordinary_gaps():
    assert lived([1] * 30 + [0] * 60, surprise=0.1)[-1] == Presence.ACTIVE
