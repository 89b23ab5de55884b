"""Goods that come back: counted, shared and rewarded no more, claimed never again, scrapped or issued anew."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import BigInteger, Column, MetaData, Table, func, insert, select, update

from channel.database import reading, transaction
from channel.journey import (
    NewScan,
    PlaceTold,
    activate_batch,
    choose_store,
    reissue_items,
    scrap_items,
    take_deliveries,
    take_return,
    take_returns,
    take_scans,
)
from channel.journey.correcting import CannotChooseError
from channel.night import close_run
from scans.batches import catalogue
from scans.catalogue import UnknownCodeError
from scans.gs1 import parse_link
from scans.life import recall
from scans.returns import NotClaimedError, NotReturnedError, ReturnError, ReturnExistsError, ReturnRow, return_list
from scans.tables import Claim, ReturnedItem
from scans.terms import Terms
from stores.accounts import account_no
from stores.deliveries import DeliveryRow
from stores.ledger import NewEntry, NewPosting, balances_by_kind, post
from stores.recount import recount
from stores.statements import statement
from stores.tables import DirtyDay, Share, StoreDay
from tests import make, worlds
from tests.races import at_once
from tests.worlds import PLACE, PRIZE_CENTS

HERE = PlaceTold(*PLACE, 30.0, "wgs84")
LATER = make.NOW + timedelta(days=1)


@pytest.fixture
def world(engine, config):
    return worlds.small(engine, config)


def scan(world, item=1, **said):
    one = NewScan(**{"uri": world.uri(item), "key": f"k{item}", "consumer": "phone", "position": HERE} | said)
    with transaction(world.engine) as db:
        return take_scans(db, config=world.config, ring=world.ring, scans=[one], now=make.NOW)[0].body


def take_back(world, item=1, now=LATER, **said):
    row = ReturnRow(**{"return_id": f"R{item}", "uri": world.uri(item)} | said)
    with transaction(world.engine) as db:
        return take_return(db, config=world.config, ring=world.ring, row=row, now=now)


def broken(world):
    with reading(world.engine) as db:
        return [name for name, wrong in recount(db) if wrong]


def kinds(world):
    with reading(world.engine) as db:
        return {kind: cents for kind, cents in balances_by_kind(db).items() if cents}


def reissue(world, *items, now=LATER):
    uris = [world.uri(item) for item in items]
    with transaction(world.engine) as db:
        return reissue_items(db, config=world.config, ring=world.ring, texts=uris, now=now)


def test_a_return_reverses_sale_share_and_prize_and_keeps_the_claim(world):
    before = kinds(world)
    scan(world)
    assert take_back(world)
    assert kinds(world) == before
    body = scan(world, key="again", consumer="other")
    assert (body["verdict"], body["claim"], body["reward"]) == ("returned", False, None)
    with reading(world.engine) as db:
        assert db.scalar(select(func.count()).select_from(Claim)) == 1
        assert db.scalars(select(Share.state)).all() == ["reversed"]
    assert broken(world) == []


def test_the_day_of_the_sale_is_counted_again(world):
    scan(world)
    scan(world, 2)
    night = make.NOW + timedelta(days=2)
    with transaction(world.engine) as db:
        close_run(db, days=[make.TODAY], now=night)
        counted = select(StoreDay.count).where(StoreDay.store_id == make.key_of(db, store_id="S-near"))
        assert db.scalar(counted.where(StoreDay.day == make.TODAY)) == 2
    take_back(world, now=night)
    assert broken(world) == []
    with transaction(world.engine) as db:
        assert db.scalar(select(func.count()).select_from(DirtyDay)) == 1
        close_run(db, days=[make.TODAY + timedelta(days=1)], now=night + timedelta(days=1))
        assert db.scalar(counted.where(StoreDay.day == make.TODAY)) == 1
        assert db.scalar(select(func.count()).select_from(DirtyDay)) == 0
    assert broken(world) == []


def test_the_same_return_again_changes_nothing(world):
    scan(world)
    assert take_back(world)
    told = kinds(world)
    assert not take_back(world)
    with pytest.raises(ReturnExistsError):
        take_back(world, return_id="other")
    scan(world, 2)
    with pytest.raises(ReturnExistsError):
        take_back(world, 2, return_id="R1")
    take_back(world, 2)
    assert kinds(world) == told
    assert broken(world) == []


def test_only_what_was_claimed_comes_back(world):
    with pytest.raises(NotClaimedError):
        take_back(world)
    with pytest.raises(ReturnError, match="one by one"):
        take_back(world, uri=world.uri(1, "case"))
    with pytest.raises(UnknownCodeError):
        take_back(world, uri=world.uri(1)[:-16] + "0" * 16)
    scan(world)
    with pytest.raises(ReturnError, match="future"):
        take_back(world, returned_at=LATER + timedelta(hours=1))
    assert scan(world, key="k")["verdict"] == "repeat"
    assert broken(world) == []


def test_of_many_rows_each_gets_its_own_answer(world):
    scan(world)
    told = (("a", world.uri(1)), ("b", world.uri(2)), ("a", world.uri(1)), ("c", "x/y"))
    rows = [ReturnRow(*one) for one in told]
    with transaction(world.engine) as db:
        outcomes = take_returns(db, config=world.config, ring=world.ring, rows=rows, now=LATER)
    assert outcomes[0] is True
    assert isinstance(outcomes[1], NotClaimedError)
    assert outcomes[2] is False
    assert isinstance(outcomes[3], ValueError)


def test_a_paid_part_is_owed_back_in_a_line_of_its_own(world):
    scan(world)
    with transaction(world.engine) as db:
        share = db.scalars(select(Share)).one()
        held, payable = account_no("held", share.party_id), account_no("payable", share.party_id)
        bank = account_no("reward_expense")  # no account of money paid out exists yet
        post(
            db,
            entries=[
                NewEntry(share.code_no, 1, "release", make.NOW, [NewPosting(held, payable, 100)]),
                NewEntry(share.code_no, 2, "release", make.NOW, [NewPosting(payable, bank, 100)]),
            ],
            currency="CNY",
        )
        db.execute(update(Share).values(state="paid", due_at=None))
        party_id = share.party_id
    assert take_back(world)
    assert broken(world) == []
    with reading(world.engine) as db:
        told = statement(db, party_id=party_id, first_day=None, last_day=None, zone=ZoneInfo(world.config.zone))
    assert [(line.part_cents, line.state) for line in told.lines] == [(100, "paid"), (-100, "payable")]
    assert told.closing_cents == 0


def test_what_is_learned_later_moves_no_sale_that_came_back(world):
    scan(world)
    take_back(world)
    told = kinds(world)
    row = DeliveryRow("D1", world.uri(1, "case"), "owner", "S-far", make.NOW)
    link = parse_link(world.uri(1))
    with transaction(world.engine) as db:
        take_deliveries(db, config=world.config, ring=world.ring, rows=[row], now=LATER)
        with pytest.raises(CannotChooseError):
            choose_store(
                db, config=world.config, ring=world.ring, gtin=link.gtin, serial=link.serial, consumer="phone",
                store_id="S-far", now=LATER,
            )  # fmt: skip
    assert kinds(world) == told
    assert broken(world) == []


def test_what_came_back_is_issued_anew_and_the_old_code_never_claims_twice(world):
    for item in (3, 1):
        scan(world, item)
        take_back(world, item)
    new = reissue(world, 3, 1)
    with transaction(world.engine) as db:
        activate_batch(db, config=world.config, ring=world.ring, batch_id=new.batch_id, now=LATER)
        lines = {line.position: line for line in return_list(db)}
    assert (new.count, new.gtin) == (2, world.batch.gtin)
    assert (lines[1].state, lines[1].new_batch_id) == ("reissued", new.batch_id)
    assert lines[1].new_no == new.span("item").first_no
    fresh = make.uri_at(new, ring=world.ring, position=1)
    assert scan(world, uri=fresh, key="n1")["verdict"] == "claimed"
    assert scan(world, uri=fresh, key="n2", consumer="b")["verdict"] == "repeat"
    assert scan(world, 1, key="old", consumer="c")["verdict"] == "returned"
    assert broken(world) == []


def test_what_came_back_is_decided_about_once(world):
    for item in (1, 2):
        scan(world, item)
    take_back(world)
    with transaction(world.engine) as db:
        scrap_items(db, ring=world.ring, texts=[world.uri(1)], now=LATER)
    for items in ((1,), (2,), (1, 2)):
        with pytest.raises(NotReturnedError):
            reissue(world, *items)
    assert scan(world, 1, key="x", consumer="y")["verdict"] == "returned"
    assert broken(world) == []


def test_what_is_recalled_or_past_its_last_day_is_not_issued_anew(world):
    scan(world)
    take_back(world)
    with transaction(world.engine) as db:
        recall(db, batch_id=world.batch.batch_id, why="glass", now=LATER)
    with pytest.raises(ReturnError, match="recalled"):
        reissue(world, 1)
    with transaction(world.engine) as db:
        batch = make.batch(db, ring=world.ring, gtin=world.batch.gtin, terms=Terms(lot="L", expires_on=make.TODAY))
    uri = make.uri_at(batch, ring=world.ring)
    scan(world, uri=uri, key="e")
    take_back(world, uri=uri, return_id="e")
    with transaction(world.engine) as db, pytest.raises(ReturnError, match="last day"):
        reissue_items(db, config=world.config, ring=world.ring, texts=[uri], now=LATER)
    with transaction(world.engine) as db:
        new = reissue_items(db, config=world.config, ring=world.ring, texts=[uri], now=make.NOW)
        kept = catalogue(db).batch(new.batch_id)
    assert (kept.lot, kept.expires_on) == ("L", make.TODAY)


THREADS = 16


def test_16_threads_return_an_item_and_it_comes_back_once_whoever_scans_it_meanwhile(world):
    scan(world)

    def act(n):
        if n % 4 == 0:
            return scan(world, key=f"t{n}", consumer=f"t{n}")["claim"]
        try:
            return take_back(world, return_id=f"T{n}")
        except ReturnExistsError:
            return False

    assert sum(at_once(act, THREADS)) == 1
    assert kinds(world).get("consumer_wallet", 0) == 0
    assert broken(world) == []


def test_16_threads_claim_or_return_and_no_return_outruns_the_claim(world):
    def act(n):
        if n % 2:
            return scan(world, key=f"t{n}", consumer=f"t{n}")["claim"]
        try:
            return take_back(world, return_id="T") and None
        except NotClaimedError:
            return False

    assert at_once(act, THREADS).count(True) == 1
    with reading(world.engine) as db:
        came_back = db.scalar(select(func.count()).select_from(ReturnedItem))
    assert kinds(world).get("consumer_wallet", 0) == (0 if came_back else -PRIZE_CENTS)
    assert broken(world) == []


def test_negative_control_look_then_write_takes_back_twice(engine):
    """Show that the race is real."""
    naive = Table("naive_return", MetaData(), Column("code_no", BigInteger))
    naive.create(engine)

    def act(n):
        done = 0
        for code_no in range(60):
            with reading(engine) as db:
                there = db.scalar(select(func.count()).select_from(naive).where(naive.c.code_no == code_no))
            if not there:
                with transaction(engine) as db:
                    db.execute(insert(naive).values(code_no=code_no))
                done += 1
        return done

    assert sum(at_once(act, THREADS)) > 60
