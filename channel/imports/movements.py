"""Imports of what happens to codes: packings, deliveries, returns and scans."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from channel.imports.cells import CellError, instant, number, one_of, outside_id, uri, words
from channel.imports.kind import Cells, Door, Kind, blank, in_zone, nameless, needed, optional
from channel.journey import NewScan, PlaceTold, Taken, take_deliveries, take_packings, take_returns, take_scans
from scans.catalogue import UnknownCodeError
from scans.gs1 import GtinError, LinkError
from scans.intake import TOO_FAR_AHEAD, KeyReusedError, ScannedAtError
from scans.keys import KeyRing
from scans.packings import PackingRow
from scans.places import DATUMS, PositionError
from scans.returns import MAX_WHY, ReturnRow
from scans.upserts import Put, Refusal
from stores.deliveries import DeliveryRow

URI = "HTTPS://ID.EXAMPLE.COM/01/06901234567892/21/7K2M9Q4XT8ZC5RWD"
CASE_URI = "HTTPS://ID.EXAMPLE.COM/01/06901234567892/21/0V8N3E6HJ1TBAX4Y"
COLUMN_OF: dict[type[Exception], str] = {
    LinkError: "uri",
    GtinError: "uri",
    UnknownCodeError: "uri",
    KeyReusedError: "key",
    ScannedAtError: "scanned_at",
    PositionError: "lat_deg",
}


def _packing(cells: Cells, door: Door) -> PackingRow:
    at = in_zone(cells["packed_at"], door)
    return PackingRow(cells["id"], cells["child_uri"], cells["parent_uri"], at)


def _put_packings(db: Session, rows: Sequence[PackingRow], door: Door) -> Put:
    ring = KeyRing.load(door.config.keys_path)
    return take_packings(db, config=door.config, ring=ring, rows=rows, now=door.now)


def _delivery(cells: Cells, door: Door) -> DeliveryRow:
    at = in_zone(cells["delivered_at"], door)
    return DeliveryRow(cells["id"], cells["uri"], cells["from_id"], cells["to_id"], at)


def _put_deliveries(db: Session, rows: Sequence[DeliveryRow], door: Door) -> Put:
    ring = KeyRing.load(door.config.keys_path)
    return take_deliveries(db, config=door.config, ring=ring, rows=rows, now=door.now)


def _scan(cells: Cells, door: Door) -> NewScan:
    at = in_zone(cells["scanned_at"], door)
    if at > door.now + TOO_FAR_AHEAD:
        raise CellError("lies in the future", "scanned_at")
    return NewScan(cells["uri"], cells["key"], cells["consumer"], at, _told(cells), public=False)


def _told(cells: Cells) -> PlaceTold | None:
    lat_deg, lon_deg, datum = cells["lat_deg"], cells["lon_deg"], cells["datum"]
    if lat_deg is None and lon_deg is None:
        return None
    if lat_deg is None or lon_deg is None or datum is None:
        raise CellError("a position needs lat_deg, lon_deg and datum", "lat_deg")
    return PlaceTold(lat_deg, lon_deg, cells["accuracy_m"], datum)


def _put_scans(db: Session, rows: Sequence[NewScan], door: Door) -> Put:
    ring = KeyRing.load(door.config.keys_path)
    answers = take_scans(db, config=door.config, ring=ring, scans=rows, now=door.now)
    refused = [
        Refusal(index, COLUMN_OF.get(type(answer), ""), str(answer))
        for index, answer in enumerate(answers)
        if isinstance(answer, Exception)
    ]
    new = sum(isinstance(answer, Taken) and answer.fresh for answer in answers)
    return Put(new, 0, len(rows) - new - len(refused), tuple(refused))


PACKINGS = Kind(
    columns={
        "id": needed(outside_id, "PK-2026-1"),
        "child_uri": needed(uri, URI),
        "parent_uri": blank(uri, CASE_URI),
        "packed_at": needed(instant, "2026-06-01T06:12:30.250+08:00"),
    },
    record=_packing,
    put=_put_packings,
    names=nameless,
)


def _return(cells: Cells, door: Door) -> ReturnRow:
    return ReturnRow(cells["id"], cells["uri"], in_zone(cells["returned_at"], door), cells.get("why"))


def _put_returns(db: Session, rows: Sequence[ReturnRow], door: Door) -> Put:
    ring = KeyRing.load(door.config.keys_path)
    outcomes = take_returns(db, config=door.config, ring=ring, rows=rows, now=door.now)
    refused = [Refusal(index, "uri", str(one)) for index, one in enumerate(outcomes) if isinstance(one, Exception)]
    new = sum(one is True for one in outcomes)
    return Put(new, 0, len(rows) - new - len(refused), tuple(refused))


DELIVERIES = Kind(
    columns={
        "id": needed(outside_id, "DN-2026-1"),
        "uri": needed(uri, URI),
        "from_id": needed(outside_id, "D-17"),
        "to_id": needed(outside_id, "S-0001"),
        "delivered_at": needed(instant, "2026-06-01T10:30:00+08:00"),
    },
    record=_delivery,
    put=_put_deliveries,
    names=nameless,
)
RETURNS = Kind(
    columns={
        "id": needed(outside_id, "RT-2026-1"),
        "uri": needed(uri, URI),
        "returned_at": needed(instant, "2026-06-05T10:30:00+08:00"),
        "why": optional(words(MAX_WHY), "the cap leaks"),
    },
    record=_return,
    put=_put_returns,
    names=nameless,
)
SCANS = Kind(
    columns={
        "key": needed(outside_id, "k-1"),
        "uri": needed(uri, URI),
        "consumer": blank(outside_id, "phone-1"),
        "scanned_at": needed(instant, "2026-06-02T18:05:00+08:00"),
        "lat_deg": blank(number, "31.2304"),
        "lon_deg": blank(number, "121.4737"),
        "accuracy_m": blank(number, "30"),
        "datum": blank(one_of(DATUMS), "gcj02"),
    },
    record=_scan,
    put=_put_scans,
    names=nameless,
)
