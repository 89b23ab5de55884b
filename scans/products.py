"""Stage 0, what is sold: products and how they belong together. Knows nobody."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from scans.tables import Product, ProductRelation
from scans.upserts import Put, Refusal, chunks, keys_of, matches, put_rows
from scans.versions import touch, upsert


class UnknownProductError(LookupError):
    """No product has this GTIN."""


class ProductRow(NamedTuple):
    """What the owner says of a product; the GTIN has 14 digits and a right check digit."""

    gtin: str
    name: str
    list_price_cents: int
    kind: str = "goods"
    cost_cents: int | None = None
    category: str | None = None
    series: str | None = None
    season: str | None = None
    attributes: Mapping[str, str] = {}
    launched_on: date | None = None
    shelf_life_days: int | None = None


class RelationRow(NamedTuple):
    """`gtin` is an accessory, gift, ... of `other_gtin`."""

    gtin: str
    relation: str
    other_gtin: str


def put_products(db: Session, *, rows: Sequence[ProductRow], keep: Collection[str] = ()) -> Put:
    """Write products by their GTIN; columns in `keep` stay as they are in products that exist."""
    written = put_rows(db, table=Product, key="gtin", rows=[row._asdict() for row in rows], keep=keep)
    if written.new or written.changed:
        touch(db, name="products")
    return written.tally(count=len(rows))


def put_relations(db: Session, *, rows: Sequence[RelationRow]) -> Put:
    """Write relations between products that exist; none is ever changed, since it says nothing but that it is."""
    gtins = {gtin for row in rows for gtin in (row.gtin, row.other_gtin)}
    known = keys_of(db, outside=Product.gtin, inside=Product.id, ids=gtins)
    refused = [refusal for index, row in enumerate(rows) if (refusal := _check_relation(index, row, known))]
    bad = {refusal.index for refusal in refused}
    pairs = [
        {"product_id": known[row.gtin], "relation": row.relation, "other_id": known[row.other_gtin]}
        for index, row in enumerate(rows)
        if index not in bad
    ]
    insert = upsert(db)(ProductRelation).on_conflict_do_nothing().returning(ProductRelation.product_id)
    new = sum(len(db.execute(insert.values(chunk)).all()) for chunk in chunks(pairs))
    return Put(new, 0, len(pairs) - new, tuple(refused))


def product(db: Session, *, gtin: str) -> ProductRow:
    """Return one product.

    Raises: UnknownProductError.
    """
    found = db.execute(select(*_COLUMNS).where(Product.gtin == gtin)).one_or_none()
    if found is None:
        raise UnknownProductError("no product has this GTIN")
    return ProductRow(*found)


def product_names(db: Session, *, gtins: Collection[str]) -> dict[str, str]:
    """Return what products are called, by their GTINs."""
    told = select(Product.gtin, Product.name)
    rows = (row for chunk in chunks(gtins) for row in db.execute(told.where(Product.gtin.in_(chunk))))
    return {gtin: name for gtin, name in rows}


def product_list(db: Session, *, after: str = "", limit: int = 50, search: str = "") -> list[ProductRow]:
    """Return products in the order of their GTINs, those past `after`."""
    wanted = select(*_COLUMNS).where(Product.gtin > after).order_by(Product.gtin).limit(limit)
    if search:
        wanted = wanted.where(matches(search, Product.gtin, Product.name, Product.category, Product.series))
    return [ProductRow(*found) for found in db.execute(wanted)]


def _check_relation(index: int, row: RelationRow, known: Mapping[str, int]) -> Refusal | None:
    if row.gtin == row.other_gtin:
        return Refusal(index, "other_gtin", "a product has no relation to itself")
    for column in ("gtin", "other_gtin"):
        if getattr(row, column) not in known:
            return Refusal(index, column, f"no product has the GTIN {getattr(row, column)}")
    return None


_COLUMNS: tuple[Any, ...] = tuple(getattr(Product, name) for name in ProductRow._fields)
