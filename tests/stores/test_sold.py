"""A count opened down to the scans: the sums are those of the days, and nothing is left out."""

from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update

from channel.database import transaction
from channel.journey import NewScan, PlaceTold, take_scans
from scans.tables import Product
from stores.directory import UnknownStoreError, scope_of
from stores.sales import SpanError, count_days, note_closed
from stores.sold import items_sold, products_sold
from stores.tables import Sale, StoreDay
from tests import make, worlds
from tests.selling import sell

DAY = date(2026, 6, 1)
KIND = st.sampled_from(["goods", "gift", "sample"])
NEXT = DAY + timedelta(days=1)


def by_product(db, store, first=DAY, last=NEXT):
    scope = scope_of(db, party_id=None, day=DAY)
    return products_sold(db, store_id=store.store_id, first=first, last=last, scope=scope)


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sold=st.lists(st.tuples(KIND, st.integers(1, 4), st.booleans()), max_size=5))
@pytest.mark.sqlite_only
def test_law_what_the_products_count_is_what_the_days_count(db, sold):
    store, other = make.store(db), make.store(db)
    for kind, count, is_next in sold:
        sell(db, store=store, day=NEXT if is_next else DAY, count=count, product=make.product(db, kind=kind))
    sell(db, store=other, day=DAY, count=9)
    note_closed(db, days=[DAY, NEXT], now=make.NOW)
    count_days(db, days=[DAY, NEXT])
    days = sum(db.scalars(select(StoreDay.count).where(StoreDay.store_id == store.id)))
    assert sum(one.counted for one in by_product(db, store)) == days
    assert sum(one.items for one in by_product(db, store)) == sum(count for _, count, _ in sold)


def test_goods_come_before_gifts_and_what_came_back_is_said(db):
    store = make.store(db)
    tea, card = make.product(db, name="Tea"), make.product(db, name="Card", kind="gift")
    sell(db, store=store, day=DAY, count=3, product=card)
    sell(db, store=store, day=DAY, count=2, product=tea)
    back = db.scalars(select(Sale.code_no).order_by(Sale.code_no.desc())).first()
    db.execute(update(Sale).where(Sale.code_no == back).values(withdrawn_at=make.NOW))
    told = [(one.product, one.items, one.returned, one.counted) for one in by_product(db, store)]
    assert told == [("Tea", 2, 1, 1), ("Card", 3, 0, 0)]


def test_who_asks_for_what_is_not_theirs_or_too_much_is_refused(db):
    store = make.store(db)
    with pytest.raises(SpanError):
        by_product(db, store, first=DAY - timedelta(days=900))
    scope = scope_of(db, party_id=make.party(db).id, day=DAY)
    with pytest.raises(UnknownStoreError):
        items_sold(db, store_id=store.store_id, first=DAY, last=DAY, scope=scope, limit=1)


def test_every_item_is_listed_with_its_evidence_and_one_number_for_each_phone(engine, config):
    world = worlds.small(engine, config)
    place = PlaceTold(*worlds.PLACE, 30.0, "wgs84")
    scans = [
        NewScan(world.uri(n), key=f"k{n}", consumer=phone, position=place)
        for n, phone in enumerate(("a", "b", "a", None), start=1)
    ]
    with transaction(engine) as db:
        take_scans(db, config=config, ring=world.ring, scans=scans, now=make.NOW)
        scope = scope_of(db, party_id=None, day=make.TODAY)
        asked = {"store_id": "S-near", "first": make.TODAY, "last": make.TODAY, "scope": scope}
        items = items_sold(db, **asked, limit=10)
        paged = [one for offset in range(4) for one in items_sold(db, **asked, limit=1, offset=offset)]
        name = db.scalar(select(Product.name).where(Product.gtin == world.batch.gtin))
    assert [one.found.position for one in items] == [1, 2, 3, 4]
    assert {(one.evidence, one.product, one.is_counted) for one in items} == {("position", name, True)}
    first, second, third, nobody = (one.phone for one in items)
    assert first == third != second
    assert nobody is None
    assert paged == items
