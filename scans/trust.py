"""Stage 7, believe: what the earlier scans of one code say about this one. Knows nobody.

Only evidence about this very code counts (devices, travel): never the address, never other codes. A doubt delays money,
never the answer to the consumer.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import cast

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from scans.places import Position, distance_m
from scans.schema import table_of
from scans.tables import Scan

HOUSEHOLD_DEVICES = 5
FLIGHT_M_PER_S = 280.0
NEAR_M = 50_000.0
GRID_M = 100.0
RECENT = 5

_SCAN = table_of(Scan).c
_COUNTED = (
    select(_SCAN.code_no, func.count(), func.min(_SCAN.scanned_at), func.count(_SCAN.consumer_id.distinct()))
    .where(_SCAN.code_no.in_(bindparam("code_nos", expanding=True)))
    .group_by(_SCAN.code_no)
)


@dataclass(frozen=True, slots=True)
class Sighting:
    """An earlier scan of the code with its (coarsened) place."""

    at: datetime
    position: Position


@dataclass(slots=True)
class History:
    """What is known of one code before a scan: how often, first when, whose devices, the last places."""

    count: int = 0
    first_at: datetime | None = None
    devices: int = 0
    consumers: set[int] = field(default_factory=set)
    sightings: list[Sighting] = field(default_factory=list)

    def add(self, *, at: datetime, consumer_id: int | None, position: Position | None) -> None:
        """Count one more scan of the code, in the order of receipt."""
        self.count += 1
        self.first_at = at if self.first_at is None else min(self.first_at, at)
        if consumer_id is not None and consumer_id not in self.consumers:
            self.consumers.add(consumer_id)
            self.devices += 1
        if position is not None:
            self.sightings = [*self.sightings[-RECENT + 1 :], Sighting(at, position)]


def too_many_devices(history: History, *, consumer_id: int | None) -> bool:
    """Tell whether more devices than a household has have scanned this code."""
    more = consumer_id is not None and consumer_id not in history.consumers
    return history.devices + more > HOUSEHOLD_DEVICES


def travelled_impossibly(history: History, *, at: datetime, position: Position | None) -> bool:
    """Tell whether the item was seen so far away so shortly before or after that no plane explains it.

    Units: metres, seconds; both accuracies and the storing grid are taken off the distance first.
    """
    return position is not None and any(_too_fast(seen, at, position) for seen in history.sightings)


def _too_fast(seen: Sighting, at: datetime, position: Position) -> bool:
    blur_m = (seen.position.accuracy_m or 0) + (position.accuracy_m or 0) + GRID_M
    apart_m = distance_m(seen.position, position) - blur_m
    return apart_m > NEAR_M and apart_m > FLIGHT_M_PER_S * abs((at - seen.at).total_seconds())


def is_suspect(history: History, *, at: datetime, consumer_id: int | None, position: Position | None) -> bool:
    """Tell whether the evidence about this code makes a scan of it doubtful."""
    return too_many_devices(history, consumer_id=consumer_id) or travelled_impossibly(history, at=at, position=position)


def histories(db: Session, *, code_nos: Collection[int], consumer_ids: Collection[int]) -> dict[int, History]:
    """Return the history of every code that was scanned before; three statements at most, none per code.

    Of the devices only the number is read, and whether the given consumers are among them.
    """
    rows = db.execute(_COUNTED, {"code_nos": list(code_nos)})
    found = {no: History(count=count, first_at=first, devices=n) for no, count, first, n in rows}
    if found:
        _add_consumers(db, found, consumer_ids)
        _add_sightings(db, found)
    return found


def _add_consumers(db: Session, found: dict[int, History], consumer_ids: Collection[int]) -> None:
    seen = select(Scan.code_no, Scan.consumer_id).distinct()
    for no, consumer_id in db.execute(seen.where(Scan.code_no.in_(found), Scan.consumer_id.in_(consumer_ids))):
        found[no].consumers.add(cast(int, consumer_id))


def _add_sightings(db: Session, found: dict[int, History]) -> None:
    latest = func.row_number().over(partition_by=Scan.code_no, order_by=Scan.received_at.desc()).label("latest")
    placed = (
        select(Scan.code_no, Scan.scanned_at, Scan.lat_deg, Scan.lon_deg, Scan.accuracy_m, latest)
        .where(Scan.code_no.in_(found), Scan.lat_deg.is_not(None))
        .subquery()
    )
    rows: Sequence[tuple[int, datetime, float, float, float | None, int]]
    rows = [tuple(row) for row in db.execute(select(placed).where(placed.c.latest <= RECENT))]
    for no, at, lat_deg, lon_deg, accuracy_m, _ in sorted(rows, key=lambda row: -row[5]):
        found[no].sightings.append(Sighting(at, Position(lat_deg, lon_deg, accuracy_m)))
