"""Detectors: each is quiet on an ordinary day and says how far and how long on an odd one."""

import numpy as np
import pytest
from scipy import stats

from stores.detectors import DETECTORS, DRIFT_DAYS, LENGTHS, Window, band, likelihood_ratio


def windows(sold_by_day, *, mean=5.0, size=6.0):
    """Return the windows of stores that have sold this many items a day (shape (days,) or (days, stores))."""
    made, past = {}, np.asarray(sold_by_day, float).reshape(DRIFT_DAYS, -1)
    for days in (*LENGTHS, DRIFT_DAYS):
        due = np.full(past.shape[1], mean * days)
        made[days] = Window(days, past[-days:].sum(axis=0), due, due + days * mean**2 / size)
    return made


def evidence(detector, sold_by_day, **normal):
    found = detector(windows(sold_by_day, **normal), 1)
    return found.bad[0], found.good[0], found.days[0]


@pytest.mark.parametrize("detector", DETECTORS.values(), ids=DETECTORS)
@pytest.mark.parametrize("mean", [1, 5, 200])
def test_law_an_ordinary_day_is_quiet(detector, mean):
    bad, good, _ = evidence(detector, [mean] * DRIFT_DAYS, mean=mean)
    assert bad + good < 3


@pytest.mark.parametrize("detector", DETECTORS.values(), ids=DETECTORS)
def test_law_false_evidence_is_bounded_on_normal_days(detector):
    rng = np.random.default_rng(0)
    sold = rng.negative_binomial(6, 6 / 11, (20_000, DRIFT_DAYS))
    found = detector(windows(sold.T.astype(float)), 20_000)
    assert ((found.bad + found.good) > 50).mean() < 0.02


@pytest.mark.parametrize("detector", DETECTORS.values(), ids=DETECTORS)
@pytest.mark.parametrize(("sold", "fell"), [(0, True), (25, False)])
def test_law_a_finding_says_which_way_and_over_how_many_days(detector, sold, fell):
    bad, good, days = evidence(detector, [sold] * DRIFT_DAYS)
    assert max(bad, good) > 20
    assert (bad > good) is np.bool_(fell)
    assert days in (*LENGTHS, DRIFT_DAYS)


@pytest.mark.parametrize("detector", DETECTORS.values(), ids=DETECTORS)
def test_law_without_a_past_nothing_is_found(detector):
    assert detector({}, 1).bad[0] == detector({}, 1).good[0] == 0


@pytest.mark.parametrize("detector", DETECTORS.values(), ids=DETECTORS)
def test_law_no_count_is_too_large(detector):
    with np.errstate(all="raise", under="ignore"):
        bad, good, _ = evidence(detector, [10**9] * DRIFT_DAYS, mean=1e-6)
    assert np.isfinite(bad + good)


@pytest.mark.parametrize(("dry_days", "told"), [(1, 1), (3, 3), (7, 7), (14, 14)])
def test_a_dry_stretch_is_told_at_its_length(dry_days, told):
    _, _, days = evidence(DETECTORS["stretch"], [5] * (DRIFT_DAYS - dry_days) + [0] * dry_days)
    assert days == told


@pytest.mark.parametrize("factor", [0.2, 2.2])
def test_the_ratio_is_that_of_two_negative_binomials(factor):
    window = windows([3] * DRIFT_DAYS)[5]
    size = float(window.mean[0] ** 2 / (window.variance[0] - window.mean[0]))
    one, other = (stats.nbinom(size, size / (size + m * window.mean[0])) for m in (factor, 1.0))
    expected = one.pmf(window.sold[0]) / other.pmf(window.sold[0])
    assert likelihood_ratio(window, {factor: 1.0})[0] == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("mean", [0.05, 1.0, 12.0, 400.0])
def test_the_band_holds_nineteen_normal_days_of_twenty(mean):
    law = stats.nbinom(6, 6 / (6 + mean))
    low, high = band(np.array([mean]), np.array([mean + mean**2 / 6]))
    assert law.cdf(low[0] - 1) <= 0.03
    assert law.sf(high[0]) <= 0.03
