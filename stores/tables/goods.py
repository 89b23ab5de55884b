"""Tables of goods in stores: what tills sold, and what is usual among stores. Knows scans."""

from datetime import date
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Date, ForeignKey, Integer, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from scans.schema import Base, Key, OutsideId


class PosSale(Base):
    """What a store's till says was sold of a product on a business day, scanned or not."""

    __tablename__ = "pos_sale"
    __table_args__ = (
        UniqueConstraint("store_id", "product_id", "day"),
        CheckConstraint("count >= 0", name="count_not_negative"),
    )
    id: Mapped[int] = mapped_column(Key, primary_key=True)
    pos_id: Mapped[str] = mapped_column(OutsideId, unique=True)
    store_id: Mapped[int] = mapped_column(ForeignKey("store.id"))
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"))
    day: Mapped[date] = mapped_column(Date)
    count: Mapped[int] = mapped_column(Integer)


class StockNorm(Base):
    """What was usual among all stores up to a day: shares that are scanned, rates, rhythms of orders."""

    __tablename__ = "stock_norm"
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    said: Mapped[dict[str, Any]] = mapped_column(JSON)
