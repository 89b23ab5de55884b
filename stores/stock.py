"""Stage 12, stock: what was counted on a store's shelf and in its back room, and what its till sold. Knows directory.

Both are one number of a product, a store and a business day; one with the same id may be corrected by a later import.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import select, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session

from scans.tables import Product
from scans.upserts import Put, Refusal, chunks, keys_of, put_rows
from stores.tables import PosSale, StockCount, Store

MAX_STOCK = 10_000_000
Told = tuple[str, str, date]
Cell = tuple[int, int, date]
Fault = tuple[str, str]


class CountRow(NamedTuple):
    """One count as it comes in: how many items of a product a store had on a business day."""

    count_id: str
    store_id: str
    gtin: str
    counted_on: date
    items: int


class PosRow(NamedTuple):
    """One day of a till as it comes in: how many items of a product it sold, zeros too where they are known."""

    pos_id: str
    store_id: str
    gtin: str
    day: date
    items: int


class _Kept(NamedTuple):
    """Where a number is kept: its table, the names of its columns for id and day, what it is called."""

    table: type[StockCount] | type[PosSale]
    key: str
    on: str
    name: str

    def column(self, name: str) -> InstrumentedAttribute[Any]:
        column: InstrumentedAttribute[Any] = getattr(self.table, name)
        return column


_COUNTS = _Kept(StockCount, "count_id", "counted_on", "count")
_TILLS = _Kept(PosSale, "pos_id", "day", "row")


def put_counts(db: Session, *, rows: Sequence[CountRow], day: date) -> Put:
    """Write counts by their outside id; a store's product has one count a day."""
    return _put(db, _COUNTS, rows, day)


def put_pos_sales(db: Session, *, rows: Sequence[PosRow], day: date) -> Put:
    """Write what tills sold by its outside id; a store's product has one number a day."""
    return _put(db, _TILLS, rows, day)


def cells_of(db: Session, *, told: Sequence[Told]) -> list[Cell]:
    """Return cells by the outside ids of their stores and products; the key of what there is not is 0."""
    stores = keys_of(db, outside=Store.store_id, inside=Store.id, ids=[store_id for store_id, _, _ in told])
    products = keys_of(db, outside=Product.gtin, inside=Product.id, ids=[gtin for _, gtin, _ in told])
    return [(stores.get(store_id, 0), products.get(gtin, 0), on) for store_id, gtin, on in told]


def misplaced(told: Told, cell: Cell, *, column: str, day: date) -> Fault | None:
    """Return what is wrong with where and when: no such store or product, or (under its column) a day to come."""
    store, product, on = cell
    if not store:
        return "store_id", f"there is no store {told[0]}"
    if not product:
        return "gtin", f"there is no product {told[1]}"
    return (column, "lies in the future") if on > day else None


def _put(db: Session, kept: _Kept, rows: Sequence[CountRow | PosRow], day: date) -> Put:
    cells = cells_of(db, told=[row[1:4] for row in rows])
    taken = _taken(db, kept, cells)
    refused: list[Refusal] = []
    good: list[dict[str, Any]] = []
    for index, (row, cell) in enumerate(zip(rows, cells, strict=True)):
        if fault := _fault(kept, row, cell, taken, day):
            refused.append(Refusal(index, *fault))
        else:
            taken[cell] = row[0]
            place = {"store_id": cell[0], "product_id": cell[1]}
            good.append({kept.key: row[0], **place, kept.on: row[3], "count": row.items})
    return put_rows(db, table=kept.table, key=kept.key, rows=good).tally(count=len(rows), refused=refused)


def _taken(db: Session, kept: _Kept, cells: Sequence[Cell]) -> dict[Cell, str]:
    """Return which of these cells (store, product, day) have a number already, and its outside id."""
    cell = [kept.column(name) for name in ("store_id", "product_id", kept.on)]
    return {
        (row[0], row[1], row[2]): row[3]
        for chunk in chunks(cells)
        for row in db.execute(select(*cell, kept.column(kept.key)).where(tuple_(*cell).in_(chunk)))
    }


def _fault(kept: _Kept, row: CountRow | PosRow, cell: Cell, taken: dict[Cell, str], day: date) -> Fault | None:
    if fault := misplaced(row[1:4], cell, column=kept.on, day=day):
        return fault
    if taken.get(cell, row[0]) != row[0]:
        return kept.on, f"{kept.name} {taken[cell]} tells of the same store, product and day"
    return None
