"""The table of events that systems of warehouses told, word for word. Knows scans."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from scans.schema import Base, Key


class CapturedEvent(Base):
    """An event of EPCIS as it came: who it is by its hash, what its teller calls it, what it said."""

    __tablename__ = "captured_event"
    __table_args__ = (Index("ix_captured_event_event_at_id", "event_at", "id"),)
    id: Mapped[int] = mapped_column(Key, primary_key=True)
    event_hash: Mapped[str] = mapped_column(String(100), unique=True)
    event_id: Mapped[str] = mapped_column(String(300), unique=True)
    event_at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    body: Mapped[dict[str, Any]] = mapped_column(JSON)
