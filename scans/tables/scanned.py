"""Tables of what consumers did: scans and claims. Knows nobody.

`code_no` is the shard number of a claim's rows and so part of every key they have.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from scans.schema import Base, Key, OutsideId, Word

_INACTIVE = text("verdict = 'inactive'")  # few, and each may point at a leak


class Consumer(Base):
    """Who scans: `device` is what the outside calls them, unproven until a person stands behind it."""

    __tablename__ = "consumer"
    id: Mapped[int] = mapped_column(Key, primary_key=True)
    device: Mapped[str] = mapped_column(OutsideId, unique=True)
    first_seen_at: Mapped[datetime]


class Scan(Base):
    """One opening of a code with its answer. The position is stored coarsened (about 100 m) and deleted after a time.

    `key_hash` is the hash of the client's key, `body_hash` of all it sent: the same key with another body is refused.
    """

    __tablename__ = "scan"
    __table_args__ = (
        Index("ix_scan_received_at", "received_at"),
        Index("ix_scan_consumer_id_received_at", "consumer_id", "received_at"),
        Index("ix_scan_inactive", "code_no", sqlite_where=_INACTIVE, postgresql_where=_INACTIVE),
    )
    code_no: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    key_hash: Mapped[bytes] = mapped_column(LargeBinary(16), primary_key=True)
    body_hash: Mapped[bytes] = mapped_column(LargeBinary(16))
    consumer_id: Mapped[int | None] = mapped_column(ForeignKey("consumer.id"))
    batch_id: Mapped[int] = mapped_column(ForeignKey("batch.id"))
    received_at: Mapped[datetime]
    scanned_at: Mapped[datetime]
    verdict: Mapped[str] = mapped_column(Word)
    lat_deg: Mapped[float | None]
    lon_deg: Mapped[float | None]
    accuracy_m: Mapped[float | None]
    consent: Mapped[str | None] = mapped_column(Word)
    answer: Mapped[dict[str, Any]] = mapped_column(JSON)


class Claim(Base):
    """The first valid consumer scan of an item: the primary key lets there be one for ever."""

    __tablename__ = "claim"
    __table_args__ = (
        CheckConstraint("reward_cents >= 0", name="reward_not_negative"),
        Index("ix_claim_received_at", "received_at"),
        Index("ix_claim_consumer_id", "consumer_id"),
    )
    code_no: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    key_hash: Mapped[bytes] = mapped_column(LargeBinary(16))
    batch_id: Mapped[int] = mapped_column(ForeignKey("batch.id"), index=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"))
    consumer_id: Mapped[int | None] = mapped_column(ForeignKey("consumer.id"))
    received_at: Mapped[datetime]
    scanned_at: Mapped[datetime]
    verdict: Mapped[str] = mapped_column(Word)
    reward_kind: Mapped[str | None] = mapped_column(Word)
    reward_cents: Mapped[int] = mapped_column(BigInteger, default=0)
