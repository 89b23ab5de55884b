"""When jobs are due: which days are over, which slots have begun. Knows settings and the days that were closed."""

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from channel.config import Config
from stores.tables import ClosedDay, Sale, Store

GRACE = timedelta(hours=1)  # phones that were offline send what they held back
LOOK_BACK_DAYS = 400

Due = Callable[[Session, Config, datetime], Iterable[str]]


def missed_days(db: Session, *, zone: str, now: datetime) -> list[date]:
    """Return the business days that are over in every store's zone and were never closed, the oldest first."""
    first = db.scalar(select(func.min(Sale.day)))
    last = last_day_over({zone, *db.scalars(select(Store.zone).distinct())}, now=now)
    if first is None:
        return []
    first = max(first, last - timedelta(days=LOOK_BACK_DAYS))
    closed = set(db.scalars(select(ClosedDay.day).where(ClosedDay.day >= first)))
    days = (first + timedelta(days=number) for number in range((last - first).days + 1))
    return [day for day in days if day not in closed]


def last_missed_day(db: Session, config: Config, now: datetime) -> list[str]:
    """Make the newest missed day due: all days missed before it are closed with it."""
    return [day.isoformat() for day in missed_days(db, zone=config.zone, now=now)[-1:]]


def every_day(_db: Session, config: Config, now: datetime) -> list[str]:
    """Make a job due once for every day of the owner's that is over; days missed are not caught up."""
    return [last_day_over([config.zone], now=now).isoformat()]


def last_day_over(zones: Iterable[str], *, now: datetime) -> date:
    """Return the last day that ended at least an hour ago wherever a store is."""
    return min((now - GRACE).astimezone(ZoneInfo(zone)).date() for zone in zones) - timedelta(days=1)


def this_slot(minutes: int) -> Due:
    """Make a job due once in every so many minutes; what was missed needs no catching up."""

    def due(_db: Session, _config: Config, now: datetime) -> list[str]:
        slot = int(now.timestamp()) // (minutes * 60) * minutes * 60
        return [datetime.fromtimestamp(slot, UTC).strftime("%Y-%m-%dT%H:%MZ")]

    return due
