"""Stage 15, statement: a party's shares line by line, and the sums that the ledger says. Knows accrual, ledger.

Thin: no closing of periods and no payment yet. Every accrued part is a line from its claim on; a part taken back stands
as a second line, so that opening + lines = closing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from scans.intake import scan_id
from scans.tables import Claim
from stores.tables import Plan, Sale, Share, Store

FIRST = date(1970, 1, 1)
LAST = date(9999, 1, 1)


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One accrued part, or (negative) one taken back."""

    scan_id: str
    at: datetime
    day: date
    store_id: str | None
    store: str | None
    evidence: str
    confidence: float
    why: dict[str, Any]
    plan: str
    receiver: str
    follows: str
    part_cents: int
    state: str


@dataclass(frozen=True, slots=True)
class Statement:
    """What a party was owed before a period, what came in it, and what it is owed after it."""

    opening_cents: int
    lines: Sequence[StatementLine]
    closing_cents: int


def statement(
    db: Session, *, party_id: int, first_day: date | None, last_day: date | None, zone: ZoneInfo
) -> Statement:
    """Return a party's statement over business days of the owner's zone; both ends included, both optional."""
    start = _midnight(first_day or FIRST, zone)
    end = _midnight(last_day + timedelta(days=1), zone) if last_day and last_day < LAST else _midnight(LAST, zone)
    lines = _lines(db, party_id, start, end)
    opening_cents = _owed_at(db, party_id, start)
    return Statement(opening_cents, lines, opening_cents + sum(line.part_cents for line in lines))


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone)


def _owed_at(db: Session, party_id: int, at: datetime) -> int:
    standing = or_(Share.reversed_at.is_(None), Share.reversed_at >= at)
    cents = select(func.coalesce(func.sum(Share.part_cents), 0))
    return int(db.scalar(cents.where(Share.party_id == party_id, Share.accrued_at < at, standing)) or 0)


def _lines(db: Session, party_id: int, start: datetime, end: datetime) -> list[StatementLine]:
    accrued = [
        _line(*row, back=False) for row in _rows(db, party_id, (Share.accrued_at >= start) & (Share.accrued_at < end))
    ]
    taken = [
        _line(*row, back=True) for row in _rows(db, party_id, (Share.reversed_at >= start) & (Share.reversed_at < end))
    ]
    return sorted(accrued + taken, key=lambda line: (line.at, line.scan_id, -line.part_cents))


def _rows(db: Session, party_id: int, when: ColumnElement[bool]) -> Sequence[Any]:
    told = (
        select(Share, Claim.key_hash, Store.store_id, Store.name, Plan.plan_id, Sale.confidence, Sale.why)
        .join(Claim, Claim.code_no == Share.code_no)
        .join(Sale, Sale.code_no == Share.code_no)
        .join(Plan, Plan.id == Share.plan_id)
        .outerjoin(Store, Store.id == Share.store_id)
    )
    return db.execute(told.where(Share.party_id == party_id, when)).all()


def _line(
    share: Share,
    key_hash: bytes,
    store_id: str | None,
    store: str | None,
    plan_id: str,
    confidence: float,
    why: dict[str, Any],
    *,
    back: bool,
) -> StatementLine:
    at = share.reversed_at if back and share.reversed_at else share.accrued_at
    return StatementLine(
        scan_id=scan_id(share.code_no, key_hash),
        at=at,
        day=share.day,
        store_id=store_id,
        store=store,
        evidence=share.evidence,
        confidence=confidence,
        why=why,
        plan=plan_id,
        receiver=share.receiver,
        follows=share.follows,
        part_cents=-share.part_cents if back else share.part_cents,
        state=share.state,
    )
