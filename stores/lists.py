"""Stage 14, visit: which stores each rep should see next, by what a minute of the way is worth. Knows flags, choice.

The list of a day is made from what was found up to the day before. Once published it is only appended to.
"""

import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, timedelta
from functools import partial
from typing import Any, NamedTuple

from sqlalchemy import Select, case, func, insert, select
from sqlalchemy.orm import Session

from scans.places import Position
from scans.schema import table_of
from stores.book import store_book
from stores.cadence import Overdue, overdue
from stores.choice import Wanted, choose
from stores.flags import QUIET_DAYS
from stores.holdout import hold_out
from stores.routes import in_order
from stores.tables import Flag, FlagDay, Outcome, Rep, Store, Visit

REST_DAYS = 7
PRIOR_REAL, PRIOR_VISITS = 7, 10  # a list of the prototype of the judge was right seven times in ten
COUNTS_OF = 4  # one stop in four is for stores that are due for a count, if there are any
NEXT = timedelta(days=1)

Reason = tuple[str, str]


class Call(NamedTuple):
    """A reason to visit a store: a flag of it and what was last found; `rep_id` is whoever visits there, if anybody."""

    flag_id: int
    store_key: int
    store_id: str
    rep_id: int | None
    reason: Reason
    day: date
    stake_cents: int


class Base(NamedTuple):
    """Where a rep starts from, and how many visits a day there is room for."""

    place: Position
    room: int


class Went(NamedTuple):
    """A visit for a flag that has an outcome."""

    flag_id: int
    day: date


def precision(db: Session, *, day: date) -> dict[Reason, float]:
    """Return how often each reason (detector, code) was found to be real by visits up to a day, shrunk to seven in ten.

    Source: the mean of a beta posterior.
    """
    rows = db.execute(visited().where(Visit.day <= day, Outcome.visit_id.is_not(None)))
    return {(detector, code): likely(int(real), visits) for detector, code, visits, real in rows}


def visited() -> Select[Any]:
    """Select (detector, code, visits that have an outcome, real ones of them) of every reason that flags ever had."""
    code = Flag.why["code"].as_string()
    real = func.sum(case((Outcome.was_real, 1), else_=0))
    told = select(Flag.detector, code, func.count(Outcome.visit_id), real).group_by(Flag.detector, code)
    return told.outerjoin(Visit, Visit.flag_id == Flag.id).outerjoin(Outcome, Outcome.visit_id == Visit.id)


def likely(real: int, visits: int) -> float:
    """Return the share of visits that will find something, after so many of so many did."""
    return (PRIOR_REAL + real) / (PRIOR_VISITS + visits)


def rank(
    calls: Iterable[Call], *, went: Iterable[Went], right: Mapping[Reason, float], day: date
) -> dict[int, list[Call]]:
    """Return for each rep the calls that stand on a day, one a store, the greatest expected loss first.

    Who went for a flag within the last week need not go for it again.
    """
    rested = {visit.flag_id for visit in went if day - timedelta(days=REST_DAYS) <= visit.day < day}
    latest = {
        (call.store_key, call.reason[0]): call for call in sorted(calls, key=lambda call: call.day) if call.day < day
    }
    fresh = [call for call in latest.values() if (day - call.day).days <= QUIET_DAYS + 1 and call.flag_id not in rested]

    def order(call: Call) -> tuple[float, str, str]:
        return -call.stake_cents * right.get(call.reason, likely(0, 0)), call.store_id, call.reason[0]

    lists: dict[int, list[Call]] = {}
    seen: set[int] = set()
    for call in sorted(fresh, key=order):
        if call.rep_id is not None and call.store_key not in seen:
            seen.add(call.store_key)
            lists.setdefault(call.rep_id, []).append(call)
    return lists


def publish(db: Session, *, days: Sequence[date]) -> int:
    """Make the visit lists of the days after these, or append what is new, and return how many stops were added."""
    calls = _calls(db, first=min(days) - timedelta(days=QUIET_DAYS), last=max(days))
    went = _went(db, first=min(days) - timedelta(days=REST_DAYS), last=max(days))
    listed = _listed(db, first=min(days) + NEXT, last=max(days) + NEXT)
    bases = _bases(db)
    out = hold_out(db, days=days)
    rows: list[dict[str, Any]] = []
    for day in (day + NEXT for day in sorted(days)):
        near = [call for call in calls if (day - call.day).days <= QUIET_DAYS + 1]
        right = precision(db, day=day - NEXT)
        flagged = rank(near, went=went, right=right, day=day)
        due = _due(overdue(db, day=day - NEXT))
        places = _places(db, flagged, due)
        for rep_id in sorted({*flagged, *due} & bases.keys()):
            old = listed.get((rep_id, day), {})
            worth = [_flagged(call, right, places) for call in flagged.get(rep_id, ()) if call.store_key not in old]
            counts = [_counted(one, places) for one in due.get(rep_id, ()) if one.store_key not in old]
            stops = _stops(worth, counts, base=bases[rep_id], old=[*old.values()], admit=partial(out.admits, day=day))
            rows += [_row(stop, rep_id, day, len(old) + number) for number, stop in enumerate(stops, start=1)]
    if rows:
        db.execute(insert(table_of(Visit)), rows)
    out.write(db)
    return len(rows)


def _stops(
    worth: Sequence[Wanted], counts: Sequence[Wanted], *, base: Base, old: Sequence[Position],
    admit: Callable[[Wanted], bool],
) -> list[Wanted]:  # fmt: skip
    """Return what is added to a list, in the order of the way; a stop in four and what is left is for counts."""
    start, room = old[-1] if old else base.place, base.room - len(old)
    kept = min(len(counts), base.room // COUNTS_OF, max(0, room))
    chosen = choose(worth, start=start, end=base.place, room=room - kept, admit=admit)
    there = {one.store_key for one in chosen}
    others = [one for one in counts if one.store_key not in there]
    chosen += choose(others, start=start, end=base.place, room=room - len(chosen), admit=admit)
    return [chosen[at] for at in in_order([one.place for one in chosen], start=start, end=base.place)]


def _flagged(call: Call, right: Mapping[Reason, float], places: Mapping[int, Position]) -> Wanted:
    worth = call.stake_cents * right.get(call.reason, likely(0, 0))
    return Wanted(call.store_key, call.store_id, places[call.store_key], worth, "flag", call.flag_id, call.stake_cents)


def _counted(one: Overdue, places: Mapping[int, Position]) -> Wanted:
    return Wanted(one.store_key, one.store_id, places[one.store_key], (one.overdue_days + 1) / one.planned_days)


def _due(late: Iterable[Overdue]) -> dict[int, list[Overdue]]:
    found: dict[int, list[Overdue]] = {}
    for one in late:
        if one.rep_key is not None:
            found.setdefault(one.rep_key, []).append(one)
    return found


def _places(
    db: Session, flagged: Mapping[int, Sequence[Call]], due: Mapping[int, Sequence[Overdue]]
) -> dict[int, Position]:
    keys = {one.store_key for told in (flagged, due) for some in told.values() for one in some}
    return {key: facts.place for key, facts in store_book(db).facts(db, store_ids=keys).items()}


def _bases(db: Session) -> dict[int, Base]:
    told = select(Rep.party_id, Rep.base_lat_deg, Rep.base_lon_deg, Rep.visits_per_day)
    return {rep_id: Base(Position(lat_deg, lon_deg, None), room) for rep_id, lat_deg, lon_deg, room in db.execute(told)}


def _row(stop: Wanted, rep_id: int, day: date, place: int) -> dict[str, Any]:
    return {
        "visit_id": secrets.token_hex(8),
        "rep_id": rep_id,
        "store_id": stop.store_key,
        "purpose": stop.purpose,
        "flag_id": stop.flag_id,
        "day": day,
        "rank": place,
        "stake_cents": stop.stake_cents,
    }


def _calls(db: Session, *, first: date, last: date) -> list[Call]:
    within = (Flag.store_id == FlagDay.store_id) & (Flag.detector == FlagDay.detector)
    within &= (Flag.direction == FlagDay.direction) & FlagDay.day.between(Flag.first_day, Flag.last_day)
    told = select(
        Flag.id, FlagDay.store_id, Store.store_id, FlagDay.detector, FlagDay.why["code"].as_string(),
        FlagDay.day, FlagDay.stake_cents,
    )  # fmt: skip
    told = told.join(Flag, within).join(Store, Store.id == FlagDay.store_id).where(FlagDay.day.between(first, last))
    rows = db.execute(told.order_by(FlagDay.day, FlagDay.store_id, Flag.id)).all()
    facts = store_book(db).facts(db, store_ids={row[1] for row in rows})
    return [
        Call(flag_id, key, store_id, facts[key].rep_id, (detector, code), day, stake_cents)
        for flag_id, key, store_id, detector, code, day, stake_cents in rows
    ]


def _went(db: Session, *, first: date, last: date) -> list[Went]:
    told = select(Visit.flag_id, Visit.day).join(Outcome).where(Visit.day.between(first, last))
    return [Went(flag_id, day) for flag_id, day in db.execute(told) if flag_id is not None]


def _listed(db: Session, *, first: date, last: date) -> dict[tuple[int, date], dict[int, Position]]:
    told = select(Visit.rep_id, Visit.day, Visit.store_id, Store.lat_deg, Store.lon_deg)
    told = told.join(Store, Store.id == Visit.store_id).where(Visit.day.between(first, last)).order_by(Visit.rank)
    stops: dict[tuple[int, date], dict[int, Position]] = {}
    for rep_id, day, key, lat_deg, lon_deg in db.execute(told):
        stops.setdefault((rep_id, day), {})[key] = Position(lat_deg, lon_deg, None)
    return stops
