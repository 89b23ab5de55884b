"""Stage 4, deliver: events as a warehouse's system told them, each kept once. Knows scans."""

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from scans.writing import insert_new
from stores.tables import CapturedEvent


class EventIdError(ValueError):
    """Another event bears this id already."""


def record_event(
    db: Session, *, event_hash: str, event_id: str, event_at: datetime, body: dict[str, Any], now: datetime
) -> bool:
    """Keep an event; say whether it is new.

    Raises: EventIdError.
    """
    row = {"event_hash": event_hash, "event_id": event_id, "event_at": event_at, "recorded_at": now, "body": body}
    if insert_new(db, CapturedEvent, [row], told="event_hash"):
        return True
    if db.scalar(select(CapturedEvent.id).where(CapturedEvent.event_hash == event_hash)) is None:
        raise EventIdError("another event bears this id already")
    return False
