"""What a request needs, taken from the application it runs in: the one place that is. Knows config, database, keys."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import cast
from zoneinfo import ZoneInfo

from flask import Flask, current_app
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from channel import database
from channel.config import Config
from channel.writer import Writer
from scans.keys import KeyRing

Clock = Callable[[], datetime]


@dataclass
class House:
    """What an application holds for as long as it lives; tests put a clock of their own here."""

    config: Config
    engine: Engine
    writer: Writer
    clock: Clock


def utc_now() -> datetime:
    """Read the clock: nothing else in the three packages does for a request."""
    return datetime.now(UTC)


def init_app(app: Flask, config: Config, *, clock: Clock = utc_now) -> None:
    """Give an application its database, its writer and its clock."""
    engine = database.make_engine(config.database_url)
    writer = Writer(engine=engine, config=config, ring=lambda: KeyRing.load(config.keys_path))
    app.extensions["glassbox"] = House(config, engine, writer, clock)


def house(app: Flask | None = None) -> House:
    """Return what an application holds; without one, the application of this request."""
    return cast(House, (app or current_app).extensions["glassbox"])


def config() -> Config:
    """Return the settings."""
    return house().config


def engine() -> Engine:
    """Return the database's engine."""
    return house().engine


def ring() -> KeyRing:
    """Return the key ring as it is on disk now.

    Raises: KeyRingError.
    """
    return KeyRing.load(config().keys_path)


def writer() -> Writer:
    """Return the writer that takes this process's scans together."""
    return house().writer


def now() -> datetime:
    """Return the instant this request asks the domain about."""
    return house().clock()


def reading() -> AbstractContextManager[Session]:
    """Open one snapshot of the database that refuses to write."""
    return database.reading(engine())


def transaction() -> AbstractContextManager[Session]:
    """Open the transaction of this request."""
    return database.transaction(engine())


def today() -> date:
    """Return the business day at the owner's."""
    return now().astimezone(ZoneInfo(config().zone)).date()
