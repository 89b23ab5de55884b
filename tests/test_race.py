"""Many phones, the same codes, the same instant: who is first is decided once, and only the first is paid."""

import random

from sqlalchemy import BigInteger, Column, MetaData, Table, func, insert, select

from channel.database import reading, transaction
from channel.journey import NewScan, activate_batch, take_scans
from channel.writer import Writer
from scans.batches import catalogue
from scans.parts import Part, Positions
from scans.tables import Claim
from stores.ledger import balances_by_kind, trial_balance
from stores.recount import recount
from tests import make, worlds
from tests.races import at_once

THREADS, CODES = 64, 60


def shuffled(world, n):
    uris = [world.uri(position) for position in range(1, CODES + 1)]
    random.Random(n).shuffle(uris)
    return [NewScan(uri, key=f"thread{n}", consumer=f"phone{n}") for uri in uris]


def assert_paid_once(world, outcomes):
    claims = [taken for some in outcomes for taken in some if taken.body["claim"]]
    assert len(claims) == CODES
    told = [taken.body for some in outcomes for taken in some]
    assert [body for body in told if not body["claim"] and body["scan_count"] < 2] == []
    with reading(world.engine) as db:
        assert db.scalar(select(func.count()).select_from(Claim)) == CODES
        assert trial_balance(db).difference_cents == 0
        assert balances_by_kind(db)["consumer_wallet"] + balances_by_kind(db).get("consumer_held", 0) == (
            -CODES * worlds.PRIZE_CENTS
        )
        assert [name for name, wrong in recount(db) if wrong] == []


def test_64_threads_with_a_transaction_each_claim_60_codes_once(engine, config):
    world = worlds.small(engine, config)

    def scan_all(n):
        with transaction(engine) as db:
            return take_scans(db, config=config, ring=world.ring, scans=shuffled(world, n), now=make.NOW)

    assert_paid_once(world, at_once(scan_all, THREADS))


def test_64_threads_through_the_writer_claim_60_codes_once(engine, config):
    world = worlds.small(engine, config)
    writer = Writer(engine=engine, config=config, ring=lambda: world.ring)

    def scan_all(n):
        return [writer.take(scan, now=make.NOW) for scan in shuffled(world, n)[:10]] + writer.take_many(
            shuffled(world, n)[10:], now=make.NOW
        )

    assert_paid_once(world, at_once(scan_all, THREADS))


def test_64_threads_activate_a_part_each_and_none_is_lost(engine, config):
    world = worlds.small(engine, config)
    with transaction(engine) as db:
        batch = make.batch(db, ring=world.ring, state="issued", gtin=world.batch.gtin, count=THREADS * 2)

    def activate_one(n):
        with transaction(engine) as db:
            part = Positions(n + 1, n + 1)
            return activate_batch(db, config=config, ring=world.ring, batch_id=batch.batch_id, now=make.NOW, part=part)

    assert all(at_once(activate_one, THREADS))
    with reading(engine) as db:
        assert catalogue(db).batch(batch.batch_id).parts == (Part(1, THREADS, "activated"),)
        assert balances_by_kind(db)["reward_reserve"] == -(120 + THREADS * 2) * worlds.PRIZE_CENTS


def test_negative_control_look_then_write_pays_twice(engine):
    """Show that the race is real: the same threads, looking first and writing then, pay more often than once a code."""
    naive = Table("naive_claim", MetaData(), Column("code_no", BigInteger))
    naive.create(engine)

    def claim_all(n):
        paid = 0
        for code_no in range(CODES):
            with reading(engine) as db:
                seen = db.scalar(select(func.count()).select_from(naive).where(naive.c.code_no == code_no))
            if not seen:
                with transaction(engine) as db:
                    db.execute(insert(naive).values(code_no=code_no))
                paid += 1
        return paid

    assert sum(at_once(claim_all, THREADS)) > CODES
