"""The life of a batch and of its parts: nothing leads back, nothing is lost."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from scans import life
from scans.batches import catalogue
from scans.catalogue import FrozenReward, UnknownBatchError
from scans.holdings import life_of
from scans.life import (
    BatchStateError,
    PartError,
    activate,
    fix_reward,
    note_printed,
    recall,
)
from scans.packing import at
from scans.packings import PackingRow, put_packings
from scans.parts import Positions
from scans.tables import Batch, BatchPart
from tests import make

NOW = make.NOW
REWARD = FrozenReward("drawn", [(100, 2), (10, 20)], "0" * 64, "p1")


@pytest.fixture
def batch_id(db, tmp_path):
    """A batch of 24 items in cases of 6 on pallets of 2."""
    return make.batch(db, ring=make.ring(tmp_path), state="issued").batch_id


def state_of(db, batch_id, level, position):
    found = at(catalogue(db).batch(batch_id), level, position)
    return found.life, found.state


def test_a_batch_is_printed_once_and_still_earns_nothing(db, batch_id):
    assert note_printed(db, batch_id=batch_id, now=NOW)
    assert not note_printed(db, batch_id=batch_id, now=NOW + timedelta(days=1))
    assert db.scalar(select(Batch.printed_at)) == NOW
    assert state_of(db, batch_id, "item", 1) == ("printed", "inactive")
    assert activate(db, batch_id=batch_id, now=NOW)
    with pytest.raises(BatchStateError):
        note_printed(db, batch_id=batch_id, now=NOW)


def test_the_reward_is_fixed_once(db, batch_id):
    assert fix_reward(db, batch_id=batch_id, reward=REWARD, now=NOW)
    assert not fix_reward(db, batch_id=batch_id, reward=None, now=NOW + timedelta(days=1))
    assert activate(db, batch_id=batch_id, now=NOW + timedelta(days=1))
    assert not activate(db, batch_id=batch_id, now=NOW)
    kept = catalogue(db).batch(batch_id)
    assert (kept.state, kept.reward) == ("activated", REWARD)
    assert db.scalar(select(Batch.activated_at)) == NOW


def test_a_recalled_batch_stays_recalled_for_its_first_reason(db, batch_id):
    assert recall(db, batch_id=batch_id, why="a leaking pump", now=NOW)
    assert not recall(db, batch_id=batch_id, why="another", now=NOW)
    assert db.scalar(select(Batch.recalled_why)) == "a leaking pump"
    with pytest.raises(BatchStateError):
        activate(db, batch_id=batch_id, now=NOW)
    assert catalogue(db).batch(batch_id).state == "recalled"


def test_a_part_is_activated_and_a_part_of_it_recalled(db, batch_id):
    assert activate(db, batch_id=batch_id, now=NOW, part=Positions(1, 12))
    assert recall(db, batch_id=batch_id, why="glass", now=NOW, part=Positions(5, 6))
    assert not activate(db, batch_id=batch_id, now=NOW, part=Positions(1, 12))
    states = [state_of(db, batch_id, "item", position)[0] for position in (1, 4, 5, 6, 7, 12, 13)]
    assert states == ["activated", "activated", "recalled", "recalled", "activated", "activated", "issued"]
    assert state_of(db, batch_id, "item", 13) == ("issued", "inactive")


def test_a_case_is_what_its_items_are(db, batch_id):
    activate(db, batch_id=batch_id, now=NOW, part=Positions(1, 9))
    recall(db, batch_id=batch_id, why="glass", now=NOW, part=Positions(24, 24))
    cases = [state_of(db, batch_id, "case", number) for number in (1, 2, 4)]
    assert cases == [("activated", "not_for_sale"), ("issued", "not_for_sale"), ("recalled", "recalled")]
    assert [state_of(db, batch_id, "pallet", number)[0] for number in (1, 2)] == ["issued", "recalled"]


def test_the_last_part_makes_the_whole_batch_activated_and_leaves_no_row(db, batch_id):
    for case in range(4):
        assert activate(db, batch_id=batch_id, now=NOW, part=Positions(case * 6 + 1, case * 6 + 6))
    assert catalogue(db).batch(batch_id).state == "activated"
    assert db.scalar(select(func.count()).select_from(BatchPart)) == 0


def test_all_parts_recalled_are_a_recalled_batch(db, batch_id):
    recall(db, batch_id=batch_id, why="glass", now=NOW, part=Positions(1, 20))
    recall(db, batch_id=batch_id, why="lead", now=NOW, part=Positions(21, 24))
    assert db.execute(select(Batch.state, Batch.recalled_why)).one() == ("recalled", "lead")


@pytest.mark.parametrize("part", [(0, 3), (4, 3), (1, 25), (25, 25), (-5, -1)])
def test_a_part_that_is_not_there_is_refused(db, batch_id, part):
    with pytest.raises(PartError, match="items 1 to 24"):
        activate(db, batch_id=batch_id, now=NOW, part=Positions(*part))


def test_there_is_an_end_to_parts(db, batch_id, monkeypatch):
    monkeypatch.setattr(life, "MOST_PARTS", 2)
    for position in (1, 3):
        activate(db, batch_id=batch_id, now=NOW, part=Positions(position, position))
    with pytest.raises(PartError, match="at most 2 parts"):
        activate(db, batch_id=batch_id, now=NOW, part=Positions(5, 5))
    assert activate(db, batch_id=batch_id, now=NOW, part=Positions(2, 2))


def test_a_part_whose_items_are_all_recalled_cannot_be_activated(db, batch_id):
    recall(db, batch_id=batch_id, why="glass", now=NOW, part=Positions(5, 6))
    with pytest.raises(BatchStateError):
        activate(db, batch_id=batch_id, now=NOW, part=Positions(5, 6))
    assert activate(db, batch_id=batch_id, now=NOW, part=Positions(5, 7))


def test_an_unknown_batch_is_said(db):
    for move in (activate, note_printed):
        with pytest.raises(UnknownBatchError):
            move(db, batch_id="B0", now=NOW)
    with pytest.raises(UnknownBatchError):
        recall(db, batch_id="B0", why="", now=NOW)


def test_a_case_that_was_packed_anew_is_what_is_in_it_now(db, tmp_path):
    ring = make.ring(tmp_path)
    batch = make.batch(db, ring=ring, state="issued")
    uris = {
        (level, n): make.uri_at(batch, ring=ring, level=level, position=n) for level, n in (("item", 1), ("case", 2))
    }
    put_packings(db, ring=ring, rows=[PackingRow("P1", uris["item", 1], uris["case", 2], NOW)], now=NOW)
    recall(db, batch_id=batch.batch_id, why="glass", now=NOW, part=Positions(1, 1))
    known = catalogue(db).batch(batch.batch_id)
    states = {
        number: [life_of(db, found=at(known, "case", number), at=NOW + timedelta(hours=hours)) for hours in (-1, 1)]
        for number in (1, 2)
    }
    assert states == {1: ["recalled", "issued"], 2: ["issued", "recalled"]}
