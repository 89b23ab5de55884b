"""Limits that hold across workers: refusals are counted in a table, so what is welcome costs nothing. Knows providers.

Whoever is over a limit is remembered by the process until the window ends: a flood of refusals is not a flood of
writes. A valid code is never refused for its address, since thousands of phones share one.
"""

import hashlib
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Self

from flask import current_app, request
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from channel import metrics, providers
from channel.tables import Refusal
from scans.tables import Consumer, Scan
from scans.versions import upsert

SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}
MAX_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `most` in each window of `seconds`, per somebody."""

    name: str
    most: int
    seconds: int

    @classmethod
    def read(cls, name: str, text: str) -> Self:
        """Read `60/minute`."""
        most, unit = text.split("/")
        return cls(name, int(most), SECONDS[unit])

    def window_no(self, now: datetime) -> int:
        """Number the windows from the epoch on."""
        return int(now.timestamp()) // self.seconds

    def begins_at(self, now: datetime) -> datetime:
        """Tell when the window began."""
        return datetime.fromtimestamp(self.window_no(now) * self.seconds, UTC)

    def wait_s(self, now: datetime) -> int:
        """Tell the seconds until the window ends."""
        return self.seconds - int(now.timestamp()) % self.seconds


UNKNOWN_CODES = Limit("unknown_codes", 100, 600)
SIGN_INS = Limit("sign_ins", 10, 900)
SIGN_INS_OF_ADDRESS = Limit("sign_ins_of_address", 100, 900)
REPORTS_OF_CODE = Limit("reports_of_code", 20, 86400)
REPORTS_OF_ADDRESS = Limit("reports_of_address", 100, 86400)
CONSUMER_SCANS = Limit("consumer_scans", 10_000, 3600)
WORKERS = 8
ASK_EVERY = 50


class TooManyError(ValueError):
    """Somebody was refused too often, or asks too much, and has to wait as long as Retry-After says."""

    def __init__(self, limit: Limit, *, now: datetime) -> None:
        self.wait_s = limit.wait_s(now)
        super().__init__(f"too many requests; wait {self.wait_s} seconds")


def address() -> str:
    """Return whose request this is: the peer, or what trusted proxies say of it; of IPv6 the /64 that one home has."""
    peer = request.remote_addr or "unknown"
    return ":".join(peer.split(":")[:4]) if peer.count(":") > 3 else peer


def check_scans(*consumers: str | None) -> None:
    """Hold scans against the limit per consumer and, where the settings have one, the extra limit per address.

    Raises: TooManyError.
    """
    extra = providers.config().scan_limit
    if extra is not None:
        _tally(Limit.read("scans_of_address", extra), who=address(), times=max(1, len(consumers)))
    for consumer in consumers:
        if consumer is not None:
            _check_consumer(consumer)


def check(limit: Limit, *, who: str) -> None:
    """Let pass whoever was not refused too often in this window.

    Raises: TooManyError.
    """
    now = providers.now()
    mark = _mark(limit, who, now)
    if mark in _full():
        raise TooManyError(limit, now=now)
    with providers.reading() as db:
        total = db.scalar(select(Refusal.count).filter_by(**_key(mark))) or 0
    if total >= limit.most:
        _remember(mark)
        raise TooManyError(limit, now=now)


def refuse(limit: Limit, *, who: str, times: int = 1) -> None:
    """Count refusals for all workers.

    Raises: TooManyError from the first one over the limit on.
    """
    metrics.count_refusals(limit.name, times)
    _tally(limit, who=who, times=times)


def allow(limit: Limit, *, who: str) -> None:
    """Count what somebody does that takes room here.

    Raises: TooManyError from the first one over the limit on.
    """
    _tally(limit, who=who)


def forget_refusals(db: Session, *, now: datetime) -> int:
    """Delete the counts of windows that are over and return how many there were."""
    gone = db.scalars(delete(Refusal).where(Refusal.ends_at <= now).returning(Refusal.count)).all()
    return len(gone)


Mark = tuple[str, bytes, int]


def _tally(limit: Limit, *, who: str, times: int = 1) -> None:
    now = providers.now()
    mark = _mark(limit, who, now)
    if mark not in _full():
        with providers.transaction() as db:
            total = _count(db, mark, times, limit.begins_at(now) + timedelta(seconds=limit.seconds))
        if total <= limit.most:
            return
        _remember(mark)
    raise TooManyError(limit, now=now)


def _check_consumer(consumer: str) -> None:
    # Nobody reaches the limit unless some worker sees an eighth of it: before that, and between, nobody is asked.
    now, limit = providers.now(), CONSUMER_SCANS
    seen: Counter[tuple[str, int]] = current_app.extensions.setdefault("glassbox_consumers", Counter())
    mark = (consumer, limit.window_no(now))
    seen[mark] += 1
    full = _mark(limit, consumer, now) if seen[mark] >= limit.most // WORKERS else None
    if full and full not in _full() and seen[mark] % ASK_EVERY == 0:
        with providers.reading() as db:
            if _scans_of(db, consumer, limit.begins_at(now)) >= limit.most:
                _remember(full)
    if full and full in _full():
        metrics.count_refusals(limit.name, 1)
        raise TooManyError(limit, now=now)
    if len(seen) > MAX_REMEMBERED:
        seen.clear()


def _mark(limit: Limit, who: str, now: datetime) -> Mark:
    # Keyed: who was refused cannot be found out from a dump by trying all addresses.
    key = providers.config().require_secret_key().encode()[:64]
    hashed = hashlib.blake2b(who.encode("utf-8", "replace"), digest_size=16, key=key).digest()
    return limit.name, hashed, limit.window_no(now)


def _key(mark: Mark) -> dict[str, object]:
    return dict(zip(("limit_name", "who", "window_no"), mark, strict=True))


def _count(db: Session, mark: Mark, times: int, ends_at: datetime) -> int:
    row = upsert(db)(Refusal).values(**_key(mark), count=times, ends_at=ends_at)
    grown = row.on_conflict_do_update(index_elements=list(_key(mark)), set_={"count": Refusal.count + times})
    total: int = db.execute(grown.returning(Refusal.count)).scalar_one()
    return total


def _scans_of(db: Session, device: str, since: datetime) -> int:
    scans = select(func.count()).select_from(Scan).join(Consumer, Consumer.id == Scan.consumer_id)
    return db.scalar(scans.where(Consumer.device == device, Scan.received_at >= since)) or 0


def _full() -> set[Mark]:
    full: set[Mark] = current_app.extensions.setdefault("glassbox_full", set())
    return full


def _remember(mark: Mark) -> None:
    full = _full()
    if len(full) >= MAX_REMEMBERED:
        full.clear()
    full.add(mark)
