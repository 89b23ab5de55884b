"""Stage 12, sell-through: what every store sold on every business day, zeros too. Knows scans, directory, attribution.

Goods are counted; gifts and samples are not. A day that changes after it was closed is dirty until it is closed again.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple

import numpy as np
from sqlalchemy import ColumnElement, Select, and_, delete, func, or_, select, true
from sqlalchemy.orm import Session

from scans.schema import table_of
from scans.tables import Claim, Product
from scans.versions import upsert
from stores.book import store_book
from stores.presence import Bools, Ints
from stores.tables import ClosedDay, DirtyDay, Sale, Store, StoreDay

COUNTED = "goods"
NEVER = date.max.toordinal()


class Roll(NamedTuple):
    """The stores of a night, in the order of their outside ids.

    Shapes: all (stores,).
    Units: opened and closed in ordinal days; region numbered from 0, territory by rep (0: nobody's).
    """

    keys: Ints
    store_ids: list[str]
    region: Ints
    territory: Ints
    opened: Ints
    closed: Ints

    def is_open(self, first: date, last: date) -> Bools:
        """Tell which stores exist on which days.  Shapes: (stores, days)."""
        days = np.arange(first.toordinal(), last.toordinal() + 1)
        open_: Bools = (self.opened[:, None] <= days) & (days <= self.closed[:, None])
        return open_

    def spread(self, rows: Iterable[Any], *, first: date, last: date) -> list[Ints]:
        """Lay rows of (store key, day, number...) out, zeros elsewhere.  Shapes: one (stores, days) per number."""
        told = [(row[0], row[1].toordinal(), *row[2:]) for row in rows]
        shape = (len(self.keys), (last - first).days + 1)
        if not told:
            return []
        columns = np.array(told, np.int64).T
        order = np.argsort(self.keys)
        at = order[np.searchsorted(self.keys[order], columns[0])], columns[1] - first.toordinal()
        laid = [np.zeros(shape, np.int64) for _ in columns[2:]]
        for array, column in zip(laid, columns[2:], strict=True):
            array[at] = column
        return laid


def mark_dirty(db: Session, *, store_days: Collection[tuple[int, date]]) -> None:
    """Note that sales of these stores and days have changed, where the day was closed already."""
    days = {day for _, day in store_days}
    closed = set(db.scalars(select(ClosedDay.day).where(ClosedDay.day.in_(days)))) if days else set()
    rows = [{"store_id": store_id, "day": day} for store_id, day in sorted(store_days) if day in closed]
    if rows:
        db.execute(upsert(db)(table_of(DirtyDay)).on_conflict_do_nothing(), rows)


def take_dirty(db: Session, *, until: date) -> set[date]:
    """Return the days up to `until` that changed after they were closed, and forget that they did.

    Must come before the days are counted again: what changes meanwhile is then either counted or marked anew.
    """
    return set(db.scalars(delete(DirtyDay).where(DirtyDay.day <= until).returning(DirtyDay.day)))


def overlooked(db: Session, *, first: date, last: date) -> set[date]:
    """Return closed days whose rows differ from a recount: a sale was being written while the day was closed."""
    return {day for day, _ in db.execute(_wrong(StoreDay.day.between(first, last), Sale.day.between(first, last)))}


def note_closed(db: Session, *, days: Sequence[date], now: Any) -> None:
    """Note that days are closed."""
    closing = upsert(db)(table_of(ClosedDay))
    closing = closing.on_conflict_do_update(index_elements=["day"], set_={"closed_at": closing.excluded.closed_at})
    db.execute(closing, [{"day": day, "closed_at": now} for day in sorted(days)])


def closed_days(db: Session, *, first: date, last: date) -> list[date]:
    """Return which of these days are closed, in order."""
    return list(db.scalars(select(ClosedDay.day).where(ClosedDay.day.between(first, last)).order_by(ClosedDay.day)))


def count_days(db: Session, *, days: Collection[date]) -> None:
    """Count what every open store sold on closed days; a store that sold while not open has a row too."""
    sold = _sold(Sale.day.in_(days)).subquery()
    kept = StoreDay.__table__.alias("kept")
    counted = (
        select(Store.id, ClosedDay.day, func.coalesce(sold.c.count, 0))
        .select_from(Store)
        .join(ClosedDay, ClosedDay.day.in_(days))
        .outerjoin(sold, and_(sold.c.store_id == Store.id, sold.c.day == ClosedDay.day))
        .outerjoin(kept, and_(kept.c.store_id == Store.id, kept.c.day == ClosedDay.day))
        .where(or_(open_on(ClosedDay.day), sold.c.count > 0, kept.c.count > 0))
    )
    written = upsert(db)(table_of(StoreDay)).from_select(["store_id", "day", "count"], counted)
    db.execute(
        written.on_conflict_do_update(index_elements=["store_id", "day"], set_={"count": written.excluded.count})
    )


def roll(db: Session) -> Roll:
    """Return all stores, with the rep whose territory each lies in."""
    rows = db.execute(select(Store.id, Store.store_id, Store.region, Store.opened_on, Store.closed_on)).all()
    rows = sorted(rows, key=lambda row: row.store_id)
    facts = store_book(db).facts(db, store_ids=[row.id for row in rows])
    return Roll(
        keys=np.array([row.id for row in rows], np.int64),
        store_ids=[row.store_id for row in rows],
        region=np.unique([row.region for row in rows], return_inverse=True)[1].astype(np.int64),
        territory=np.array([facts[row.id].rep_id or 0 for row in rows], np.int64),
        opened=np.array([row.opened_on.toordinal() if row.opened_on else 0 for row in rows], np.int64),
        closed=np.array([row.closed_on.toordinal() if row.closed_on else NEVER for row in rows], np.int64),
    )


def daily_counts(db: Session, *, roll: Roll, first: date, last: date) -> Ints:
    """Return what stores sold per day, -1 where a store does not exist.  Shapes: (stores, days).

    Closed days are read as they were counted, all others from the sales.
    """
    closed = set(closed_days(db, first=first, last=last))
    rest = [day for day in dates(first, last) if day not in closed]
    counted = select(StoreDay.store_id, StoreDay.day, StoreDay.count).where(StoreDay.count > 0)
    rows = db.execute(counted.where(StoreDay.day.between(first, last))).all()
    if rest:
        rows = [*rows, *db.execute(_sold(Sale.day.in_(rest)))]
    absent = np.where(roll.is_open(first, last), 0, -1)
    laid = roll.spread(rows, first=first, last=last)
    return np.where(laid[0] > 0, laid[0], absent) if laid else absent


def dates(first: date, last: date) -> list[date]:
    """Return every day from the first to the last."""
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def open_on(day: ColumnElement[date] | date | Any) -> ColumnElement[bool]:
    """Ask in a statement whether a store exists on a day."""
    begun = or_(Store.opened_on.is_(None), Store.opened_on <= day)
    return and_(begun, or_(Store.closed_on.is_(None), Store.closed_on >= day))


def goods_sold(*columns: Any) -> Select[Any]:
    """Select columns of sales, with their claims and products, that count as sold by a store."""
    sold = select(*columns).select_from(Sale).join(Claim, Claim.code_no == Sale.code_no)
    sold = sold.join(Product, Product.id == Claim.product_id)
    return sold.where(Product.kind == COUNTED, Sale.store_id.is_not(None))


def _sold(when: ColumnElement[bool]) -> Select[Any]:
    counted = goods_sold(Sale.store_id, Sale.day, func.count().label("count"))
    return counted.where(when).group_by(Sale.store_id, Sale.day)


def _wrong(counted_when: ColumnElement[bool], sold_when: ColumnElement[bool]) -> Select[Any]:
    """Select (day, store) of closed days where the row is missing or is not what a recount gives."""
    sold = _sold(and_(sold_when, Sale.day.in_(select(ClosedDay.day)))).subquery()
    joined = and_(sold.c.store_id == StoreDay.store_id, sold.c.day == StoreDay.day)
    more = select(StoreDay.day, StoreDay.store_id).outerjoin(sold, joined)
    more = more.where(counted_when, StoreDay.count != func.coalesce(sold.c.count, 0))
    lost = select(sold.c.day, sold.c.store_id).outerjoin(StoreDay, joined).where(StoreDay.day.is_(None))
    return select(more.union_all(lost).subquery())


def days_equal_recount(db: Session) -> int:
    """What a closed day says of a store is what a recount of its sales gives, unless it is marked dirty."""
    wrong = _wrong(true(), true()).subquery()
    marked = and_(DirtyDay.day == wrong.c.day, DirtyDay.store_id == wrong.c.store_id)
    counted = select(func.count()).select_from(wrong).outerjoin(DirtyDay, marked).where(DirtyDay.day.is_(None))
    return int(db.scalar(counted) or 0)


def stores_have_every_day(db: Session) -> int:
    """From the first night that knew a store, every closed day of its life has a row."""
    known = select(StoreDay.store_id, func.min(StoreDay.day).label("day")).group_by(StoreDay.store_id).subquery()
    missing = (
        select(func.count())
        .select_from(Store)
        .join(known, known.c.store_id == Store.id)
        .join(ClosedDay, ClosedDay.day >= known.c.day)
        .outerjoin(StoreDay, and_(StoreDay.store_id == Store.id, StoreDay.day == ClosedDay.day))
        .where(open_on(ClosedDay.day), StoreDay.day.is_(None))
    )
    return int(db.scalar(missing) or 0)
