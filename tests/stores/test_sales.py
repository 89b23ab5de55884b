from datetime import date, timedelta

import pytest
from sqlalchemy import event, select, update

from stores.directory import UnknownStoreError, scope_of
from stores.sales import (
    DayRow,
    SpanError,
    count_days,
    dates,
    days_equal_recount,
    mark_dirty,
    note_closed,
    overlooked,
    sell_through,
    stores_have_every_day,
    take_dirty,
)
from stores.tables import DirtyDay, Flag, Sale, StoreDay
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


def test_dates_are_told_from_first_to_last():
    assert dates(DAY, NEXT) == [DAY, NEXT]
    assert dates(NEXT, DAY) == []


def everything(db):
    return scope_of(db, party_id=None, day=make.TODAY)


def test_sell_through_has_every_day_closed_or_not(db):
    store = make.store(db)
    sell(db, store=store, day=DAY, count=2)
    sell(db, store=store, day=NEXT, count=3)
    counted(db, DAY)
    db.execute(update(StoreDay).values(expected=2.5, low=0, high=6))
    db.add(Flag(flag_id="F", store_id=store.id, detector="judge", direction="too_bad", first_day=NEXT, last_day=NEXT,
                p_value=0.001, stake_cents=1, why={}))  # fmt: skip
    third = date(2026, 6, 3)
    told = sell_through(db, store_id=store.store_id, first_day=DAY, last_day=third, scope=everything(db))
    assert told == [
        DayRow(DAY, 2, 2.5, 0, 6, None),
        DayRow(NEXT, 3, None, None, None, "too_bad"),
        DayRow(third, 0, None, None, None, None),
    ]


def test_a_foreign_store_is_an_unknown_one(db):
    mine, rival = make.party(db), make.party(db)
    theirs = make.store(db, party_id=rival.party_id)
    scope = scope_of(db, party_id=mine.id, day=make.TODAY)
    for store_id in (theirs.store_id, "nowhere"):
        with pytest.raises(UnknownStoreError):
            sell_through(db, store_id=store_id, first_day=DAY, last_day=NEXT, scope=scope)


def test_a_span_has_an_end(db):
    store = make.store(db)
    with pytest.raises(SpanError):
        sell_through(db, store_id=store.store_id, first_day=date(2020, 1, 1), last_day=DAY, scope=everything(db))
