"""What was counted in stores comes in and is corrected."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from scans.upserts import Put, Refusal
from stores.stock import CountRow, PosRow, put_counts, put_pos_sales
from stores.tables import StockCount
from tests import make
from tests.make import TODAY

YESTERDAY = TODAY - timedelta(days=1)


@pytest.fixture
def shelf(db):
    return make.store(db).store_id, make.product(db, name="Tea").gtin, make.product(db, name="Milk").gtin


def counted(db):
    return db.execute(select(StockCount.counted_on, StockCount.count).order_by(StockCount.count_id)).all()


def test_every_count_of_a_product_and_day_is_kept(db, shelf):
    store_id, tea, milk = shelf
    rows = [CountRow("a", store_id, tea, YESTERDAY, 9), CountRow("b", store_id, tea, TODAY, 0)]
    rows.append(CountRow("c", store_id, milk, YESTERDAY, 3))
    assert put_counts(db, rows=rows, day=TODAY) == Put(new=3)
    assert counted(db) == [(YESTERDAY, 9), (TODAY, 0), (YESTERDAY, 3)]


def test_a_count_is_corrected_under_its_id_and_a_second_run_adds_nothing(db, shelf):
    store_id, tea, _ = shelf
    row = CountRow("a", store_id, tea, TODAY, 9)
    assert put_counts(db, rows=[row], day=TODAY) == Put(new=1)
    assert put_counts(db, rows=[row], day=TODAY) == Put(unchanged=1)
    assert put_counts(db, rows=[row._replace(items=8)], day=TODAY) == Put(changed=1)
    assert counted(db) == [(TODAY, 8)]


@pytest.mark.parametrize(
    ("said", "column", "reason"),
    [
        ({"store_id": "nowhere"}, "store_id", "there is no store nowhere"),
        ({"gtin": "06901234567892"}, "gtin", "there is no product 06901234567892"),
        ({"counted_on": TODAY + timedelta(days=1)}, "counted_on", "lies in the future"),
        ({"count_id": "other"}, "counted_on", "count a tells of the same store, product and day"),
    ],
    ids=["a store nobody knows", "a product nobody knows", "tomorrow", "a second count of the day"],
)
def test_a_count_that_cannot_be_is_refused_and_the_others_go_in(db, shelf, said, column, reason):
    store_id, tea, milk = shelf
    good = CountRow("a", store_id, tea, TODAY, 9)
    bad = good._replace(**{"count_id": "b"} | said)
    put = put_counts(db, rows=[good, bad, CountRow("c", store_id, milk, TODAY, 1)], day=TODAY)
    assert put == Put(new=2, refused=(Refusal(1, column, reason),))


def test_what_a_till_sold_comes_in_by_the_same_rules(db, shelf):
    store_id, tea, _ = shelf
    row = PosRow("a", store_id, tea, TODAY, 9)
    assert put_pos_sales(db, rows=[row], day=TODAY) == Put(new=1)
    assert put_pos_sales(db, rows=[row], day=TODAY) == Put(unchanged=1)
    assert put_pos_sales(db, rows=[row._replace(items=8)], day=TODAY) == Put(changed=1)
    bad = [
        row._replace(pos_id="b"),
        row._replace(pos_id="c", store_id="nowhere"),
        row._replace(pos_id="d", day=TODAY + timedelta(days=1)),
    ]
    refused = (
        Refusal(0, "day", "row a tells of the same store, product and day"),
        Refusal(1, "store_id", "there is no store nowhere"),
        Refusal(2, "day", "lies in the future"),
    )
    assert put_pos_sales(db, rows=bad, day=TODAY) == Put(refused=refused)
