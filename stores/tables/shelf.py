"""Tables of what visits see: the shelf product by product, photos, and where a store really stands. Knows scans."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, Integer, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from scans.schema import Base, Key, OutsideId, Word, one_of

PIN_STATES = ("waiting", "accepted", "refused")


class ShelfFact(Base):
    """What somebody saw of a product in a store on a business day; what was not looked at is null.

    Rows are only added: of a day, what was told last counts. `rivals` lists names with their facings and prices.
    """

    __tablename__ = "shelf_fact"
    __table_args__ = (
        Index("ix_shelf_fact_store_id_seen_on", "store_id", "seen_on"),
        CheckConstraint("elsewhere_percent BETWEEN 0 AND 100", name="part_of_all"),
    )
    id: Mapped[int] = mapped_column(Key, primary_key=True)
    fact_id: Mapped[str] = mapped_column(OutsideId, unique=True)
    visit_id: Mapped[int | None] = mapped_column(ForeignKey("visit.id"), index=True)
    store_id: Mapped[int] = mapped_column(ForeignKey("store.id"))
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"))
    seen_on: Mapped[date] = mapped_column(Date)
    told_at: Mapped[datetime]
    shelves: Mapped[int | None] = mapped_column(Integer)
    facings: Mapped[int | None] = mapped_column(Integer)
    displayed: Mapped[int | None] = mapped_column(Integer)
    price_cents: Mapped[int | None] = mapped_column(Integer)
    stock: Mapped[int | None] = mapped_column(Integer)
    rivals: Mapped[list[Any]]
    elsewhere_percent: Mapped[int | None] = mapped_column(Integer)
    elsewhere_why: Mapped[str | None] = mapped_column(Word)


class ShelfPhoto(Base):
    """A photo of a visit (JPEG, made anew without its place), of one product or of the whole."""

    __tablename__ = "shelf_photo"
    id: Mapped[int] = mapped_column(Key, primary_key=True)
    photo_id: Mapped[str] = mapped_column(OutsideId, unique=True)
    visit_id: Mapped[int] = mapped_column(ForeignKey("visit.id"), index=True)
    product_id: Mapped[int | None] = mapped_column(ForeignKey("product.id"))
    told_at: Mapped[datetime]
    photo: Mapped[bytes] = mapped_column(LargeBinary)


class PinProposal(Base):
    """Where a rep says that a store stands, beside where it stood when that was decided (WGS-84 degrees)."""

    __tablename__ = "pin_proposal"
    __table_args__ = (
        one_of("state", PIN_STATES),
        CheckConstraint("(state = 'waiting') = (decided_at IS NULL)", name="decided_unless_waiting"),
        Index("ix_pin_proposal_state_told_at", "state", "told_at"),
    )
    id: Mapped[int] = mapped_column(Key, primary_key=True)
    pin_id: Mapped[str] = mapped_column(OutsideId, unique=True)
    visit_id: Mapped[int] = mapped_column(ForeignKey("visit.id"), index=True)
    store_id: Mapped[int] = mapped_column(ForeignKey("store.id"), index=True)
    told_at: Mapped[datetime]
    lat_deg: Mapped[float]
    lon_deg: Mapped[float]
    accuracy_m: Mapped[float | None]
    old_lat_deg: Mapped[float]
    old_lon_deg: Mapped[float]
    note: Mapped[str | None] = mapped_column(String(200))
    state: Mapped[str] = mapped_column(Word)
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[str | None] = mapped_column(String(64))
    reason: Mapped[str | None] = mapped_column(String(200))
