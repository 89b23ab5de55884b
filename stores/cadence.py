"""Stage 14, before the list: how often stores of a class should be seen, and which wait too long. Knows book, sales.

Seen is a store that a rep reported on, or in which something was counted.
"""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Subquery, delete, func, select, union
from sqlalchemy.orm import Session

from scans.schema import table_of
from scans.versions import upsert
from stores.book import store_book
from stores.sales import open_on
from stores.tables import Cadence, ClosedDay, Outcome, StockCount, Store, Visit

# Days between visits where the office has said nothing; stores of other classes are not planned.
DEFAULTS: dict[str, int | None] = {"A": 14, "B": 30, "C": 60}
NO_CLASS = ""
MOST_DAYS = 366
LOOK_BACK_DAYS = 90


class CadenceError(ValueError):
    """No store can be visited this often."""


class Known(NamedTuple):
    """What is known of a store: when it was last seen, and since when anybody could have."""

    key: int
    store_id: str
    name: str
    region: str
    class_: str
    last_on: date | None
    since: date | None


class Overdue(NamedTuple):
    """A store that should have been visited by now; `overdue_days` is 0 on the day it falls due."""

    store_key: int
    store_id: str
    name: str
    region: str
    class_: str
    rep_key: int | None
    last_on: date | None
    planned_days: int
    overdue_days: int


class Interval(NamedTuple):
    """How often the stores of a class are seen, beside the plan; None where nobody came.

    Units: days between two visits, on average.
    """

    class_: str
    planned_days: int | None
    stores: int
    visits: int
    real_days: float | None
    overdue: int


def due(stores: Iterable[Known], plans: Mapping[str, int | None], *, day: date) -> list[tuple[Known, int, int]]:
    """Return the stores whose plan has run out, with it and the days since, the longest overdue first.

    One that was never seen waits from its first day on; ties go to the smaller id.
    """
    found = []
    for one in stores:
        planned, since = plans.get(one.class_), one.last_on or one.since
        if planned is not None and since is not None and (over := (day - since).days - planned) >= 0:
            found.append((one, planned, over))
    return sorted(found, key=lambda each: (-each[2], each[0].store_id))


def plans(db: Session) -> dict[str, int | None]:
    """Return the planned days of every class that has any said about it; None is a class that is not planned."""
    said = {class_: days for class_, days in db.execute(select(Cadence.class_, Cadence.planned_days))}
    return DEFAULTS | said


def classes(db: Session) -> dict[str, int]:
    """Return the classes that stores have and how many have each."""
    class_ = func.coalesce(Store.class_, NO_CLASS)
    return {name: count for name, count in db.execute(select(class_, func.count()).group_by(class_).order_by(class_))}


def put_plan(db: Session, *, class_: str, planned_days: int | None) -> None:
    """Say how many days may pass between visits to stores of a class; None: they are not planned.

    Raises: CadenceError.
    """
    if len(class_) > Cadence.__table__.c["class"].type.length or "\x00" in class_:  # type: ignore[attr-defined]
        raise CadenceError("no class has such a name")
    if planned_days is not None and not 1 <= planned_days <= MOST_DAYS:
        raise CadenceError(f"a plan is a number of days from 1 to {MOST_DAYS}")
    written = upsert(db)(table_of(Cadence)).values({"class": class_, "planned_days": planned_days})
    said = {"planned_days": written.excluded.planned_days}
    db.execute(written.on_conflict_do_update(index_elements=["class"], set_=said))


def drop_plan(db: Session, *, class_: str) -> None:
    """Forget what was said of a class: its default holds again."""
    db.execute(delete(Cadence).where(Cadence.class_ == class_))


def overdue(db: Session, *, day: date) -> list[Overdue]:
    """Return the stores that fall due by a day or are overdue, with whoever visits there, the longest overdue first."""
    wanted = plans(db)
    found = due(_known(db, wanted, day), wanted, day=day)
    facts = store_book(db).facts(db, store_ids={one.key for one, *_ in found})
    return [Overdue(*one[:5], facts[one.key].rep_id, one.last_on, planned, over) for one, planned, over in found]


def intervals(db: Session, *, day: date, late: Iterable[Overdue]) -> list[Interval]:
    """Return for each class how often its stores were seen in the last 90 days.

    Days between visits = days that its stores existed / times they were seen: a gap that is not over counts as well.

    Source: the maximum likelihood estimate of a rate from exposure, e.g. Cox & Lewis (1966), 3.
    """
    since, planned = day - timedelta(days=LOOK_BACK_DAYS - 1), plans(db)
    known_from = db.scalar(select(func.min(ClosedDay.day)))
    begin = max(since, known_from) if known_from else since
    waiting: dict[str, int] = {}
    for one in late:
        waiting[one.class_] = waiting.get(one.class_, 0) + 1
    seen = _seen(day, since=begin)
    class_ = func.coalesce(Store.class_, NO_CLASS)
    visits = select(seen.c.store_id, func.count().label("visits")).group_by(seen.c.store_id).subquery()
    told = select(class_, Store.opened_on, Store.closed_on, func.coalesce(func.sum(visits.c.visits), 0), func.count())
    told = told.outerjoin(visits, visits.c.store_id == Store.id).group_by(class_, Store.opened_on, Store.closed_on)
    sums: dict[str, list[int]] = {}
    for name, opened, closed, times, stores in db.execute(told):
        days = max(0, (min(day, closed or day) - max(begin, opened or begin)).days + 1)
        if days:
            row = sums.setdefault(name, [0, 0, 0])
            row[:] = row[0] + stores, row[1] + int(times), row[2] + days * stores
    return [
        Interval(name, planned.get(name), stores, times, days / times if times else None, waiting.get(name, 0))
        for name, (stores, times, days) in sorted(sums.items())
    ]


def _known(db: Session, wanted: Mapping[str, int | None], day: date) -> list[Known]:
    """Read the planned stores that exist on a day: one statement."""
    some = [class_ for class_, days in wanted.items() if days is not None]
    seen = _seen(day)
    last = select(seen.c.store_id, func.max(seen.c.day).label("day")).group_by(seen.c.store_id).subquery()
    first = select(func.min(ClosedDay.day)).scalar_subquery()
    class_ = func.coalesce(Store.class_, NO_CLASS)
    told = select(Store.id, Store.store_id, Store.name, Store.region, class_, last.c.day, Store.opened_on, first)
    told = told.outerjoin(last, last.c.store_id == Store.id).where(class_.in_(some), open_on(day))
    return [
        Known(key, store_id, name, region, of, last_on, max(opened, known) if opened and known else opened or known)
        for key, store_id, name, region, of, last_on, opened, known in db.execute(told)
    ]


def _seen(day: date, *, since: date | None = None) -> Subquery:
    """Select (store, day) of every time a store was seen, once a day."""
    went: Any = select(Visit.store_id, Visit.day.label("day")).join(Outcome, Outcome.visit_id == Visit.id)
    counted: Any = select(StockCount.store_id, StockCount.counted_on.label("day"))
    went, counted = went.where(Visit.day <= day), counted.where(StockCount.counted_on <= day)
    if since is not None:
        went, counted = went.where(Visit.day >= since), counted.where(StockCount.counted_on >= since)
    return union(went, counted).subquery()
