"""Stage 4, deliver: everything that happened to goods in the order of time, a page at a time. Knows scans, captures.

Each kind is read past (instant, key) and up to an instant, both in the order of an index.
"""

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from scans.tables import Batch, Claim, Packing
from stores.tables import CapturedEvent, Delivery, Party, Sale, Store

BEGINNING = -1


class Window(NamedTuple):
    """From when on and until, not at, when; of what is at `since`, only what has a greater key than `after`."""

    since: datetime
    until: datetime
    after: int = BEGINNING


class IssuedRow(NamedTuple):
    """A batch that was issued; `first_no` is the least of its code numbers."""

    at: datetime
    batch_id: str


class PackedRow(NamedTuple):
    """A packing by its key."""

    at: datetime
    key: int
    child_no: int
    parent_no: int | None


class DeliveredRow(NamedTuple):
    """A delivery by its key; ends are outside ids of stores or parties, `zone` is the store's."""

    at: datetime
    key: int
    code_no: int
    from_id: str
    to_id: str
    zone: str | None


class SoldRow(NamedTuple):
    """A claim, when it was received, and the store of its sale."""

    at: datetime
    code_no: int
    store_id: str | None
    zone: str | None


class CapturedRow(NamedTuple):
    """A captured event by its key, word for word."""

    at: datetime
    key: int
    event_id: str
    body: dict[str, Any]


def issued_between(db: Session, *, since: datetime, until: datetime) -> list[IssuedRow]:
    """Return the batches issued in a time, in the order in which their codes were drawn."""
    wanted = select(Batch.issued_at, Batch.batch_id).where(Batch.issued_at >= since, Batch.issued_at < until)
    return [IssuedRow(*row) for row in db.execute(wanted.order_by(Batch.issued_at, Batch.id))]


def packed_in(db: Session, *, window: Window, limit: int, but: str) -> list[PackedRow]:
    """Return packings, without those whose id begins with `but`."""
    told = select(Packing.packed_at, Packing.id, Packing.child_no, Packing.parent_no)
    told = told.where(~Packing.packing_id.startswith(but, autoescape=True))
    return [PackedRow(*row) for row in db.execute(_paged(told, Packing.packed_at, Packing.id, window, limit))]


def delivered_in(db: Session, *, window: Window, limit: int, but: str) -> list[DeliveredRow]:
    """Return deliveries, without those whose id begins with `but`."""
    to_id = func.coalesce(Store.store_id, Party.party_id)
    told = select(Delivery.delivered_at, Delivery.id, Delivery.code_no, Delivery.from_id, to_id, Store.zone)
    told = told.outerjoin(Store, Store.id == Delivery.to_store_id).outerjoin(Party, Party.id == Delivery.to_party_id)
    told = told.where(~Delivery.delivery_id.startswith(but, autoescape=True))
    return [DeliveredRow(*row) for row in db.execute(_paged(told, Delivery.delivered_at, Delivery.id, window, limit))]


def sold_in(db: Session, *, window: Window, limit: int) -> list[SoldRow]:
    """Return claims with the stores they are attributed to."""
    sold_at = aliased(Store)
    told = select(Claim.received_at, Claim.code_no, sold_at.store_id, sold_at.zone)
    told = told.outerjoin(Sale, Sale.code_no == Claim.code_no).outerjoin(sold_at, sold_at.id == Sale.store_id)
    return [SoldRow(*row) for row in db.execute(_paged(told, Claim.received_at, Claim.code_no, window, limit))]


def captured_in(db: Session, *, window: Window, limit: int) -> list[CapturedRow]:
    """Return captured events."""
    event = CapturedEvent
    told = select(event.event_at, event.id, event.event_id, event.body)
    return [CapturedRow(*row) for row in db.execute(_paged(told, event.event_at, event.id, window, limit))]


def _paged(told: Select[*tuple[Any, ...]], at: Any, key: Any, window: Window, limit: int) -> Select[*tuple[Any, ...]]:
    past: ColumnElement[bool] = or_(at > window.since, and_(at == window.since, key > window.after))
    return told.where(at >= window.since, at < window.until, past).order_by(at, key).limit(limit)
