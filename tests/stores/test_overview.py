"""The office's figures are what a slow count of the same rows gives."""

from datetime import UTC, datetime, timedelta

import pytest

from channel.database import transaction
from channel.journey import NewScan, PlaceTold, take_deliveries, take_scans
from scans.life import activate, recall
from scans.parts import Positions
from stores import overview
from stores.deliveries import DeliveryRow
from stores.tables import Flag, Outcome, StoreDay, Visit
from tests import make, worlds

DAY = timedelta(days=1)
MIDNIGHT = datetime(2026, 6, 14, 16, tzinfo=UTC)


@pytest.fixture
def world(engine, config):
    """Let three items be scanned, one of them twice and one without a position."""
    world = worlds.small(engine, config)
    here = PlaceTold(*worlds.PLACE, 30.0, "wgs84")
    scans = [
        NewScan(world.uri(1), "a", "p1", position=here),
        NewScan(world.uri(1), "b", "p2", position=here),
        NewScan(world.uri(2), "c", "p1", position=here),
        NewScan(world.uri(3), "d", "p1"),
    ]
    with transaction(engine) as db:
        take_scans(db, config=config, ring=world.ring, scans=scans, now=make.NOW)
    return world


@pytest.fixture
def read(world):
    with transaction(world.engine) as db:
        yield db


def flag(db, store_id, *, stake_cents, direction="too_bad", days=1, **said):
    first, last = make.TODAY - days * DAY, make.TODAY
    row = Flag(flag_id=f"f{stake_cents}", store_id=make.key_of(db, store_id=store_id), detector="judge", p_value=0.01)
    row.direction, row.first_day, row.last_day, row.stake_cents = direction, first, last, stake_cents
    row.why = {"code": "stretch_low"}
    db.add(row)
    db.flush()
    return row


def test_claims_are_counted_per_business_day(read):
    days = overview.counts_per_day(read, first=make.TODAY - DAY, last=make.TODAY)
    assert days == [(make.TODAY, 3, 2)]
    assert overview.counts_per_day(read, first=make.TODAY + DAY, last=make.TODAY + DAY) == []


def test_scans_are_counted_per_hour_repeats_too(read):
    hours = overview.scans_per_hour(read, start=MIDNIGHT, end=MIDNIGHT + DAY)
    assert hours == {make.NOW: (4, 0)}
    assert overview.scans_per_hour(read, start=MIDNIGHT + DAY, end=MIDNIGHT + 2 * DAY) == {}


def test_claims_are_counted_per_region_of_their_store(read):
    assert overview.claims_per_region(read, first=make.TODAY, last=make.TODAY) == {"East": 2}


def test_the_way_of_codes_narrows(read):
    assert overview.way_of_codes(read) == (120, 120, 3, 2, 2, 3)


def test_an_empty_house_has_come_no_way(db):
    assert overview.way_of_codes(db) == (0, 0, 0, 0, 0, 0)
    assert overview.begun(db) == (False,) * 7


def test_what_is_there_is_told_in_the_order_of_furnishing(read):
    assert overview.begun(read) == (True, True, True, False, True, True, True)


def test_shares_are_summed_per_day_without_suspense(read):
    assert overview.shared_per_day(read, first=make.TODAY, last=make.TODAY) == {make.TODAY: 200}


def test_stores_are_summed_against_what_was_expected_flagged_ones_first(read):
    near, far = (make.key_of(read, store_id=store_id) for store_id in ("S-near", "S-far"))
    for key in (near, far):
        read.add(StoreDay(store_id=key, day=make.TODAY, count=4, expected=3.5, low=0, high=9))
        read.add(StoreDay(store_id=key, day=make.TODAY - DAY, count=2, expected=3.5, low=0, high=9))
        read.add(StoreDay(store_id=key, day=make.TODAY - 2 * DAY, count=9))
    flag(read, "S-near", stake_cents=100)
    found = overview.sums_of_stores(read, first=make.TODAY - 6 * DAY, last=make.TODAY, limit=10)
    assert found == [("S-near", "Near", 6, 7.0, "too_bad"), ("S-far", "Far", 6, 7.0, None)]
    assert len(overview.sums_of_stores(read, first=make.TODAY, last=make.TODAY, limit=1)) == 1


def test_flags_are_listed_by_stake_with_what_visits_made_of_them(read):
    small, great = flag(read, "S-near", stake_cents=100), flag(read, "S-far", stake_cents=900, direction="too_good")
    rep = make.rep(read)
    visit = Visit(visit_id="v", rep_id=rep.party_id, store_id=small.store_id, flag_id=small.id, day=make.TODAY, rank=1)
    visit.stake_cents = 100
    read.add(visit)
    read.flush()
    read.add(Outcome(visit_id=visit.id, key="k", at=make.NOW, was_real=True, cause="other", action="none"))
    read.flush()
    found = overview.flag_list(read, since=make.TODAY, limit=10)
    assert [(line.flag_id, line.store_id, line.visited, line.confirmed) for line in found] == [
        (great.flag_id, "S-far", 0, 0),
        (small.flag_id, "S-near", 1, 1),
    ]
    assert overview.flag_list(read, since=make.TODAY, limit=10, direction="too_bad") == found[1:]
    assert overview.flag_list(read, since=make.TODAY, limit=10, store_id="S-far") == found[:1]
    assert overview.flag_list(read, since=make.TODAY, limit=1, offset=1) == found[1:]
    assert overview.flag_list(read, since=make.TODAY + DAY, limit=10) == []
    went = overview.visits_to(read, store_id="S-near", first=make.TODAY, last=make.TODAY)
    assert went == [(make.TODAY, "Rep", True, "other", "none", None)]
    assert overview.visits_to(read, store_id="S-far", first=make.TODAY, last=make.TODAY) == []
    assert overview.flag_count(read, first=make.TODAY - 9 * DAY, last=make.TODAY) == 2


def test_deliveries_to_a_store_are_listed(world):
    uri = world.uri(1, "case")
    row = DeliveryRow("D-1", uri, "owner", "S-near", make.NOW)
    with transaction(world.engine) as db:
        take_deliveries(db, config=world.config, ring=world.ring, rows=[row], now=make.NOW)
        told = {"start": MIDNIGHT, "end": MIDNIGHT + DAY}
        assert overview.handed_to(db, store_id="S-near", **told) == [("D-1", make.NOW, "case")]
        assert overview.handed_to(db, store_id="S-far", **told) == []


def test_of_a_batch_in_parts_those_that_are_activated_count(db, tmp_path):
    ring = make.ring(tmp_path)
    batch = make.batch(db, ring=ring, state="issued")
    activate(db, batch_id=batch.batch_id, now=make.NOW, part=Positions(1, 10))
    recall(db, batch_id=batch.batch_id, why="glass", now=make.NOW, part=Positions(10, 12))
    assert overview.way_of_codes(db)[:2] == (24, 9)
    activate(db, batch_id=batch.batch_id, now=make.NOW)
    assert overview.way_of_codes(db)[:2] == (24, 21)
