from datetime import date, timedelta

import numpy as np
import pytest
from sqlalchemy import event, select, update

from stores.sales import (
    count_days,
    daily_counts,
    dates,
    days_equal_recount,
    mark_dirty,
    note_closed,
    overlooked,
    roll,
    stores_have_every_day,
    take_dirty,
)
from stores.tables import DirtyDay, Sale, StoreDay
from tests import make
from tests.selling import sell

DAY = date(2026, 6, 1)
NEXT = date(2026, 6, 2)


def counted(db, *days):
    note_closed(db, days=days, now=make.NOW)
    count_days(db, days=days)


def rows(db):
    return {
        (key, day): count for key, day, count in db.execute(select(StoreDay.store_id, StoreDay.day, StoreDay.count))
    }


def test_law_a_closed_day_has_every_open_store_zeros_too(db):
    busy, idle = make.store(db), make.store(db)
    sell(db, store=busy, day=DAY, count=3)
    counted(db, DAY)
    assert rows(db) == {(busy.id, DAY): 3, (idle.id, DAY): 0}
    assert days_equal_recount(db) == stores_have_every_day(db) == 0


def test_law_counting_again_changes_nothing(db):
    store = make.store(db)
    sell(db, store=store, day=DAY, count=3)
    counted(db, DAY)
    before = rows(db)
    counted(db, DAY)
    assert rows(db) == before


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"opened_on": NEXT}, None),
        ({"opened_on": DAY}, 0),
        ({"closed_on": DAY}, 0),
        ({"closed_on": DAY - timedelta(days=1)}, None),
    ],
    ids=["not open yet", "opens today", "closes tonight", "closed yesterday"],
)
def test_a_store_has_a_row_on_the_days_of_its_life(db, said, expected):
    store = make.store(db, **said)
    counted(db, DAY)
    assert rows(db).get((store.id, DAY)) == expected


def test_a_store_that_sold_while_not_open_is_counted(db):
    store = make.store(db, opened_on=NEXT)
    sell(db, store=store, day=DAY, count=2)
    counted(db, DAY)
    assert rows(db) == {(store.id, DAY): 2}


@pytest.mark.parametrize("kind", ["gift", "sample"])
def test_gifts_and_samples_are_not_demand(db, kind):
    store = make.store(db)
    sell(db, store=store, day=DAY, product=make.product(db, kind=kind))
    counted(db, DAY)
    assert rows(db) == {(store.id, DAY): 0}


def test_an_item_of_an_unknown_store_is_nobodys(db):
    store = make.store(db)
    sell(db, store=None, day=DAY)
    counted(db, DAY)
    assert rows(db) == {(store.id, DAY): 0}


def test_only_a_closed_day_becomes_dirty(db):
    store = make.store(db)
    counted(db, DAY)
    mark_dirty(db, store_days={(store.id, DAY), (store.id, NEXT)})
    mark_dirty(db, store_days={(store.id, DAY)})
    assert db.scalars(select(DirtyDay.day)).all() == [DAY]


def test_marking_an_open_day_costs_one_statement(db):
    db.connection()
    statements = []
    event.listen(db.get_bind(), "after_cursor_execute", lambda *seen: statements.append(seen[2]))
    mark_dirty(db, store_days={(number, NEXT) for number in range(50)})
    assert len(statements) == 1


def test_dirty_days_are_taken_once(db):
    store = make.store(db)
    counted(db, DAY, NEXT)
    mark_dirty(db, store_days={(store.id, DAY), (store.id, NEXT)})
    assert [take_dirty(db, until=DAY), take_dirty(db, until=DAY), take_dirty(db, until=NEXT)] == [{DAY}, set(), {NEXT}]


def test_a_sale_that_came_while_the_day_was_closed_is_seen(db):
    store, other = make.store(db), make.store(db, opened_on=NEXT)
    counted(db, DAY, NEXT)
    sell(db, store=store, day=DAY)
    sell(db, store=other, day=DAY)
    assert overlooked(db, first=DAY, last=NEXT) == {DAY}
    assert days_equal_recount(db) == 2
    counted(db, DAY)
    assert overlooked(db, first=DAY, last=NEXT) == set()
    assert days_equal_recount(db) == 0


def test_a_marked_day_waits_for_its_night(db):
    store = make.store(db)
    counted(db, DAY)
    sell(db, store=store, day=DAY)
    mark_dirty(db, store_days={(store.id, DAY)})
    assert days_equal_recount(db) == 0


def test_a_sale_that_went_elsewhere_is_counted_there(db):
    store, other = make.store(db), make.store(db, opened_on=NEXT)
    sell(db, store=other, day=DAY)
    counted(db, DAY)
    db.execute(update(Sale).values(store_id=store.id))
    counted(db, DAY)
    assert rows(db) == {(store.id, DAY): 1, (other.id, DAY): 0}


def test_a_missing_row_is_told(db):
    store = make.store(db)
    counted(db, DAY, NEXT)
    db.query(StoreDay).filter_by(store_id=store.id, day=NEXT).delete()
    assert stores_have_every_day(db) == 1


def test_a_store_made_later_owes_no_row_for_nights_that_did_not_know_it(db):
    make.store(db)
    counted(db, DAY)
    make.store(db)
    assert stores_have_every_day(db) == 0


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
    near, far = make.rep(db), make.rep(db, base_lat_deg=10.0)
    west, east = make.store(db, store_id="b", region="West"), make.store(db, store_id="B", region="East")
    called = roll(db)
    assert called.store_ids == ["B", "b"]
    assert called.keys.tolist() == [east.id, west.id]
    assert called.region.tolist() == [0, 1]
    assert called.territory.tolist() == [near.party_id, 0]
    assert far.party_id not in called.territory


def test_dates_are_told_from_first_to_last():
    assert dates(DAY, NEXT) == [DAY, NEXT]
    assert dates(NEXT, DAY) == []
