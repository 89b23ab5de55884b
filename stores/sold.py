"""Stage 12, sell-through: what a count is made of, down to the scans. Knows sales.

What counts is goods that did not come back; gifts, samples and what came back stand beside it, so that nothing hides.
"""

from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import Select, case, func
from sqlalchemy.orm import Session

from scans.batches import catalogue
from scans.catalogue import Found
from scans.tables import Claim, Product
from stores.directory import Scope, store
from stores.sales import COUNTED, check_span, claimed
from stores.tables import Sale


class ProductSold(NamedTuple):
    """How many items of a product a store sold in a span, and how many of them came back."""

    gtin: str
    product: str
    kind: str
    items: int
    returned: int

    @property
    def counted(self) -> int:
        """How many of them the store's days count."""
        return self.items - self.returned if self.kind == COUNTED else 0


class SoldItem(NamedTuple):
    """One claimed item of a store; `phone` numbers the phones of the span, None for a scan that named none."""

    found: Found
    day: date
    scanned_at: datetime
    gtin: str
    product: str
    kind: str
    evidence: str
    confidence: float
    phone: int | None
    is_returned: bool

    @property
    def is_counted(self) -> bool:
        """Whether the store's day counts it."""
        return self.kind == COUNTED and not self.is_returned


def products_sold(db: Session, *, store_id: str, first: date, last: date, scope: Scope) -> list[ProductSold]:
    """Return what a store sold in a span by product, goods before gifts and samples, the most first.

    Raises: UnknownStoreError, SpanError.
    """
    columns = (Product.gtin, Product.name, Product.kind, func.count(), func.count(Sale.withdrawn_at))
    summed = _sold(db, columns, store_id=store_id, first=first, last=last, scope=scope)
    rows = [ProductSold(*row) for row in db.execute(summed.group_by(Product.gtin, Product.name, Product.kind))]
    return sorted(rows, key=lambda row: (row.kind != COUNTED, -row.items, row.gtin))


def items_sold(
    db: Session, *, store_id: str, first: date, last: date, scope: Scope, limit: int, offset: int = 0
) -> list[SoldItem]:
    """Return the claimed items of a store in a span, the earliest first.

    Raises: UnknownStoreError, SpanError.
    """
    phone = case((Claim.consumer_id.is_not(None), func.dense_rank().over(order_by=Claim.consumer_id)))
    columns = (
        Sale.code_no, Sale.day, Claim.scanned_at, Product.gtin, Product.name, Product.kind, Sale.evidence,
        Sale.confidence, phone, Sale.withdrawn_at.is_not(None),
    )  # fmt: skip
    listed = _sold(db, columns, store_id=store_id, first=first, last=last, scope=scope)
    codes = catalogue(db)
    rows = db.execute(listed.order_by(Claim.scanned_at, Sale.code_no).limit(limit).offset(offset))
    return [SoldItem(codes.find(code_no), *told) for code_no, *told in rows]


def _sold(
    db: Session, columns: tuple[Any, ...], *, store_id: str, first: date, last: date, scope: Scope
) -> Select[Any]:
    check_span(first, last)
    key = store(db, scope=scope, store_id=store_id).key
    return claimed(*columns).where(Sale.store_id == key, Sale.day.between(first, last))
