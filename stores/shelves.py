"""Stage 12, shelf: the history of what was seen in one store, product by product. Knows shelf."""

from datetime import date, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from scans.tables import Product
from stores.directory import Scope, store
from stores.shelf import Rival, Shelf, sold_before, sold_in
from stores.tables import ShelfFact, Visit


class FactLine(NamedTuple):
    """A fact as it is told, with what the store sold of the product per day in the four weeks before."""

    fact_id: str
    gtin: str
    product: str
    seen_on: date
    told_at: datetime
    visit_id: str | None
    shelf: Shelf
    sold_a_day: float

    @property
    def per_facing(self) -> float | None:
        """Items sold a day for each facing; None where no facing was seen."""
        return self.sold_a_day / self.shelf.facings if self.shelf.facings else None


def shelf_history(db: Session, *, store_id: str, scope: Scope, until: date, days: int, limit: int) -> list[FactLine]:
    """Return what was seen in a store over some days, by product, the latest first.

    Raises: UnknownStoreError.
    """
    key = store(db, scope=scope, store_id=store_id).key
    first = until - timedelta(days=days)
    told = select(ShelfFact, Product.gtin, Product.name, Visit.visit_id)
    told = told.join(Product, Product.id == ShelfFact.product_id).outerjoin(Visit, Visit.id == ShelfFact.visit_id)
    told = told.where(ShelfFact.store_id == key, ShelfFact.seen_on.between(first, until))
    latest = told.order_by(ShelfFact.seen_on.desc(), ShelfFact.id.desc()).limit(limit)
    rows = db.execute(latest.execution_options(populate_existing=True)).all()
    sold = sold_before(db, stores={key} if rows else (), first=first, last=until)
    lines = [
        FactLine(
            fact.fact_id, gtin, name, fact.seen_on, fact.told_at, visit_id, _shelf(fact),
            sold_in(sold.get((key, fact.product_id), {}), fact.seen_on),
        )
        for fact, gtin, name, visit_id in rows
    ]  # fmt: skip
    return sorted(lines, key=lambda line: line.gtin)


def _shelf(fact: ShelfFact) -> Shelf:
    told = {name: getattr(fact, name) for name in Shelf._fields}
    return Shelf(**told | {"rivals": tuple(Rival(**rival) for rival in fact.rivals)})
