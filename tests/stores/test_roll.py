from datetime import date

import numpy as np
import pytest

from stores.roll import daily_counts, roll
from stores.sales import count_days, note_closed
from tests import make
from tests.selling import sell

DAY = date(2026, 6, 1)
NEXT = date(2026, 6, 2)


def counted(db, *days):
    note_closed(db, days=days, now=make.NOW)
    count_days(db, days=days)


@pytest.mark.parametrize("closed", [(), (DAY,), (DAY, NEXT)], ids=["none", "first", "both"])
def test_law_the_panel_is_the_same_however_many_days_are_closed(db, closed):
    late, early = make.store(db, store_id="B", opened_on=NEXT), make.store(db, store_id="A")
    sell(db, store=late, day=NEXT, count=4)
    sell(db, store=early, day=DAY, count=5)
    if closed:
        counted(db, *closed)
    panel = daily_counts(db, roll=roll(db), first=DAY, last=date(2026, 6, 3))
    np.testing.assert_array_equal(panel, [[5, 0, 0], [-1, 4, 0]])


def test_the_roll_is_in_the_order_of_outside_ids(db):
    west, east = make.store(db, store_id="b", region="West"), make.store(db, store_id="B", region="East")
    called = roll(db)
    assert called.store_ids == ["B", "b"]
    assert called.keys.tolist() == [east.id, west.id]
    assert called.region.tolist() == [0, 1]


def test_an_empty_house_has_an_empty_roll(db):
    assert roll(db).region.tolist() == []
