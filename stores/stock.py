"""Stage 12, stock: what was counted on a store's shelf and in its back room. Knows directory.

A count is what somebody saw on a business day; a count with the same id may be corrected by a later import.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import func, select, tuple_
from sqlalchemy.orm import Session

from scans.tables import Product
from scans.upserts import Put, Refusal, chunks, keys_of, put_rows
from stores.tables import StockCount, Store

MAX_STOCK = 10_000_000
Cell = tuple[int, int, date]


class CountRow(NamedTuple):
    """One count as it comes in: how many items of a product a store had on a business day."""

    count_id: str
    store_id: str
    gtin: str
    counted_on: date
    items: int


class Counted(NamedTuple):
    """The last count of a product in a store."""

    gtin: str
    product: str
    counted_on: date
    items: int


def put_counts(db: Session, *, rows: Sequence[CountRow], day: date) -> Put:
    """Write counts by their outside id; a store's product has one count a day."""
    stores = keys_of(db, outside=Store.store_id, inside=Store.id, ids=[row.store_id for row in rows])
    products = keys_of(db, outside=Product.gtin, inside=Product.id, ids=[row.gtin for row in rows])
    cells = [(stores.get(row.store_id, 0), products.get(row.gtin, 0), row.counted_on) for row in rows]
    taken = _taken(db, cells)
    refused: list[Refusal] = []
    good: list[dict[str, Any]] = []
    for index, (row, cell) in enumerate(zip(rows, cells, strict=True)):
        if fault := _fault(row, cell, taken, day):
            refused.append(Refusal(index, *fault))
        else:
            taken[cell] = row.count_id
            good.append(_columns(row, cell))
    return put_rows(db, table=StockCount, key="count_id", rows=good).tally(count=len(rows), refused=refused)


def last_counts(db: Session, *, store_id: str) -> list[Counted]:
    """Return the last count of every product that was ever counted in a store, the latest first."""
    latest = func.row_number().over(partition_by=StockCount.product_id, order_by=StockCount.counted_on.desc())
    told = (
        select(Product.gtin, Product.name, StockCount.counted_on, StockCount.count, latest.label("latest"))
        .join(Store, Store.id == StockCount.store_id)
        .join(Product, Product.id == StockCount.product_id)
        .where(Store.store_id == store_id)
        .subquery()
    )
    last = select(told).where(told.c.latest == 1).order_by(told.c.counted_on.desc(), told.c.gtin)
    return [Counted(*row[:4]) for row in db.execute(last)]


def _taken(db: Session, cells: Sequence[Cell]) -> dict[Cell, str]:
    """Return which of these cells (store, product, day) have a count already, and its outside id."""
    cell = (StockCount.store_id, StockCount.product_id, StockCount.counted_on)
    return {
        (row[0], row[1], row[2]): row[3]
        for chunk in chunks(cells)
        for row in db.execute(select(*cell, StockCount.count_id).where(tuple_(*cell).in_(chunk)))
    }


def _fault(row: CountRow, cell: Cell, taken: dict[Cell, str], day: date) -> tuple[str, str] | None:
    if not cell[0]:
        return "store_id", f"there is no store {row.store_id}"
    if not cell[1]:
        return "gtin", f"there is no product {row.gtin}"
    if row.counted_on > day:
        return "counted_on", "lies in the future"
    if taken.get(cell, row.count_id) != row.count_id:
        return "counted_on", f"count {taken[cell]} tells of the same store, product and day"
    return None


def _columns(row: CountRow, cell: Cell) -> dict[str, Any]:
    return {
        "count_id": row.count_id,
        "store_id": cell[0],
        "product_id": cell[1],
        "counted_on": row.counted_on,
        "count": row.items,
    }
