"""After the night: the figures by which the office sees the whole, each one statement. Knows all stages before.

Only the office reads these: they are of everybody, so none of them may reach a page of one party.
"""

from datetime import UTC, date, datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, and_, case, exists, extract, func, select
from sqlalchemy.orm import Session

from scans.tables import Batch, BatchPart, Claim, Product, Scan
from stores.flags import state_of
from stores.tables import Delivery, Flag, Outcome, Party, Rep, Sale, Share, Store, StoreDay, Visit


class DayCounts(NamedTuple):
    """Claims of a business day: all, and those with a store."""

    day: date
    claims: int
    with_store: int


class HourCounts(NamedTuple):
    """Scans of an hour, repeats too, and those of them that raised a doubt about their code."""

    scans: int
    suspects: int


class Way(NamedTuple):
    """How far codes have come on their way: each a part of the one before it, but for positions."""

    issued: int
    activated: int
    claimed: int
    placed: int
    attributed: int
    rewarded: int


class Begun(NamedTuple):
    """What is there already, in the order in which a new house is furnished."""

    products: bool
    parties: bool
    stores: bool
    reps: bool
    batches: bool
    activated: bool
    scans: bool


class StoreSum(NamedTuple):
    """What a store sold over some days, beside what was expected; `direction` is that of a flag on them."""

    store_id: str
    name: str
    sold: int
    expected: float
    direction: str | None


class FlagLine(NamedTuple):
    """A flag with its store, and what a visit made of it so far."""

    flag_id: str
    store_id: str
    store: str
    region: str
    detector: str
    direction: str
    first_day: date
    last_day: date
    p_value: float
    stake_cents: int
    why: dict[str, Any]
    visited: int
    confirmed: int
    closed_on: date | None
    closed_why: str | None
    closed_p: float | None

    @property
    def state(self) -> str:
        """Where the flag stands: open, visited or closed."""
        return state_of(visited=self.visited > 0, closed_on=self.closed_on)


class Stopped(NamedTuple):
    """A visit to a store, and what came of it if somebody has reported."""

    day: date
    rep: str
    was_real: bool | None
    cause: str | None
    action: str | None
    note: str | None


class Handed(NamedTuple):
    """A case or pallet that came to a store."""

    delivery_id: str
    at: datetime
    level: str


def counts_per_day(db: Session, *, first: date, last: date) -> list[DayCounts]:
    """Return the claims of each business day that had any."""
    counted = select(Sale.day, func.count(), func.count(Sale.store_id)).where(_standing(first, last))
    return [DayCounts(*row) for row in db.execute(counted.group_by(Sale.day).order_by(Sale.day))]


def scans_per_hour(db: Session, *, start: datetime, end: datetime) -> dict[datetime, HourCounts]:
    """Return the scans of each hour that had any."""
    seconds = extract("epoch", Scan.scanned_at)
    hour = seconds - seconds % 3600
    # A scan is received after it is made, so the index on the receipt narrows it down.
    doubted = func.sum(case((Scan.verdict == "suspect", 1), else_=0))
    made = select(hour, func.count(), doubted).where(Scan.received_at >= start)
    found = db.execute(made.where(Scan.scanned_at >= start, Scan.scanned_at < end).group_by(hour))
    return {datetime.fromtimestamp(int(at), UTC): HourCounts(scans, int(odd)) for at, scans, odd in found}


def claims_per_region(db: Session, *, first: date, last: date) -> dict[str, int]:
    """Return the claims that got a store, by the store's region."""
    counted = select(Store.region, func.count()).join(Sale, Sale.store_id == Store.id)
    return {region: n for region, n in db.execute(counted.where(_standing(first, last)).group_by(Store.region))}


def way_of_codes(db: Session) -> Way:
    """Return how far all codes have come, from ink to reward."""
    live = func.sum(case((Batch.state == "activated", Batch.count), else_=0))
    issued, whole = db.execute(select(func.sum(Batch.count), live)).one()
    size = BatchPart.last_position - BatchPart.first_position + 1
    # Of an activated batch the parts are what was recalled; of one that is not, some are activated.
    signed = case(
        (BatchPart.state == "activated", size),
        (Batch.state == "activated", -size),
        else_=0,
    )
    in_parts = db.scalar(select(func.sum(signed)).select_from(BatchPart).join(Batch, Batch.id == BatchPart.batch_id))
    activated = int(whole or 0) + int(in_parts or 0)
    placed = func.sum(case((Sale.why["accuracy"].as_string().is_not(None), 1), else_=0))
    paid = func.sum(case((Claim.reward_cents > 0, 1), else_=0))
    counted = select(func.count(), placed, func.count(Sale.store_id), paid).select_from(Sale)
    row = db.execute(counted.join(Claim, Claim.code_no == Sale.code_no)).one()
    return Way(*(int(number or 0) for number in (issued, activated, *row)))


def shared_per_day(db: Session, *, first: date, last: date) -> dict[date, int]:
    """Return the cents shared among parties by the claims of each day, what was taken back left out."""
    sums = select(Share.day, func.sum(Share.part_cents)).where(Share.state != "reversed", Share.party_id.is_not(None))
    found = db.execute(sums.where(Share.day.between(first, last)).group_by(Share.day))
    return {day: int(cents) for day, cents in found}


def sums_of_stores(db: Session, *, first: date, last: date, limit: int) -> list[StoreSum]:
    """Return what stores sold over some days beside what was expected, flagged ones first."""
    flagged = select(Flag.store_id, func.min(Flag.direction).label("direction"))
    flag = flagged.where(Flag.last_day >= first, Flag.first_day <= last).group_by(Flag.store_id).subquery()
    sums = (
        select(Store.store_id, Store.name, func.sum(StoreDay.count), func.sum(StoreDay.expected), flag.c.direction)
        .join(StoreDay, StoreDay.store_id == Store.id)
        .outerjoin(flag, flag.c.store_id == Store.id)
        .where(StoreDay.day.between(first, last), StoreDay.expected.is_not(None))
        .group_by(Store.store_id, Store.name, flag.c.direction)
        .order_by(flag.c.direction.is_(None), Store.store_id)
    )
    return [StoreSum(*row) for row in db.execute(sums.limit(limit))]


def flag_list(
    db: Session, *, since: date, limit: int, offset: int = 0, direction: str | None = None, store_id: str | None = None
) -> list[FlagLine]:
    """Return the flags that reach into the days from `since` on, the greatest stake first."""
    went = select(func.count()).select_from(Visit).join(Outcome, Outcome.visit_id == Visit.id)
    went = went.where(Visit.flag_id == Flag.id)
    real = went.where(Outcome.was_real)
    asked: list[ColumnElement[bool]] = [Flag.last_day >= since]
    asked += [Flag.direction == direction] if direction else []
    asked += [Store.store_id == store_id] if store_id else []
    told = select(
        Flag.flag_id, Store.store_id, Store.name, Store.region, Flag.detector, Flag.direction, Flag.first_day,
        Flag.last_day, Flag.p_value, Flag.stake_cents, Flag.why, went.scalar_subquery(), real.scalar_subquery(),
        Flag.closed_on, Flag.closed_why, Flag.closed_p,
    )  # fmt: skip
    ordered = told.join(Store, Store.id == Flag.store_id).where(*asked).order_by(Flag.stake_cents.desc(), Flag.flag_id)
    return [FlagLine._make(row) for row in db.execute(ordered.limit(limit).offset(offset))]


def flags_per_region(db: Session, *, since: date) -> dict[str, tuple[int, int]]:
    """Return for each region how many flags reach into the days from `since` on, and how many of them are not over."""
    still = func.sum(case((Flag.closed_on.is_(None), 1), else_=0))
    counted = select(Store.region, func.count(), still).join(Flag, Flag.store_id == Store.id)
    rows = db.execute(counted.where(Flag.last_day >= since).group_by(Store.region))
    return {region: (count, int(open_)) for region, count, open_ in rows}


def flag_count(db: Session, *, first: date, last: date) -> int:
    """Return how many flags reach into some days."""
    reaching = select(func.count()).select_from(Flag).where(Flag.last_day >= first, Flag.first_day <= last)
    return int(db.scalar(reaching) or 0)


def handed_to(db: Session, *, store_id: str, start: datetime, end: datetime) -> list[Handed]:
    """Return what was delivered to a store, in the order of its coming."""
    came = select(Delivery.delivery_id, Delivery.delivered_at, Delivery.level)
    came = came.join(Store, Store.id == Delivery.to_store_id).where(Store.store_id == store_id)
    within = came.where(Delivery.delivered_at >= start, Delivery.delivered_at < end)
    return [Handed(*row) for row in db.execute(within.order_by(Delivery.delivered_at, Delivery.delivery_id))]


def visits_to(db: Session, *, store_id: str, first: date, last: date) -> list[Stopped]:
    """Return the visits to a store, the latest first."""
    told = select(Visit.day, Party.name, Outcome.was_real, Outcome.cause, Outcome.action, Outcome.note)
    told = told.join(Store, Store.id == Visit.store_id).join(Party, Party.id == Visit.rep_id)
    told = told.outerjoin(Outcome, Outcome.visit_id == Visit.id)
    wanted = told.where(Store.store_id == store_id, Visit.day.between(first, last))
    return [Stopped(*row) for row in db.execute(wanted.order_by(Visit.day.desc(), Visit.id))]


def begun(db: Session) -> Begun:
    """Return what is there already."""
    asked = (Product.id, Party.id, Store.id, Rep.party_id, Batch.id)
    there = [exists(select(key)) for key in asked]
    there += [exists(select(Batch.id).where(Batch.activated_at.is_not(None))), exists(select(Claim.code_no))]
    return Begun(*(bool(one) for one in db.execute(select(*there)).one()))


def _standing(first: date, last: date) -> ColumnElement[bool]:
    """Ask for sales of some days of what did not come back."""
    return and_(Sale.day.between(first, last), Sale.withdrawn_at.is_(None))
