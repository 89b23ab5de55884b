"""Stage 5, read again: what scans were answered, who claimed, and which positions are still kept. Knows nobody."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, select, update
from sqlalchemy.orm import Session

from scans.places import Position
from scans.tables import Claim, Consumer, Scan


@dataclass(frozen=True, slots=True)
class Answered:
    """The answer that a device got, and when."""

    body: dict[str, Any]
    received_at: datetime


def is_claimed(db: Session, *, code_no: int) -> bool:
    """Tell whether an item has been claimed."""
    return db.scalar(select(Claim.code_no).where(Claim.code_no == code_no)) is not None


def claims_of(db: Session, *, code_nos: Collection[int]) -> dict[int, Claim]:
    """Return the claims of those items that have one."""
    return {claim.code_no: claim for claim in db.scalars(select(Claim).where(Claim.code_no.in_(code_nos)))}


def claim_places(db: Session, *, code_nos: Collection[int]) -> dict[int, Position]:
    """Return where items were claimed, coarsened, as long as that is kept."""
    place = select(Claim.code_no, Scan.lat_deg, Scan.lon_deg, Scan.accuracy_m).join(
        Scan, and_(Scan.code_no == Claim.code_no, Scan.key_hash == Claim.key_hash)
    )
    rows = db.execute(place.where(Claim.code_no.in_(code_nos)))
    return {
        code_no: Position(lat_deg, lon_deg, accuracy_m)
        for code_no, lat_deg, lon_deg, accuracy_m in rows
        if lat_deg is not None and lon_deg is not None
    }


def claimant(db: Session, *, code_no: int, device: str) -> int | None:
    """Return the consumer behind a device if that device claimed the item."""
    claimed = select(Claim.consumer_id).join(Consumer, Consumer.id == Claim.consumer_id)
    return db.scalar(claimed.where(Claim.code_no == code_no, Consumer.device == device))


def device_answer(db: Session, *, code_no: int, device: str) -> Answered | None:
    """Return what a device was answered for a code: to its claim if it made one, else to its last scan."""
    told = select(Scan.answer, Scan.received_at).join(Consumer, Consumer.id == Scan.consumer_id)
    mine = told.where(Scan.code_no == code_no, Consumer.device == device).order_by(Scan.received_at.desc()).limit(50)
    answers = [Answered(body, at) for body, at in db.execute(mine)]
    return next((one for one in answers if one.body["claim"]), answers[0] if answers else None)


def forget_places(db: Session, *, before: datetime) -> int:
    """Delete the positions of scans received before an instant, and return of how many."""
    old = update(Scan).where(Scan.received_at < before, Scan.lat_deg.is_not(None))
    gone = old.values(lat_deg=None, lon_deg=None, accuracy_m=None).returning(Scan.code_no)
    return len(db.scalars(gone).all())
