"""The lock that lets one process be the scheduler: an advisory one on PostgreSQL, a file's on SQLite."""

import fcntl
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import OperationalError

LOCK_NO = 0x61A55B0D  # of no meaning, but the same in every process
POLL_S = 1.0

Question = Callable[[], bool]


@contextmanager
def scheduler_lock(engine: Engine, *, stop: Question = lambda: False) -> Iterator[Question]:
    """Wait for the lock, hold it, and give what asks whether it is still held; `stop` ends the waiting."""
    kind = _file_lock if engine.dialect.name == "sqlite" else _advisory_lock
    with kind(engine, stop) as is_held:
        yield is_held


@contextmanager
def _file_lock(engine: Engine, stop: Question) -> Iterator[Question]:
    with Path(f"{engine.url.database}.scheduler").open("ab") as file:

        def acquire() -> bool:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            return True

        held = _wait(acquire, stop)
        yield lambda: held


@contextmanager
def _advisory_lock(engine: Engine, stop: Question) -> Iterator[Question]:
    # The lock lives as long as its connection: whoever loses the one has lost the other.
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        asked = text("SELECT pg_try_advisory_lock(:no)").bindparams(no=LOCK_NO)
        held = _wait(lambda: bool(connection.scalar(asked)), stop)
        yield lambda: held and _answers(connection)


def _answers(connection: Connection) -> bool:
    try:
        connection.execute(text("SELECT 1"))
    except OperationalError:
        return False
    return True


def _wait(acquire: Question, stop: Question) -> bool:
    told = False
    while not stop():
        if acquire():
            return True
        if not told:
            sys.stderr.write("another scheduler is running; waiting in case it ends\n")
            told = True
        time.sleep(POLL_S)
    return False
