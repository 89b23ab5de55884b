"""Stage 12, safety stock: what to keep so that a delivery comes before the shelf is empty. Pure.

Source: Silver, Pyke & Thomas, *Inventory and Production Management in Supply Chains* (2017), 6: demand over lead time.
"""

from typing import NamedTuple

import numpy as np
from scipy.special import nbdtrik, ndtri, pdtrik

from stores.flows import Floats, Ints

SERVICE = 0.95
LEAD_DAYS, LEAD_SPREAD_DAYS = 3.0, 1.0
PRIOR_DAYS = 60.0
USUAL_DISPERSION = 1.3
MOST_DISPERSION = 20.0


class Safety(NamedTuple):
    """What is sold while a delivery is on its way, when to order, and how much of that is safety.  Shapes: (n,)."""

    lead_demand: Floats
    order_at: Floats
    safety: Floats


def dispersion(scanned: Floats, squares: Floats, days: Floats, captured: Floats) -> Floats:
    """Return variance / mean of a day's sales, from the scanned counts of days, shrunk to what is usual.

    Of items that buyers take more than one at once, a thinned count shows only a part: what is beyond chance is divided
    by the share that is scanned.  Shapes: (n,): sum of counts, sum of their squares, days, share scanned.
    """
    mean = scanned / np.maximum(days, 1)
    beyond = np.where(scanned > 0, squares / np.maximum(scanned, 1) - mean - 1, 0) / np.maximum(captured, 0.05)
    shrunk = (days * np.clip(beyond, 0, MOST_DISPERSION) + PRIOR_DAYS * (USUAL_DISPERSION - 1)) / (days + PRIOR_DAYS)
    return np.where(scanned > 0, 1 + shrunk, USUAL_DISPERSION)


def safety_stock(
    per_day: Floats, varies: Floats, *, lead_days: float | Floats, lead_spread_days: float | Floats, service: float
) -> Safety:
    """Return the safety stock for a rate and its dispersion (variance / mean of a day).

    order_at = quantile `service` of a negative binomial with mean m = rate x lead and variance
    m x dispersion + (rate x lead spread)^2; safety = order_at - m.
    """
    mean = per_day * lead_days
    variance = mean * varies + (per_day * lead_spread_days) ** 2
    order_at = quantile(mean, variance, service)
    return Safety(mean, order_at, np.maximum(order_at - mean, 0))


def pooled(per_day: Floats, varies: Floats, group: Ints, groups: int) -> tuple[Floats, Floats]:
    """Return rate and dispersion of groups of cells: a dealer's demand is that of its stores, whose noise evens out."""
    rate, noise = (np.bincount(group, one, groups).astype(np.float64) for one in (per_day, per_day * varies))
    return rate, np.where(rate > 0, noise / np.maximum(rate, 1e-12), USUAL_DISPERSION)


def quantile(mean: Floats, variance: Floats, share: float) -> Floats:
    """Return the smallest whole number that a negative binomial does not pass with probability `share`.

    Past a mean of 1,000 by the normal distribution.
    """
    mean = np.asarray(mean, np.float64)
    normal = np.ceil(mean + ndtri(share) * np.sqrt(variance))
    found = np.zeros(mean.shape)
    small = (mean > 1e-9) & (mean <= 1000)
    found[mean > 1000] = normal[mean > 1000]
    m, v = mean[small], np.maximum(variance[small], mean[small] * 1.0001)
    found[small] = np.ceil(np.maximum(_smooth(m, v, share), 0) - 1e-9)
    return found


def _smooth(mean: Floats, variance: Floats, share: float) -> Floats:
    """Return where the distribution function, made smooth between whole numbers, reaches `share`."""
    odds = mean / variance
    shape = mean * odds / (1 - odds)
    poisson = pdtrik(share, mean)
    with np.errstate(all="ignore"):
        binomial = nbdtrik(share, shape, odds)
    smooth: Floats = np.where(np.isfinite(binomial) & (shape < 1e6), binomial, poisson)
    return smooth
