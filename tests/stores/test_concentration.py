from datetime import date, datetime, timedelta

import pytest

from stores.concentration import Item, bulk_purchases, one_phone
from stores.roll import daily_counts, roll
from tests import make
from tests.selling import consumer, noon, sell

DAY = date(2026, 6, 1)
NEXT = date(2026, 6, 2)
NOON = datetime(2026, 6, 1, 4)


def items(*minutes, consumer_id=1, store_id=1):
    return [Item(store_id, DAY, consumer_id, NOON + timedelta(minutes=minute)) for minute in minutes]


@pytest.mark.parametrize(
    ("scanned", "sizes"),
    [
        (items(*range(6)), [6]),
        (items(*range(5)), []),
        (items(*reversed(range(24))), [24]),
        (items(*range(0, 361, 60)), [7]),
        (items(*range(0, 367, 61)), []),
        (items(*range(5), *range(65, 71)), [6]),
        (items(*range(6), *range(120, 128)), [6, 8]),
        (items(*range(3)) + items(*range(3), consumer_id=2), []),
        (items(*range(3)) + items(*range(3), store_id=2), []),
        ([], []),
    ],
    ids=[
        "half a dozen",
        "too few",
        "a carton, told backwards",
        "an hour between",
        "more than an hour between",
        "a small one before",
        "two cartons",
        "two phones",
        "two stores",
        "nothing",
    ],
)
def test_a_bulk_purchase_is_half_a_dozen_items_within_the_hour(scanned, sizes):
    assert sorted(size for _, _, size in bulk_purchases(scanned)) == sizes


def counted(db):
    called = roll(db)
    counts = daily_counts(db, roll=called, first=DAY, last=NEXT)
    return one_phone(db, roll=called, counts=counts, first=DAY, last=NEXT)


def test_one_purchase_is_one_chance_however_many_items(db):
    store = make.store(db, store_id="A")
    make.store(db, store_id="B", opened_on=NEXT)
    keeper = consumer(db)
    sell(db, store=store, day=NEXT, count=12, consumer=keeper)
    sell(db, store=store, day=NEXT, count=3)
    sell(db, store=store, day=DAY, count=2, consumer=keeper)
    found = counted(db)
    assert found.events.tolist() == [[0, 1], [0, 0]]
    assert found.items.tolist() == [[0, 12], [0, 0]]
    assert found.chances.tolist() == [[2, 4], [0, 0]]
    assert found.of.tolist() == [[2, 15], [0, 0]]


def test_nobody_known_scans_nothing_together(db):
    sell(db, store=make.store(db), day=DAY, count=12)
    assert counted(db).events.tolist() == [[0, 0]]


def test_half_a_dozen_over_the_day_is_no_carton(db):
    store, phone = make.store(db), consumer(db)
    at = [noon(DAY) + timedelta(hours=2 * number - 4) for number in range(6)]
    sell(db, store=store, day=DAY, at=at, consumer=phone)
    assert counted(db).events.tolist() == [[0, 0]]


def test_gifts_are_no_goods(db):
    gift = make.product(db, kind="gift")
    sell(db, store=make.store(db), day=DAY, count=12, consumer=consumer(db), product=gift)
    assert counted(db).events.tolist() == [[0, 0]]
