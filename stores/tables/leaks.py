"""Tables of diversion: where dealers' goods were scanned, what that proves, and what the office decided. Knows scans.

All but the cases is derived, and written anew by every run.
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, Boolean, Date, ForeignKey, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from scans.schema import Base, Key, OutsideId, Word, one_of

DECISIONS = ("confirmed", "dismissed")


class DealerLeak(Base):
    """What a dealer's goods came to: purchases outside of where they belong, what travel explains, the evidence."""

    __tablename__ = "dealer_leak"
    party_id: Mapped[int] = mapped_column(ForeignKey("party.id"), primary_key=True, autoincrement=False)
    since: Mapped[date] = mapped_column(Date)
    until: Mapped[date] = mapped_column(Date)
    scans: Mapped[int] = mapped_column(Integer)
    outside: Mapped[int] = mapped_column(Integer)
    expected: Mapped[float]
    log_e: Mapped[float]
    part: Mapped[float]
    part_low: Mapped[float]
    part_high: Mapped[float]
    found: Mapped[bool] = mapped_column(Boolean)
    batches: Mapped[list[Any]] = mapped_column(JSON)


class LeakCell(Base):
    """How many purchases of a dealer's goods shipped to one region were made in another, and what travel explains."""

    __tablename__ = "leak_cell"
    party_id: Mapped[int] = mapped_column(ForeignKey("dealer_leak.party_id"), primary_key=True, autoincrement=False)
    shipped_region: Mapped[str] = mapped_column(String(64), primary_key=True)
    scanned_region: Mapped[str] = mapped_column(String(64), primary_key=True)
    scans: Mapped[int] = mapped_column(Integer)
    expected: Mapped[float]


class DiversionCase(Base):
    """A dealer found to divert, with the numbers of the day it was found; what is decided starts the evidence anew."""

    __tablename__ = "diversion_case"
    __table_args__ = (UniqueConstraint("party_id", "since"), one_of("decision", DECISIONS))
    id: Mapped[int] = mapped_column(Key, primary_key=True)
    case_id: Mapped[str] = mapped_column(OutsideId, unique=True)
    party_id: Mapped[int] = mapped_column(ForeignKey("party.id"))
    since: Mapped[date] = mapped_column(Date)
    opened_on: Mapped[date] = mapped_column(Date)
    why: Mapped[dict[str, Any]] = mapped_column(JSON)
    decided_at: Mapped[datetime | None]
    decided_on: Mapped[date | None] = mapped_column(Date)
    decision: Mapped[str | None] = mapped_column(Word)
    decided_by: Mapped[str | None] = mapped_column(String(64))
    reason: Mapped[str | None] = mapped_column(String(500))
