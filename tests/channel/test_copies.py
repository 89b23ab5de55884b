"""A copied code is found within a day, by its scans or by the job; honest codes are left alone, whoever scans them."""

import random
from datetime import timedelta

import pytest
from sqlalchemy import delete, select, update

from channel.database import reading, transaction
from channel.jobs import find_copied, recheck_doubts
from channel.journey import NewScan, PlaceTold, take_scans
from scans.norms import LEAST_WIDE, norms
from scans.tables import Doubt, DoubtStep
from stores.recount import recount
from tests import make, worlds
from tests.worlds import PLACE

CITIES = ((31.23, 121.47), (39.90, 116.40), (23.13, 113.26), (30.57, 104.07), (45.80, 126.53))
HOURS = timedelta(hours=1)


@pytest.fixture
def world(engine, config):
    return worlds.small(engine, config, items=1200)


def at(place, chance):
    return PlaceTold(place[0] + chance.gauss(0, 0.01), place[1] + chance.gauss(0, 0.01), 30.0, "wgs84")


def scan(world, item, device, *, place=None, when=None):
    key = f"{item}-{device}-{when and when.timestamp()}"[:64]
    return NewScan(world.uri(item), key, f"phone{device}", scanned_at=when, position=place, public=False)


def take(world, *scans, now=make.NOW):
    with transaction(world.engine) as db:
        return [one.body["verdict"] for one in take_scans(
            db, config=world.config, ring=world.ring, scans=scans, now=now
        )]  # fmt: skip


def doubted(world):
    with reading(world.engine) as db:
        assert not [name for name, wrong in recount(db) if wrong]
        return list(db.scalars(select(Doubt.state)))


def job(world, now):
    return find_copied(world.engine, world.config, "", now)


def test_a_copied_code_of_ten_thousand_copies_is_suspect_within_a_day(world):
    chance = random.Random(3)
    sold = [chance.uniform(0, 30 * 24) for _ in range(10_000)]  # within a month, all over the country
    scanned = sorted(hour + chance.expovariate(1 / 48) for hour in sold if chance.random() < 0.3)
    for number, hour in enumerate(hour for hour in scanned if hour < 24):
        when = make.NOW + hour * HOURS
        place = at(chance.choice(CITIES), chance) if chance.random() < 0.5 else None
        if take(world, scan(world, 1, number, place=place, when=when), now=when) == ["suspect"]:
            break
    else:
        pytest.fail("not suspect within a day")
    assert doubted(world) == ["open"]


def test_a_thousand_honest_codes_scanned_by_one_phone_are_not_doubted(world):
    chance = random.Random(4)
    items = range(1, 1001)
    claims = [scan(world, item, 10_000 + item, place=at(PLACE, chance), when=make.NOW) for item in items]
    assert take(world, *claims) == ["claimed"] * 1000
    shelf = [scan(world, item, 1, place=at(PLACE, chance), when=make.NOW + HOURS) for item in items]
    for start in range(0, 1000, 250):
        take(world, *shelf[start : start + 250], now=make.NOW + HOURS)
    families = [
        scan(world, item, f"{item}-{member}", place=at(PLACE, chance), when=make.NOW + 2 * HOURS)
        for item in items[:100]
        for member in range(3)
    ]
    assert set(take(world, *families, now=make.NOW + 2 * HOURS)) == {"repeat"}
    job(world, make.NOW + 6 * HOURS)
    assert doubted(world) == []


def test_a_lie_told_before_the_phone_had_scanned_a_shelf_is_withdrawn_with_what_waited(world):
    chance = random.Random(5)
    items = range(1, 1 + 2 * LEAST_WIDE)
    take(world, *[scan(world, item, 100 + item, place=at(PLACE, chance)) for item in items])
    for item in items:
        take(world, scan(world, item, 1, place=at(CITIES[1], chance)))
    assert doubted(world) == ["open"] * LEAST_WIDE
    assert recheck_doubts(world.engine, world.config, "", make.NOW + HOURS) == f"{LEAST_WIDE} doubts withdrawn"
    assert recheck_doubts(world.engine, world.config, "", make.NOW + HOURS) == "0 doubts withdrawn"
    assert doubted(world) == ["cleared"] * LEAST_WIDE
    with reading(world.engine) as db:
        acts = db.scalars(select(DoubtStep.act).order_by(DoubtStep.code_no, DoubtStep.seq)).all()
    assert acts[:2] == ["raise", "withdraw"]


@pytest.mark.parametrize(
    ("scans", "who"),
    [
        ([(n, PLACE, n) for n in range(4)], "a household of four"),
        ([(0, PLACE, 0), (1, CITIES[1], 4), (2, CITIES[1], 5)], "a gift that travels by plane"),
        ([(0, PLACE, 0), (1, PLACE, 0.01), (0, PLACE, 0.02)], "a shop assistant's phone beside the buyer's"),
        ([(0, PLACE, 0), (0, CITIES[1], 0.1)], "a phone whose position errs"),
        ([*((n, PLACE, n) for n in range(4)), (9, CITIES[1], 30)], "a household, then a friend far away"),
    ],
)
def test_what_people_do_is_not_doubted(world, scans, who):
    chance = random.Random(6)
    for device, place, hour in scans:
        when = make.NOW + hour * HOURS
        assert take(world, scan(world, 1, device, place=at(place, chance), when=when), now=when) != ["suspect"], who
    job(world, make.NOW + 48 * HOURS)
    assert doubted(world) == [], who


@pytest.mark.parametrize("how", ["devices", "travel"])
def test_the_job_finds_what_no_scan_has_raised_and_leaves_it_when_run_again(world, how):
    chance = random.Random(7)
    if how == "devices":
        take(world, *[scan(world, 1, number) for number in range(9)])
    else:
        take(world, *[scan(world, 1, number, place=at(CITIES[number], chance)) for number in range(2)])
    with transaction(world.engine) as db:
        db.execute(delete(DoubtStep))
        db.execute(delete(Doubt))
    assert recheck_doubts(world.engine, world.config, "", make.NOW) == "0 doubts withdrawn"
    assert "1 doubts raised" in job(world, make.NOW + HOURS)
    with reading(world.engine) as db:
        assert [one["code"] for one in db.scalars(select(Doubt.why)).one()["reasons"]] == [how]
    assert "0 doubts raised" in job(world, make.NOW + 2 * HOURS)
    assert doubted(world) == ["open"]


def test_a_code_that_the_office_cleared_is_not_raised_again_by_the_job(world):
    take(world, *[scan(world, 1, number) for number in range(9)])
    with transaction(world.engine) as db:
        db.execute(update(Doubt).values(state="cleared", cleared_devices=9, cleared_at=make.NOW))
    assert "0 doubts raised" in job(world, make.NOW + HOURS)


def test_a_product_that_is_passed_round_a_table_gets_a_norm_of_its_own(world):
    chance = random.Random(8)
    for item in range(1, 601):
        guests = 1 if chance.random() < 0.4 else 2 + int(chance.expovariate(0.5))
        take(world, *[scan(world, item, f"{item}-{guest}") for guest in range(min(guests, 5))])
    assert job(world, make.NOW + HOURS).startswith("2 norms changed")
    with reading(world.engine) as db:
        assert norms(db).of(world.batch.product_id).most_devices > 10
    assert set(take(world, *[scan(world, 700, guest) for guest in range(10)])) == {"claimed", "repeat"}
