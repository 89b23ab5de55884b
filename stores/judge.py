"""Stage 13, judge: which store-days are not normal, which way, how surely and why.  Pure: no database, no clock."""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import islice
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from stores.calibration import Null, volume_class
from stores.detectors import DETECTORS, Windows, band, windows
from stores.discovery import Family
from stores.expected import RING_DAYS, Normal, Today, foresee, learn
from stores.presence import Bools, Floats, Ints, Presence

BLOCK = 8_192  # stores whose windows fit the cache together
LEAST_WEIGHT = 1e-300

REASONS: tuple[str, ...] = (
    *(presence.name.lower() for presence in Presence),
    *(f"{name}_{side}" for name in DETECTORS for side in ("low", "high")),
)


class Panel(NamedTuple):
    """Daily counts of stores.

    Shapes: region (stores,), numbered from 0; counts (stores, days), negative = no row (not yet, no more).
    """

    stores: list[str]
    region: Ints
    first_day: date
    counts: Ints


class Judged(NamedTuple):
    """What the judge says of store-days; `reason` indexes REASONS, the `window` columns are what it rests on.

    Shapes: all (stores, judged days).
    Units: items; low and high enclose 95 % of normal days (windows); direction +1 too good, -1 too bad;
    neighbours is what the store's neighbours sold in that window over what was normal for them, 1 where not flagged.
    """

    expected: Floats
    low: Ints
    high: Ints
    p_value: Floats
    direction: NDArray[np.int8]
    flagged: Bools
    reason: NDArray[np.int8]
    window_days: NDArray[np.int16]
    window_sold: Ints
    window_expected: Floats
    window_low: Ints
    window_high: Ints
    neighbours: Floats


class Heard(NamedTuple):
    """What the detectors found together, and the window in which it shows most.

    Shapes: all (stores,).  Units: evidence in nats; sold, mean and variance in items.
    """

    evidence: Floats
    rises: Bools
    days: Ints
    reason: Ints
    sold: Floats
    mean: Floats
    variance: Floats


@dataclass(slots=True)
class Radar:
    """All that is carried from night to night: the model of the normal and the judge's own record."""

    normal: Normal
    null: Null
    family: Family
    seed: NDArray[np.uint64]

    @classmethod
    def before_first_day(cls, stores: list[str], region: Ints) -> Self:
        """Return a radar that has seen nothing yet."""
        return cls(
            normal=Normal.before_first_day(region),
            null=Null(),
            family=Family(),
            seed=np.array([zlib.crc32(store.encode()) for store in stores], np.uint64),
        )


def judge(panel: Panel, *, first: int, fdr: float = 0.10) -> Judged:
    """Judge every store-day from day number `first` on, each from the days up to it only.

    Raises: ValueError if `first` is not a day of the panel or `fdr` is not between 0 and 1.
    """
    days = panel.counts.shape[1]
    if not 0 <= first < days:
        raise ValueError(f"day {first} is not one of the panel's {days} days")
    kept = islice(nights(panel, fdr=fdr), first, None)
    return Judged(*(np.stack(column, axis=1) for column in zip(*kept, strict=True)))


def nights(panel: Panel, *, fdr: float = 0.10, radar: Radar | None = None, begin: int = 0) -> Iterator[Judged]:
    """Yield one judged day after the other; columns have shape (stores,).

    From the panel's first day, or from day number `begin` on with a radar that has seen those before.
    """
    if not 0 < fdr < 1:
        raise ValueError("the false-discovery rate must lie between 0 and 1")
    radar = radar or Radar.before_first_day(panel.stores, panel.region)
    start = panel.first_day.toordinal()
    for number in range(begin, panel.counts.shape[1]):
        yield judge_night(radar, panel.counts[:, number].astype(np.int64), day=start + number, fdr=fdr)


def judge_night(radar: Radar, counts: Ints, *, day: int, fdr: float = 0.10) -> Judged:
    """Judge one day (a proleptic ordinal, as `date.toordinal` gives it) of every store and learn from it.

    Shapes: counts and every column (stores,).
    """
    weekday = (day - 1) % 7
    today = foresee(radar.normal, counts, weekday)
    learn(radar.normal, today, weekday)
    heard = listen(radar.normal, today.noise, lot(radar.seed, day))
    judged = today.presence == Presence.ACTIVE
    class_, evidence = volume_class(today.level), heard.evidence
    p_value = np.where(judged, radar.null.p_value(evidence, class_), 1.0)
    flagged = radar.family.discover(p_value, judged, fdr)
    radar.null.remember(evidence, class_, judged)
    neighbours = beside(radar.normal, np.flatnonzero(flagged), heard.days)
    return _explain(today, heard, p_value, flagged, neighbours)


def lot(seed: NDArray[np.uint64], day: int) -> Floats:
    """Draw one number in (0, 1) per store from its name and the day alone, so that a list never changes.

    Source: splitmix64 (Steele, Lea & Flood 2014).
    """
    mixed = (seed << np.uint64(24)) + np.uint64(day)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        mixed = (mixed + np.uint64(0x9E3779B97F4A7C15)) * np.uint64(factor)
        mixed ^= mixed >> np.uint64(shift)
    return ((mixed >> np.uint64(11)).astype(float) + 0.5) / 2**53


def listen(normal: Normal, noise: Floats, chance: Floats) -> Heard:
    """Let every detector look at the windows that end on the day last learned.

    `chance` in (0, 1) spreads each count over the width of one item: where a single item more or less decides,
    shares can be cut out of equal counts, and one in a hundred means that at a store of one item a week too.
    """
    heard = []
    for start in range(0, max(len(chance), 1), BLOCK):
        block = slice(start, start + BLOCK)
        seen = {window.days: window for window in windows(normal, noise[block], block)}
        heard.append(hear(seen, chance[block]))
    return Heard(*(np.concatenate(column) for column in zip(*heard, strict=True)))


def hear(seen: Windows, chance: Floats) -> Heard:
    """Let every detector look at these windows."""
    stores, spread = len(chance), {days: window.spread(chance) for days, window in seen.items()}
    bad, good, most = np.full((3, stores), LEAST_WEIGHT)
    days, reason = np.ones(stores, np.int64), np.full(stores, len(Presence))
    for number, detector in enumerate(DETECTORS.values()):
        found = detector(spread, stores)
        weight = found.bad + found.good
        days = np.where(weight > most, found.days, days)
        reason = np.where(weight > most, len(Presence) + 2 * number, reason)
        bad, good, most = bad + found.bad, good + found.good, np.maximum(weight, most)
    chosen = [np.zeros(stores) for _ in range(3)]
    for window in seen.values():
        for column, values in zip(chosen, window[1:], strict=True):
            np.copyto(column, values, where=days == window.days)
    return Heard(np.log(bad + good), good > bad, days, reason + (good > bad), *chosen)


def beside(normal: Normal, rows: Ints, days: Ints) -> Floats:
    """Return how the neighbours of some stores did in the window that tells of each; 1 for all others.

    Shapes: rows (some,), days (stores,).
    """
    with_, without = np.zeros((2, len(rows)))
    for back in range(1, min(RING_DAYS, normal.day) + 1):
        factor = np.where(days[rows] >= back, normal.back("factor", back)[rows], 0.0)
        with_ += factor
        without += factor / np.where(factor > 0, normal.back("shared", back)[rows], 1.0)
    ratio = np.ones(len(days))
    ratio[rows] = np.where(without > 0, with_ / np.where(without > 0, without, 1.0), 1.0)
    return ratio


def _explain(today: Today, heard: Heard, p_value: Floats, flagged: Bools, neighbours: Floats) -> Judged:
    low, high = band(today.mean, today.variance)
    window_low, window_high = band(heard.mean, heard.variance)
    reason = np.where(today.presence == Presence.ACTIVE, heard.reason, today.presence)
    return Judged(
        today.mean, low, high, p_value, np.where(heard.rises, 1, -1).astype(np.int8), flagged,
        reason.astype(np.int8), heard.days.astype(np.int16), heard.sold.astype(np.int64), heard.mean,
        window_low, window_high, neighbours,
    )  # fmt: skip
