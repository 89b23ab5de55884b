"""Stage 14, before the visit: flags, stretches of days found abnormal by one detector in one direction. Knows findings.

A flag is what its days make of it: it grows, shrinks or goes when a day is judged again. One that was on a visit list
stays, because somebody was sent there for it, and so does one that a lot was drawn for.
"""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, NamedTuple

from sqlalchemy import bindparam, delete, exists, insert, or_, select, update
from sqlalchemy.orm import Session

from scans.schema import table_of
from stores.directory import Scope, sees_store
from stores.tables import Draw, Flag, FlagDay, Outcome, Store, Visit

QUIET_DAYS = 2


class Stretch(NamedTuple):
    """Abnormal days of a store with at most two days from one to the next; sure and worth what its last day says."""

    store_id: int
    detector: str
    direction: str
    first_day: date
    last_day: date
    p_value: float
    stake_cents: int
    why: dict[str, Any]

    @property
    def kind(self) -> tuple[int, str, str]:
        """What two stretches must share to be one."""
        return self[:3]

    def overlaps(self, other: "Stretch") -> bool:
        """Tell whether two stretches of a kind have days in common."""
        return self.kind == other.kind and self.first_day <= other.last_day and other.first_day <= self.last_day


@dataclass(frozen=True, slots=True)
class FlagRow:
    """A flag as pages and the API tell it, with ids of the outside; `visited` if somebody has reported on it."""

    flag_id: str
    store_id: str
    store_name: str
    region: str
    detector: str
    direction: str
    first_day: date
    last_day: date
    p_value: float
    stake_cents: int
    why: dict[str, Any]
    visited: bool
    closed_on: date | None
    closed_why: str | None
    closed_p: float | None

    @property
    def state(self) -> str:
        """Where the flag stands: open, visited or closed."""
        return state_of(visited=self.visited, closed_on=self.closed_on)


def state_of(*, visited: bool, closed_on: date | None) -> str:
    """Tell where a flag stands: it is closed by its days alone, whether somebody has been there or not."""
    return "closed" if closed_on else "visited" if visited else "open"


def stretches(days: Iterable[Stretch]) -> list[Stretch]:
    """Join abnormal days, each a stretch of its own, in the order of store, detector, direction and day."""
    joined: list[Stretch] = []
    for one in sorted(days, key=lambda day: day[:5]):
        if joined and joined[-1].kind == one.kind and (one.last_day - joined[-1].last_day).days <= QUIET_DAYS:
            joined.append(one._replace(first_day=joined.pop().first_day))
        else:
            joined.append(one)
    return joined


def match(found: Iterable[Stretch], flags: Mapping[int, Stretch]) -> tuple[dict[int, Stretch], dict[int, int]]:
    """Return which stretch each flag (by key) goes on as, and which flags have grown into which others."""
    by_kind: dict[tuple[int, str, str], list[int]] = {}
    for key in sorted(flags, key=lambda key: flags[key].first_day):
        by_kind.setdefault(flags[key].kind, []).append(key)
    kept: dict[int, Stretch] = {}
    merged: dict[int, int] = {}
    for one in found:
        same = [key for key in by_kind.get(one.kind, []) if one.overlaps(flags[key]) and key not in kept]
        if same:
            kept[same[0]] = one
            merged.update(dict.fromkeys(same[1:], same[0]))
    return kept, {old: new for old, new in merged.items() if old not in kept}


def put_flags(db: Session, *, first: date, last: date) -> None:
    """Bring the flags that reach into these days in line with what was found on them."""
    near, far = first - timedelta(days=QUIET_DAYS), last + timedelta(days=QUIET_DAYS)
    rows = db.execute(select(Flag.id, *_OF_FLAG).where(Flag.last_day >= near, Flag.first_day <= far))
    flags = {key: Stretch(*told) for key, *told in rows}
    since = min([first, *(flag.first_day for flag in flags.values())])
    until = max([last, *(flag.last_day for flag in flags.values())])
    days = db.execute(select(*_OF_DAY).where(FlagDay.day.between(since, until)))
    found = [one for one in stretches(Stretch(*day) for day in days) if one.last_day >= near and one.first_day <= far]
    kept, merged = match(found, flags)
    _merge(db, merged)
    _drop(db, [key for key in flags if key not in kept])
    _change(db, {key: one for key, one in kept.items() if one != flags[key]})
    _add(db, found, kept.values())


def flags_on(db: Session, *, day: date, scope: Scope, after: str = "", limit: int = 50) -> list[FlagRow]:
    """Return the flags that cover a day, the greatest stake first, those past the flag `after`."""
    reported = exists().where(Visit.flag_id == Flag.id, Outcome.visit_id == Visit.id)
    columns = (
        Flag.flag_id, Store.store_id, Store.name, Store.region, Flag.detector, Flag.direction, Flag.first_day,
        Flag.last_day, Flag.p_value, Flag.stake_cents, Flag.why, reported,
        Flag.closed_on, Flag.closed_why, Flag.closed_p,
    )  # fmt: skip
    told = select(*columns).join(Store, Store.id == Flag.store_id)
    told = told.where(Flag.first_day <= day, Flag.last_day >= day, sees_store(scope, Flag.store_id))
    if after:
        stake = select(Flag.stake_cents).where(Flag.flag_id == after).scalar_subquery()
        told = told.where(or_(Flag.stake_cents < stake, (Flag.stake_cents == stake) & (Flag.flag_id > after)))
    ordered = told.order_by(Flag.stake_cents.desc(), Flag.flag_id).limit(limit)
    return [FlagRow(*row) for row in db.execute(ordered)]


def flags_equal_stretches(db: Session) -> int:
    """Every stretch of abnormal days is one flag, and every flag a stretch, or a list or a lot had it."""
    found = {one[:5] for one in stretches(Stretch(*day) for day in db.execute(select(*_OF_DAY)))}
    kept = {Stretch(*told)[:5]: key for key, *told in db.execute(select(Flag.id, *_OF_FLAG))}
    visited = set(db.scalars(select(Visit.flag_id).where(Visit.flag_id.is_not(None))))
    visited |= set(db.scalars(select(Draw.flag_id)))
    return len(found - kept.keys()) + sum(kept[one] not in visited for one in kept.keys() - found)


def _merge(db: Session, merged: Mapping[int, int]) -> None:
    table = table_of(Visit)
    moved = update(table).where(table.c.flag_id == bindparam("old")).values(flag_id=bindparam("new"))
    if not merged:
        return
    db.execute(moved, [{"old": old, "new": new} for old, new in merged.items()])
    drawn = set(db.scalars(select(Draw.flag_id).where(Draw.flag_id.in_([*merged, *merged.values()]))))
    lots = table_of(Draw)
    for old, new in merged.items():
        if old in drawn and new not in drawn:
            drawn.add(new)
            db.execute(update(lots).where(lots.c.flag_id == old).values(flag_id=new))
    db.execute(delete(lots).where(lots.c.flag_id.in_(merged)))


def _drop(db: Session, keys: Sequence[int]) -> None:
    table = table_of(Flag)
    unvisited = ~exists().where(Visit.flag_id == table.c.id)
    undrawn = ~exists().where(Draw.flag_id == table.c.id)
    if keys:
        db.execute(delete(table).where(table.c.id.in_(keys), unvisited, undrawn))


def _change(db: Session, kept: Mapping[int, Stretch]) -> None:
    table = table_of(Flag)
    changed = update(table).where(table.c.id == bindparam("key"))
    changed = changed.values({name: bindparam(name) for name in _MOVES})
    if kept:
        db.execute(changed, [{"key": key} | {name: getattr(one, name) for name in _MOVES} for key, one in kept.items()])


def _add(db: Session, found: Iterable[Stretch], kept: Iterable[Stretch]) -> None:
    known = {one[:5] for one in kept}
    new = [{"flag_id": secrets.token_hex(8), **one._asdict()} for one in found if one[:5] not in known]
    if new:
        db.execute(insert(table_of(Flag)), new)


_MOVES = Stretch._fields[3:]
_OF_FLAG: tuple[Any, ...] = tuple(getattr(Flag, name) for name in Stretch._fields)
_OF_DAY: tuple[Any, ...] = (
    FlagDay.store_id, FlagDay.detector, FlagDay.direction, FlagDay.day, FlagDay.day.label("last_day"),
    FlagDay.p_value, FlagDay.stake_cents, FlagDay.why,
)  # fmt: skip
