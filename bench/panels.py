"""Panels of stores whose abnormal stretches are known: the worlds that the judge is held against.

A world is a `World` of numbers; `WORLDS` names those that `bench_judge.py` looks at. `make_panel` draws one: what
every store would sell on a normal day (its level, which wanders; its week; what its region shares; its days off; when
it opens and closes), and negative-binomial counts around that. `plant` puts stretches into a panel of anybody's.
"""

import csv
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
FIRST_DAY = date(2026, 1, 5)  # a Monday
LEFT = {"dry": 0.0, "down": 0.3, "up": 2.0}  # what is left of normal sales
LENGTHS = np.array([1, 2, 3, 5, 7, 10, 14])
WEEKS = np.array(
    [
        [0.95, 0.93, 0.95, 1.0, 1.1, 1.1, 0.97],  # a store in a street of flats
        [1.15, 1.15, 1.15, 1.15, 1.15, 0.7, 0.55],  # one among offices
        [0.8, 0.75, 0.8, 0.85, 1.15, 1.45, 1.2],  # one in a mall
    ]
)
AFTER_DAYS = 28  # the longest window still sees a silence
WEEK_SHARES = [0.5, 0.3, 0.2]


@dataclass(frozen=True)
class World:
    """What a panel is drawn from; spreads are standard deviations of logarithms.

    Units: median in items a day; drift per day; noise is the size of the negative binomial of a day.
    """

    stores: int = 2000
    days: int = 180
    judged_from: int = 120
    regions: int = 20
    median: float = 1.5
    spread: float = 1.2
    noise: float = 6.0
    noise_spread: float = 0.7
    weather: float = 0.10
    drift: float = 0.012
    off: float = 0.08  # share of stores with a weekday off
    everyone_off: int | None = None  # a weekday on which no store opens
    coming: float = 0.0  # share of stores that open within the panel, and as many close
    silent: float = 0.0  # share of stores that are shut for 25 to 60 days
    soiled: float = 0.1  # share of stores with a stretch in the past
    planted: float = 0.3  # ... and in the judged days


class Event(NamedTuple):
    """A planted stretch of a store; `first` is a day of the panel."""

    store: int
    first: int
    days: int
    kind: str


class Planted(NamedTuple):
    """A panel and what is wrong with it.

    Shapes: counts (stores, days), -1 where a store has no row; region (stores,); volume (stores,), items on a mean day
    before anything was planted; shut (stores, days): silences and what follows, neither normal nor planted.
    """

    counts: Ints
    region: Ints
    judged_from: int
    events: list[Event]
    volume: Floats
    shut: NDArray[np.bool_]


WORLDS: dict[str, World] = {
    "as promised": World(),
    "a tenth of the volume": World(median=0.15),
    "ten times the volume": World(median=15.0),
    "thousands a day": World(median=2000.0, spread=0.8, noise=20.0),
    "all alike": World(spread=0.1, noise_spread=0.01),
    "no noise": World(noise=1e6, noise_spread=0.01, weather=0.0, drift=0.0, off=0.0),
    "loud": World(noise=2.0, weather=0.25),
    "restless": World(drift=0.03),
    "one region": World(regions=1),
    "300 regions": World(regions=300),
    "50 stores": World(stores=50, regions=3),
    "short": World(days=75, judged_from=45),
    "everyone off on Sundays": World(everyone_off=6),
    "come and go": World(coming=0.3, silent=0.1),
}


def make_panel(world: World, *, seed: int, planted: bool = True) -> Planted:
    """Draw a panel; the same seed draws the same normal world whether or not anything is planted."""
    rng = np.random.default_rng([seed, 77])
    region = rng.integers(0, world.regions, world.stores)
    mean = _normal_days(world, region, rng)
    volume = mean.mean(axis=1)
    here, shut = _lives(world, mean, rng)
    _scale(mean, _stretches(world.stores, 10, max(world.judged_from - 20, 25), world.soiled, rng))
    size = np.exp(rng.normal(np.log(world.noise), world.noise_spread, world.stores))[:, None]
    events = _stretches(world.stores, world.judged_from, world.days, world.planted, rng) if planted else []
    events = [one for one in events if (here & ~shut)[one.store, one.first : one.first + one.days].all()]
    _scale(mean, events)
    counts = rng.poisson(rng.gamma(size, 1 / size, mean.shape) * mean)
    return Planted(np.where(here, counts, -1), region, world.judged_from, events, volume, shut)


def _normal_days(world: World, region: Ints, rng: np.random.Generator) -> Floats:
    """Return what every store sells on a normal day.  Shapes: (stores, days)."""
    stores, days = world.stores, world.days
    rate = np.exp(rng.normal(np.log(world.median), world.spread, stores))
    week = WEEKS[rng.choice(len(WEEKS), stores, p=WEEK_SHARES)]
    week = week * np.exp(rng.normal(0, 0.05, (world.regions, 7)))[region] * np.exp(rng.normal(0, 0.10, (stores, 7)))
    weekday = np.arange(days) % 7
    level = np.cumsum(rng.normal(0, world.drift, (stores, days)), axis=1)
    mean = rate[:, None] * np.exp(level) * week[:, weekday] * _shared(world, rng)[region]
    day_off = np.where(rng.random(stores) < world.off, rng.integers(0, 7, stores), -1)
    mean[weekday == day_off[:, None]] = 0.0
    if world.everyone_off is not None:
        mean[:, weekday == world.everyone_off] = 0.0
    return mean


def _shared(world: World, rng: np.random.Generator) -> Floats:
    """Return what all stores of a region share on a day: weather, three holidays, three promotions each."""
    shared = np.exp(rng.normal(0, world.weather, (world.regions, world.days)))
    for first, length in ((40, 7), (100, 3), (150, 3)):
        shared[:, first : first + length] *= np.exp(rng.normal(0.25, 0.25, (world.regions, 1)))
    for row in shared:
        for first in rng.integers(0, world.days - 7, 3):
            row[first : first + 7] *= 1.4
    return shared


def _lives(world: World, mean: Floats, rng: np.random.Generator) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Shut some stores for weeks; return on which days each store has rows, and when it is shut or has just been."""
    stores, days = mean.shape
    day = np.arange(days)
    opens = np.where(rng.random(stores) < world.coming, rng.integers(1, days * 2 // 3, stores), 0)
    closes = np.where(rng.random(stores) < world.coming, rng.integers(days // 3, days, stores), days)
    shut = np.zeros((stores, days), bool)
    for store in np.flatnonzero(rng.random(stores) < world.silent).tolist():
        first, length = int(rng.integers(0, days)), int(rng.integers(25, 60))
        mean[store, first : first + length] = 0.0
        shut[store, first : first + length + AFTER_DAYS] = True
    here = (opens[:, None] <= day) & (day < closes[:, None])
    here[~here.any(axis=1)] = True
    return here, shut


def _stretches(stores: int, first: int, last: int, share: float, rng: np.random.Generator) -> list[Event]:
    """Draw one stretch for a share of the stores, whole within [first, last)."""
    events = []
    for store in rng.choice(stores, round(stores * share), replace=False).tolist():
        length = int(rng.choice(LENGTHS[last - first >= LENGTHS]))
        begin = int(rng.integers(first, last - length + 1))
        events.append(Event(store, begin, length, str(rng.choice(list(LEFT)))))
    return events


def _scale(mean: Floats, events: list[Event]) -> None:
    for one in events:
        mean[one.store, one.first : one.first + one.days] *= LEFT[one.kind]


def plant(counts: Ints, region: Ints, *, judged_from: int, share: float, seed: int) -> Planted:
    """Put stretches into real counts: thinned for drops, joined by as many again, drawn anew, for rises."""
    rng = np.random.default_rng([seed, 78])
    counts, events = counts.copy(), []
    for one in _stretches(len(counts), judged_from, counts.shape[1], share, rng):
        span = counts[one.store, one.first : one.first + one.days]
        if (span < 0).any() or not span.any():
            continue
        left = LEFT[one.kind]
        span[:] = rng.binomial(span, left) if left <= 1 else span + rng.poisson(span * (left - 1))
        events.append(one)
    volume = np.where(counts >= 0, counts, 0).mean(axis=1)
    return Planted(counts, region, judged_from, events, volume, np.zeros(counts.shape, bool))


def read_counts(path: Path) -> tuple[Ints, Ints]:
    """Read a panel file; return counts and regions of its stores, every day from the first to the last."""
    with path.open(encoding="utf-8", newline="") as lines:
        rows = [
            (row["store"], row["region"], date.fromisoformat(row["day"]), row["count"]) for row in csv.DictReader(lines)
        ]
    stores = {name: number for number, name in enumerate(dict.fromkeys(row[0] for row in rows))}
    regions = {name: number for number, name in enumerate(dict.fromkeys(row[1] for row in rows))}
    first, last = min(row[2] for row in rows), max(row[2] for row in rows)
    counts, region = np.full((len(stores), (last - first).days + 1), -1), np.zeros(len(stores), np.int64)
    for store, where, day, count in rows:
        counts[stores[store], (day - first).days] = int(count)
        region[stores[store]] = regions[where]
    return counts, region


def write_panel(panel: Planted, path: Path) -> None:
    """Write a panel as the file that `glassbox judge` reads."""
    days = [str(FIRST_DAY + timedelta(days=number)) for number in range(panel.counts.shape[1])]
    with path.open("w", encoding="utf-8", newline="") as out:
        out.write("store,region,day,count\n")
        for number, (where, row) in enumerate(zip(panel.region.tolist(), panel.counts.tolist(), strict=True)):
            out.writelines(
                f"s{number},r{where},{day},{count}\n" for day, count in zip(days, row, strict=True) if count >= 0
            )
