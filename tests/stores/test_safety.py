"""Safety stock: quantiles against scipy, pooling evens out, odd numbers stay sound."""

import numpy as np
import pytest
from scipy.stats import nbinom, poisson

from stores.safety import dispersion, pooled, quantile, safety_stock


def ones(*values):
    return np.array(values, np.float64)


@pytest.mark.parametrize("mean", [0.05, 0.5, 3.0, 30.0, 500.0])
@pytest.mark.parametrize("ratio", [1.0, 1.4, 5.0])
@pytest.mark.parametrize("share", [0.8, 0.95, 0.99])
def test_law_the_quantile_is_that_of_the_reference(mean, ratio, share):
    told = quantile(ones(mean), ones(mean * ratio), share)[0]
    wanted = poisson.ppf(share, mean) if ratio == 1 else nbinom.ppf(share, mean / (ratio - 1), 1 / ratio)
    assert told == pytest.approx(wanted, abs=1 if ratio == 1 else 0)


def test_the_worked_example_of_the_docs():
    told = safety_stock(ones(1.5), ones(1.6), lead_days=4, lead_spread_days=1, service=0.95)
    assert (told.lead_demand[0], told.order_at[0], told.safety[0]) == (6.0, 12.0, 6.0)


def test_demand_of_a_round_million_and_of_nothing():
    told = safety_stock(ones(0, 1e6), ones(1.3, 1.3), lead_days=3, lead_spread_days=1, service=0.95)
    assert told.safety[0] == 0
    assert told.order_at[1] > told.lead_demand[1] == 3e6


def test_a_dealer_needs_less_than_its_stores_together():
    rate, varies = ones(1, 1, 1, 1), ones(1.5, 1.5, 1.5, 1.5)
    apart = safety_stock(rate, varies, lead_days=3, lead_spread_days=0, service=0.95).safety.sum()
    whole = pooled(rate, varies, np.zeros(4, np.int64), 1)
    assert safety_stock(*whole, lead_days=3, lead_spread_days=0, service=0.95).safety[0] < apart


def test_dispersion_of_a_thinned_count_is_that_of_all():
    rng = np.random.default_rng(5)
    sold = 2 * rng.poisson(0.8, 40_000)  # pairs: variance / mean is 2
    seen = rng.binomial(sold, 0.5).astype(np.float64)
    told = dispersion(ones(seen.sum()), ones((seen**2).sum()), ones(len(seen)), ones(0.5))
    assert told[0] == pytest.approx(2.0, abs=0.05)


def test_dispersion_of_nothing_is_the_usual_one():
    assert np.isfinite(dispersion(ones(0), ones(0), ones(0), ones(0.5))[0])
