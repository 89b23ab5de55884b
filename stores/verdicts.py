"""Stage 13, judge: the panel in, verdicts on every store-day and findings out. Knows roll, judge and every detector.

A panel begins at a fixed day of a calendar of its own, so that a night judged alone or among others is judged alike.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from typing import Any

import numpy as np
from sqlalchemy import bindparam, update
from sqlalchemy.orm import Session

from scans.schema import table_of
from stores.concentration import one_phone
from stores.diversion import sold_far
from stores.excess import Excess, excess_findings, explained, first_needed
from stores.findings import Finding, surest
from stores.gifts import first_gift_day, gift_findings, gifts_given
from stores.judge import REASONS, Judged, Panel
from stores.memory import Memory
from stores.presence import Ints, Presence
from stores.roll import Roll
from stores.tables import StoreDay

PAST_DAYS = 180
BLOCK_DAYS = 60
FDR = 0.10
PORTION = 20_000  # verdicts written together: a row takes a kilobyte until it is
DIRECTIONS = {1: "too_good", -1: "too_bad"}

# Why a store may be too good without selling more; the first that explains a finding names it.
Counter = Callable[..., Excess]
TOO_GOOD: dict[str, Counter] = {"concentration": one_phone, "diversion": sold_far}


def panel_start(day: date) -> date:
    """Return from when on the past is looked at to judge a day."""
    return date.fromordinal(day.toordinal() // BLOCK_DAYS * BLOCK_DAYS - PAST_DAYS)


def judge_days(
    roll: Roll, *, counts: Ints, first: date, days: Sequence[date], memory: Memory | None = None
) -> Iterator[tuple[date, Judged]]:
    """Yield each of the days judged, its columns as of one night; all stores share one false-discovery rate.

    With a memory the judge goes on from what it had learnt of days that are still the same; nothing else changes.

    Shapes: counts (stores, days from `first`), reaching back to the panel start of the earliest day.
    """
    memory = memory or Memory()
    for start, same in _panels(counts, first, days).items():
        begin, end = (start - first).days, (same[-1] - first).days + 1
        panel = Panel(roll.store_ids, roll.region, start, counts[:, begin:end])
        wanted = {(day - start).days for day in same}
        for number, night in memory.nights(panel, first=min(wanted), fdr=FDR):
            if number in wanted:
                yield start + timedelta(days=number), night


def _panels(counts: Ints, first: date, days: Sequence[date]) -> dict[date, list[date]]:
    """Return the days by the start of their panel: a panel begins with its first sale."""
    sold = np.flatnonzero((counts > 0).any(axis=0))
    panels: dict[date, list[date]] = {}
    for day in sorted(days):
        since = sold[sold >= (panel_start(day) - first).days]
        start = first + timedelta(days=int(since[0])) if len(since) else day
        panels.setdefault(min(start, day), []).append(day)
    return panels


def put_verdicts(db: Session, *, roll: Roll, day: date, counts: Ints, judged: Judged) -> None:
    """Write what the judge says of a counted day.  Shapes: counts (stores,), -1 where there is no row."""
    table, here = table_of(StoreDay), np.flatnonzero(counts >= 0)
    said = update(table).where(table.c.store_id == bindparam("key"), table.c.day == bindparam("on"))
    for start in range(0, len(here), PORTION):
        columns = [column[here[start : start + PORTION]].tolist() for column in (roll.keys, *judged)]
        rows = [_verdict(day, *told) for told in zip(*columns, strict=True)]
        db.execute(said.values({name: bindparam(name) for name in rows[0] if name in table.c}), rows)


def _verdict(
    day: date, key: int, expected: float, low: int, high: int, p_value: float, direction: int, *rest: Any
) -> dict[str, Any]:
    flagged, reason, days, *window = rest
    verdict: dict[str, Any] = {"key": key, "on": day}
    if reason < len(Presence):
        return (
            verdict
            | dict.fromkeys(("expected", "low", "high", "p_value", "direction", "window_days"))
            | {"reason": {"code": REASONS[reason]}}
        )
    why = why_odd(REASONS[reason], days, *window) if flagged else None
    return verdict | {
        "expected": expected, "low": low, "high": high, "p_value": p_value,
        "direction": DIRECTIONS[direction], "window_days": days, "reason": why,
    }  # fmt: skip


def why_odd(
    code: str, days: int, sold: int, expected: float, low: int, high: int, neighbours: float = 1.0
) -> dict[str, Any]:
    """Return what the judge saw: a code with its numbers; `neighbours` is what they sold over what was normal."""
    return {
        "code": code, "days": days, "sold": sold, "expected": round(expected, 2), "low": low, "high": high,
        "neighbours": round(neighbours, 2),
    }  # fmt: skip


def judged_findings(day: date, judged: Judged) -> Iterator[Finding]:
    """Yield the stores that the judge flags on a day."""
    for row in np.flatnonzero(judged.flagged).tolist():
        told: list[Any] = [column[row].item() for column in judged]
        _, _, _, p_value, direction, _, reason, days, sold, expected, *rest = told
        daily = abs(sold - expected) / days
        why = why_odd(REASONS[reason], days, sold, expected, *rest)
        yield Finding(row, day, "judge", DIRECTIONS[direction], p_value, daily, why)


def name_findings(
    db: Session, *, roll: Roll, counts: Ints, first: date, days: Sequence[date], judged: Sequence[Finding]
) -> list[Finding]:
    """Add what other detectors found; where one explains why a store is too good, the judge's finding bears its name.

    Shapes: counts (stores, days from `first`).
    """
    since = max(first, first_needed(days))
    sold = counts[:, (since - first).days :]
    findings = list(judged)
    for detector, count in TOO_GOOD.items():
        excess = count(db, roll=roll, counts=sold, first=since, last=max(days))
        own = list(excess_findings(excess, detector=detector, days=days, here=sold >= 0, fdr=FDR))
        findings = [
            explained(one, excess, detector=detector) if one.detector == "judge" else one for one in findings
        ] + own
    named = {(one.row, one.day) for one in findings if one.detector != "judge"}
    kept = [
        one
        for one in findings
        if one.detector != "judge" or one.direction == "too_bad" or (one.row, one.day) not in named
    ]
    return surest([*kept, *_gift_findings(db, roll=roll, counts=counts, first=first, days=days)])


def _gift_findings(db: Session, *, roll: Roll, counts: Ints, first: date, days: Sequence[date]) -> Iterator[Finding]:
    since = max(first, first_gift_day(days))
    gifts = gifts_given(db, roll=roll, first=since, last=max(days))
    goods = np.maximum(counts[:, (since - first).days :], 0)
    return gift_findings(gifts, goods, roll=roll, first=since, days=days, fdr=FDR)
