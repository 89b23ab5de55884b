"""Stage 14, visit: a rep's list of a day with all that its page shows. Knows visits."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from scans.places import Position, distance_m
from stores.directory import UnknownPartyError
from stores.directory.owners import owned_on
from stores.tables import CheckIn, Flag, Outcome, Party, Rep, Store, StoreDay, Visit
from stores.visits import CheckInRow, OutcomeRow

SPARK_DAYS = 28
Spark = dict[date, tuple[int, float | None]]


@dataclass(frozen=True, slots=True)
class VisitStop:
    """A stop on a rep's list with all that its page shows; `state` is open, checked_in or done.

    A visit for something else than a flag has none, and nothing at stake; `purpose` says what it is for.

    Shapes: counts, expected: the `SPARK_DAYS` days before the list's, None where a day is not closed or not judged.
    Units: WGS-84 degrees; distance from the rep's base.
    """

    visit_id: str
    rank: int
    state: str
    store_id: str
    store_name: str
    address: str | None
    phone: str | None
    lat_deg: float
    lon_deg: float
    distance_m: float
    purpose: str
    flag_id: str | None
    detector: str | None
    direction: str | None
    first_day: date | None
    why: dict[str, Any] | None
    stake_cents: int
    counts: tuple[int | None, ...]
    expected: tuple[float | None, ...]
    check_in: CheckInRow | None
    outcome: OutcomeRow | None


def visit_list(db: Session, *, rep_id: str, day: date) -> list[VisitStop]:
    """Return a rep's stops of a day in their order.

    Raises: UnknownPartyError if there is no such rep.
    """
    owned = owned_on(day).subquery()
    told = (
        select(Visit, Store, Flag, Rep, Party.phone, CheckIn, Outcome)
        .join(Store, Store.id == Visit.store_id)
        .outerjoin(Flag, Flag.id == Visit.flag_id)
        .join(Rep, Rep.party_id == Visit.rep_id)
        .outerjoin(owned, owned.c.store_id == Visit.store_id)
        .outerjoin(Party, Party.id == owned.c.party_id)
        .outerjoin(CheckIn, CheckIn.visit_id == Visit.id)
        .outerjoin(Outcome, Outcome.visit_id == Visit.id)
        .where(Visit.rep_id == _rep(db, rep_id), Visit.day == day)
        .order_by(Visit.rank)
    )
    rows = db.execute(told.execution_options(populate_existing=True)).all()
    sparks = _sparks(db, [row[0].store_id for row in rows], day)
    return [_stop(*row, spark=sparks.get(row[0].store_id, {}), day=day) for row in rows]


def busiest_rep(db: Session) -> str | None:
    """Return whose latest list is the longest, None where nobody has one; ties go to the smaller id."""
    latest = select(func.max(Visit.day)).scalar_subquery()
    listed = select(Party.party_id).join(Visit, Visit.rep_id == Party.id).where(Visit.day == latest)
    return db.scalar(listed.group_by(Party.party_id).order_by(func.count().desc(), Party.party_id).limit(1))


def _rep(db: Session, rep_id: str) -> int:
    key = db.scalar(select(Rep.party_id).join(Party, Party.id == Rep.party_id).where(Party.party_id == rep_id))
    if key is None:
        raise UnknownPartyError("there is no such rep")
    return key


def _sparks(db: Session, keys: Sequence[int], day: date) -> dict[int, Spark]:
    told = select(StoreDay.store_id, StoreDay.day, StoreDay.count, StoreDay.expected).where(StoreDay.store_id.in_(keys))
    sparks: dict[int, Spark] = {}
    since = day - timedelta(days=SPARK_DAYS)
    for key, at, count, expected in db.execute(told.where(StoreDay.day >= since, StoreDay.day < day)):
        sparks.setdefault(key, {})[at] = count, expected
    return sparks


def _stop(
    visit: Visit, store: Store, flag: Flag | None, rep: Rep, phone: str | None, came: CheckIn | None,
    outcome: Outcome | None,
    *, spark: Spark, day: date,
) -> VisitStop:  # fmt: skip
    days = [spark.get(day - timedelta(days=number), (None, None)) for number in range(SPARK_DAYS, 0, -1)]
    base = Position(rep.base_lat_deg, rep.base_lon_deg, None)
    return VisitStop(
        visit_id=visit.visit_id,
        rank=visit.rank,
        state="done" if outcome else "checked_in" if came else "open",
        store_id=store.store_id,
        store_name=store.name,
        address=store.address,
        phone=store.phone or phone,
        lat_deg=store.lat_deg,
        lon_deg=store.lon_deg,
        distance_m=round(distance_m(base, Position(store.lat_deg, store.lon_deg, None)), 1),
        purpose=visit.purpose,
        flag_id=flag.flag_id if flag else None,
        detector=flag.detector if flag else None,
        direction=flag.direction if flag else None,
        first_day=flag.first_day if flag else None,
        why=flag.why if flag else None,
        stake_cents=visit.stake_cents,
        counts=tuple(count for count, _ in days),
        expected=tuple(expected for _, expected in days),
        check_in=CheckInRow(came.at, came.distance_m, came.reason) if came else None,
        outcome=OutcomeRow(outcome.at, outcome.was_real, outcome.cause, outcome.action, outcome.note)
        if outcome
        else None,
    )
