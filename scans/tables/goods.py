"""Tables of what is sold: products, how they relate, what their claims earn. Knows nobody."""

from datetime import date
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Date,
    ForeignKey,
    Integer,
    String,
)
from sqlalchemy.orm import Mapped, mapped_column

from scans.schema import Base, Key, OutsideId, Word, one_of

PRODUCT_KINDS = ("goods", "gift", "sample")
RELATIONS = ("accessory", "gift_of", "related", "substitute", "successor")


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
