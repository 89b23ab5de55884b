"""Stage 14, after the visit: what became of reps' lists, and on which days nobody went. Knows visits.

A visit is done on the day it is reported: in the owner's zone, which the caller gives.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from stores.tables import CheckIn, Outcome, Party, Rep, Store, Visit

WORKING = range(5)  # Monday to Friday
STATES = ("done", "late", "missed", "open")
Days = dict[str, set[date]]


class Stop(NamedTuple):
    """A stop on a rep's list and what became of it; `reported_on` is the day of its outcome, if there is one."""

    rep_id: str
    rep: str
    day: date
    region: str
    store_id: str
    store: str
    purpose: str
    stake_cents: int
    arrived: bool
    reported_on: date | None
    was_real: bool | None
    cause: str | None

    def state(self, today: date) -> str:
        """Tell what became of it: done, late (on a later day), missed, or open while its day lasts."""
        if self.reported_on is not None:
            return "done" if self.reported_on <= self.day else "late"
        return "missed" if self.day < today else "open"


class Round(NamedTuple):
    """What became of a rep's lists over some days, and the working days on which the rep reported nothing."""

    rep_id: str
    rep: str
    region: str
    listed: int
    done: int
    late: int
    missed: int
    open: int
    working_days: int
    dark: tuple[date, ...]


class RegionDark(NamedTuple):
    """How long nobody has been in any store of a region, and on how many working days nobody was."""

    region: str
    stores: int
    last_on: date | None
    working_days: int
    dark_days: int


def working_days(first: date, last: date) -> list[date]:
    """Return the days from Monday to Friday."""
    days = (first + timedelta(days=number) for number in range((last - first).days + 1))
    return [day for day in days if day.weekday() in WORKING]


def tally(stops: Iterable[Stop], *, today: date) -> dict[tuple[str, date], dict[str, int]]:
    """Return for each rep and day of a list how many of its stops were done, late, missed or are open."""
    counted: dict[tuple[str, date], dict[str, int]] = {}
    for stop in stops:
        row = counted.setdefault((stop.rep_id, stop.day), dict.fromkeys(STATES, 0))
        row[stop.state(today)] += 1
    return counted


def rounds(
    reps: Mapping[str, tuple[str, str]], stops: Iterable[Stop], *, reported: Mapping[str, set[date]], first: date,
    last: date, today: date,
) -> list[Round]:  # fmt: skip
    """Return every rep's round of some days, also of those who had no list; who missed most comes first."""
    sums = {rep_id: dict.fromkeys(STATES, 0) for rep_id in reps}
    for (rep_id, _), row in tally(stops, today=today).items():
        sums[rep_id] = {state: sums[rep_id][state] + count for state, count in row.items()}
    working = [day for day in working_days(first, last) if day < today]
    told = []
    for rep_id, (name, region) in reps.items():
        dark = tuple(day for day in working if day not in reported.get(rep_id, ()))
        done, late, missed, still = (sums[rep_id][state] for state in STATES)
        listed = done + late + missed + still
        told.append(Round(rep_id, name, region, listed, done, late, missed, still, len(working), dark))
    return sorted(told, key=lambda one: (-one.missed, -len(one.dark), one.rep_id))


def stops(db: Session, *, first: date, last: date, zone: ZoneInfo, rep_id: str | None = None) -> list[Stop]:
    """Return the stops of all lists of some days, or of one rep's, in the order of day and rank."""
    told = (
        select(
            Party.party_id, Party.name, Visit.day, Store.region, Store.store_id, Store.name, Visit.purpose,
            Visit.stake_cents, CheckIn.visit_id.is_not(None), Outcome.at, Outcome.was_real, Outcome.cause,
        )
        .join(Party, Party.id == Visit.rep_id)
        .join(Store, Store.id == Visit.store_id)
        .outerjoin(CheckIn, CheckIn.visit_id == Visit.id)
        .outerjoin(Outcome, Outcome.visit_id == Visit.id)
        .where(Visit.day.between(first, last))
        .order_by(Visit.day, Party.party_id, Visit.rank)
    )  # fmt: skip
    if rep_id is not None:
        told = told.where(Party.party_id == rep_id)
    return [
        Stop(*row[:8], arrived=row[8], reported_on=_day(row[9], zone), was_real=row[10], cause=row[11])
        for row in db.execute(told)
    ]


def reps(db: Session) -> dict[str, tuple[str, str]]:
    """Return every rep's name and region."""
    told = select(Party.party_id, Party.name, Rep.region).join(Rep, Rep.party_id == Party.id)
    return {rep_id: (name, region) for rep_id, name, region in db.execute(told.order_by(Party.party_id))}


def reported(db: Session, *, first: date, last: date, zone: ZoneInfo) -> tuple[Days, Days]:
    """Return the days on which each rep reported on a visit, and on which anybody did from each region's stores."""
    begin = datetime.combine(first, datetime.min.time(), zone)
    end = datetime.combine(last + timedelta(days=1), datetime.min.time(), zone)
    told = select(Party.party_id, Store.region, Outcome.at).join(Visit, Visit.id == Outcome.visit_id)
    told = told.join(Party, Party.id == Visit.rep_id).join(Store, Store.id == Visit.store_id)
    by_rep: Days = {}
    by_region: Days = {}
    for rep_id, region, at in db.execute(told.where(Outcome.at >= begin, Outcome.at < end)):
        day = at.astimezone(zone).date()
        by_rep.setdefault(rep_id, set()).add(day)
        by_region.setdefault(region, set()).add(day)
    return by_rep, by_region


def dark_regions(
    db: Session, *, seen: Mapping[str, set[date]], first: date, last: date, today: date
) -> list[RegionDark]:
    """Return every region with the working days on which nobody reported from it, the darkest first."""
    working = [day for day in working_days(first, last) if day < today]
    latest = select(Visit.store_id, func.max(Visit.day).label("day")).join(Outcome).group_by(Visit.store_id).subquery()
    told = select(Store.region, func.count(), func.max(latest.c.day)).outerjoin(latest, latest.c.store_id == Store.id)
    regions = [
        RegionDark(region, count, day, len(working), sum(one not in seen.get(region, ()) for one in working))
        for region, count, day in db.execute(told.where(Store.closed_on.is_(None)).group_by(Store.region))
    ]
    return sorted(regions, key=lambda one: (-one.dark_days, one.last_on or date.min, one.region))


def _day(at: datetime | None, zone: ZoneInfo) -> date | None:
    return at.astimezone(zone).date() if at else None
