"""The settings, before every door: one frozen record, the only reader of the environment. Knows no stage."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

DRIVERS = ("sqlite", "sqlite+pysqlite", "postgresql+psycopg")
LIMIT = re.compile(r"[1-9][0-9]*/(second|minute|hour|day)")


class ConfigError(ValueError):
    """A setting cannot be used."""


@dataclass(frozen=True, kw_only=True)
class Config:
    """All that a deployment may choose; `docs/settings.md` explains each."""

    home: Path
    database_url: str = field(repr=False)
    keys_path: Path
    base_url: str = "http://127.0.0.1:8000"
    secret_key: str | None = field(default=None, repr=False)
    currency: str = "CNY"
    zone: str = "Asia/Shanghai"
    scan_limit: str | None = None
    trusted_hosts: tuple[str, ...] = ("127.0.0.1", "localhost")
    proxies: int = 0
    reach_m: int = 3000
    hold_hours: int = 24
    position_keep_days: int = 30

    @classmethod
    def from_env(cls, environ: Mapping[str, str] = os.environ) -> Self:
        """Read every setting; an empty one counts as not set.

        Raises: ConfigError.
        """
        own = {key: value for key, value in environ.items() if key.startswith("GLASSBOX_") and value}
        given = {key.removeprefix("GLASSBOX_"): value for key, value in own.items()}
        home = Path(given.get("HOME", "instance")).absolute()
        base_url = _base_url(given.get("BASE_URL", cls.base_url))
        return cls(
            home=home,
            database_url=_database_url(given.get("DATABASE_URL", f"sqlite:///{home / 'glassbox.db'}")),
            keys_path=Path(given.get("KEYS", home / "keys.json")).absolute(),
            base_url=base_url,
            secret_key=given.get("SECRET_KEY"),
            currency=_currency(given.get("CURRENCY", cls.currency)),
            zone=_zone(given.get("ZONE", cls.zone)),
            scan_limit=_scan_limit(given.get("SCAN_LIMIT", "off")),
            trusted_hosts=_trusted_hosts(base_url, given.get("TRUSTED_HOSTS", "")),
            proxies=_whole("PROXIES", given, cls.proxies),
            reach_m=_whole("REACH_M", given, cls.reach_m),
            hold_hours=_whole("HOLD_HOURS", given, cls.hold_hours),
            position_keep_days=_whole("POSITION_KEEP_DAYS", given, cls.position_keep_days),
        )

    def make_home(self) -> Path:
        """Make the home, for its owner's eyes only, unless it is there.

        Raises: ConfigError if it cannot be made.
        """
        try:
            self.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigError(f"GLASSBOX_HOME: cannot make {self.home}: {error.strerror}") from error
        return self.home

    def require_secret_key(self) -> str:
        """Tell the secret that signs sessions.

        Raises: ConfigError if there is none: a made-up one would sign everybody out at each restart.
        """
        if self.secret_key is None:
            raise ConfigError("GLASSBOX_SECRET_KEY is not set; make one with: openssl rand -hex 32")
        return self.secret_key


def _database_url(text: str) -> str:
    try:
        url = make_url(text)
    except ArgumentError as error:
        raise ConfigError("GLASSBOX_DATABASE_URL is not a database URL") from error
    if url.drivername not in DRIVERS:
        raise ConfigError(f"GLASSBOX_DATABASE_URL: use sqlite or postgresql+psycopg, not {url.drivername}")
    if url.get_backend_name() == "sqlite":
        url = _sqlite_file(url)
    return url.render_as_string(hide_password=False)


def _sqlite_file(url: URL) -> URL:
    if not url.database or url.database == ":memory:" or url.database.startswith("file:"):
        raise ConfigError("GLASSBOX_DATABASE_URL: SQLite needs the path of a file")
    return url.set(database=str(Path(url.database).absolute()))


def _base_url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise ConfigError(f"GLASSBOX_BASE_URL: {text!r} is not an http or https address")
    return text.rstrip("/")


def _currency(text: str) -> str:
    if not re.fullmatch("[A-Z]{3}", text):
        raise ConfigError(f"GLASSBOX_CURRENCY: {text!r} is not a code of three capital letters")
    return text


def _zone(text: str) -> str:
    try:
        return ZoneInfo(text).key
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ConfigError(f"GLASSBOX_ZONE: there is no zone {text!r}") from error


def _scan_limit(text: str) -> str | None:
    if text != "off" and not LIMIT.fullmatch(text):
        raise ConfigError(f"GLASSBOX_SCAN_LIMIT: {text!r} is neither off nor like 60/minute")
    return None if text == "off" else text


def _trusted_hosts(base_url: str, text: str) -> tuple[str, ...]:
    own = urlsplit(base_url).hostname or ""
    named = (host.strip() for host in text.split(","))
    return tuple(dict.fromkeys([own, *filter(None, named), *Config.trusted_hosts]))


def _whole(name: str, given: Mapping[str, str], default: int) -> int:
    text = given.get(name, str(default))
    if not re.fullmatch("[0-9]{1,9}", text):
        raise ConfigError(f"GLASSBOX_{name}: {text!r} is not a whole number")
    return int(text)
