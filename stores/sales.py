"""Stage 12, sell-through: what every store sold on every business day, zeros too. Knows scans, directory.

Goods are counted; gifts and samples are not. A day that changes after it was closed is dirty until it is closed again.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, delete, func, or_, select, true
from sqlalchemy.orm import Session

from scans.asking import DAYS, among
from scans.schema import table_of
from scans.tables import Claim, Product
from scans.versions import upsert
from stores.directory import Scope, owned_on, store
from stores.tables import ClosedDay, DirtyDay, Flag, Sale, Store, StoreDay

COUNTED = "goods"
MAX_DAYS = 800
CROWD_STORES, CROWD_OWNERS = 5, 3
_CLOSED_DAY = table_of(ClosedDay).c
_CLOSED = select(_CLOSED_DAY.day).where(among(_CLOSED_DAY.day, bindparam("days", type_=DAYS)))


class SpanError(ValueError):
    """More days are asked for at once than one answer should hold."""


@dataclass(frozen=True, slots=True)
class DayRow:
    """What a store sold on a day beside what a normal day would have been; `flag` is a covering flag's direction."""

    day: date
    count: int
    expected: float | None
    low: int | None
    high: int | None
    flag: str | None


def mark_dirty(db: Session, *, store_days: Collection[tuple[int, date]]) -> None:
    """Note that sales of these stores and days have changed, where the day was closed already."""
    days = {day for _, day in store_days}
    closed = set(db.scalars(_CLOSED, {"days": list(days)})) if days else set()
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


def note_closed(db: Session, *, days: Sequence[date], now: datetime) -> None:
    """Note that days are closed."""
    closing = upsert(db)(table_of(ClosedDay))
    closing = closing.on_conflict_do_update(index_elements=["day"], set_={"closed_at": closing.excluded.closed_at})
    db.execute(closing, [{"day": day, "closed_at": now} for day in sorted(days)])


def closed_days(db: Session, *, first: date, last: date) -> list[date]:
    """Return which of these days are closed, in order."""
    return list(db.scalars(select(ClosedDay.day).where(ClosedDay.day.between(first, last)).order_by(ClosedDay.day)))


def count_days(db: Session, *, days: Collection[date]) -> None:
    """Count what every open store sold on closed days; a store that sold while not open has a row too."""
    sold = sold_per_day(Sale.day.in_(days)).subquery()
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


def sell_through(db: Session, *, store_id: str, first_day: date, last_day: date, scope: Scope) -> list[DayRow]:
    """Return every day of a store, zeros too; a day that is not closed yet is counted from the sales so far.

    What is normal is left out where `may_compare` says so.

    Raises: UnknownStoreError, SpanError.
    """
    check_span(first_day, last_day)
    asked = store(db, scope=scope, store_id=store_id)
    key = asked.key
    flags = _flagged(db, key, first_day, last_day)
    here = select(StoreDay.day, StoreDay.count, StoreDay.expected, StoreDay.low, StoreDay.high)
    rows = db.execute(here.where(StoreDay.store_id == key, StoreDay.day.between(first_day, last_day)))
    closed = {row.day: DayRow(*row, flags.get(row.day)) for row in rows}
    own = and_(Sale.store_id == key, Sale.day.between(first_day, last_day))
    sold = {day: count for _, day, count in db.execute(sold_per_day(own))}
    days = [
        closed.get(day) or DayRow(day, sold.get(day, 0), None, None, None, flags.get(day))
        for day in dates(first_day, last_day)
    ]
    compared = may_compare(db, scope=scope, region=asked.region)
    return days if compared else [DayRow(one.day, one.count, None, None, None, None) for one in days]


def may_compare(db: Session, *, scope: Scope, region: str) -> bool:
    """Tell whether a principal may know what is normal in a region: who sees everything may, a party only where so many
    stores of so many owners make it that it gives none of them away.
    """
    if scope.party_id is None:
        return True
    owned = owned_on(scope.day).subquery()
    counted = select(func.count(), func.count(owned.c.party_id.distinct()))
    here = counted.join_from(owned, Store, Store.id == owned.c.store_id).where(Store.region == region)
    stores, owners = db.execute(here.where(open_on(scope.day))).one()
    return bool(stores >= CROWD_STORES and owners >= CROWD_OWNERS)


def check_span(first_day: date, last_day: date) -> None:
    """Refuse a span that is too long for one answer.

    Raises: SpanError.
    """
    if (last_day - first_day).days >= MAX_DAYS:
        raise SpanError(f"ask for at most {MAX_DAYS} days at once")


def _flagged(db: Session, key: int, first_day: date, last_day: date) -> dict[date, str]:
    """Return the direction of the flag on each flagged day; of several the surest."""
    told = select(Flag.first_day, Flag.last_day, Flag.direction).where(Flag.store_id == key)
    told = told.where(Flag.last_day >= first_day, Flag.first_day <= last_day).order_by(Flag.p_value.desc(), Flag.id)
    return {day: direction for first, last, direction in db.execute(told) for day in dates(first, last)}


def dates(first: date, last: date) -> list[date]:
    """Return every day from the first to the last."""
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def open_on(day: ColumnElement[date] | date | Any) -> ColumnElement[bool]:
    """Ask in a statement whether a store exists on a day."""
    begun = or_(Store.opened_on.is_(None), Store.opened_on <= day)
    return and_(begun, or_(Store.closed_on.is_(None), Store.closed_on >= day))


def claimed(*columns: Any) -> Select[Any]:
    """Select columns of sales, with their claims and products."""
    told = select(*columns).select_from(Sale).join(Claim, Claim.code_no == Sale.code_no)
    return told.join(Product, Product.id == Claim.product_id)


def goods_sold(*columns: Any, kind: str = COUNTED) -> Select[Any]:
    """Select columns of sales, with their claims and products, that count as sold (or given) by a store."""
    return claimed(*columns).where(Product.kind == kind, Sale.store_id.is_not(None), Sale.withdrawn_at.is_(None))


def sold_per_day(when: ColumnElement[bool]) -> Select[Any]:
    """Select (store, day, count) of what was sold; a day without a sale has no row."""
    counted = goods_sold(Sale.store_id, Sale.day, func.count().label("count"))
    return counted.where(when).group_by(Sale.store_id, Sale.day)


def _wrong(counted_when: ColumnElement[bool], sold_when: ColumnElement[bool]) -> Select[Any]:
    """Select (day, store) of closed days where the row is missing or is not what a recount gives."""
    sold = sold_per_day(and_(sold_when, Sale.day.in_(select(ClosedDay.day)))).subquery()
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
