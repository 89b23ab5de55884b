"""Stage 13, judge: ways for a store to be odd.  Pure arrays: each looks at what was expected and what came."""

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

import numpy as np
from scipy.special import ndtri

from stores.expected import Normal, count_quantile, wander
from stores.presence import Floats, Ints

WINDOW_DAYS = (1, 2, 3, 5, 7, 10, 14)
DRIFT_DAYS = 28
FARTHEST = 37.0  # standard deviations; further out a double cannot tell tails apart


class Window(NamedTuple):
    """Sums over the last days against a baseline frozen before them.  Shapes: (stores,).  Units: items."""

    days: int
    sold: Floats
    mean: Floats
    variance: Floats


class Finding(NamedTuple):
    """How odd each store is today: standard deviations, negative = too bad, and over how many days."""

    z: Floats
    days: Ints


Windows = Mapping[int, Window]
Detector = Callable[[Windows, Floats], Finding]


def windows(normal: Normal, noise: Floats) -> Iterator[Window]:
    """Yield every window that ends on the day last learned, shortest first."""
    sold, factor, square, doubt = np.zeros((4, len(noise)))
    for days in range(1, min(DRIFT_DAYS, normal.day) + 1):
        sold, factor = sold + normal.back("seen", days), factor + normal.back("factor", days)
        squared = normal.back("factor", days) ** 2
        square, doubt = square + squared, doubt + squared * normal.back("doubt", days)
        if days in (*WINDOW_DAYS, DRIFT_DAYS):
            level = normal.back("level", days)
            mean = level * factor
            wandered = 1 / np.maximum(normal.back("shape", days), 1e-9) + normal.pooled.drift * wander(days)
            yield Window(days, sold, mean, mean + level**2 * (noise * square + doubt) + mean**2 * wandered)


def negative_binomial_z(sold: Floats, mean: Floats, variance: Floats, chance: Floats) -> Floats:
    """Return how far a count lies out, in standard deviations: the normal quantile of its randomised probability.

    `chance` in (0, 1) says where between P(X < sold) and P(X <= sold) each count is taken to lie, so that
    on a normal day the result is standard normal however small the counts are.

    Source: Peizer & Pratt (1968) for the negative binomial, as in Johnson, Kemp & Kotz (2005), 5.6; zero is exact.
    """
    mean = np.maximum(mean, 1e-9)
    size = np.clip(mean**2 / np.maximum(variance - mean, 1e-9 * mean), 0.55, 1e9)
    some = np.maximum(sold - 1 + chance, 0.0)
    number, fail, last = some + size, mean / (mean + size), size / (mean + size)
    off = (
        some + 2 / 3 - (number + 1 / 3) * fail + 0.02 * (last / (some + 1) - fail / size + (0.5 - fail) / (number + 1))
    )
    bend = 1 + last * _bend((some + 0.5) / (number * fail)) + fail * _bend((size - 0.5) / (number * last))
    z = off * np.sqrt(np.maximum(bend, 1e-9) / ((number + 1 / 6) * fail * last))
    none: Floats = ndtri(np.maximum(chance * np.exp(-size * np.log1p(mean / size)), 1e-300))
    far: Floats = np.clip(np.where(sold > 0, z, none), -FARTHEST, FARTHEST)
    return far


def _bend(ratio: Floats) -> Floats:
    """Peizer and Pratt's g: how a tail bends away from the normal one."""
    away = ratio - 1
    near = np.abs(away) < 1e-3
    safe = np.where(near, 2.0, np.maximum(ratio, 1e-12))
    return np.where(near, -away / 3, (1 - safe**2 + 2 * safe * np.log(safe)) / (1 - safe) ** 2)


def _farthest(windows: Windows, chance: Floats, lengths: tuple[int, ...]) -> Finding:
    """Judge each window by its own negative binomial and keep the oddest."""
    z, days = np.zeros(len(chance)), np.ones(len(chance), np.int64)
    for window in (windows[days] for days in lengths if days in windows):
        other = negative_binomial_z(window.sold, window.mean, window.variance, chance)
        farther = np.abs(other) > np.abs(z)
        z, days = np.where(farther, other, z), np.where(farther, window.days, days)
    return Finding(z, days)


def stretch(windows: Windows, chance: Floats) -> Finding:
    """Find the oddest window of 1 to 14 days, both ways."""
    return _farthest(windows, chance, WINDOW_DAYS)


def drift(windows: Windows, chance: Floats) -> Finding:
    """Find a slow change: four weeks against the level before them."""
    return _farthest(windows, chance, (DRIFT_DAYS,))


DETECTORS: dict[str, Detector] = {"stretch": stretch, "drift": drift}


def band(mean: Floats, variance: Floats) -> tuple[Ints, Ints]:
    """Return the smallest and largest count of the middle 95 % of a negative binomial."""
    low, high = (count_quantile(mean, variance, z) for z in (-1.96, 1.96))
    return np.floor(low).astype(np.int64), np.ceil(high).astype(np.int64)
