from datetime import timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select

from channel.database import transaction
from channel.journey import NewScan, PlaceTold, choose_store, release_due, take_scans
from stores.statements import statement
from stores.tables import Party
from tests import make, worlds

ZONE = ZoneInfo("Asia/Shanghai")


def claim(world, item, *, now=make.NOW):
    place = PlaceTold(*worlds.PLACE, 30.0, "wgs84")
    scan = NewScan(world.uri(item), f"k{item}", f"phone{item}", position=place)
    with transaction(world.engine) as db:
        take_scans(db, config=world.config, ring=world.ring, scans=[scan], now=now)


def told(world, party_id, first_day=None, last_day=None):
    with transaction(world.engine) as db:
        key = db.scalar(select(Party.id).where(Party.party_id == party_id))
        return statement(db, party_id=key, first_day=first_day, last_day=last_day, zone=ZONE)


def test_every_part_is_a_line_and_the_sums_meet(engine, config):
    world = worlds.small(engine, config)
    for item, days in ((1, 0), (2, 1), (3, 5)):
        claim(world, item, now=make.NOW + timedelta(days=days))
    whole = told(world, "F1")
    assert (whole.opening_cents, [line.part_cents for line in whole.lines], whole.closing_cents) == (0, [100] * 3, 300)
    second = told(world, "F1", make.TODAY + timedelta(days=1), make.TODAY + timedelta(days=1))
    assert (second.opening_cents, len(second.lines), second.closing_cents) == (100, 1, 200)
    assert told(world, "F2").lines == []


def test_a_part_taken_back_is_a_second_line(engine, config):
    world = worlds.small(engine, config)
    claim(world, 1)
    uri = world.uri(1).split("/")
    with transaction(engine) as db:
        release_due(db, config=config, now=make.NOW + timedelta(days=2))
        choose_store(
            db,
            config=config,
            ring=world.ring,
            gtin=uri[-3],
            serial=uri[-1],
            consumer="phone1",
            store_id="S-far",
            now=make.NOW + timedelta(days=3),
        )
    taken, given = told(world, "F1"), told(world, "F2")
    assert [(line.part_cents, line.state) for line in taken.lines] == [(100, "reversed"), (-100, "reversed")]
    assert (taken.closing_cents, given.closing_cents) == (0, 100)
    before = told(world, "F1", last_day=make.TODAY)
    assert before.closing_cents == 100, "what a statement said of a day before stays true"
