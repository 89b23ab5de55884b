"""Imports of products and of how they belong together."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from channel.imports.cells import cents, day, gtin, one_of, pairs, whole, words
from channel.imports.kind import Cells, Door, Kind, given, named, needed, optional
from scans.products import ProductRow, RelationRow, put_products, put_relations
from scans.tables import PRODUCT_KINDS, RELATIONS
from scans.upserts import Put


def _product(cells: Cells, _door: Door) -> ProductRow:
    return ProductRow(**given(cells))


def _put_products(db: Session, rows: Sequence[ProductRow], door: Door) -> Put:
    return put_products(db, rows=rows, keep=door.keep)


def _relation(cells: Cells, _door: Door) -> RelationRow:
    return RelationRow(**cells)


def _put_relations(db: Session, rows: Sequence[RelationRow], _door: Door) -> Put:
    return put_relations(db, rows=rows)


PRODUCTS = Kind(
    columns={
        "gtin": needed(gtin, "06901234567892"),
        "name": needed(words(200), "绿茶 500ml"),
        "list_price_cents": needed(cents, "500"),
        "category": optional(words(64), "tea"),
        "series": optional(words(64)),
        "season": optional(words(64)),
        "launched_on": optional(day, "2026-03-01"),
        "cost_cents": optional(cents),
        "shelf_life_days": optional(whole(1, 36_500), "365"),
        "kind": optional(one_of(PRODUCT_KINDS), "goods"),
        "attributes": optional(pairs, "size=500ml;taste=plain"),
    },
    record=_product,
    put=_put_products,
    names=named("gtin"),
)
RELATIONS_OF_PRODUCTS = Kind(
    columns={
        "gtin": needed(gtin, "06901234567908"),
        "relation": needed(one_of(RELATIONS), "gift_of"),
        "other_gtin": needed(gtin, "06901234567892"),
    },
    record=_relation,
    put=_put_relations,
    names=lambda row: (("other_gtin", row),),
)
