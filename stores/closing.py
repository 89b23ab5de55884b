"""Stage 14, after the visit: when a flag is over by itself. Knows flags, sales.

A flag is never taken away because it is over: it is closed, with the day, the reason and how normal the days were.
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from math import log
from typing import Any, NamedTuple

from sqlalchemy import bindparam, func, or_, select, update
from sqlalchemy.orm import Session, aliased

from scans.schema import table_of
from stores.tables import ClosedDay, Flag, FlagDay, Store, StoreDay

NORMAL_DAYS = 7
NORMAL_P = 0.05
LAPSE_DAYS = 60
NEUTRAL = ("closed_weekday", "absent")  # days that say nothing, neither for nor against
REASONS = ("returned", "settled", "lapsed", "store_closed")


class After(NamedTuple):
    """A closed day after a flag's last one; `code` says why it was not judged, if it was not."""

    day: date
    sold: int
    p_value: float | None
    direction: str | None
    code: str | None


class Closing(NamedTuple):
    """When a flag was over and why, at the smallest p-value of the days that closed it."""

    on: date
    why: str
    p_value: float | None


class Open(NamedTuple):
    """What is known of a flag: `first` and `why` are what was found on its first and its last day."""

    direction: str
    last_day: date
    why: Mapping[str, Any]
    first: Mapping[str, Any]
    store_closed_on: date | None


def closing(flag: Open, days: Sequence[After], *, until: date) -> Closing | None:
    """Return how a flag ends by the days after it up to one, or None while it does not.

    It ends after seven normal days one after the other: none that is odd its way at 5 %, none that could not be judged
    or is not counted yet. Those on which the store is closed every week say nothing.
    """
    run: list[After] = []
    before = flag.last_day
    for one in days:
        run = [] if (one.day - before).days > 1 or _speaks_against(flag, one) else run
        before = one.day
        run += [one] if one.p_value is not None and not _speaks_against(flag, one) else []
        if len(run) == NORMAL_DAYS:
            ends = min(one.p_value for one in run if one.p_value is not None)
            return Closing(one.day, "returned" if is_back(flag, run) else "settled", ends)
    if flag.store_closed_on and flag.last_day <= flag.store_closed_on <= until:
        return Closing(flag.store_closed_on, "store_closed", None)
    lapsed = flag.last_day + timedelta(days=LAPSE_DAYS)
    return Closing(lapsed, "lapsed", None) if lapsed <= until else None


def is_back(flag: Open, days: Sequence[After]) -> bool:
    """Tell whether sales are likelier at the level before the flag than at that of its last days.

    If not, the store is normal for what it has become: the judge has learnt a new level. A flag that rests on something
    else than how much was sold has no level to go back to.

    Source: the likelihood ratio of two Poisson rates (Neyman & Pearson, 1933), against 1.
    """
    if "expected" not in flag.first or "sold" not in flag.why:
        return True
    before = max(flag.first["expected"], 0.5) / flag.first["days"]
    during = max(flag.why["sold"], 0.5) / flag.why["days"]
    sold = sum(one.sold for one in days)
    return bool(sold * log(before / during) - len(days) * (before - during) >= 0)


def close_flags(db: Session, *, since: date, last: date) -> int:
    """Close the flags that are over by the days up to the last closed one, open those that no longer are; count both.

    Only flags that were open, or were closed from `since` on, can have changed.
    """
    until = db.scalar(select(func.max(ClosedDay.day))) or last
    flags, days = _open_flags(db, since), _days_after(db, since, until)
    changed = []
    for key, (flag, old) in flags.items():
        new = closing(flag, days.get(key, ()), until=until)
        if new != old:
            told = new or Closing(date.min, "", None)
            changed.append({"key": key, "on": new and told.on, "reason": new and told.why, "at": new and told.p_value})
    table = table_of(Flag)
    said = update(table).where(table.c.id == bindparam("key"))
    said = said.values(closed_on=bindparam("on"), closed_why=bindparam("reason"), closed_p=bindparam("at"))
    if changed:
        db.execute(said, changed)
    return len(changed)


def closings_equal_recount(db: Session) -> int:
    """A flag that normal days have closed is closed on the day that they say."""
    until = db.scalar(select(func.max(ClosedDay.day)))
    if until is None:
        return 0
    days = _days_after(db, date.min, until)
    wrong = 0
    for key, (flag, old) in _open_flags(db, date.min).items():
        new = closing(flag, days.get(key, ()), until=until)
        judged = {one.on for one in (new, old) if one and one.why in ("returned", "settled")}
        wrong += len(judged) == 1 and (new and new.on) != (old and old.on)
    return wrong


def _speaks_against(flag: Open, one: After) -> bool:
    if one.p_value is None:
        return one.code not in NEUTRAL
    return one.direction == flag.direction and one.p_value < NORMAL_P


def _open_flags(db: Session, since: date) -> dict[int, tuple[Open, Closing | None]]:
    first = aliased(FlagDay)
    at_first = (first.store_id == Flag.store_id) & (first.detector == Flag.detector) & (first.day == Flag.first_day)
    told = select(
        Flag.id, Flag.direction, Flag.last_day, Flag.why, first.why, Store.closed_on,
        Flag.closed_on, Flag.closed_why, Flag.closed_p,
    )  # fmt: skip
    told = told.join(Store, Store.id == Flag.store_id).outerjoin(first, at_first)
    flags = {}
    for key, direction, last, why, began, gone, on, reason, p_value in db.execute(told.where(_undecided(since))):
        old = Closing(on, reason, p_value) if on else None
        flags[key] = Open(direction, last, why, began or why, gone), old
    return flags


def _days_after(db: Session, since: date, until: date) -> dict[int, list[After]]:
    code = StoreDay.reason["code"].as_string()
    told = select(Flag.id, StoreDay.day, StoreDay.count, StoreDay.p_value, StoreDay.direction, code)
    told = told.join(StoreDay, (StoreDay.store_id == Flag.store_id) & (StoreDay.day > Flag.last_day))
    days: dict[int, list[After]] = {}
    for key, *day in db.execute(told.where(_undecided(since), StoreDay.day <= until).order_by(Flag.id, StoreDay.day)):
        days.setdefault(key, []).append(After(*day))
    return days


def _undecided(since: date) -> Any:
    return or_(Flag.closed_on.is_(None), Flag.closed_on >= since, Flag.last_day >= since)
