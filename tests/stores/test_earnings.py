"""Earnings follow the day of the sale, sum to what the statement says, and show one's own party alone."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from channel.database import transaction
from channel.journey import NewScan, PlaceTold, choose_store, release_due, take_scans
from stores.directory import scope_of
from stores.earnings import Wanted, earned_by_state, earned_by_store_day, earned_parts, own_stores
from stores.plans import PartTerm, PlanTerms, put_plans
from stores.tables import Party
from tests import make, worlds

DAY = timedelta(days=1)


@pytest.fixture
def world(engine, config):
    """Let two phones scan today, one of them near the other franchisee's store, and one tomorrow."""
    world = worlds.small(engine, config)
    lat_deg, lon_deg = worlds.PLACE
    for item, days, north_deg in ((1, 0, 0.0), (2, 0, 0.0054), (3, 1, 0.0)):
        place = PlaceTold(lat_deg + north_deg, lon_deg, 30.0, "wgs84")
        scan = NewScan(world.uri(item), f"k{item}", f"phone{item}", position=place)
        with transaction(engine) as db:
            take_scans(db, config=config, ring=world.ring, scans=[scan], now=make.NOW + days * DAY)
    with transaction(engine) as db:
        release_due(db, config=config, now=make.NOW + 1.5 * DAY)
    return world


def wanted(db, party_id, **more):
    key = db.scalar(select(Party.id).where(Party.party_id == party_id))
    return Wanted(key, make.TODAY, make.TODAY + 2 * DAY, **more)


def test_a_party_sees_its_own_parts_by_state_store_and_day(world):
    with transaction(world.engine) as db:
        mine = wanted(db, "F1")
        assert earned_by_state(db, wanted=mine) == {"payable": (1, 100), "held": (1, 100)}
        days = earned_by_store_day(db, wanted=mine)
        parts = earned_parts(db, wanted=mine, limit=10)
    assert [(day.store_id, day.day, day.items, day.cents) for day in days] == [
        ("S-near", make.TODAY, 1, 100),
        ("S-near", make.TODAY + DAY, 1, 100),
    ]
    assert [(part.day, part.state, part.cents) for part in parts] == [
        (make.TODAY + DAY, "held", 100),
        (make.TODAY, "payable", 100),
    ]
    assert parts[0].why["candidates"][0]["id"] == "S-near"


def test_parts_are_narrowed_by_store_state_and_page(world):
    with transaction(world.engine) as db:
        assert earned_by_state(db, wanted=wanted(db, "F1", store_id="S-far")) == {}
        assert earned_by_store_day(db, wanted=wanted(db, "F1", store_id="S-none")) == []
        assert len(earned_parts(db, wanted=wanted(db, "F1", state="held"), limit=10)) == 1
        both = earned_parts(db, wanted=wanted(db, "F1"), limit=10)
        assert earned_parts(db, wanted=wanted(db, "F1"), limit=1, offset=1) == both[1:]


def test_what_was_taken_back_is_told_but_not_earned(world):
    *_, gtin, _, serial = world.uri(1).split("/")
    with transaction(world.engine) as db:
        told = {"gtin": gtin, "serial": serial, "consumer": "phone1", "store_id": "S-far", "now": make.NOW + 2 * DAY}
        choose_store(db, config=world.config, ring=world.ring, **told)
        assert earned_by_state(db, wanted=wanted(db, "F1"))["reversed"] == (1, 100)
        assert sum(day.cents for day in earned_by_store_day(db, wanted=wanted(db, "F1"))) == 100
        assert sum(day.cents for day in earned_by_store_day(db, wanted=wanted(db, "F2"))) == 200


def test_an_item_that_brings_two_parts_is_one_item(engine, config):
    world = worlds.small(engine, config)
    both = (PartTerm("franchisee", "sale", 5), PartTerm("franchisee", "link", 1))
    place = PlaceTold(*worlds.PLACE, 30.0, "wgs84")
    with transaction(engine) as db:
        put_plans(db, plans=[PlanTerms("P-both", make.TODAY, 1_000, "by_weight", both)], today=make.TODAY)
        take_scans(
            db, config=config, ring=world.ring, scans=[NewScan(world.uri(1), "k", "p", position=place)], now=make.NOW
        )
        assert earned_by_state(db, wanted=wanted(db, "F1"))["held"][0] == 2
        assert [day.items for day in earned_by_store_day(db, wanted=wanted(db, "F1"))] == [1]


def test_only_ones_own_stores_have_a_name(world):
    with transaction(world.engine) as db:
        scope = scope_of(db, party_id=wanted(db, "F1").party_id, day=make.TODAY)
        assert own_stores(db, scope=scope, store_ids=["S-near", "S-far", "S-none"]) == {"S-near"}
        assert own_stores(db, scope=scope, store_ids=[]) == set()
