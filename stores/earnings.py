"""Stage 15, earnings: a party's parts by the business day they were earned on, and why each is its own. Knows accrual.

A statement follows the ledger, by the instant of booking; a page about selling follows the day of the sale.
"""

from collections.abc import Collection
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from scans.intake import scan_id
from scans.tables import Claim, Product
from stores.directory import Scope, sees_store
from stores.tables import Plan, Sale, Share, Store


class Wanted(NamedTuple):
    """Which parts: a party's, of some business days (both included), of one store or state if told."""

    party_id: int
    first_day: date
    last_day: date
    store_id: str | None = None
    state: str | None = None


class StoreDayEarned(NamedTuple):
    """What a party earned at a store on a day, what was taken back again left out."""

    store_id: str | None
    store: str | None
    day: date
    items: int
    cents: int


class Earned(NamedTuple):
    """One part of a scan made `at`, and why it is the party's."""

    scan_id: str
    day: date
    at: datetime
    product: str
    store_id: str | None
    store: str | None
    evidence: str
    confidence: float
    why: dict[str, Any]
    plan: str
    receiver: str
    follows: str
    cents: int
    state: str
    due_at: datetime | None


def earned_by_state(db: Session, *, wanted: Wanted) -> dict[str, tuple[int, int]]:
    """Return how many parts there are of each state, and their cents."""
    sums = select(Share.state, func.count(), func.sum(Share.part_cents)).where(*_asked(wanted))
    found = db.execute(sums.group_by(Share.state))
    return {state: (parts, int(cents)) for state, parts, cents in found}


def earned_by_store_day(db: Session, *, wanted: Wanted) -> list[StoreDayEarned]:
    """Return what was earned at each store on each day that had any."""
    items = func.count(Share.code_no.distinct())  # one item may bring a party several parts
    sums = select(Store.store_id, Store.name, Share.day, items, func.sum(Share.part_cents))
    sums = sums.select_from(Share).outerjoin(Store, Store.id == Share.store_id)
    standing = sums.where(*_asked(wanted), Share.state != "reversed")
    found = db.execute(standing.group_by(Store.store_id, Store.name, Share.day).order_by(Share.day, Store.store_id))
    return [StoreDayEarned(store_id, name, day, items, int(cents)) for store_id, name, day, items, cents in found]


def earned_parts(db: Session, *, wanted: Wanted, limit: int, offset: int = 0) -> list[Earned]:
    """Return parts, the latest first, each with its evidence."""
    told = (
        select(
            Share,
            Claim.key_hash,
            Claim.scanned_at,
            Product.name,
            Store.store_id,
            Store.name,
            Plan.plan_id,
            Sale.confidence,
            Sale.why,
        )
        .join(Claim, Claim.code_no == Share.code_no)
        .join(Product, Product.id == Claim.product_id)
        .join(Sale, Sale.code_no == Share.code_no)
        .join(Plan, Plan.id == Share.plan_id)
        .outerjoin(Store, Store.id == Share.store_id)
    )
    latest = told.where(*_asked(wanted)).order_by(
        Share.day.desc(), Claim.scanned_at.desc(), Share.code_no, Share.seq, Share.line
    )
    return [_earned(*row) for row in db.execute(latest.limit(limit).offset(offset))]


def own_stores(db: Session, *, scope: Scope, store_ids: Collection[str]) -> set[str]:
    """Return which of these stores (outside ids) lie in a scope."""
    if not store_ids:
        return set()
    return set(db.scalars(select(Store.store_id).where(Store.store_id.in_(store_ids), sees_store(scope, Store.id))))


def _asked(wanted: Wanted) -> list[ColumnElement[bool]]:
    asked = [Share.party_id == wanted.party_id, Share.day.between(wanted.first_day, wanted.last_day)]
    if wanted.state:
        asked.append(Share.state == wanted.state)
    if wanted.store_id:
        asked.append(Share.store_id.in_(select(Store.id).where(Store.store_id == wanted.store_id)))
    return asked


def _earned(
    share: Share,
    key_hash: bytes,
    scanned_at: datetime,
    product: str,
    store_id: str | None,
    store: str | None,
    plan: str,
    confidence: float,
    why: dict[str, Any],
) -> Earned:
    return Earned(
        scan_id=scan_id(share.code_no, key_hash),
        day=share.day,
        at=scanned_at,
        product=product,
        store_id=store_id,
        store=store,
        evidence=share.evidence,
        confidence=confidence,
        why=why,
        plan=plan,
        receiver=share.receiver,
        follows=share.follows,
        cents=share.part_cents,
        state=share.state,
        due_at=share.due_at,
    )
