from datetime import date, timedelta

import pytest
from sqlalchemy import func, select

from scans.intake import KeyReusedError
from scans.products import UnknownProductError
from stores.directory import scope_of
from stores.seen import TooManyPhotosError, keep_photo, photo_of_visit, photos_of, see_shelf
from stores.shelf import FactRow, Look, Rival, Shelf, ShelfError, check_shelf, fallen, put_facts, shelf_whys
from stores.shelves import shelf_history
from stores.tables import ShelfFact, ShelfPhoto, StockCount, Visit
from stores.visits import UnknownVisitError
from tests import make

DAY = make.TODAY
SEEN = Shelf(shelves=2, facings=6, displayed=14, price_cents=1980, stock=40, rivals=(Rival("Brand A", 4, 1290),))


def visited(db, *, visit_id="V1", day=DAY, rep=None, store=None):
    rep, store = rep or make.rep(db, rep_id="R1"), store or make.store(db, store_id="S1")
    visit = Visit(visit_id=visit_id, rep_id=rep.party_id, store_id=store.id, purpose="count", day=day, rank=1)
    visit.stake_cents = 0
    db.add(visit)
    db.flush()
    return store


def see(db, shelf=SEEN, *, key="k", now=make.NOW, **said):
    return see_shelf(db, **{"visit_id": "V1", "key": key, "gtin": make.gtin(7), "shelf": shelf, "now": now, **said})


@pytest.fixture
def store(db):
    make.product(db, gtin=make.gtin(7), name="Tea")
    return visited(db)


@pytest.mark.parametrize(
    ("shelf", "why"),
    [
        (Shelf(), "nothing"),
        (Shelf(facings=-1), "negative"),
        (Shelf(facings=1001), "too many"),
        (Shelf(elsewhere_percent=101), "more than all"),
        (Shelf(elsewhere_why="mood"), "no such reason"),
        (Shelf(rivals=(Rival(""),)), "a rival without a name"),
        (Shelf(rivals=(Rival("a\nb"),)), "two lines"),
        (Shelf(rivals=(Rival("a"),) * 11), "eleven rivals"),
        (Shelf(rivals=(Rival("a", price_cents=-1),)), "a negative price"),
    ],
)
def test_what_cannot_be_seen_is_refused(db, store, shelf, why):
    with pytest.raises(ShelfError):
        see(db, shelf)
    assert db.scalar(select(func.count()).select_from(ShelfFact)) == 0


def test_law_zero_is_a_number_and_not_unknown():
    check_shelf(Shelf(facings=0))
    check_shelf(Shelf(elsewhere_percent=0))


def test_what_is_sent_twice_is_kept_once_and_counts_the_stock(db, store):
    assert see(db)
    assert not see(db, now=make.NOW + timedelta(hours=3))
    assert db.scalar(select(func.count()).select_from(ShelfFact)) == 1
    assert db.execute(select(StockCount.counted_on, StockCount.count)).all() == [(DAY, 40)]


def test_the_same_key_with_something_else_is_refused(db, store):
    see(db)
    for other in (SEEN._replace(facings=7), SEEN._replace(rivals=())):
        with pytest.raises(KeyReusedError):
            see(db, other)


def test_an_old_answer_that_comes_again_does_not_undo_a_correction(db, store):
    see(db, key="first")
    see(db, SEEN._replace(stock=44), key="second")
    see(db, key="first")
    assert db.scalars(select(StockCount.count)).all() == [44]


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ({"visit_id": "V2"}, UnknownVisitError),
        ({"rep_id": "R2"}, UnknownVisitError),
        ({"gtin": "0" * 14}, UnknownProductError),
    ],
    ids=["no visit", "another's", "no product"],
)
def test_only_what_is_known_can_be_seen(db, store, said, error):
    with pytest.raises(error):
        see(db, **said)


def test_the_day_is_that_of_the_store(db, store):
    see(db, now=make.NOW.replace(hour=17))  # after midnight in Shanghai
    assert db.scalar(select(ShelfFact.seen_on)) == DAY + timedelta(days=1)


def look(day, facings, sold=1.0, product=1):
    return Look(product, date(2026, 6, day), facings, sold)


@pytest.mark.parametrize(
    ("looks", "expected"),
    [
        ([], {}),
        ([look(1, 9)], {}),
        ([look(1, 9), look(8, 9)], {}),
        ([look(1, 8), look(8, 6)], {}),
        ([look(1, 8), look(8, 5)], {"facings": 5, "facings_before": 8, "per_facing": 0.2, "per_facing_before": 0.12}),
        ([look(1, 8), look(8, 0)], {"facings": 0, "facings_before": 8}),
        ([look(1, 0), look(8, 0)], {}),
        ([look(1, 20), look(5, 4), look(8, 5)], {}),
        ([look(1, 8), look(20, 2)], {}),
        ([look(1, 6), look(8, 2), look(1, 6, product=2), look(8, 6, product=2)], {"facings": 8, "facings_before": 12}),
        ([look(1, 6), look(8, 2), look(8, 50, product=2)], {"facings": 2, "facings_before": 6}),
    ],
    ids=[
        "never seen", "seen once", "as before", "a quarter less", "more than that", "gone", "never there",
        "only the last two looks", "seen after the day", "all products together", "a product seen once",
    ],
)  # fmt: skip
def test_a_fall_of_facings_is_told_with_its_numbers(looks, expected):
    told = fallen(looks, day=date(2026, 6, 10))
    assert {name: told[name] for name in expected} == expected
    assert bool(told) == bool(expected)


def test_fallen_facings_are_told_for_the_stores_and_days_that_are_asked_for(db, store):
    product = make.gtin(7)
    rows = [
        FactRow("L1", "S1", product, DAY - timedelta(days=20), Shelf(facings=9)),
        FactRow("L2", "S1", product, DAY - timedelta(days=5), Shelf(facings=3)),
        FactRow("L3", "S1", product, DAY - timedelta(days=5), Shelf(facings=4)),
    ]
    put_facts(db, rows=rows, day=DAY, now=make.NOW)
    wanted = {(store.id, DAY), (store.id, DAY - timedelta(days=6)), (store.id + 1, DAY)}
    assert shelf_whys(db, wanted=wanted) == {
        (store.id, DAY): {"facings": 4, "facings_before": 9, "per_facing": 0.0, "per_facing_before": 0.0}
    }
    assert shelf_whys(db, wanted=()) == {}


def test_an_import_is_written_by_its_id_and_leaves_visits_alone(db, store):
    see(db)
    seen = FactRow("L1", "S1", make.gtin(7), DAY, Shelf(facings=3))
    assert put_facts(db, rows=[seen], day=DAY, now=make.NOW)[:3] == (1, 0, 0)
    assert put_facts(db, rows=[seen], day=DAY, now=make.NOW)[:3] == (0, 0, 1)
    of_visit = db.scalar(select(ShelfFact.fact_id).where(ShelfFact.visit_id.is_not(None)))
    bad = [
        seen._replace(store_id="S9"),
        seen._replace(gtin="9" * 14),
        seen._replace(seen_on=DAY + timedelta(days=1)),
        seen._replace(fact_id=of_visit),
        seen._replace(shelf=Shelf(facings=-3)),
    ]
    refused = put_facts(db, rows=bad, day=DAY, now=make.NOW).refused
    assert [(one.index, one.column) for one in refused] == [
        (0, "store_id"), (1, "gtin"), (2, "seen_on"), (3, "id"), (4, "facings"),
    ]  # fmt: skip


def test_history_is_told_by_product_the_latest_first(db, store):
    make.product(db, gtin=make.gtin(8), name="Mate")
    see(db)
    see(db, Shelf(facings=2), key="later", now=make.NOW + timedelta(minutes=5))
    see(db, Shelf(facings=1), key="mate", gtin=make.gtin(8))
    lines = shelf_history(db, store_id="S1", scope=scope_of(db, party_id=None, day=DAY), until=DAY, days=30, limit=10)
    assert [(line.product, line.shelf.facings) for line in lines] == [("Tea", 2), ("Tea", 6), ("Mate", 1)]
    assert lines[1].shelf == SEEN
    assert (lines[1].visit_id, lines[1].sold_a_day, lines[1].per_facing) == ("V1", 0.0, 0.0)


def test_a_photo_is_kept_once_and_only_so_many(db, store):
    told = {"visit_id": "V1", "gtin": None, "photo": b"jpeg", "now": make.NOW}
    photo_id = keep_photo(db, key="k", **told)
    assert keep_photo(db, key="k", **told) == photo_id
    assert photo_of_visit(db, photo_id=photo_id) == b"jpeg"
    for number in range(39):
        keep_photo(db, key=f"k{number}", **told)
    with pytest.raises(TooManyPhotosError):
        keep_photo(db, key="one more", **told)
    assert keep_photo(db, key="k", **told) == photo_id
    assert len(photos_of(db, store_id="S1", limit=100)) == db.scalar(select(func.count()).select_from(ShelfPhoto)) == 40
