"""Stage 7, believe: what the earlier scans of one code say about this one. Knows norms.

Only evidence about this very code counts (devices, travel): never the address, never other codes. How many codes a
device scans can only take its word away. A doubt delays money, never the answer to the consumer.
"""

import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, cast

import numpy as np
from sqlalchemy import BigInteger, bindparam, func, literal, null, select, union_all
from sqlalchemy import cast as as_type
from sqlalchemy.orm import Session

from scans.asking import NUMBERS, among
from scans.norms import Norm
from scans.places import EARTH_M, Position, at_most_m, distance_m
from scans.schema import Instant, table_of
from scans.tables import Doubt, ReturnedItem, Scan

FLIGHT_M_PER_S = 280.0
GRID_M = 100.0
RECENT = 5
NEAR_KM = 5
RETURNED = "returned"

Why = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Sighting:
    """One scan of a code: when, by which device if it told, and where (coarsened once it is stored)."""

    at: datetime
    device: int | None = None
    position: Position | None = None


@dataclass(slots=True)
class History:
    """What is known of one code before a scan: how often, first when, whose devices, the last places, the office's say.

    `devices` counts them, `consumers` names only those asked about, `bystanders` those whose word does not count;
    nor does what `cleared_*` says the office had seen.
    """

    count: int = 0
    first_at: datetime | None = None
    devices: int = 0
    consumers: set[int] = field(default_factory=set)
    sightings: list[Sighting] = field(default_factory=list)
    bystanders: Collection[int] = ()
    state: str | None = None
    is_returned: bool = False
    cleared_devices: int = 0
    cleared_at: datetime | None = None

    @property
    def is_doubted(self) -> bool:
        """Whether a doubt stands: raised and not cleared, or confirmed."""
        return self.state in ("open", "confirmed")

    def add(self, seen: Sighting) -> None:
        """Count one more scan of the code, in the order of receipt."""
        self.count += 1
        self.first_at = seen.at if self.first_at is None else min(self.first_at, seen.at)
        if seen.device in self.bystanders:
            return
        if seen.device is not None and seen.device not in self.consumers:
            self.consumers.add(seen.device)
            self.devices += 1
        if seen.position is not None:
            self.sightings = [*self.sightings[-RECENT + 1 :], seen]


Suspicion = Callable[[History, Sighting, Norm], Why | None]


def devices(history: History, seen: Sighting, norm: Norm) -> Why | None:
    """More devices than a code of this product has in a household, a shop and on a journey."""
    more = seen.device is not None and seen.device not in history.consumers and seen.device not in history.bystanders
    count = history.devices + more - history.cleared_devices
    return {"code": "devices", "devices": count, "most": norm.most_devices} if count > norm.most_devices else None


def travel(history: History, seen: Sighting, norm: Norm) -> Why | None:
    """Two devices so far apart so shortly after each other that no plane carries one item between them.

    Units: metres, seconds; both accuracies and the storing grid are taken off the distance first.
    """
    if seen.position is None or seen.device in history.bystanders:
        return None
    others = [one for one in history.sightings if one.device is None or one.device != seen.device]
    for one in others:
        since = history.cleared_at is None or one.at > history.cleared_at
        if since and (why := _too_fast(one, seen, norm)):
            return why
    return None


DOUBTS: Mapping[str, Suspicion] = {"devices": devices, "travel": travel}


def reasons(history: History, *, seen: Sighting, norm: Norm) -> list[Why]:
    """Return all that makes a scan of this code doubtful, each with its numbers and what they were held against."""
    return [why for suspicion in DOUBTS.values() if (why := suspicion(history, seen, norm)) is not None]


def is_doubtful(history: History, seen: Iterable[Sighting], *, norm: Norm) -> bool:
    """Tell whether any of these scans, one after the other, would make a code doubtful that is not doubted yet."""
    known = replace(history, consumers=set(history.consumers))
    for one in seen:
        if reasons(known, seen=one, norm=norm):
            return True
        known.add(one)
    return False


def rounded_km(apart_m: float) -> int:
    """Return a distance in words' measure: 5 for anything near, else a round number of kilometres."""
    km = apart_m / 1000
    if km < NEAR_KM:
        return NEAR_KM
    step: int = 10 ** max(len(str(int(km))) - 1, 1)
    return max(round(km / step) * step, 10)


def apart_km(places: Sequence[Position]) -> int | None:
    """Return roughly how far apart the farthest two of some places are, on a sphere; None if there are no two."""
    if len(places) < 2:
        return None
    lat, lon = np.radians([(one.lat_deg, one.lon_deg) for one in places]).T
    unit = np.column_stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])
    chord = max(float(np.linalg.norm(unit - one, axis=1).max()) for one in unit)
    return rounded_km(2 * EARTH_M * math.asin(min(chord / 2, 1.0)))


def histories(db: Session, *, code_nos: Collection[int], consumer_ids: Collection[int]) -> dict[int, History]:
    """Return the history of every code that was scanned or reported before; three statements at most, none per code.

    Of the devices only the number is read, and whether the given consumers are among them.
    """
    found: dict[int, History] = {}
    for no, count, first_at, number, state, cleared, cleared_at in db.execute(_KNOWN, {"code_nos": list(code_nos)}):
        one = found.setdefault(no, History())
        if state == RETURNED:
            one.is_returned = True
        elif state is None:
            one.count, one.first_at, one.devices = count, first_at, number
        else:
            one.state, one.cleared_devices, one.cleared_at = state, cleared, cleared_at
    if found:
        _add_consumers(db, found, consumer_ids)
        _add_sightings(db, found)
    return found


def _too_fast(one: Sighting, other: Sighting, norm: Norm) -> Why | None:
    here, there = cast(Position, one.position), cast(Position, other.position)
    blur_m = (here.accuracy_m or 0) + (there.accuracy_m or 0) + GRID_M
    seconds = abs((other.at - one.at).total_seconds())
    explained_m = max(norm.near_m, FLIGHT_M_PER_S * seconds) + blur_m
    if at_most_m(here, there) <= explained_m or (apart_m := distance_m(here, there)) <= explained_m:
        return None
    return {"code": "travel", "km": rounded_km(apart_m - blur_m), "seconds": round(seconds), "near_m": norm.near_m}


def _known() -> Any:
    scan, doubt, item = table_of(Scan).c, table_of(Doubt).c, table_of(ReturnedItem).c
    asked = bindparam("code_nos", type_=NUMBERS)
    counted = select(
        scan.code_no, func.count().label("count"), func.min(scan.scanned_at).label("first_at"),
        func.count(scan.consumer_id.distinct()).label("devices"), null().label("state"),
        as_type(null(), BigInteger).label("cleared_devices"), as_type(null(), Instant).label("cleared_at"),
    )  # fmt: skip
    doubted = select(
        doubt.code_no, literal(0), as_type(null(), Instant), literal(0),
        doubt.state, doubt.cleared_devices, doubt.cleared_at,
    )  # fmt: skip
    came_back = select(
        item.code_no, literal(0), as_type(null(), Instant), literal(0),
        literal(RETURNED), as_type(null(), BigInteger), as_type(null(), Instant),
    )  # fmt: skip
    return union_all(
        counted.where(among(scan.code_no, asked)).group_by(scan.code_no),
        doubted.where(among(doubt.code_no, asked)),
        came_back.where(among(item.code_no, asked)),
    )


_KNOWN = _known()


def _add_consumers(db: Session, found: dict[int, History], consumer_ids: Collection[int]) -> None:
    seen = select(Scan.code_no, Scan.consumer_id).distinct()
    for no, consumer_id in db.execute(seen.where(Scan.code_no.in_(found), Scan.consumer_id.in_(consumer_ids))):
        found[no].consumers.add(cast(int, consumer_id))


def _add_sightings(db: Session, found: dict[int, History]) -> None:
    latest = func.row_number().over(partition_by=Scan.code_no, order_by=Scan.received_at.desc()).label("latest")
    placed = (
        select(Scan.code_no, Scan.scanned_at, Scan.consumer_id, Scan.lat_deg, Scan.lon_deg, Scan.accuracy_m, latest)
        .where(Scan.code_no.in_(found), Scan.lat_deg.is_not(None))
        .subquery()
    )
    rows = db.execute(select(placed).where(placed.c.latest <= RECENT)).all()
    for no, at, device, lat_deg, lon_deg, accuracy_m, _ in sorted(rows, key=lambda row: -row[6]):
        found[no].sightings.append(Sighting(at, device, Position(lat_deg, lon_deg, accuracy_m)))
