"""Stage 12, goods in stores, read: counts, deliveries, scans and tills of some stores as arrays. Knows stock.

A delivered case counts the items that its range holds, a packed one those it held when the day asked for was over.
"""

from collections.abc import Collection, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
from sqlalchemy import Select, bindparam, func, or_, select
from sqlalchemy.orm import Session

from scans.asking import NUMBERS, among
from scans.batches import catalogue
from scans.schema import table_of
from scans.tables import Claim, Product, ReturnedItem
from scans.upserts import keys_of
from stores.flows import NEVER, Goods, Ints, flow
from stores.sizes import sizes_of
from stores.tables import Delivery, PosSale, Sale, StockCount, Store

WINDOW_DAYS = 200
_BY_STORE = {
    table: among(table_of(table).c.store_id, bindparam("stores", type_=NUMBERS))
    for table in (StockCount, PosSale, Sale)
}
Rows = list[tuple[int, ...]]
Columns = Select[*tuple[Any, ...]]


class Place(NamedTuple):
    """A store by its key."""

    key: int
    store_id: str
    name: str
    region: str
    zone: str


class Ware(NamedTuple):
    """A product by its key."""

    key: int
    gtin: str
    name: str
    shelf_life_days: int | None


class Lots(NamedTuple):
    """What came, delivery by delivery, in the order of cell and day; `expires` is NEVER where no batch says.

    Shapes: all (deliveries,).  Units: ordinal days.
    """

    cell: Ints
    day: Ints
    items: Ints
    expires: Ints


class InStore(NamedTuple):
    """What is known of goods in some stores."""

    places: list[Place]
    wares: list[Ware]
    goods: Goods
    lots: Lots

    @property
    def regions(self) -> list[str]:
        """The regions in the order of their numbers in `goods`."""
        return sorted({one.region for one in self.places})

    @property
    def gtins(self) -> list[str]:
        """The products in the order of their numbers in `goods`."""
        return [one.gtin for one in self.wares]


def places_of(db: Session, *, keys: Collection[int] | None = None) -> list[Place]:
    """Return stores by their keys, or all, in the order of their outside ids."""
    asked = select(Store.id, Store.store_id, Store.name, Store.region, Store.zone).order_by(Store.store_id)
    if keys is None:
        return [Place(*row) for row in db.execute(asked)]
    named = among(table_of(Store).c.id, bindparam("stores", type_=NUMBERS))
    return [Place(*row) for row in db.execute(asked.where(named), {"stores": sorted(keys)})]


def keys_of_stores(db: Session, *, store_ids: Collection[str]) -> list[int]:
    """Return the keys of stores by their outside ids."""
    return sorted(keys_of(db, outside=Store.store_id, inside=Store.id, ids=store_ids).values())


def goods_in(db: Session, *, stores: Collection[int], day: date) -> InStore:
    """Return what is known of goods in stores, given by their keys, up to a day."""
    first = day - timedelta(days=WINDOW_DAYS)
    return in_stores(db, places=places_of(db, keys=stores), first=first, last=day)


def in_stores(db: Session, *, places: Sequence[Place], first: date, last: date) -> InStore:
    """Return what is known of goods in stores from one day to another, later days left out."""
    keys = {place.key: number for number, place in enumerate(places)}
    wares = [Ware(*row) for row in db.execute(select(Product.id, Product.gtin, Product.name, Product.shelf_life_days))]
    products = {ware.key: number for number, ware in enumerate(wares)}
    counts, told, scanned = (
        _ask(db, statement, keys) for statement in (_counts(first, last), _tills(first, last), _scanned(first, last))
    )
    moved = _moved(db, places, first, last)
    came: Rows = [(to, *rest) for to, _, *rest in moved if to]
    left: Rows = [(start, *rest[:-1]) for _, start, *rest in moved if start]
    cells = sorted({(keys[row[0]], products[row[1]]) for rows in (counts, told, came) for row in rows})
    numbers = {cell: number for number, cell in enumerate(cells)}

    def laid(rows: Rows, wide: int) -> list[Ints]:
        placed = ((numbers.get((keys[row[0]], products[row[1]])), *row[2:]) for row in rows)
        found = sorted(row for row in placed if row[0] is not None)
        return list(np.array(found, np.int64).reshape(len(found), wide).T)

    lots = Lots(*laid(came, 4))
    flows = (laid(left, 3), laid(scanned, 3), laid(told, 3))
    return InStore(list(places), wares, _goods(places, cells, lots, flows, laid(counts, 3)), lots)


def _goods(
    places: Sequence[Place],
    cells: Sequence[tuple[int, int]],
    lots: Lots,
    flows: tuple[list[Ints], list[Ints], list[Ints]],
    counts: list[Ints],
) -> Goods:
    left, seen, till = flows
    store, product = np.array(cells, np.int64).reshape(len(cells), 2).T
    regions = {name: number for number, name in enumerate(sorted({one.region for one in places}))}
    region = np.array([regions[one.region] for one in places], np.int64)
    return Goods(
        store,
        product,
        region[store] if len(store) else store,
        came=flow(*lots[:3]),
        left=flow(*left),
        scanned=flow(*seen),
        told=flow(*till),
        told_scanned=flow(*_on_days(seen, till)),
        told_days=flow(till[0], till[1], np.ones_like(till[2])),
        count_cell=counts[0],
        count_day=counts[1],
        count_items=counts[2],
    )


def _on_days(seen: list[Ints], till: list[Ints]) -> list[Ints]:
    """Return what was scanned on days of which a till tells."""
    known = np.isin(seen[0] * (1 << 20) + seen[1], till[0] * (1 << 20) + till[1])
    return [column[known] for column in seen]


def _ask(db: Session, statement: Columns, keys: Collection[int]) -> Rows:
    rows = db.execute(statement, {"stores": sorted(keys)})
    return [(store, product, day.toordinal(), items) for store, product, day, items in rows]


def _counts(first: date, last: date) -> Columns:
    told: Columns = select(StockCount.store_id, StockCount.product_id, StockCount.counted_on, StockCount.count)
    return told.where(_BY_STORE[StockCount], StockCount.counted_on.between(first, last))


def _tills(first: date, last: date) -> Columns:
    told: Columns = select(PosSale.store_id, PosSale.product_id, PosSale.day, PosSale.count)
    return told.where(_BY_STORE[PosSale], PosSale.day.between(first, last))


def _scanned(first: date, last: date) -> Columns:
    """Select scanned items; one that came back is on the shelf again, unless it was scrapped."""
    gone = or_(Sale.withdrawn_at.is_(None), ReturnedItem.state == "scrapped")
    told: Columns = select(Sale.store_id, Claim.product_id, Sale.day, func.count()).join(
        Claim, Claim.code_no == Sale.code_no
    )
    told = told.outerjoin(ReturnedItem, ReturnedItem.code_no == Sale.code_no)
    told = told.where(_BY_STORE[Sale], Sale.day.between(first, last), gone)
    return told.group_by(Sale.store_id, Claim.product_id, Sale.day)


def _moved(db: Session, places: Sequence[Place], first: date, last: date) -> list[tuple[Any, ...]]:
    """Return (to, from, product, day, items, expires) of what came to these stores or left them again."""
    zones = {place.key: place.zone for place in places}
    rows = [row for row in db.execute(_hand_overs(), {"stores": sorted(zones)}) if row.to_key != row.from_key]
    begin, end = (datetime.combine(day, time(), UTC) for day in (first, last + timedelta(days=2)))
    rows = [row for row in rows if begin <= row.at < end]
    codes = catalogue(db)
    found = {row.code_no: codes.find(row.code_no) for row in rows}
    sizes = sizes_of(db, found.values(), at=end)
    zone = cache(ZoneInfo)
    moved = []
    for row in rows:
        to, start = (key if key in zones else None for key in (row.to_key, row.from_key))
        if not (to or start):
            continue
        one = found[row.code_no]
        day = row.at.astimezone(zone(zones[to or start or 0])).date()
        expires = one.batch.expires_on.toordinal() if one.batch.expires_on else NEVER
        if first <= day <= last and sizes[row.code_no]:
            moved.append((to, start, one.batch.product_id, day.toordinal(), sizes[row.code_no], expires))
    return moved


def _hand_overs() -> Columns:
    """Select every hand-over of what was ever handed to one of the stores, with the store that had it before."""
    order = (Delivery.delivered_at, Delivery.id)
    before = func.lag(Delivery.to_store_id).over(partition_by=Delivery.code_no, order_by=order)
    ours = among(table_of(Delivery).c.to_store_id, bindparam("stores", type_=NUMBERS))
    theirs = select(Delivery.code_no).where(ours)
    told = select(
        Delivery.code_no,
        Delivery.delivered_at.label("at"),
        Delivery.to_store_id.label("to_key"),
        before.label("from_key"),
    ).where(Delivery.code_no.in_(theirs))
    rows = told.subquery()
    either = or_(rows.c.to_key.is_not(None), rows.c.from_key.is_not(None))
    return select(rows).where(either).order_by(rows.c.at, rows.c.code_no)
