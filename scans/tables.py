"""Tables of a code's life, from product to claim. Knows nobody.

Instants are aware UTC; ids from outside are text that sorts bytewise on both databases. `code_no` is the shard number
of a claim's rows and so part of every key they have.
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from scans.schema import Base, Key, OutsideId, Word, one_of

LEVELS = ("item", "case", "pallet")
BATCH_STATES = ("issued", "activated", "recalled")
PRODUCT_KINDS = ("goods", "gift", "sample")
RELATIONS = ("accessory", "gift_of", "related", "substitute", "successor")


class Version(Base):
    """A number that grows whenever something that workers keep in memory has changed, or a counter is drawn from."""

    __tablename__ = "version"
    name: Mapped[str] = mapped_column(Word, primary_key=True)
    no: Mapped[int] = mapped_column(BigInteger)


class Product(Base):
    """A GTIN (always stored with 14 digits) and what the owner says of it."""

    __tablename__ = "product"
    __table_args__ = (
        one_of("kind", PRODUCT_KINDS),
        CheckConstraint("list_price_cents >= 0", name="price_not_negative"),
    )
    id: Mapped[int] = mapped_column(Key, primary_key=True)
    gtin: Mapped[str] = mapped_column(OutsideId, unique=True)
    name: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(Word)
    list_price_cents: Mapped[int] = mapped_column(BigInteger)
    cost_cents: Mapped[int | None] = mapped_column(BigInteger)
    category: Mapped[str | None] = mapped_column(String(64))
    series: Mapped[str | None] = mapped_column(String(64))
    season: Mapped[str | None] = mapped_column(String(64))
    attributes: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    launched_on: Mapped[date | None] = mapped_column(Date)
    shelf_life_days: Mapped[int | None] = mapped_column(Integer)


class ProductRelation(Base):
    """`product` is an accessory, gift, ... of `other`."""

    __tablename__ = "product_relation"
    __table_args__ = (
        one_of("relation", RELATIONS),
        CheckConstraint("product_id <> other_id", name="not_itself"),
    )
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"), primary_key=True)
    relation: Mapped[str] = mapped_column(Word, primary_key=True)
    other_id: Mapped[int] = mapped_column(ForeignKey("product.id"), primary_key=True)


class Reward(Base):
    """What claims of a product's batches earn, frozen into a batch when it is activated.

    `rule` is a name in `rewards.REWARDS`; `tiers` lists [amount_cents, how many in 10,000 items].
    """

    __tablename__ = "reward"
    id: Mapped[int] = mapped_column(Key, primary_key=True)
    reward_id: Mapped[str] = mapped_column(OutsideId, unique=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"), index=True)
    rule: Mapped[str] = mapped_column(Word)
    tiers: Mapped[list[Any]] = mapped_column(JSON)
    starts_on: Mapped[date] = mapped_column(Date)
    ends_on: Mapped[date | None] = mapped_column(Date)


class Batch(Base):
    """A run of codes issued for a product: `count` items, packed by range into cases and pallets."""

    __tablename__ = "batch"
    __table_args__ = (
        one_of("state", BATCH_STATES),
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
    issued_at: Mapped[datetime]
    activated_at: Mapped[datetime | None]
    recalled_at: Mapped[datetime | None]
    recalled_why: Mapped[str | None] = mapped_column(String(500))
    reward_rule: Mapped[str | None] = mapped_column(Word)
    reward_tiers: Mapped[list[Any] | None] = mapped_column(JSON(none_as_null=True))
    reward_hash: Mapped[str | None] = mapped_column(String(64))
    prize_key_id: Mapped[str | None] = mapped_column(OutsideId)


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
