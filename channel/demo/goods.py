"""Goods on their way and what phones make of them: which item was sold when, and the scans of it.

Pure: arrays from a seed. An event is one scan; the builder turns events into the rows of import files.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from channel.demo.cities import CITIES, ZONE
from channel.demo.troubles import CARTON_ITEMS, COPIES, DIVERTED_A_DAY, Plan
from channel.demo.world import PRODUCTS, World

CASE = 24
CAPTURE, CAPTURE_ALIKE = 0.7, 25.0
GIVES_PLACE = 0.74
AT_STORE = 0.65
SEEN_AGAIN = 0.05
METRES_A_DEGREE = 111_320.0
OPENS_S, OPEN_FOR_S = 9 * 3600, 13 * 3600


class Sold(NamedTuple):
    """Items sold, one element each, in the order of store, product and time.

    Shapes: all (items,). `far` is the city a diverted item was scanned in, else -1; `seen`: somebody scans it.
    """

    store: NDArray[np.int64]
    product: NDArray[np.int64]
    at_s: NDArray[np.int64]
    consumer: NDArray[np.int64]
    far: NDArray[np.int64]
    seen: NDArray[np.bool_]


@dataclass(frozen=True)
class Cases:
    """Which case each sold item comes from, and whom each case went to.

    Shapes: item_no, case_no (items,), 0-based within the product's batch; cases: (product, case_no, store, first sale).
    """

    item_no: NDArray[np.int64]
    cases: list[tuple[int, int, int, int]]
    needed: list[int]


def sell(rng: np.random.Generator, world: World, plan: Plan) -> Sold:
    """Draw what every store sells on every day, with the cartons and the diverted goods that were planted.

    The world's rate is that of scanned items; in every store a share of its own of what it sells is never scanned.
    """
    capture = rng.beta(CAPTURE * CAPTURE_ALIKE, (1 - CAPTURE) * CAPTURE_ALIKE, len(world.rate))
    count = rng.poisson(world.rate / capture[:, None])
    store, day = (np.repeat(one, count.ravel()) for one in np.indices(count.shape).reshape(2, -1))
    seconds = OPENS_S + (rng.beta(2.2, 1.6, len(store)) * OPEN_FOR_S).astype(np.int64)
    share = np.array([one[4] for one in PRODUCTS])
    parts = [
        Sold(
            store,
            rng.choice(len(PRODUCTS), len(store), p=share / share.sum()),
            day * 86_400 + seconds,
            rng.integers(0, 60 + 40 * (store % 3), len(store)) + 1000 * store,
            np.full(len(store), -1),
            rng.random(len(store)) < capture[store],
        )
    ]
    parts += [_carton(rng, store_no, day_no) for store_no, day_no in plan.carton]
    parts += [_diverted(rng, world, store_no, first) for store_no, first in plan.diverted]
    sold = Sold._make(np.concatenate(columns) for columns in zip(*parts, strict=True))
    order = np.lexsort((sold.at_s, sold.product, sold.store))
    return Sold._make(column[order] for column in sold)


def pack(sold: Sold) -> Cases:
    """Give every store whole cases of each product, and every sold item its place in one."""
    group = sold.store * len(PRODUCTS) + sold.product
    starts = np.flatnonzero(np.r_[True, group[1:] != group[:-1]])
    within = np.arange(len(group)) - np.repeat(starts, np.diff(np.r_[starts, len(group)]))
    item_no, cases, needed = np.empty(len(group), np.int64), [], []
    for product in range(len(PRODUCTS)):
        mine = sold.product == product
        filled = within[mine] // CASE
        new = np.r_[True, (filled[1:] != filled[:-1]) | (sold.store[mine][1:] != sold.store[mine][:-1])]
        case_no = np.cumsum(new) - 1
        item_no[mine] = case_no * CASE + within[mine] % CASE
        firsts = zip(case_no[new], sold.store[mine][new], sold.at_s[mine][new], strict=True)
        cases += [(product, int(no), int(store), int(at_s)) for no, store, at_s in firsts]
        needed.append(int(new.sum()) * CASE)
    return Cases(item_no, cases, needed)


class Scanned(NamedTuple):
    """Scans of items, one element each, in the order of time; nan where no position was given.

    Shapes: all (scans,). `sold` is the number of the sold item.
    """

    sold: NDArray[np.int64]
    at_s: NDArray[np.int64]
    consumer: NDArray[np.int64]
    lat_deg: NDArray[np.float64]
    lon_deg: NDArray[np.float64]
    accuracy_m: NDArray[np.float64]


def scan(rng: np.random.Generator, world: World, sold: Sold, *, copied: NDArray[np.int64]) -> Scanned:
    """Draw the scans: what is seen once, some again at home, the copied ones by strangers all over the country."""
    seen = np.flatnonzero(sold.seen)
    again = rng.random(len(seen)) < SEEN_AGAIN
    number = np.concatenate([seen, seen[again], np.repeat(copied, COPIES)])
    later = np.concatenate(
        [
            np.zeros(len(seen)),
            rng.exponential(86_400, again.sum()) + 60,
            np.sort(rng.uniform(3600, 9 * 86_400, (len(copied), COPIES))).ravel(),
        ]
    ).astype(np.int64)
    stranger = np.arange(len(number)) >= len(seen) + again.sum()
    consumer = np.where(stranger, 10_000_000 + np.arange(len(number)), sold.consumer[number])
    lat_deg, lon_deg, accuracy_m = _places(rng, world, sold, number, stranger)
    at_s = sold.at_s[number] + later
    inside = at_s < world.days * 86_400 - 60
    order = np.argsort(np.where(inside, at_s, np.iinfo(np.int64).max), kind="stable")[: inside.sum()]
    return Scanned(number[order], at_s[order], consumer[order], lat_deg[order], lon_deg[order], accuracy_m[order])


def instant(world: World, at_s: int) -> datetime:
    """Return the instant of so many seconds after the world's first midnight."""
    return datetime.combine(world.first_day, time(), ZoneInfo(ZONE)).astimezone(UTC) + timedelta(seconds=int(at_s))


def _places(
    rng: np.random.Generator, world: World, sold: Sold, number: NDArray[np.int64], stranger: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    store = sold.store[number]
    cities = np.array([(one.lat_deg, one.lon_deg) for one in CITIES])
    away = np.where(stranger, rng.integers(0, len(CITIES), len(number)), sold.far[number])
    centre = np.column_stack([world.lat_deg[store], world.lon_deg[store]])
    centre = np.where((away >= 0)[:, None], cities[away], centre)
    spread_m = np.where(away >= 0, 4_000, np.where(rng.random(len(number)) < AT_STORE, 25, 350))
    shift = rng.normal(0, 1, (len(number), 2)) * spread_m[:, None] / METRES_A_DEGREE
    shift[:, 1] /= np.cos(np.radians(centre[:, 0]))
    accuracy_m = np.round(np.exp(rng.normal(np.log(28), 0.6, len(number))), 1).astype(np.float64)
    told = (rng.random(len(number)) < GIVES_PLACE) | (away >= 0)
    place = np.where(told[:, None], centre + shift, np.nan)
    return place[:, 0], place[:, 1], accuracy_m


def _carton(rng: np.random.Generator, store: int, day: int) -> Sold:
    at_s = day * 86_400 + 20 * 3600 + np.sort(rng.integers(0, 2400, CARTON_ITEMS))
    store_no, product, consumer, near = (np.full(CARTON_ITEMS, one) for one in (store, 0, 20_000_000 + store, -1))
    return Sold(store_no, product, at_s, consumer, near, np.ones(CARTON_ITEMS, bool))


def _diverted(rng: np.random.Generator, world: World, store: int, first: int) -> Sold:
    day = np.repeat(np.arange(first, world.days), DIVERTED_A_DAY)
    far = (world.city[store] + len(set(world.city.tolist())) // 2 + 1) % len(CITIES)
    at_s = day * 86_400 + rng.integers(OPENS_S, OPENS_S + OPEN_FOR_S, len(day))
    consumer = 30_000_000 + 1000 * store + rng.integers(0, 150, len(day))
    every = np.ones(len(day), np.int64)
    return Sold(store * every, every, at_s, consumer, far * every, every > 0)
