"""Stage 13, judge: ways for a store to be odd.  Pure arrays: each looks at what was expected and what came."""

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

import numpy as np

from stores.expected import DRIFT, Normal, count_quantile
from stores.presence import Floats, Ints

DRIFT_DAYS = 28
# prior weights: a stretch is over with 0.2 a day, and a window stands for the lengths up to its own
LENGTHS = {1: 1.0, 2: 0.82, 3: 0.67, 5: 0.90, 7: 0.60, 10: 0.50, 14: 0.30}
DROPS = {0.05: 0.2, 0.2: 0.2, 0.5: 0.1}  # what is left of sales in a bad stretch: prior weight
RISES = {1.5: 0.15, 2.2: 0.2, 3.5: 0.15}
SLOW_DROPS, SLOW_RISES = {0.6: 0.01}, {1.6: 0.01}
MOST_NATS = 600.0  # exp of more is no double


class Window(NamedTuple):
    """Sums over the last days against a baseline frozen before them.  Shapes: (stores,).  Units: items."""

    days: int
    sold: Floats
    mean: Floats
    variance: Floats

    def spread(self, chance: Floats) -> "Window":
        """Return the same window, each count spread over the width of one item by a number in (0, 1)."""
        return self._replace(sold=self.sold + chance - 0.5)


class Finding(NamedTuple):
    """How much likelier a bad and a good stretch are than normal days, and over how many days it shows most.

    Shapes: (stores,).  Units: prior-weighted likelihood ratios.
    """

    bad: Floats
    good: Floats
    days: Ints


Windows = Mapping[int, Window]
Priors = Mapping[float, float]  # what is left of sales: prior weight
Detector = Callable[[Windows, int], Finding]


def windows(normal: Normal, noise: Floats, block: slice) -> Iterator[Window]:
    """Yield every window of a block of stores that ends on the day last learned, shortest first.

    Shapes: noise (stores of the block,).
    """
    sold, factor, square, doubt = np.zeros((4, len(noise)))
    for days in range(1, min(DRIFT_DAYS, normal.day) + 1):
        one = normal.back("factor", days)[block]
        squared = one * one
        sold, factor = sold + normal.back("seen", days)[block], factor + one
        square, doubt = square + squared, doubt + squared * normal.back("doubt", days)[block]
        if days in (*LENGTHS, DRIFT_DAYS):
            level = normal.back("level", days)[block]
            mean = level * factor
            wandered = 1 / np.maximum(normal.back("shape", days)[block], 1e-9) + DRIFT * wander(days)
            yield Window(days, sold, mean, mean + level**2 * (noise * square + doubt) + mean**2 * wandered)


def wander(days: int) -> float:
    """Return by how much a level that drifts by 1 a day varies, averaged over the days to come."""
    return (days + 1) * (2 * days + 1) / (6 * days)


def likelihood_ratio(window: Window, factors: Priors) -> Floats:
    """Return how much likelier the window's count is if one of the factors of its normal mean were to be expected.

    Both are negative binomials of the window's size, so that noise and doubt grow and shrink with the mean; what each
    factor gives is added up by its prior weight.
    """
    mean = np.maximum(window.mean, 1e-9)
    size = mean**2 / np.maximum(window.variance - mean, 1e-9 * mean)
    share, sold_and_size = mean / (size + mean), window.sold + size
    added: Floats = np.zeros(len(mean))
    for factor, prior in factors.items():
        nats = share * (factor - 1)
        nats += 1
        np.log(nats, out=nats)
        nats *= -sold_and_size
        nats += window.sold * np.log(factor)
        np.minimum(nats, MOST_NATS, out=nats)
        np.exp(nats, out=nats)
        nats *= prior
        added += nats
    return added


def weigh(windows: Windows, stores: int, *, lengths: Mapping[int, float], drops: Priors, rises: Priors) -> Finding:
    """Add up the weighted likelihood ratios of every length and factor; say which length weighs most."""
    bad, good, most = np.zeros((3, stores))
    days = np.ones(stores, np.int64)
    for window in (windows[length] for length in lengths if length in windows):
        down, up = (lengths[window.days] * likelihood_ratio(window, factors) for factors in (drops, rises))
        bad, good, weight = bad + down, good + up, np.maximum(down, up)
        days = np.where(weight > most, window.days, days)
        most = np.maximum(weight, most)
    return Finding(bad, good, days)


def stretch(windows: Windows, stores: int) -> Finding:
    """Find stretches of 1 to 14 days, both ways."""
    return weigh(windows, stores, lengths=LENGTHS, drops=DROPS, rises=RISES)


def drift(windows: Windows, stores: int) -> Finding:
    """Find a slow change: four weeks against the level before them."""
    return weigh(windows, stores, lengths={DRIFT_DAYS: 1.0}, drops=SLOW_DROPS, rises=SLOW_RISES)


DETECTORS: dict[str, Detector] = {"stretch": stretch, "drift": drift}


def band(mean: Floats, variance: Floats) -> tuple[Ints, Ints]:
    """Return the smallest and largest count of the middle 95 % of a negative binomial."""
    low, high = (count_quantile(mean, variance, z) for z in (-1.96, 1.96))
    return np.floor(low).astype(np.int64), np.ceil(high).astype(np.int64)
