from datetime import UTC, datetime, timedelta

import pytest

from scans.places import Position
from scans.trust import HOUSEHOLD_DEVICES, History, is_suspect

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)
SHANGHAI, BEIJING = Position(31.23, 121.47, 50), Position(39.90, 116.40, 50)


def history(*scans):
    seen = History()
    for consumer_id, position, at in scans:
        seen.add(at=at, consumer_id=consumer_id, position=position)
    return seen


@pytest.mark.parametrize(
    ("before", "consumer_id", "position", "suspect", "reason"),
    [
        ([], 1, SHANGHAI, False, "a first scan"),
        ([(n, None, NOON) for n in range(HOUSEHOLD_DEVICES - 1)], 99, None, False, "a household looks at its bottle"),
        ([(n, None, NOON) for n in range(HOUSEHOLD_DEVICES)], 99, None, True, "more devices than a household has"),
        ([(n, None, NOON) for n in range(HOUSEHOLD_DEVICES)], 0, None, False, "one of the household again"),
        ([(1, SHANGHAI, NOON)] * 100, 1, SHANGHAI, False, "one phone as often as it likes"),
        ([(1, BEIJING, NOON - timedelta(minutes=30))], 2, SHANGHAI, True, "1,070 km in half an hour"),
        ([(1, BEIJING, NOON - timedelta(hours=3))], 2, SHANGHAI, False, "1,070 km in three hours: a flight"),
        ([(1, BEIJING, NOON + timedelta(minutes=30))], 2, SHANGHAI, True, "a late scan is evidence all the same"),
        ([(1, Position(31.6, 121.47, 60_000), NOON)], 2, SHANGHAI, False, "accuracy is taken off the distance"),
    ],
)
def test_worked_examples(before, consumer_id, position, suspect, reason):
    assert is_suspect(history(*before), at=NOON, consumer_id=consumer_id, position=position) is suspect, reason
