"""A process dies at a statement of a claim: nothing of it remains, and the retry with the same key completes it."""

import os

import pytest
from sqlalchemy import event, func, select

from channel.database import make_engine, reading, transaction
from channel.journey import NewScan, PlaceTold, take_scans
from scans.tables import Claim, Scan
from stores.recount import recount
from stores.tables import Entry, Posting, Sale, Share
from tests import make, worlds

TABLES = (Scan, Claim, Sale, Share, Entry, Posting)
MAX_STATEMENTS = 60


def take(engine, world, scan):
    with transaction(engine) as db:
        return take_scans(db, config=world.config, ring=world.ring, scans=[scan], now=make.NOW)[0]


def die_at(world, scan, statement_no):
    """Take a scan in a process that ends without a word at its nth statement; tell whether it came so far."""
    if not (child := os.fork()):
        engine = make_engine(world.config.database_url)
        seen = 0

        def count(*_):
            nonlocal seen
            seen += 1
            if seen == statement_no:
                os._exit(9)

        event.listen(engine, "before_cursor_execute", count)
        event.listen(engine, "commit", lambda _: os._exit(9) if seen == statement_no - 1 else None)
        take(engine, world, scan)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9


def rows(engine):
    with reading(engine) as db:
        return [db.scalar(select(func.count()).select_from(table)) for table in TABLES]


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_death_at_every_statement_leaves_nothing_and_the_retry_completes(engine, config):
    world = worlds.small(engine, config)
    engine.dispose()
    place = PlaceTold(*worlds.PLACE, 30.0, "wgs84")
    for statement_no in range(1, MAX_STATEMENTS):
        scan = NewScan(world.uri(statement_no), key="same", consumer=f"phone{statement_no}", position=place)
        before = rows(engine)
        engine.dispose()
        died = die_at(world, scan, statement_no)
        if not died:
            break
        assert rows(engine) == before, f"something remained of statement {statement_no}"
        taken = take(engine, world, scan)
        assert taken.fresh
        assert taken.body["claim"]
        with reading(engine) as db:
            assert [name for name, wrong in recount(db) if wrong] == []
        engine.dispose()
    assert 12 < statement_no < MAX_STATEMENTS - 1, "every statement up to the commit was met"
