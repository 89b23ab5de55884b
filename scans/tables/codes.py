"""Tables of what was issued: batches, their ranges of code numbers, the counters they are drawn from. Knows nobody."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Date,
    ForeignKey,
    String,
    UniqueConstraint,
    false,
)
from sqlalchemy.orm import Mapped, mapped_column

from scans.schema import Base, Key, OutsideId, Word, one_of

LEVELS = ("item", "case", "pallet", "outer")
BATCH_STATES = ("issued", "printed", "activated", "recalled")
EARNS = ("activated", "delivered")
PART_STATES = ("activated", "recalled")


class Version(Base):
    """A number that grows whenever something that workers keep in memory has changed, or a counter is drawn from."""

    __tablename__ = "version"
    name: Mapped[str] = mapped_column(Word, primary_key=True)
    no: Mapped[int] = mapped_column(BigInteger)


class Batch(Base):
    """A run of codes issued for a product: `count` items, packed by range; `repacked`: some were moved since."""

    __tablename__ = "batch"
    __table_args__ = (
        one_of("state", BATCH_STATES),
        one_of("earns", EARNS),
        CheckConstraint("count > 0", name="not_empty"),
        CheckConstraint("items_per_case > 0 AND cases_per_pallet > 0", name="packs_not_empty"),
    )
    id: Mapped[int] = mapped_column(Key, primary_key=True)
    batch_id: Mapped[str] = mapped_column(OutsideId, unique=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"), index=True)
    key_id: Mapped[str] = mapped_column(OutsideId)
    state: Mapped[str] = mapped_column(Word, default="issued")
    count: Mapped[int] = mapped_column(BigInteger)
    items_per_case: Mapped[int | None] = mapped_column(BigInteger)
    cases_per_pallet: Mapped[int | None] = mapped_column(BigInteger)
    case_gtin: Mapped[str | None] = mapped_column(OutsideId)
    sscc_prefix: Mapped[str | None] = mapped_column(String(12))
    first_sscc_no: Mapped[int | None] = mapped_column(BigInteger)
    lot: Mapped[str | None] = mapped_column(String(20))
    expires_on: Mapped[date | None] = mapped_column(Date)
    earns: Mapped[str] = mapped_column(Word, default="activated", server_default="activated")
    repacked: Mapped[bool] = mapped_column(default=False, server_default=false())
    issued_at: Mapped[datetime]
    printed_at: Mapped[datetime | None]
    activated_at: Mapped[datetime | None]
    recalled_at: Mapped[datetime | None]
    recalled_why: Mapped[str | None] = mapped_column(String(500))
    reward_rule: Mapped[str | None] = mapped_column(Word)
    reward_tiers: Mapped[list[Any] | None] = mapped_column(JSON(none_as_null=True))
    reward_hash: Mapped[str | None] = mapped_column(String(64))
    prize_key_id: Mapped[str | None] = mapped_column(OutsideId)


class BatchPart(Base):
    """Item positions of a batch that are further on than the batch itself: a row per stretch, never one per code."""

    __tablename__ = "batch_part"
    __table_args__ = (
        one_of("state", PART_STATES),
        CheckConstraint("0 < first_position AND first_position <= last_position", name="in_order"),
    )
    batch_id: Mapped[int] = mapped_column(ForeignKey("batch.id"), primary_key=True)
    first_position: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    last_position: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[str] = mapped_column(Word)
    recalled_why: Mapped[str | None] = mapped_column(String(500))
    recalled_at: Mapped[datetime | None]


class CodeRange(Base):
    """The code numbers of one level of a batch; the only rows that issuing writes."""

    __tablename__ = "code_range"
    __table_args__ = (
        one_of("level", LEVELS),
        UniqueConstraint("batch_id", "level"),
        CheckConstraint("first_no >= 0 AND last_no >= first_no", name="in_order"),
    )
    first_no: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    last_no: Mapped[int] = mapped_column(BigInteger)
    batch_id: Mapped[int] = mapped_column(ForeignKey("batch.id"))
    level: Mapped[str] = mapped_column(Word)
