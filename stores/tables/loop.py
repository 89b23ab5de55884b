"""Tables of the loop: how often stores should be seen, which flags were drawn to be visited later. Knows night."""

from datetime import date
from typing import Any

from sqlalchemy import JSON, BigInteger, Boolean, CheckConstraint, Date, ForeignKey, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from scans.schema import Base


class Cadence(Base):
    """How many days may pass between two visits to a store of a class; none: such stores are not planned.

    The class `''` is that of stores without one.
    """

    __tablename__ = "cadence"
    __table_args__ = (CheckConstraint("planned_days BETWEEN 1 AND 366", name="within_a_year"),)
    class_: Mapped[str] = mapped_column("class", String(32), primary_key=True)
    planned_days: Mapped[int | None] = mapped_column(Integer)


class HoldOutRule(Base):
    """What share of flagged stores is visited later, by how much, and who is never: one row."""

    __tablename__ = "hold_out_rule"
    __table_args__ = (
        CheckConstraint("id = 1", name="one_row"),
        CheckConstraint("share_bp BETWEEN 0 AND 5000", name="share_known"),
        CheckConstraint("days BETWEEN 1 AND 28", name="days_known"),
        CheckConstraint("severe_cents >= 0", name="stake_known"),
        CheckConstraint("severe_p BETWEEN 0 AND 1", name="p_known"),
    )
    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    share_bp: Mapped[int] = mapped_column(Integer)
    days: Mapped[int] = mapped_column(Integer)
    severe_cents: Mapped[int] = mapped_column(BigInteger)
    severe_p: Mapped[float]


class Draw(Base):
    """The lot drawn for a flag when it would first have been listed: at once, or held until a day.

    What was known of it that day is kept with the lot, because a flag goes on changing.
    """

    __tablename__ = "draw"
    __table_args__ = (CheckConstraint("until > day", name="later"),)
    flag_id: Mapped[int] = mapped_column(ForeignKey("flag.id"), primary_key=True, autoincrement=False)
    day: Mapped[date] = mapped_column(Date, index=True)
    until: Mapped[date] = mapped_column(Date)
    held: Mapped[bool] = mapped_column(Boolean)
    share_bp: Mapped[int] = mapped_column(Integer)
    stake_cents: Mapped[int] = mapped_column(BigInteger)
    why: Mapped[dict[str, Any]] = mapped_column(JSON)
