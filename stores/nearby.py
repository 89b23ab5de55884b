"""Stage 13, explain: a store close by that no longer sells, whose customers may now come here. Knows roll, nearest.

What it is, how it is told from a quiet week and what it cannot see: docs/nearby.md.
"""

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any, NamedTuple

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from scans.upserts import chunks
from stores.nearest import StoreIndex
from stores.presence import SILENT_SURPRISE, Ints
from stores.roll import Roll
from stores.tables import Store

NEAR_M = 1000.0
RATE_DAYS = 56  # before its last sale, to say what a store used to sell
QUIET_DAYS = 7
TOLD_DAYS = 60  # later its customers are this store's own: the judge has learnt them
Wanted = tuple[int, date]


class _Place(NamedTuple):
    name: str
    lat_deg: float
    lon_deg: float


def left(roll: Roll, counts: Ints, *, first: date, day: date) -> Ints:
    """Return since when stores no longer sell that did, as ordinal days; 0 where a store sells, or never did.

    A store has left if it is closed in the books, or if it is quiet for a week or more and that is no chance: with what
    it sold before, the quiet is worth as many nats as a silence.

    Shapes: counts (stores, days from `first`), negative where a store does not exist; (stores,).
    """
    end = (day - first).days + 1
    start = max(0, end - TOLD_DAYS - RATE_DAYS)
    sold = counts[:, start:end].clip(0)
    quiet = np.where(sold.any(axis=1), np.argmax(sold[:, ::-1] > 0, axis=1), 0)  # days since the last sale
    known = np.minimum(RATE_DAYS, sold.shape[1] - quiet)
    sums = np.pad(np.cumsum(sold, axis=1), ((0, 0), (1, 0)))
    rows, last = np.arange(len(sold)), sold.shape[1] - quiet
    rate = (sums[rows, last] - sums[rows, last - known]) / np.maximum(known, 1)
    since = day.toordinal() - quiet + 1
    closed = (roll.closed < day.toordinal()) & (rate > 0)
    gone = closed | ((quiet >= QUIET_DAYS) & (rate * quiet >= SILENT_SURPRISE))
    since = np.where(closed, np.minimum(roll.closed + 1, since), since)
    return np.where(gone & (day.toordinal() - since < TOLD_DAYS), since, 0)


def nearby_whys(
    db: Session, *, roll: Roll, counts: Ints, first: date, wanted: Collection[Wanted]
) -> dict[Wanted, dict[str, Any]]:
    """Return for stores, by their keys, and days the nearest store within reach that no longer sells, if there is one.

    Shapes: counts (stores, days from `first`).  Units: `nearby` tells its name, metres, and since when.
    """
    told: dict[Wanted, dict[str, Any]] = {}
    for day in sorted({day for _, day in wanted}):
        since = dict(zip(roll.keys.tolist(), left(roll, counts, first=first, day=day).tolist(), strict=True))
        gone = [key for key, when in since.items() if when]
        here = [key for key, on in wanted if on == day and not since[key]]
        places = _places(db, [*gone, *here]) if gone and here else {}
        for key, (other, way_m) in _nearest(places, gone, here).items():
            known = {"store": places[other].name, "m": round(way_m), "since": str(date.fromordinal(since[other]))}
            told[key, day] = {"nearby": known}
    return told


def _places(db: Session, keys: Collection[int]) -> dict[int, _Place]:
    columns = (Store.id, Store.name, Store.lat_deg, Store.lon_deg)
    rows = (row for chunk in chunks(keys) for row in db.execute(select(*columns).where(Store.id.in_(chunk))))
    return {row.id: _Place(row.name, row.lat_deg, row.lon_deg) for row in rows}


def _nearest(
    places: Mapping[int, _Place], gone: Collection[int], here: Collection[int]
) -> dict[int, tuple[int, float]]:
    if not places:
        return {}
    index = StoreIndex([str(key) for key in gone], *_degrees(places, gone))
    found = index.nearest_many(*_degrees(places, here), k=1, reach_m=NEAR_M)
    return {key: (int(near[0].store), near[0].distance_m) for key, near in zip(here, found, strict=True) if near}


def _degrees(places: Mapping[int, _Place], keys: Collection[int]) -> tuple[list[float], list[float]]:
    return [places[key].lat_deg for key in keys], [places[key].lon_deg for key in keys]
