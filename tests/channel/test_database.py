"""Connections, transactions and upgrades keep their promises on both databases."""

import subprocess
import sys
from datetime import UTC, datetime

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, delete, insert, inspect, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from channel import database
from channel.database import METADATA, NestedTransactionError, make_engine, reading, transaction, upgrade
from scans.tables import Consumer, Version
from stores.tables import Account, Entry, Posting

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
RULES = {
    "sqlite": {
        "PRAGMA journal_mode": "wal",
        "PRAGMA synchronous": 2,
        "PRAGMA foreign_keys": 1,
        "PRAGMA recursive_triggers": 1,
    },
    "postgresql": {
        "SHOW synchronous_commit": "on",
        "SHOW statement_timeout": "1min",
        "SHOW idle_in_transaction_session_timeout": "30s",
        "SHOW timezone": "UTC",
    },
}
COUNT_TO_FORTY = """
import sys
from sqlalchemy import text
from channel.database import make_engine, transaction
engine = make_engine(sys.argv[1])
for _ in range(40):
    with transaction(engine) as db:
        no = db.execute(text("SELECT no FROM version WHERE name = 'test'")).scalar_one()
        db.execute(text("UPDATE version SET no = :no WHERE name = 'test'"), {"no": no + 1})
"""


def book(db):
    db.execute(
        insert(Account),
        [{"account_no": number, "kind": "suspense", "party_id": None, "currency": "CNY"} for number in (1, 2)],
    )
    db.execute(insert(Entry).values(shard_no=7, seq=0, kind="claim", booked_at=NOON))
    db.execute(
        insert(Posting).values(shard_no=7, seq=0, line=0, debit_no=1, credit_no=2, amount_cents=5, currency="CNY")
    )


def test_law_head_equals_the_metadata(engine):
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []


@pytest.mark.sqlite_only
def test_law_head_has_the_checks_of_the_metadata(engine, tmp_path):
    """Alembic does not compare these."""
    made = make_engine(f"sqlite:///{tmp_path}/made.db")
    METADATA.create_all(made)
    for table in METADATA.tables:
        head, metadata = (inspect(one).get_check_constraints(table) for one in (engine, made))
        assert {check["name"]: check["sqltext"] for check in head} == {
            check["name"]: check["sqltext"] for check in metadata
        }
    made.dispose()


def test_law_every_connection_keeps_the_rules(engine):
    with reading(engine) as db:
        told = {question: db.execute(text(question)).scalar() for question in RULES[engine.dialect.name]}
    assert told == RULES[engine.dialect.name]


@pytest.mark.parametrize(
    "change",
    [
        update(Entry).values(kind="reversal"),
        delete(Entry),
        update(Posting).values(amount_cents=6),
        delete(Posting),
    ],
    ids=["update entry", "delete entry", "update posting", "delete posting"],
)
def test_law_the_ledger_is_never_changed(db, change):
    book(db)
    with pytest.raises(IntegrityError, match="never changed, only reversed"):
        db.execute(change)


@pytest.mark.sqlite_only
@pytest.mark.parametrize("table", ["entry", "posting"])
def test_law_the_ledger_is_never_replaced(db, table):
    book(db)
    with pytest.raises(IntegrityError, match="never changed, only reversed"):
        db.execute(text(f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}"))


@pytest.mark.postgresql_only
@pytest.mark.parametrize("table", ["entry", "posting"])
def test_law_the_ledger_is_never_emptied(db, table):
    book(db)
    with pytest.raises(IntegrityError, match="never changed, only reversed"):
        db.execute(text(f"TRUNCATE {table} CASCADE"))


@pytest.mark.postgresql_only
def test_the_server_s_role_has_no_right_to_change_the_ledger(databases):
    with databases() as url:
        empty = url.set(database="postgres")
    admin = create_engine(empty, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text("CREATE ROLE glassbox_app"))
        connection.execute(text("CREATE DATABASE glassbox_test_rights"))
    owner = make_engine(empty.set(database="glassbox_test_rights"))
    try:
        with transaction(owner) as db:
            db.execute(text("ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO glassbox_app"))
        upgrade(owner)
        with reading(owner) as db:
            allowed = db.execute(
                text(
                    "SELECT table_name, string_agg(privilege_type, ' ' ORDER BY privilege_type) "
                    "FROM information_schema.role_table_grants WHERE grantee = 'glassbox_app' "
                    "AND table_name IN ('entry', 'posting', 'sale') GROUP BY table_name ORDER BY table_name"
                )
            ).all()
    finally:
        owner.dispose()
        with admin.connect() as connection:
            connection.execute(text("DROP DATABASE glassbox_test_rights WITH (FORCE)"))
            connection.execute(text("DROP ROLE glassbox_app"))
        admin.dispose()
    assert [tuple(row) for row in allowed] == [
        ("entry", "INSERT REFERENCES SELECT TRIGGER"),
        ("posting", "INSERT REFERENCES SELECT TRIGGER"),
        ("sale", "DELETE INSERT REFERENCES SELECT TRIGGER TRUNCATE UPDATE"),
    ]


def test_upgrading_twice_changes_nothing(engine):
    with transaction(engine) as db:
        db.execute(insert(Version).values(name="test", no=1))
    upgrade(engine)
    with reading(engine) as db:
        assert db.execute(select(Version.no).where(Version.name == "test")).scalar_one() == 1


def test_outside_ids_sort_by_their_bytes(db):
    ids = ["b", "B", "a_", "A-", "a.", "Z", "0", "a-b", "ab"]
    db.execute(insert(Consumer), [{"device": one, "first_seen_at": NOON} for one in ids])
    assert list(db.execute(select(Consumer.device).order_by(Consumer.device)).scalars()) == sorted(ids)


def test_a_transaction_is_kept_whole_or_not_at_all(engine):
    with transaction(engine) as db:
        db.execute(insert(Version).values(name="kept", no=1))
    with pytest.raises(KeyError), transaction(engine) as db:  # noqa: PT012
        db.execute(insert(Version).values(name="lost", no=1))
        raise KeyError
    with reading(engine) as db:
        kept = set(db.execute(select(Version.name)).scalars())
    assert "kept" in kept
    assert "lost" not in kept


def test_a_reader_cannot_write_and_leaves_a_connection_that_can(engine):
    with pytest.raises(DBAPIError, match=r"read-?only"), reading(engine) as db:
        db.execute(insert(Version).values(name="test", no=1))
    with transaction(engine) as db:
        db.execute(insert(Version).values(name="test", no=1))


def test_a_reader_sees_one_snapshot_and_does_not_wait_for_the_writer(engine):
    names = select(Version.name).where(Version.name == "test")
    with reading(engine) as reader:
        assert reader.execute(names).all() == []
        with transaction(engine) as writer:
            writer.execute(insert(Version).values(name="test", no=1))
            assert reader.execute(names).all() == []
        assert reader.execute(names).all() == []
    with reading(engine) as reader:
        assert len(reader.execute(names).all()) == 1


@pytest.mark.sqlite_only
def test_a_writer_that_would_wait_for_itself_is_told_so(engine):
    with transaction(engine), pytest.raises(NestedTransactionError), transaction(engine):
        pass
    with transaction(engine):
        pass


@pytest.mark.sqlite_only
def test_writers_of_three_processes_lose_no_count(database_url, engine):
    with transaction(engine) as db:
        db.execute(insert(Version).values(name="test", no=0))
    command = [sys.executable, "-c", COUNT_TO_FORTY, database_url]
    processes = [subprocess.Popen(command) for _ in range(3)]
    assert [process.wait(60) for process in processes] == [0, 0, 0]
    with reading(engine) as db:
        assert db.execute(select(Version.no).where(Version.name == "test")).scalar_one() == 120


@pytest.mark.postgresql_only
def test_a_restarted_server_is_noticed_before_the_visitor_does(engine, monkeypatch):
    monkeypatch.setattr(database, "IDLE_S", 0)
    with reading(engine) as db:
        db.execute(text("SELECT 1"))
    ended = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database()"
    outsider = create_engine(engine.url, isolation_level="AUTOCOMMIT")
    with outsider.connect() as connection:
        connection.execute(text(f"{ended} AND pid <> pg_backend_pid()"))
    outsider.dispose()
    with transaction(engine) as db:
        assert db.execute(text("SELECT 1")).scalar() == 1
