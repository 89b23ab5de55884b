"""Tables of the night: what stores sold, what was not normal, who goes there and what they find. Knows scans."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Date,
    ForeignKey,
    Index,
    Integer,
    String,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from scans.schema import Base, Key, OutsideId, Word, one_of


class StoreDay(Base):
    """What a store sold on a closed business day (zeros too) beside what a normal day would have been."""

    __tablename__ = "store_day"
    __table_args__ = (Index("ix_store_day_day", "day"),)
    store_id: Mapped[int] = mapped_column(ForeignKey("store.id"), primary_key=True, autoincrement=False)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    count: Mapped[int] = mapped_column(Integer)
    expected: Mapped[float | None]
    low: Mapped[int | None]
    high: Mapped[int | None]
    p_value: Mapped[float | None]
    direction: Mapped[str | None] = mapped_column(Word)
    window_days: Mapped[int | None]
    reason: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))


class DirtyDay(Base):
    """A business day that changed after it was closed; the next night closes it again."""

    __tablename__ = "dirty_day"
    store_id: Mapped[int] = mapped_column(ForeignKey("store.id"), primary_key=True, autoincrement=False)
    day: Mapped[date] = mapped_column(Date, primary_key=True)


class ClosedDay(Base):
    """A business day that was closed, and when last."""

    __tablename__ = "closed_day"
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    closed_at: Mapped[datetime]


class FlagDay(Base):
    """A store's business day judged abnormal by one detector; flags are stretches of these."""

    __tablename__ = "flag_day"
    __table_args__ = (one_of("direction", ("too_good", "too_bad")), Index("ix_flag_day_day", "day"))
    store_id: Mapped[int] = mapped_column(ForeignKey("store.id"), primary_key=True, autoincrement=False)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    detector: Mapped[str] = mapped_column(Word, primary_key=True)
    direction: Mapped[str] = mapped_column(Word)
    p_value: Mapped[float]
    stake_cents: Mapped[int] = mapped_column(BigInteger)
    why: Mapped[dict[str, Any]] = mapped_column(JSON)


class Flag(Base):
    """A store's stretch of days judged abnormal by one detector; `why` is a code with numbers, worded at the door.

    It is closed by the days after it, for a reason, at the smallest p-value of the days that closed it.
    """

    __tablename__ = "flag"
    __table_args__ = (
        UniqueConstraint("store_id", "detector", "direction", "first_day"),
        one_of("direction", ("too_good", "too_bad")),
        Index("ix_flag_last_day", "last_day"),
    )
    id: Mapped[int] = mapped_column(Key, primary_key=True)
    flag_id: Mapped[str] = mapped_column(OutsideId, unique=True)
    store_id: Mapped[int] = mapped_column(ForeignKey("store.id"))
    detector: Mapped[str] = mapped_column(Word)
    direction: Mapped[str] = mapped_column(Word)
    first_day: Mapped[date] = mapped_column(Date)
    last_day: Mapped[date] = mapped_column(Date)
    p_value: Mapped[float]
    stake_cents: Mapped[int] = mapped_column(BigInteger)
    why: Mapped[dict[str, Any]] = mapped_column(JSON)
    closed_on: Mapped[date | None] = mapped_column(Date)
    closed_why: Mapped[str | None] = mapped_column(Word)
    closed_p: Mapped[float | None]


class Visit(Base):
    """A rep's stop on the list of a day, for a flag or for something else; a published list is only appended to."""

    __tablename__ = "visit"
    __table_args__ = (
        UniqueConstraint("rep_id", "day", "store_id"),
        Index("ix_visit_day", "day"),
        CheckConstraint("purpose <> 'flag' OR flag_id IS NOT NULL", name="flag_named"),
    )
    id: Mapped[int] = mapped_column(Key, primary_key=True)
    visit_id: Mapped[str] = mapped_column(OutsideId, unique=True)
    rep_id: Mapped[int] = mapped_column(ForeignKey("rep.party_id"))
    store_id: Mapped[int] = mapped_column(ForeignKey("store.id"), index=True)
    purpose: Mapped[str] = mapped_column(Word, default="flag", server_default="flag")
    flag_id: Mapped[int | None] = mapped_column(ForeignKey("flag.id"), index=True)
    day: Mapped[date] = mapped_column(Date)
    rank: Mapped[int] = mapped_column(Integer)
    stake_cents: Mapped[int] = mapped_column(BigInteger)


class CheckIn(Base):
    """A rep's arrival at a visit's store; without a position, or far away, it needs a reason."""

    __tablename__ = "check_in"
    visit_id: Mapped[int] = mapped_column(ForeignKey("visit.id"), primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    distance_m: Mapped[float | None]
    reason: Mapped[str | None] = mapped_column(String(200))


class Outcome(Base):
    """What a visit found and what was done, in words from a list, and a note."""

    __tablename__ = "outcome"
    visit_id: Mapped[int] = mapped_column(ForeignKey("visit.id"), primary_key=True, autoincrement=False)
    key: Mapped[str] = mapped_column(OutsideId)
    at: Mapped[datetime]
    was_real: Mapped[bool] = mapped_column(Boolean)
    cause: Mapped[str] = mapped_column(Word)
    action: Mapped[str] = mapped_column(Word)
    note: Mapped[str | None] = mapped_column(String(1000))
