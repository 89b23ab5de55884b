"""Tables of the channel: parties, their stores over time, reps, and goods on their way. Knows scans."""

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, Date, ForeignKey, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from scans.schema import Base, Key, OutsideId, Word, one_of

PARTY_KINDS = ("owner", "region", "dealer", "franchisee", "keeper", "guide", "rep")


class Party(Base):
    """Who owns or earns, in a tree from the owner down; a rep is one too."""

    __tablename__ = "party"
    __table_args__ = (one_of("kind", PARTY_KINDS), CheckConstraint("parent_id <> id", name="not_its_parent"))
    id: Mapped[int] = mapped_column(Key, primary_key=True)
    party_id: Mapped[str] = mapped_column(OutsideId, unique=True)
    kind: Mapped[str] = mapped_column(Word)
    name: Mapped[str] = mapped_column(String(200))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("party.id"), index=True)
    contact: Mapped[str | None] = mapped_column(String(200))
    phone: Mapped[str | None] = mapped_column(String(40))
    email: Mapped[str | None] = mapped_column(String(254))


class Store(Base):
    """A terminal store at its place (WGS-84 degrees); whose it was when is in `store_owner`."""

    __tablename__ = "store"
    __table_args__ = (
        CheckConstraint("lat_deg BETWEEN -90 AND 90 AND lon_deg BETWEEN -180 AND 180", name="on_earth"),
        CheckConstraint("closed_on >= opened_on", name="opened_first"),
    )
    id: Mapped[int] = mapped_column(Key, primary_key=True)
    store_id: Mapped[str] = mapped_column(OutsideId, unique=True)
    name: Mapped[str] = mapped_column(String(200))
    lat_deg: Mapped[float]
    lon_deg: Mapped[float]
    zone: Mapped[str] = mapped_column(String(64))
    region: Mapped[str] = mapped_column(String(64), index=True)
    class_: Mapped[str | None] = mapped_column("class", String(32))
    address: Mapped[str | None] = mapped_column(String(300))
    phone: Mapped[str | None] = mapped_column(String(40))
    opened_on: Mapped[date | None] = mapped_column(Date)
    closed_on: Mapped[date | None] = mapped_column(Date)


class StoreOwner(Base):
    """Whose a store is from a day on, until the next row begins."""

    __tablename__ = "store_owner"
    store_id: Mapped[int] = mapped_column(ForeignKey("store.id"), primary_key=True)
    from_on: Mapped[date] = mapped_column(Date, primary_key=True)
    party_id: Mapped[int] = mapped_column(ForeignKey("party.id"), index=True)


class Source(Base):
    """A poster's or till's code that stands in one store."""

    __tablename__ = "source"
    source_id: Mapped[str] = mapped_column(OutsideId, primary_key=True)
    store_id: Mapped[int] = mapped_column(ForeignKey("store.id"), index=True)


class Rep(Base):
    """A sales representative: which region, from where, how many visits a day."""

    __tablename__ = "rep"
    party_id: Mapped[int] = mapped_column(ForeignKey("party.id"), primary_key=True, autoincrement=False)
    region: Mapped[str] = mapped_column(String(64), index=True)
    base_lat_deg: Mapped[float]
    base_lon_deg: Mapped[float]
    visits_per_day: Mapped[int] = mapped_column(Integer)


class StockCount(Base):
    """What somebody counted of a product in a store on a business day."""

    __tablename__ = "stock_count"
    __table_args__ = (
        UniqueConstraint("store_id", "product_id", "counted_on"),
        CheckConstraint("count >= 0", name="count_not_negative"),
    )
    id: Mapped[int] = mapped_column(Key, primary_key=True)
    count_id: Mapped[str] = mapped_column(OutsideId, unique=True)
    store_id: Mapped[int] = mapped_column(ForeignKey("store.id"))
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"))
    counted_on: Mapped[date] = mapped_column(Date)
    count: Mapped[int] = mapped_column(Integer)


class Delivery(Base):
    """A case or pallet handed over at an instant, so that it is in one place at any time."""

    __tablename__ = "delivery"
    __table_args__ = (
        UniqueConstraint("code_no", "delivered_at"),
        CheckConstraint("(to_store_id IS NULL) <> (to_party_id IS NULL)", name="one_receiver"),
        Index("ix_delivery_to_store_id", "to_store_id"),
        Index("ix_delivery_delivered_at_id", "delivered_at", "id"),
    )
    id: Mapped[int] = mapped_column(Key, primary_key=True)
    delivery_id: Mapped[str] = mapped_column(OutsideId, unique=True)
    code_no: Mapped[int] = mapped_column(BigInteger)
    level: Mapped[str] = mapped_column(Word)
    from_id: Mapped[str] = mapped_column(OutsideId)
    to_store_id: Mapped[int | None] = mapped_column(ForeignKey("store.id"))
    to_party_id: Mapped[int | None] = mapped_column(ForeignKey("party.id"))
    delivered_at: Mapped[datetime]
