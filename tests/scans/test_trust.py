import inspect
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scans.norms import LEAST_DEVICES, Norm
from scans.places import Position
from scans.trust import DOUBTS, NEAR_KM, History, Sighting, apart_km, is_doubtful, reasons, rounded_km

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)
SHANGHAI, BEIJING = Position(31.23, 121.47, 50), Position(39.90, 116.40, 50)
MOST = LEAST_DEVICES

sightings = st.builds(
    Sighting,
    st.integers(0, 10_000).map(lambda minutes: NOON + timedelta(minutes=minutes)),
    st.none() | st.integers(1, 12),
    st.none() | st.builds(Position, st.floats(-80, 80), st.floats(-180, 180), st.none() | st.floats(0, 10_000)),
)


def history(*scans):
    seen = History()
    for device, position, at in scans:
        seen.add(Sighting(at, device, position))
    return seen


@pytest.mark.parametrize("suspicion", DOUBTS.values(), ids=DOUBTS)
@given(seen=sightings)
def test_law_a_first_scan_is_never_doubted(suspicion, seen):
    assert suspicion(History(), seen, Norm()) is None


@pytest.mark.parametrize("suspicion", DOUBTS.values(), ids=DOUBTS)
@given(scans=st.lists(sightings, max_size=12))
def test_law_one_phone_as_often_and_wherever_it_likes_is_never_doubted(suspicion, scans):
    past = History()
    for one in scans:
        mine = Sighting(one.at, 7, one.position)
        assert suspicion(past, mine, Norm()) is None
        past.add(mine)


@pytest.mark.parametrize("suspicion", DOUBTS.values(), ids=DOUBTS)
@given(scans=st.lists(sightings, min_size=1, max_size=12), wider=st.integers(0, 40), farther_m=st.floats(0, 1e6))
def test_law_a_wider_norm_never_doubts_more_and_a_reason_has_its_numbers(suspicion, scans, wider, farther_m):
    *before, last = scans
    past = history(*((one.device, one.position, one.at) for one in before))
    strict, mild = Norm(), Norm(most_devices=MOST + wider, near_m=Norm().near_m + farther_m)
    why = suspicion(past, last, strict)
    if suspicion(past, last, mild):
        assert why
    if why:
        assert DOUBTS[why["code"]] is suspicion
        assert all(isinstance(value, int | float) for name, value in why.items() if name != "code")


@pytest.mark.parametrize("suspicion", DOUBTS.values(), ids=DOUBTS)
@given(scans=st.lists(sightings, min_size=1, max_size=12))
def test_law_what_shelf_readers_saw_is_no_evidence(suspicion, scans):
    past = History(bystanders=set(range(1, 13)))
    for one in scans:
        told = Sighting(one.at, one.device or 1, one.position)
        assert suspicion(past, told, Norm()) is None
        past.add(told)


def test_law_a_suspicion_knows_this_code_alone():
    for suspicion in DOUBTS.values():
        assert list(inspect.signature(suspicion).parameters) == ["history", "seen", "norm"]


HOUSEHOLD = [(n, None, NOON) for n in range(1, MOST + 1)]


@pytest.mark.parametrize(
    ("before", "device", "position", "suspect", "reason"),
    [
        ([], 1, SHANGHAI, None, "a first scan"),
        (HOUSEHOLD[:-1], 99, None, None, "a household of four and the shop's phone"),
        (HOUSEHOLD, 99, None, "devices", "more devices than that"),
        (HOUSEHOLD, 1, None, None, "one of the household again"),
        ([(1, SHANGHAI, NOON)] * 100, 1, SHANGHAI, None, "one phone as often as it likes"),
        ([(1, BEIJING, NOON - timedelta(minutes=30))], 2, SHANGHAI, "travel", "1,070 km in half an hour"),
        ([(None, BEIJING, NOON - timedelta(minutes=30))], 2, SHANGHAI, "travel", "a phone without a name is another"),
        (
            [(1, BEIJING, NOON - timedelta(minutes=30))],
            1,
            SHANGHAI,
            None,
            "one phone: its position errs",
        ),
        ([(1, BEIJING, NOON - timedelta(hours=3))], 2, SHANGHAI, None, "1,070 km in three hours: a gift that flies"),
        ([(1, BEIJING, NOON + timedelta(minutes=30))], 2, SHANGHAI, "travel", "a late scan is evidence all the same"),
        ([(1, Position(31.6, 121.47, 60_000), NOON)], 2, SHANGHAI, None, "accuracy is taken off the distance"),
        ([(1, Position(31.6, 121.47, 50), NOON)], 2, SHANGHAI, None, "41 km: what phones err by"),
    ],
)
def test_worked_examples(before, device, position, suspect, reason):
    why = reasons(history(*before), seen=Sighting(NOON, device, position), norm=Norm())
    assert [one["code"] for one in why] == ([suspect] if suspect else []), reason


def test_what_the_office_had_seen_when_it_cleared_a_code_counts_no_more():
    past = history(*HOUSEHOLD, (77, BEIJING, NOON - timedelta(minutes=30)))
    past.state, past.cleared_devices, past.cleared_at = "cleared", MOST + 1, NOON - timedelta(minutes=1)
    assert reasons(past, seen=Sighting(NOON, 99, SHANGHAI), norm=Norm()) == []
    for device in range(100, 100 + MOST):
        past.add(Sighting(NOON, device))
    assert reasons(past, seen=Sighting(NOON, 99, None), norm=Norm())[0]["devices"] == MOST + 1


def test_looking_whether_scans_are_doubtful_leaves_the_history_as_it_was():
    past = history((1, BEIJING, NOON - timedelta(minutes=30)))
    assert is_doubtful(past, [Sighting(NOON, 2, SHANGHAI)], norm=Norm())
    assert (past.count, past.devices, past.consumers, len(past.sightings)) == (1, 1, {1}, 1)


@pytest.mark.parametrize(
    ("apart_m", "km"),
    [(0, 5), (4999, 5), (5000, 10), (14_000, 10), (16_000, 20), (99_000, 100), (840_000, 800), (1_067_000, 1000)],
)
def test_distances_are_told_in_round_numbers(apart_m, km):
    assert rounded_km(apart_m) == km


def test_the_farthest_two_places_tell_how_far_apart():
    assert apart_km([]) is None
    assert apart_km([SHANGHAI]) is None
    assert apart_km([SHANGHAI, SHANGHAI]) == NEAR_KM
    assert apart_km([SHANGHAI, Position(31.24, 121.48, None), BEIJING]) == 1000
    assert apart_km([Position(0, -179.9, None), Position(0, 179.9, None)]) == 20
