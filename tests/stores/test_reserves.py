"""What a recalled batch can no longer pay goes back, to the cent and once."""

from datetime import timedelta

import pytest

from channel.database import transaction
from channel.journey import NewScan, return_reserves, take_scans
from scans.batches import catalogue
from scans.life import recall
from stores.ledger import balances_by_kind
from stores.recount import recount
from stores.reserves import SETTLED_AFTER, reserve_left
from tests import make, worlds
from tests.worlds import PRIZE_CENTS

ITEMS = 120


@pytest.fixture
def world(engine, config):
    world = worlds.small(engine, config, items=ITEMS)
    with transaction(engine) as db:
        scans = [NewScan(world.uri(item), f"k{item}", "phone") for item in (1, 2, 3)]
        take_scans(db, config=config, ring=world.ring, scans=scans, now=make.NOW)
    return world


def left(db, world):
    return reserve_left(db, batch=catalogue(db).batch(world.batch.batch_id))


def back(world, *, after=SETTLED_AFTER):
    with transaction(world.engine) as db:
        return return_reserves(db, config=world.config, now=make.NOW + after)


def test_while_a_batch_can_win_its_reserve_stays(world):
    assert back(world) == 0
    with transaction(world.engine) as db:
        assert left(db, world) == (ITEMS - 3) * PRIZE_CENTS


def test_after_a_recall_what_is_left_goes_back_once(world):
    with transaction(world.engine) as db:
        recall(db, batch_id=world.batch.batch_id, why="glass", now=make.NOW)
    assert back(world, after=SETTLED_AFTER - timedelta(seconds=1)) == 0
    assert back(world) == (ITEMS - 3) * PRIZE_CENTS
    assert back(world, after=timedelta(days=2)) == 0
    with transaction(world.engine) as db:
        assert left(db, world) == 0
        kinds = balances_by_kind(db)
        assert [name for name, wrong in recount(db) if wrong] == []
    assert (kinds["reward_reserve"], kinds["reward_expense"]) == (0, 3 * PRIZE_CENTS)
