"""The database, before every door: connections, transactions and upgrades. Knows both dialects and no stage.

The rules of a connection are the same for the server, the commands and the tests. Writers on SQLite queue on a file
lock, because SQLite's own busy handler polls and starves whoever has waited longest.
"""

import fcntl
import math
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import cache
from pathlib import Path
from typing import Any

import psycopg
from alembic import command
from alembic.config import Config as AlembicConfig
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from pydantic_core import to_json
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.orm import Session
from sqlalchemy.pool import ConnectionPoolEntry

import channel.tables  # noqa: F401 - the metadata is whole only when every table is known
from scans.schema import Base

METADATA = Base.metadata
MIGRATIONS = Path(__file__).parent / "migrations"
BUSY_S = 30
IDLE_S = 1.0
SQLITE_SETTINGS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    "recursive_triggers=ON",
    "cache_size=-16384",  # KiB; the default of 2 MiB reads the upper pages of every index again for each group
    "mmap_size=268435456",
    "wal_autocheckpoint=4000",
)
POSTGRES_SETTINGS = {
    "synchronous_commit": "on",
    "statement_timeout": "60s",
    "idle_in_transaction_session_timeout": "30s",
    "lock_timeout": "20s",
    "timezone": "UTC",
}


class NotReadyError(RuntimeError):
    """The database is not there, or not at the revision that this program knows."""


class NestedTransactionError(RuntimeError):
    """A writer waits for itself: a transaction was opened inside another."""


class WriterQueue:
    """The line for SQLite's one writer: in order of arrival among threads, then a lock on a file among processes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._line: deque[tuple[int, threading.Event]] = deque()
        self._change = threading.Lock()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for the turn and hold it.

        Raises: NestedTransactionError instead of a wait that would never end.
        """
        ticket = (threading.get_ident(), threading.Event())
        with self._change:
            if self._line and self._line[0][0] == ticket[0]:
                raise NestedTransactionError("a transaction inside a transaction")
            self._line.append(ticket)
            self._line[0][1].set()
        try:
            ticket[1].wait()
            # The file is opened each time: a descriptor inherited by a fork would share the parent's lock.
            with self.path.open("ab") as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                yield
        finally:
            with self._change:
                self._line.remove(ticket)
                if self._line:
                    self._line[0][1].set()


def make_engine(url: str | URL) -> Engine:
    """Make an engine whose every connection keeps the rules of its dialect; nothing is opened yet."""
    url = make_url(url)
    return _make_sqlite(url) if url.get_backend_name() == "sqlite" else _make_postgres(url)


@contextmanager
def transaction(engine: Engine) -> Iterator[Session]:
    """Open the one transaction of a request or job: committed at the end, rolled back on an error.

    Raises: NestedTransactionError.
    """
    with _turn(engine), Session(engine, expire_on_commit=False) as db, db.begin():
        yield db


@contextmanager
def reading(engine: Engine) -> Iterator[Session]:
    """Open one snapshot of the database that never queues behind a writer and refuses to write."""
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            options: dict[str, Any] = {"reading": True}
        else:
            options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        with Session(connection.execution_options(**options), expire_on_commit=False) as db:
            yield db


def upgrade(engine: Engine) -> None:
    """Bring an empty or older database to the newest revision, all of it or nothing; harmless when it is there."""
    with _turn(engine), engine.connect() as connection, _without_foreign_keys(connection):
        config = migrations_config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def is_at_head(engine: Engine) -> bool:
    """Tell whether the database is at the newest revision that this program knows."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision() == _head()


def migrations_config() -> AlembicConfig:
    """Tell Alembic where the packaged revisions are: there is no alembic.ini to find."""
    config = AlembicConfig()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return config


@cache
def _head() -> str | None:
    return ScriptDirectory.from_config(migrations_config()).get_current_head()


def _turn(engine: Engine) -> Any:
    queue = engine.get_execution_options().get("writer_queue")
    return queue.turn() if queue else nullcontext()


def _json(value: Any) -> str:
    return to_json(value).decode()  # several times as fast as Python's own, and every claim writes two


def _make_sqlite(url: URL) -> Engine:
    # A connection costs a file handle only, and writers take one after their turn has come: the last one used, since
    # it has the pages and the statements at hand.
    engine = create_engine(
        url, json_serializer=_json, connect_args={"timeout": BUSY_S}, pool_size=16, max_overflow=64, pool_use_lifo=True
    )
    event.listen(engine, "connect", _obey_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    queue = WriterQueue(Path(f"{url.database}.lock"))
    return engine.execution_options(writer_queue=queue)


def _obey_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None
    for pragma in SQLITE_SETTINGS:
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    reading = connection.get_execution_options().get("reading", False)
    if connection.info.get("reading") != reading:
        connection.exec_driver_sql(f"PRAGMA query_only={'ON' if reading else 'OFF'}")
        connection.info["reading"] = reading
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


@contextmanager
def _without_foreign_keys(connection: Connection) -> Iterator[None]:
    """Let SQLite rebuild a table that others refer to; a revision that leaves a dangling row is refused at its end."""
    if connection.dialect.name != "sqlite":
        yield
        return
    raw = connection.connection.driver_connection
    assert isinstance(raw, sqlite3.Connection)
    raw.execute("PRAGMA foreign_keys=OFF")
    try:
        yield
    finally:
        raw.execute("PRAGMA foreign_keys=ON")


def _make_postgres(url: URL) -> Engine:
    settings = " ".join(f"-c {name}={value}" for name, value in POSTGRES_SETTINGS.items())
    arguments = {"options": settings, "connect_timeout": 10, "tcp_user_timeout": 10_000, "keepalives_idle": 30}
    engine = create_engine(
        url, json_serializer=_json, connect_args=arguments, pool_size=8, max_overflow=8, pool_use_lifo=True
    )
    event.listen(engine, "checkin", _note_use)
    event.listen(engine, "checkout", _ask_if_idle)
    return engine


def _note_use(_connection: object, record: ConnectionPoolEntry) -> None:
    record.info["used_s"] = time.monotonic()


def _ask_if_idle(connection: psycopg.Connection[Any], record: ConnectionPoolEntry, _proxy: object) -> None:
    """Find out before the visitor does that the server was restarted; a busy connection is spared the round trip."""
    if time.monotonic() - record.info.get("used_s", math.inf) < IDLE_S:
        return
    try:
        connection.execute("")
        connection.rollback()
    except psycopg.OperationalError as error:
        raise InvalidatePoolError from error
