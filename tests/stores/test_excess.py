from datetime import date, timedelta

import numpy as np
import pytest
from scipy.stats import hypergeom

from stores.excess import Excess, chance_of, excess_findings, explained, first_needed
from stores.findings import Finding

FIRST = date(2026, 6, 1)
DAYS = 20


def excess(events, *, chances=10, least=2, items=None):
    events = np.array(events)
    chances = np.full_like(events, chances)
    return Excess("rare", least, FIRST, events, chances, events * 6 if items is None else np.array(items), chances)


def quiet(stores=50):
    return np.zeros((stores, DAYS), np.int64)


def found(one, *numbers, here=None):
    days = [FIRST + timedelta(days=number) for number in numbers]
    here = np.ones_like(one.events, bool) if here is None else here
    return list(excess_findings(one, detector="rarity", days=days, here=here, fdr=0.1))


def judged(direction="too_good", sold=30, expected=10.0, days=3):
    why = {"code": "stretch_high", "days": days, "sold": sold, "expected": expected, "low": 3, "high": 17}
    return Finding(0, FIRST + timedelta(days=DAYS - 1), "judge", direction, 0.001, 6.7, why)


def test_law_the_promised_rate_of_false_alarms_is_not_exceeded():
    rng = np.random.default_rng(1)
    chances = rng.integers(1, 60, 400)
    p_values = np.concatenate([chance_of(rng.binomial(chances, 0.01), chances) for _ in range(100)])
    for promised in (0.05, 0.01, 0.001):
        assert (p_values <= promised).mean() <= promised


@pytest.mark.parametrize(
    ("events", "chances", "expected"),
    [
        ([0, 0], [10, 10], [1, 1]),
        ([1, 0], [10, 10], [0.5, 1]),
        ([2, 0], [10, 10], [9 / 38, 1]),
        ([1, 1], [10, 10], [1 - 9 / 38, 1 - 9 / 38]),
        ([3, 0], [1, 97], [1 / 161_700, 1]),
    ],
    ids=["nothing anywhere", "one of two halves", "both in one half", "one in each", "more events than chances"],
)
def test_the_chance_is_that_of_dealing_the_events_out(events, chances, expected):
    np.testing.assert_allclose(chance_of(np.array(events), np.array(chances)), expected)


def test_a_store_with_far_too_many_is_found():
    events = quiet()
    events[3, [9, 12]] = 1
    (one,) = found(excess(events), 12)
    assert (one.row, one.detector, one.direction) == (3, "rarity", "too_good")
    assert one.p_value == pytest.approx(hypergeom.sf(1, 50 * 130, 2, 130))
    assert one.why == {"code": "rare", "days": 14, "events": 2, "items": 12, "of": 130}
    assert one.items_a_day == 12 / 14


@pytest.mark.parametrize("number", [11, 15], ids=["only one so far", "nothing lately"])
def test_a_day_is_judged_by_a_recent_pattern(number):
    events = quiet()
    events[3, [9, 12]] = 1
    assert not found(excess(events), number)


def test_what_everybody_does_is_no_finding():
    events = quiet()
    events[:, [9, 12]] = 1
    assert not found(excess(events), 12)


def test_a_day_depends_on_days_up_to_it_only():
    rng = np.random.default_rng(2)
    events = (rng.random((50, DAYS)) < 0.02).astype(np.int64)
    events[4, 8:12] = 1
    later = events.copy()
    later[:, 13:] = 5
    assert found(excess(events), 12) == found(excess(later), 12)


def test_a_finding_is_named_by_what_makes_up_half_of_it():
    items = quiet()
    items[0, DAYS - 2] = 10
    one = explained(judged(), excess(quiet() + 1, items=items), detector="rarity")
    assert (one.detector, one.p_value, one.items_a_day) == ("rarity", 0.001, 6.7)
    assert one.why == judged().why | {"code": "rare", "days": 3, "events": 3, "items": 10, "of": 30}


@pytest.mark.parametrize(
    ("finding", "items", "number"),
    [(judged(), 9, DAYS - 2), (judged(), 10, DAYS - 4), (judged(direction="too_bad", sold=1), 10, DAYS - 2)],
    ids=["less than half", "before the window", "too bad"],
)
def test_what_explains_nothing_names_nothing(finding, items, number):
    counted = quiet()
    counted[0, number] = items
    assert explained(finding, excess(np.minimum(counted, 1), items=counted), detector="rarity") is finding


def test_an_excess_is_counted_as_far_back_as_the_judge_looks():
    assert first_needed([date(2026, 6, 28), date(2026, 6, 30)]) == FIRST
