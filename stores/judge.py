"""Stage 13, judge: which store-days are not normal, which way, how surely and why.  Pure: no database, no clock."""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import islice
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from stores.calibration import Null
from stores.detectors import DETECTORS, Windows, band, windows
from stores.expected import Normal, Today, foresee, learn
from stores.presence import Bools, Floats, Ints, Presence

BLOCK = 16_384  # stores whose windows fit the cache together
LEAST_WEIGHT = 1e-300

REASONS: tuple[str, ...] = (
    *(presence.name.lower() for presence in Presence),
    *(f"{name}_{side}" for name in DETECTORS for side in ("low", "high")),
)


class Panel(NamedTuple):
    """Daily counts of stores.

    Shapes: region, territory (stores,), numbered from 0; counts (stores, days), negative = no row (not yet, no more).
    """

    stores: list[str]
    region: Ints
    first_day: date
    counts: Ints
    territory: Ints | None = None  # whose flags share one false-discovery rate; None: all stores together


class Judged(NamedTuple):
    """What the judge says of store-days; `reason` indexes REASONS, the `window` columns are what it rests on.

    Shapes: all (stores, judged days).
    Units: items; low and high enclose 95 % of normal days (windows); direction +1 too good, -1 too bad.
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


@dataclass(slots=True)
class Radar:
    """All that is carried from night to night: the model of the normal and the judge's own record."""

    normal: Normal
    null: Null
    seed: NDArray[np.uint64]
    territory: Ints

    @classmethod
    def before_first_day(cls, stores: list[str], region: Ints, territory: Ints | None = None) -> Self:
        """Return a radar that has seen nothing yet."""
        return cls(
            normal=Normal.before_first_day(region),
            null=Null(),
            seed=np.array([zlib.crc32(store.encode()) for store in stores], np.uint64),
            territory=np.zeros(len(stores), np.int64) if territory is None else territory,
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


def nights(panel: Panel, *, fdr: float = 0.10) -> Iterator[Judged]:
    """Yield one judged day after the other, from the panel's first; columns have shape (stores,)."""
    if not 0 < fdr < 1:
        raise ValueError("the false-discovery rate must lie between 0 and 1")
    radar = Radar.before_first_day(panel.stores, panel.region, panel.territory)
    start = panel.first_day.toordinal()
    for number, counts in enumerate(np.ascontiguousarray(panel.counts.T)):
        yield judge_night(radar, counts, day=start + number, fdr=fdr)


def judge_night(radar: Radar, counts: Ints, *, day: int, fdr: float = 0.10) -> Judged:
    """Judge one day (a proleptic ordinal, as `date.toordinal` gives it) of every store and learn from it.

    Shapes: counts and every column (stores,).
    """
    weekday = (day - 1) % 7
    today = foresee(radar.normal, counts, weekday)
    learn(radar.normal, today, weekday)
    seen = {window.days: window for window in windows(radar.normal, today.noise)}
    judged = today.presence == Presence.ACTIVE
    evidence, rises, days, reason = listen(seen, lot(radar.seed, day))
    p_value = np.where(judged, radar.null.p_value(evidence, today.level), 1.0)
    flagged = discoveries(p_value, radar.territory, judged, fdr)
    radar.null.remember(evidence, today.level, judged)
    return _explain(today, seen, rises, days, np.where(judged, reason, today.presence), p_value, flagged)


def lot(seed: NDArray[np.uint64], day: int) -> Floats:
    """Draw one number in (0, 1) per store from its name and the day alone, so that a list never changes.

    Source: splitmix64 (Steele, Lea & Flood 2014).
    """
    mixed = (seed << np.uint64(24)) + np.uint64(day)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        mixed = (mixed + np.uint64(0x9E3779B97F4A7C15)) * np.uint64(factor)
        mixed ^= mixed >> np.uint64(shift)
    return ((mixed >> np.uint64(11)).astype(float) + 0.5) / 2**53


def listen(seen: Windows, chance: Floats) -> tuple[Floats, Bools, Ints, Ints]:
    """Let every detector look; return all evidence in nats, whether it is for too good, its days and its reason.

    `chance` in (0, 1) spreads each count over the width of one item: where a single item more or less decides,
    shares can be cut out of equal counts, and one in a hundred means that at a store of one item a week too.
    """
    blocks = (slice(start, start + BLOCK) for start in range(0, max(len(chance), 1), BLOCK))
    heard = [_listen({days: w.part(block, chance) for days, w in seen.items()}) for block in blocks]
    evidence, rises, days, reason = zip(*heard, strict=True)
    return np.concatenate(evidence), np.concatenate(rises), np.concatenate(days), np.concatenate(reason)


def _listen(seen: Windows) -> tuple[Floats, Bools, Ints, Ints]:
    stores = len(seen[1].sold)
    bad, good, most = np.full((3, stores), LEAST_WEIGHT)
    days, reason = np.ones(stores, np.int64), np.full(stores, len(Presence))
    for number, detector in enumerate(DETECTORS.values()):
        found = detector(seen, stores)
        weight = found.bad + found.good
        days = np.where(weight > most, found.days, days)
        reason = np.where(weight > most, len(Presence) + 2 * number, reason)
        bad, good, most = bad + found.bad, good + found.good, np.maximum(weight, most)
    return np.log(bad + good), good > bad, days, reason + (good > bad)


def discoveries(p_value: Floats, territory: Ints, judged: Bools, fdr: float) -> Bools:
    """Flag as many store-days of each territory as keep the expected share of false ones at `fdr`.

    Source: Benjamini & Hochberg (1995).
    """
    order = np.lexsort((p_value, territory))
    order = order[judged[order]]
    group, start, size = np.unique(territory[order], return_index=True, return_counts=True)
    rank = np.arange(len(order)) - np.repeat(start, size) + 1
    holds = p_value[order] <= fdr * rank / np.repeat(size, size)
    last = np.zeros(len(group), np.int64)
    np.maximum.at(last, np.repeat(np.arange(len(group)), size), np.where(holds, rank, 0))
    flagged = np.zeros(len(p_value), bool)
    flagged[order] = rank <= np.repeat(last, size)
    return flagged


def _explain(
    today: Today, seen: Windows, rises: Bools, days: Ints, reason: Ints, p_value: Floats, flagged: Bools
) -> Judged:
    low, high = band(today.mean, today.variance)
    chosen = [np.zeros(len(days)) for _ in range(3)]
    for window in seen.values():
        for column, values in zip(chosen, (window.sold, window.mean, window.variance), strict=True):
            np.copyto(column, values, where=days == window.days)
    window_low, window_high = band(chosen[1], chosen[2])
    return Judged(
        today.mean, low, high, p_value, np.where(rises, 1, -1).astype(np.int8), flagged,
        reason.astype(np.int8), days.astype(np.int16), chosen[0].astype(np.int64), chosen[1], window_low, window_high,
    )  # fmt: skip
