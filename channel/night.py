"""The night, lined up: what was sold, what was not normal, who goes where. Holds no rule; knows every stage.

A day of the past that changed is closed again, and with it the closed days after it, because they rest on it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary
from zoneinfo import ZoneInfo

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from channel.config import Config
from channel.database import transaction
from stores.closing import close_flags
from stores.findings import Finding, put_findings
from stores.flags import put_flags
from stores.learning import learn_usual
from stores.lists import publish
from stores.memory import Memory
from stores.nearby import Wanted, nearby_whys
from stores.presence import Ints
from stores.rivals import rival_whys
from stores.roll import Roll, daily_counts, roll
from stores.sales import closed_days, count_days, note_closed, overlooked, take_dirty
from stores.shelf import shelf_whys
from stores.stocknotes import stock_whys
from stores.tables import Store
from stores.verdicts import judge_days, judged_findings, name_findings, panel_start, put_verdicts

AGAIN_DAYS = 14
OVERLOOKED_DAYS = 3
AT_ONCE_DAYS = 60
_memories: WeakKeyDictionary[Any, Memory] = WeakKeyDictionary()  # by database: a cache, of use to the next night

Progress = Callable[[int, int], None]


class DayNotOverError(ValueError):
    """Somewhere a store may still sell something on this day."""


class Night(NamedTuple):
    """What closing days came to: days closed again for late scans, items sold, store-days found odd, stops added."""

    days: list[date]
    again: list[date]
    sold: int
    odd: int
    stops: int


def close_days(
    engine: Engine,
    *,
    config: Config,
    days: Iterable[date],
    now: datetime | None = None,
    progress: Progress | None = None,
) -> list[Night]:
    """Close many days in order, as if night by night, in transactions of their own.

    Raises: DayNotOverError.
    """
    wanted = sorted(set(days))
    nights = []
    for run in runs(wanted):
        with transaction(engine) as db:
            nights.append(close_run(db, days=run, now=now or datetime.now(UTC), zone=config.zone))
        if progress is not None:
            progress(wanted.index(run[-1]) + 1, len(wanted))
    return nights


def runs(days: Sequence[date]) -> list[list[date]]:
    """Cut days into runs without a gap, each short enough for one transaction."""
    cut: list[list[date]] = []
    for day in days:
        if cut and day - cut[-1][-1] == timedelta(days=1) and len(cut[-1]) < AT_ONCE_DAYS:
            cut[-1].append(day)
        else:
            cut.append([day])
    return cut


def close_run(db: Session, *, days: Sequence[date], now: datetime, zone: str | None = None) -> Night:
    """Close business days without a gap between them at once, as if night by night; again is the same.

    What was sold is counted and judged, and the visit lists of the days after are made.

    Raises: DayNotOverError.
    """
    first, last = days[0], days[-1]
    _check_over(db, last, now, zone)
    late = {day for day in take_dirty(db, until=last) | _overlooked(db, first) if day < first}
    since = min([first, *(day for day in late if (first - day).days <= AGAIN_DAYS)])
    again = closed_days(db, first=since, last=first - timedelta(days=1))
    note_closed(db, days=days, now=now)
    count_days(db, days={*days, *again, *late})
    learn_usual(db, days=[*again, *days])
    odd, sold = _judge(db, [*again, *days])
    put_flags(db, first=since, last=last)
    close_flags(db, since=since, last=last)
    return Night(list(days), again, sold, odd, publish(db, days=days))


def _judge(db: Session, days: Sequence[date]) -> tuple[int, int]:
    called, first, last = roll(db), panel_start(days[0]), days[-1]
    if not called.store_ids:
        return 0, 0
    counts = daily_counts(db, roll=called, first=first, last=last)
    findings: list[Finding] = []
    memory = _memories.setdefault(db.get_bind().engine, Memory())
    for day, judged in judge_days(called, counts=counts, first=first, days=days, memory=memory):
        put_verdicts(db, roll=called, day=day, counts=counts[:, (day - first).days], judged=judged)
        findings += judged_findings(day, judged)
    findings = name_findings(db, roll=called, counts=counts, first=first, days=days, judged=findings)
    explained = _explained(db, called, findings, counts=counts, first=first)
    put_findings(db, roll=called, days=days, findings=explained)
    return len(findings), int(counts[:, [(day - first).days for day in days]].clip(0).sum())


def _explained(db: Session, called: Roll, findings: Sequence[Finding], *, counts: Ints, first: date) -> list[Finding]:
    """Add to each finding what else is known of its store.

    To what is too bad what the last visits saw of our goods and what the stock says; to what is too good what they saw
    of a rival's goods, and a store close by that no longer sells.
    """
    keys = [(int(called.keys[one.row]), one.day) for one in findings]
    both = list(zip(findings, keys, strict=True))
    bad, good = ({key for one, key in both if one.direction == way} for way in ("too_bad", "too_good"))
    told = {
        "too_bad": _merged(shelf_whys(db, wanted=bad), stock_whys(db, wanted=bad)),
        "too_good": _merged(
            rival_whys(db, wanted=good), nearby_whys(db, roll=called, counts=counts, first=first, wanted=good)
        ),
    }
    return [replace(one, why=one.why | told[one.direction].get(key, {})) for one, key in both]


def _merged(*whys: Mapping[Wanted, dict[str, Any]]) -> dict[Wanted, dict[str, Any]]:
    merged: dict[Wanted, dict[str, Any]] = {}
    for told in whys:
        for key, why in told.items():
            merged[key] = merged.get(key, {}) | why
    return merged


def _overlooked(db: Session, first: date) -> set[date]:
    return overlooked(db, first=first - timedelta(days=OVERLOOKED_DAYS), last=first - timedelta(days=1))


def _check_over(db: Session, day: date, now: datetime, zone: str | None) -> None:
    zones = {*([zone] if zone else []), *db.scalars(select(Store.zone).distinct())}
    if any(now.astimezone(ZoneInfo(where)).date() <= day for where in zones):
        raise DayNotOverError(f"{day} is not over in every store's zone")
