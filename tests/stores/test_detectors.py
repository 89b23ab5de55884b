"""Detectors: each is quiet on an ordinary day and says how far and how long on an odd one."""

import numpy as np
import pytest
from scipy import stats

from stores.detectors import DETECTORS, DRIFT_DAYS, WINDOW_DAYS, Window, band, negative_binomial_z


def windows(sold_by_day, *, mean=5.0, size=6.0):
    """Return the windows of one store that has sold this many items a day up to today."""
    made = {}
    for days in (*WINDOW_DAYS, DRIFT_DAYS):
        due = mean * days
        sold = float(sum(sold_by_day[-days:]))
        made[days] = Window(days, *(np.array([x]) for x in (sold, due, due + days * mean**2 / size)))
    return made


@pytest.mark.parametrize("detector", DETECTORS.values(), ids=DETECTORS)
@pytest.mark.parametrize("chance", [0.01, 0.5, 0.99])
def test_law_an_ordinary_day_is_quiet(detector, chance):
    assert abs(detector(windows([5] * DRIFT_DAYS), np.array([chance])).z[0]) < 1.5


@pytest.mark.parametrize("detector", DETECTORS.values(), ids=DETECTORS)
@pytest.mark.parametrize(("sold", "sign"), [(0, -1), (25, 1)])
def test_law_a_finding_says_which_way_and_over_how_many_days(detector, sold, sign):
    found = detector(windows([sold] * DRIFT_DAYS), np.array([0.5]))
    assert found.z[0] * sign > 3
    assert found.days[0] in (*WINDOW_DAYS, DRIFT_DAYS)


@pytest.mark.parametrize("detector", DETECTORS.values(), ids=DETECTORS)
def test_law_without_a_past_nothing_is_found(detector):
    assert detector({}, np.array([0.5])).z[0] == 0


@pytest.mark.parametrize("mean", [0.2, 1.0, 6.0, 50.0, 1e6])
@pytest.mark.parametrize("size", [1.0, 6.0, 1e5])
def test_the_quantile_agrees_with_the_exact_tail(mean, size):
    law = stats.nbinom(size, size / (size + mean))
    sold = np.unique(law.ppf([0.001, 0.05, 0.3, 0.5, 0.7, 0.95, 0.999]))
    ones = np.ones(len(sold))
    z = negative_binomial_z(sold, mean * ones, (mean + mean**2 / size) * ones, (1 - 1e-12) * ones)
    assert np.abs(z - stats.norm.ppf(law.cdf(sold))).max() < 0.06


def test_a_randomised_count_is_standard_normal_on_a_normal_day():
    rng = np.random.default_rng(0)
    ones = np.ones(200_000)
    z = negative_binomial_z(
        rng.negative_binomial(4, 4 / 4.5, 200_000) * 1.0, 0.5 * ones, 0.5625 * ones, rng.random(200_000)
    )
    assert abs((z < -1.96).mean() - 0.025) < 0.002
    assert abs((z > 1.96).mean() - 0.025) < 0.006


@pytest.mark.parametrize("mean", [0.05, 1.0, 12.0, 400.0])
def test_the_band_holds_nineteen_normal_days_of_twenty(mean):
    law = stats.nbinom(6, 6 / (6 + mean))
    low, high = band(np.array([mean]), np.array([mean + mean**2 / 6]))
    assert law.cdf(low[0] - 1) <= 0.03
    assert law.sf(high[0]) <= 0.03
