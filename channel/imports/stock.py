"""Imports of what was counted in stores, and of what their tills sold."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from channel.imports.cells import day, gtin, outside_id, whole
from channel.imports.kind import Cells, Door, Kind, named, needed
from scans.upserts import Put
from stores.stock import MAX_STOCK, CountRow, PosRow, put_counts, put_pos_sales


def _count(cells: Cells, _door: Door) -> CountRow:
    return CountRow(cells["id"], cells["store_id"], cells["gtin"], cells["counted_on"], cells["count"])


def _put_counts(db: Session, rows: Sequence[CountRow], door: Door) -> Put:
    return put_counts(db, rows=rows, day=door.day)


STOCK_COUNTS = Kind(
    columns={
        "id": needed(outside_id, "C-2026-1"),
        "store_id": needed(outside_id, "S-0001"),
        "gtin": needed(gtin, "06901234567892"),
        "counted_on": needed(day, "2026-06-01"),
        "count": needed(whole(0, MAX_STOCK), "24"),
    },
    record=_count,
    put=_put_counts,
    names=named("id"),
)


def _pos(cells: Cells, _door: Door) -> PosRow:
    return PosRow(cells["id"], cells["store_id"], cells["gtin"], cells["day"], cells["count"])


def _put_pos(db: Session, rows: Sequence[PosRow], door: Door) -> Put:
    return put_pos_sales(db, rows=rows, day=door.day)


POS_SALES = Kind(
    columns={
        "id": needed(outside_id, "T-2026-06-01-1"),
        "store_id": needed(outside_id, "S-0001"),
        "gtin": needed(gtin, "06901234567892"),
        "day": needed(day, "2026-06-01"),
        "count": needed(whole(0, MAX_STOCK), "7"),
    },
    record=_pos,
    put=_put_pos,
    names=named("id"),
)
