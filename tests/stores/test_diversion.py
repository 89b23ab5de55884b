from datetime import date

import numpy as np
import pytest

from stores.diversion import sold_far
from stores.roll import roll
from tests import make
from tests.selling import consumer, sell

DAY = date(2026, 6, 1)
NEXT = date(2026, 6, 2)
FAR_M = 400_000.0


def counted(db):
    called = roll(db)
    nothing = np.zeros((len(called.store_ids), 2), np.int64)
    return sold_far(db, roll=called, counts=nothing, first=DAY, last=NEXT)


def test_goods_scanned_far_from_their_store_are_counted(db):
    store, other = make.store(db, store_id="A"), make.store(db, store_id="B")
    sell(db, store=store, day=NEXT, count=2, delivered_m=FAR_M)
    sell(db, store=store, day=NEXT, count=5, delivered_m=100.0)
    sell(db, store=other, day=DAY, delivered_m=FAR_M)
    found = counted(db)
    assert found.events.tolist() == [[0, 2], [1, 0]]
    assert found.items.tolist() == [[0, 2], [1, 0]]
    assert found.chances.tolist() == found.of.tolist() == [[0, 7], [1, 0]]


def test_a_traveller_with_a_bag_is_one(db):
    store = make.store(db)
    sell(db, store=store, day=DAY, count=4, delivered_m=FAR_M, consumer=consumer(db))
    sell(db, store=store, day=DAY, delivered_m=FAR_M, consumer=consumer(db))
    sell(db, store=store, day=DAY, delivered_m=FAR_M)
    found = counted(db)
    assert (found.events[0, 0], found.items[0, 0], found.chances[0, 0], found.of[0, 0]) == (3, 6, 3, 6)


@pytest.mark.parametrize(
    ("said", "of"), [({"delivered_m": 29_000.0}, 1), ({}, 0)], ids=["within a town", "not by its delivery"]
)
def test_the_rest_is_not_far(db, said, of):
    sell(db, store=make.store(db), day=DAY, **said)
    found = counted(db)
    assert (found.events[0, 0], found.of[0, 0]) == (0, of)
