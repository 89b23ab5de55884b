"""Products and relations come in again and again, and only what differs is written."""

from datetime import date

import pytest
from sqlalchemy.orm import Session

from scans.products import (
    ProductRow,
    RelationRow,
    UnknownProductError,
    product,
    product_list,
    put_products,
    put_relations,
)
from scans.upserts import Put
from scans.versions import kept
from tests import make

TEA = ProductRow("06901234567892", "绿茶 500ml", 500, category="tea", attributes={"size": "500ml"})
CUP = ProductRow("06901234567908", "Cup", 0, kind="gift", launched_on=date(2026, 3, 1))


def test_a_second_time_changes_nothing(db: Session) -> None:
    assert put_products(db, rows=[TEA, CUP]) == Put(new=2)
    assert put_products(db, rows=[TEA, CUP]) == Put(unchanged=2)
    assert product(db, gtin=TEA.gtin) == TEA


def test_only_what_differs_counts_as_changed(db: Session) -> None:
    put_products(db, rows=[TEA, CUP])
    assert put_products(db, rows=[TEA._replace(list_price_cents=600), CUP]) == Put(changed=1, unchanged=1)
    assert product(db, gtin=TEA.gtin).list_price_cents == 600


def test_a_column_left_out_stays_in_old_rows_and_has_its_default_in_new_ones(db: Session) -> None:
    put_products(db, rows=[TEA])
    bare = [ProductRow(TEA.gtin, "Tea", 500), ProductRow(CUP.gtin, "Cup", 0)]
    assert put_products(db, rows=bare, keep={"attributes", "category", "kind"}) == Put(new=1, changed=1)
    assert product(db, gtin=TEA.gtin) == TEA._replace(name="Tea")
    assert product(db, gtin=CUP.gtin).kind == "goods"


def test_workers_learn_that_products_changed(db: Session) -> None:
    put_products(db, rows=[TEA])
    assert kept(db, name="products", load=product_list) == [TEA]
    put_products(db, rows=[TEA._replace(name="Tea")])
    assert kept(db, name="products", load=product_list)[0].name == "Tea"


def test_a_list_is_paged_by_gtin_and_searched(db: Session) -> None:
    put_products(db, rows=[CUP, TEA])
    assert product_list(db, limit=1) == [TEA]
    assert product_list(db, after=TEA.gtin) == [CUP]
    assert product_list(db, search="CUP") == [CUP]
    assert product_list(db, search="%") == []


def test_an_unknown_product_is_an_error(db: Session) -> None:
    with pytest.raises(UnknownProductError):
        product(db, gtin=make.gtin())


def test_relations_join_products_that_exist(db: Session) -> None:
    put_products(db, rows=[TEA, CUP])
    stranger = make.gtin()
    rows = [
        RelationRow(CUP.gtin, "gift_of", TEA.gtin),
        RelationRow(TEA.gtin, "related", TEA.gtin),
        RelationRow(TEA.gtin, "related", stranger),
    ]
    put = put_relations(db, rows=rows)
    assert (put.new, [(refusal.index, refusal.column) for refusal in put.refused]) == (
        1,
        [(1, "other_gtin"), (2, "other_gtin")],
    )
    assert put_relations(db, rows=rows[:1]) == Put(unchanged=1)
