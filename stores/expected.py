"""Stage 13, judge: what a normal day of every store would have been.  Pure arrays: no database, no clock."""

from dataclasses import dataclass, field
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from stores.presence import Bools, Floats, Ints, Life, Presence

RING_DAYS = 28  # the longest look back of a detector
DRIFT = 0.015**2  # variance a log level gains per day: a store wanders by 8 % in a month
CLIP_SD = 2.5  # a day further out teaches the level no more than this
YOUNG_DAYS = 14  # ... once its level is roughly known
ABSORB = 0.02  # of a shared factor that stays becomes level, per day
LEAST_LEVEL = 1e-4  # one item in thirty years
FIRST_SHAPE = 0.5  # weight of its first sale in a store of which nothing else is known
WEEK_MEMORY = 0.985  # per week
POOL_MEMORY = 0.99  # per day, for what all stores share
NOISE_SPREAD = 0.7  # coefficient of variation of day noise between stores


class Today(NamedTuple):
    """One day of every store as the model saw it before learning from it.

    Shapes: all (stores,).
    Units: items; `noise` and `doubt` are variances relative to `mean` squared.
    """

    counts: Ints  # as they came; negative where the store has no row
    seen: Floats  # the same, 0 where nothing counts
    shared: Floats  # same-day region factor
    factor: Floats  # weekday x same-day region factor; 0 where nothing counts
    level: Floats  # items on a day of factor 1
    shape: Floats  # gamma shape of the level: 1 / its relative variance
    noise: Floats  # overdispersion of a day
    doubt: Floats  # of weekday and region factor
    presence: NDArray[np.int8]

    @property
    def mean(self) -> Floats:
        """Items expected today."""
        return self.level * self.factor

    @property
    def variance(self) -> Floats:
        """Variance of today's count as predicted."""
        return self.mean + self.mean**2 * (self.noise + self.doubt + 1 / self.shape)


@dataclass(slots=True)
class Pooled:
    """What all stores teach together, as running sums: a ratio and how far single ones spread around it."""

    noise: float = 0.2
    weekday_spread: float = 0.02
    region_spread: float = 0.01
    sums: dict[str, Floats] = field(default_factory=dict)

    def learn(self, name: str, above: float, below: float, *, weight: float, low: float, high: float) -> None:
        """Move `name` to the discounted ratio of sums; its present value counts as `weight` of `below`."""
        was = self.sums.setdefault(name, np.array([getattr(self, name) * weight, weight]))
        was *= POOL_MEMORY
        was += (above, below)
        setattr(self, name, float(np.clip(was[0] / was[1], low, high)))


@dataclass(slots=True)
class Normal:
    """The state of the model: a few numbers per store, per region and in all."""

    region: Ints
    life: Life
    pooled: Pooled
    shape: Floats
    rate: Floats
    week_sold: Floats
    week_due: Floats
    region_week_sold: Floats
    region_week_due: Floats
    noise_above: Floats
    noise_below: Floats
    rings: dict[str, Floats]
    day: int = 0

    @classmethod
    def before_first_day(cls, region: Ints) -> Self:
        """Return a model that has seen nothing yet of stores in these regions (numbered from 0)."""
        stores, regions = len(region), int(region.max(initial=-1)) + 1
        names = ("seen", "factor", "level", "shape", "doubt", "shared")
        return cls(
            region=region,
            life=Life.before_first_day(stores),
            pooled=Pooled(),
            shape=np.full(stores, FIRST_SHAPE),
            rate=np.full(stores, FIRST_SHAPE),
            week_sold=np.zeros((7, stores)),
            week_due=np.zeros((7, stores)),
            region_week_sold=np.full((7, regions), 20.0),
            region_week_due=np.full((7, regions), 20.0),
            noise_above=np.zeros(stores),
            noise_below=np.zeros(stores),
            rings={name: np.zeros((RING_DAYS, stores)) for name in names},
        )

    def back(self, name: str, days: int) -> Floats:
        """Return a day's remembered column; 1 is the day last seen."""
        column: Floats = self.rings[name][(self.day - days) % RING_DAYS]
        return column

    def by_region(self, values: Floats) -> Floats:
        """Add up a column by region, from the first store to the last."""
        return np.bincount(self.region, values, self.region_week_due.shape[1]).astype(float)


def foresee(normal: Normal, counts: Ints, weekday: int) -> Today:
    """Say what today would be on a normal day, given the past and what the neighbours did today."""
    life = normal.life
    closed = life.closed_weekday(weekday)
    presence = life.presence(counts, closed)
    live = (presence == Presence.NEW) | (presence == Presence.ACTIVE) | (presence == Presence.REOPENED)
    shape = normal.shape / (1 + DRIFT * normal.shape)
    level = np.maximum(normal.shape / normal.rate, LEAST_LEVEL)
    _, profile, profile_doubt = weekday_profile(normal, weekday)
    noise = day_noise(normal)
    seen = np.where(live, counts, 0).astype(float)
    known = live & (life.days_seen >= YOUNG_DAYS)
    shared, shared_doubt = same_day_factor(normal, seen, level * profile, noise, known)
    factor = np.where(live, profile * shared, 0.0)
    return Today(counts, seen, shared, factor, level, shape, noise, profile_doubt + shared_doubt, presence)


def weekday_profile(normal: Normal, weekday: int) -> tuple[Floats, Floats, Floats]:
    """Return a weekday's factor in each store's region, in the store itself (shrunk to the region), and its doubt."""
    by_region = normal.region_week_sold / normal.region_week_due
    usual = (by_region[weekday] / by_region.mean(axis=0))[normal.region]
    strength = 1 / normal.pooled.weekday_spread
    own = (strength + normal.week_sold[weekday]) / (strength + normal.week_due[weekday])
    return usual, usual * own, 1 / (strength + normal.week_due[weekday])


def day_noise(normal: Normal) -> Floats:
    """Return each store's overdispersion (1 / size of its negative binomial), shrunk to that of all."""
    common = normal.pooled.noise
    weight = 2 / (NOISE_SPREAD * common) ** 2
    return np.clip((normal.noise_above + weight * common) / (normal.noise_below + weight), 0.0, 4.0)


def same_day_factor(normal: Normal, sold: Floats, mean: Floats, noise: Floats, known: Bools) -> tuple[Floats, Floats]:
    """Return how much today differs for a store's neighbours (itself left out), and how unsure that is.

    A region's ratio of sold to expected is shrunk to that of all regions, which is shrunk to 1.
    """
    pooled, region = normal.pooled, normal.region
    weight = np.where(known, 1 / (1 + noise * mean), 0.0)
    factor: Floats = np.ones(len(mean))
    for sd in (1e9, 3.0, 3.0):  # a store far out does not drag its neighbours along
        middle = mean * factor
        reach = sd * np.sqrt(middle + noise * middle**2) + 1
        kept: Floats = weight * np.clip(sold, middle - reach, middle + reach)
        due = weight * mean
        region_sold, region_due = normal.by_region(kept), normal.by_region(due)
        everywhere = (25 + total(region_sold)) / (25 + total(region_due))
        strength = 1 / pooled.region_spread
        factor = (strength * everywhere + region_sold[region] - kept) / (strength + region_due[region] - due)
    above = ((region_sold - everywhere * region_due) ** 2 - everywhere * region_due) / (1 + region_due) ** 2
    below = (region_due / (1 + region_due)) ** 2
    pooled.learn("region_spread", total(above), total(below), weight=20.0, low=0.01, high=0.25)
    return factor, 1 / (strength + region_due[region] - due)


def learn(normal: Normal, today: Today, weekday: int) -> None:
    """Take today into the model; a day far out of the normal teaches only as much as its nearest normal one."""
    for name, ring in normal.rings.items():
        ring[normal.day % RING_DAYS] = getattr(today, name)
    normal.day += 1
    mean = today.mean
    young = normal.life.days_seen < YOUNG_DAYS
    low, high = (count_quantile(mean, today.variance, z) for z in (-CLIP_SD, CLIP_SD))
    near = np.clip(today.seen, low, high)
    kept = np.where(young, today.seen, near)
    first_guess = (today.shape + kept) / (today.shape / today.level + today.factor) * today.factor
    size = np.where(young, np.maximum(first_guess, mean), mean)
    weight = np.where(mean > 0, 1 / (1 + (today.noise + today.doubt) * size), 0.0)
    normal.rate = (today.shape / today.level + weight * today.factor) / today.shared**ABSORB
    normal.shape = today.shape + weight * kept
    learn_noise(normal, today)
    learn_week(normal, today, kept, weight, weekday)
    learn_life(normal, today, weekday)


def learn_noise(normal: Normal, today: Today) -> None:
    """Update every store's overdispersion, and that of all, from the squared surprise of today."""
    active = today.presence == Presence.ACTIVE
    mean, variance = today.mean, today.variance
    squared = np.minimum((today.seen - mean) ** 2, 16 * variance)
    rest = squared - mean - mean**2 * (today.doubt + 1 / today.shape)
    weight = np.where(active & (mean > 0), (mean / np.maximum(variance, 1e-9)) ** 2, 0.0)
    normal.noise_above += weight * rest
    normal.noise_below += weight * mean**2
    # a weight that knew the store's own noise would trust the quiet ones too much
    evenly = variance + mean**2 * (normal.pooled.noise - today.noise)
    weight = np.where(active & (mean > 0), (mean / np.maximum(evenly, 1e-9)) ** 2, 0.0)
    above, below = total(weight * rest), total(weight * mean**2)
    normal.pooled.learn("noise", above, below, weight=200.0, low=1e-3, high=2.0)


def learn_week(normal: Normal, today: Today, kept: Floats, weight: Floats, weekday: int) -> None:
    """Update the weekday profile of every store and region."""
    settled = (today.factor > 0) & (normal.life.days_seen >= 7)
    usual, profile, _ = weekday_profile(normal, weekday)
    base = np.where(settled, weight * today.level * today.factor / np.maximum(profile, 1e-9), 0.0)
    sold = np.where(settled, weight * kept, 0.0)
    normal.week_sold[weekday] = WEEK_MEMORY * normal.week_sold[weekday] + sold
    normal.week_due[weekday] = WEEK_MEMORY * normal.week_due[weekday] + base * usual
    normal.region_week_sold[weekday] *= WEEK_MEMORY
    normal.region_week_due[weekday] *= WEEK_MEMORY
    normal.region_week_sold[weekday] += normal.by_region(sold)
    normal.region_week_due[weekday] += normal.by_region(base)
    due, pooled = normal.week_due[weekday], normal.pooled
    trust = 1 / np.maximum(due * (1 + pooled.weekday_spread * due), 1e-9)
    above = total(np.where(due > 0, trust * ((normal.week_sold[weekday] - due) ** 2 - due), 0.0))
    pooled.learn("weekday_spread", above, total(trust * due**2), weight=20.0, low=1e-3, high=0.5)


def learn_life(normal: Normal, today: Today, weekday: int) -> None:
    """Update where every store stands; one that opens, or comes back, starts at what it sold."""
    usual, _, _ = weekday_profile(normal, weekday)
    closed = today.presence == Presence.CLOSED_WEEKDAY
    noise = np.maximum(today.noise, 1e-3)
    surprise, usual_surprise = (np.log1p(noise * m) / noise for m in (today.mean, today.level * usual))
    starts = normal.life.remember(today.counts, surprise, usual_surprise, weekday, closed)
    normal.shape[starts] = FIRST_SHAPE
    normal.rate[starts] = FIRST_SHAPE / today.counts[starts]


def total(values: Floats) -> float:
    """Add from the first to the last: zeros of stores still to come change no digit, as pairwise sums would."""
    return float(np.cumsum(values)[-1]) if len(values) else 0.0


def count_quantile(mean: Floats, variance: Floats, z: float) -> Floats:
    """Return roughly the count `z` standard deviations out, skewed as counts are.

    Source: Wilson & Hilferty (1931), for the gamma distribution of this mean and variance.
    """
    shape = np.maximum(mean, 1e-9) ** 2 / np.maximum(variance, 1e-9)
    root = np.maximum(1 - 1 / (9 * shape) + z / (3 * np.sqrt(shape)), 0.0)
    quantile: Floats = np.where(mean > 0, mean * root**3, 0.0)
    return quantile
