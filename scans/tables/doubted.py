"""Tables of what is believed of a code: what is normal, which codes are doubted, what people report. Knows nobody."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, CheckConstraint, ForeignKey, Index, Integer, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from scans.schema import Base, Key, OutsideId, Word, one_of

DOUBT_STATES = ("reported", "open", "cleared", "confirmed")
DOUBT_ACTS = ("raise", "report", "note", "release", "reverse", "withdraw")


class Norm(Base):
    """What is normal for the scans of one product's codes (no product: of all), fitted and never changed again.

    `again` is the share of codes that a second device scans, `more` the share that one more device joins from there on.
    """

    __tablename__ = "norm"
    __table_args__ = (
        CheckConstraint("again BETWEEN 0 AND 1 AND more BETWEEN 0 AND 1", name="shares_are_probabilities"),
        CheckConstraint("most_devices > 0 AND near_m > 0 AND wide_codes > 0", name="thresholds_positive"),
    )
    id: Mapped[int] = mapped_column(Key, primary_key=True)
    product_id: Mapped[int | None] = mapped_column(ForeignKey("product.id"))
    fitted_at: Mapped[datetime]
    codes: Mapped[int] = mapped_column(BigInteger)
    again: Mapped[float]
    more: Mapped[float]
    most_devices: Mapped[int] = mapped_column(Integer)
    near_m: Mapped[float]
    wide_codes: Mapped[int] = mapped_column(Integer)


class Doubt(Base):
    """A code that may have been copied, and how that stands; `why` freezes the evidence and what it was held against.

    `cleared_devices` and `cleared_at` say what the office had seen when it cleared the code: only what came since
    counts.
    """

    __tablename__ = "doubt"
    __table_args__ = (one_of("state", DOUBT_STATES), Index("ix_doubt_state_raised_at", "state", "raised_at"))
    code_no: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    doubt_id: Mapped[str] = mapped_column(OutsideId, unique=True)
    batch_id: Mapped[int] = mapped_column(ForeignKey("batch.id"))
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"))
    state: Mapped[str] = mapped_column(Word)
    raised_at: Mapped[datetime]
    why: Mapped[dict[str, Any]] = mapped_column(JSON)
    norm_id: Mapped[int | None] = mapped_column(ForeignKey("norm.id"))
    cleared_devices: Mapped[int] = mapped_column(BigInteger)
    cleared_at: Mapped[datetime | None]


class DoubtStep(Base):
    """What was done about a doubt, by whom, when and why: raised, noted, decided. Only appended to."""

    __tablename__ = "doubt_step"
    __table_args__ = (one_of("act", DOUBT_ACTS),)
    code_no: Mapped[int] = mapped_column(ForeignKey("doubt.code_no"), primary_key=True, autoincrement=False)
    seq: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    act: Mapped[str] = mapped_column(Word)
    who: Mapped[str | None] = mapped_column(String(64))
    said: Mapped[str | None] = mapped_column(String(500))
    why: Mapped[dict[str, Any]] = mapped_column(JSON)


class Report(Base):
    """What somebody who holds the item tells of its code, perhaps with a photo (JPEG, made anew without its place)."""

    __tablename__ = "report"
    __table_args__ = (Index("ix_report_code_no_reported_at", "code_no", "reported_at"),)
    id: Mapped[int] = mapped_column(Key, primary_key=True)
    report_id: Mapped[str] = mapped_column(OutsideId, unique=True)
    code_no: Mapped[int] = mapped_column(ForeignKey("doubt.code_no"))
    consumer_id: Mapped[int | None] = mapped_column(ForeignKey("consumer.id"))
    reported_at: Mapped[datetime] = mapped_column(index=True)
    said: Mapped[str] = mapped_column(String(500))
    photo: Mapped[bytes | None] = mapped_column(LargeBinary)
