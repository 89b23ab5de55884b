"""Stage 14, after the visit: what visits are worth, by those that were held back. Knows holdout.

Before and after prove nothing: a store is flagged when it is extreme, and what is extreme comes back by itself.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from math import ceil, sqrt
from typing import Any, NamedTuple

import numpy as np
from scipy.stats import t as student
from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from stores.tables import ClosedDay, Draw, Flag, Outcome, StoreDay, Visit

LEAST = 10  # of either kind; with fewer the scatter itself is not known
SURE = 0.95
MONTH_DAYS = 30
DAY = timedelta(days=1)
SIGNS = {"too_bad": 1, "too_good": -1}
Reason = tuple[str, str]


class Case(NamedTuple):
    """One lot whose days are over: how far the store came back between its list and the end of the wait.

    Units: items and cents a day, positive towards normal; `ends` is the last of those days.
    """

    held: bool
    visited: bool
    ends: date
    reason: Reason
    items: float
    cents: float


class Estimate(NamedTuple):
    """A difference with its 95 % interval."""

    mean: float
    low: float
    high: float

    @property
    def is_told(self) -> bool:
        """Tell whether it differs from nothing."""
        return self.low > 0 or self.high < 0


class Worth(NamedTuple):
    """What being listed at once is worth against waiting; None: not known yet.

    `missing` says how many held ones are wanted before anything can be said, `needed` how many lots in all it would
    take to tell an effect of this size from nothing, where it is not told yet.
    Units: items and cents a day over the days of the wait; visited: the share of those listed at once that were seen.
    """

    at_once: int
    held: int
    visited: float
    items: Estimate | None
    cents: Estimate | None
    missing: int
    needed: int | None


def welch(one: Sequence[float], other: Sequence[float]) -> Estimate | None:
    """Return the difference of two means, one less the other, with its 95 % interval; None if they do not scatter.

    Source: Welch (1947), degrees of freedom by Satterthwaite (1946).
    """
    parts = [float(np.var(each, ddof=1)) / len(each) for each in (one, other)]
    spread = sum(parts)
    if spread <= 0:
        return None
    below = sum(part**2 / (len(each) - 1) for part, each in zip(parts, (one, other), strict=True))
    half = float(student.ppf((1 + SURE) / 2, spread**2 / below)) * sqrt(spread)
    mean = float(np.mean(one) - np.mean(other))
    return Estimate(mean, mean - half, mean + half)


def worth(cases: Iterable[Case]) -> Worth:
    """Compare the stores that were listed at once with those that waited, each as it was drawn.

    Who was listed and never seen counts as listed: leaving them out would leave out the stores that are hard to visit.
    """
    arms: dict[bool, list[Case]] = {False: [], True: []}
    for case in cases:
        arms[case.held].append(case)
    listed, held = arms[False], arms[True]
    visited = sum(case.visited for case in listed) / len(listed) if listed else 0.0
    missing = max(0, LEAST - len(held))
    if missing or len(listed) < LEAST:
        return Worth(len(listed), len(held), visited, None, None, max(missing, LEAST - len(listed)), None)
    items, cents = (
        welch([getattr(case, unit) for case in listed], [getattr(case, unit) for case in held])
        for unit in ("items", "cents")
    )
    return Worth(len(listed), len(held), visited, items, cents, 0, _needed(items, len(listed) + len(held)))


def worth_by_reason(cases: Sequence[Case]) -> dict[Reason, Worth]:
    """Return the same for each reason for itself."""
    reasons = sorted({case.reason for case in cases})
    return {reason: worth(case for case in cases if case.reason == reason) for reason in reasons}


def worth_over_time(cases: Sequence[Case]) -> list[tuple[date, Worth]]:
    """Return for each week that brought new cases what was known at its end, a Sunday."""
    ends = sorted({case.ends + timedelta(days=6 - case.ends.weekday()) for case in cases})
    return [(end, worth(case for case in cases if case.ends <= end)) for end in ends]


def cases(db: Session) -> list[Case]:
    """Return the lots whose days are all closed, of the share that was in force last.

    With another share the lots would be of another mix of stores; those are no longer compared.
    """
    after = (StoreDay.store_id == Flag.store_id) & (StoreDay.day > Draw.day) & (StoreDay.day < Draw.until)
    sums = select(Draw.flag_id, func.sum(StoreDay.count).label("sold"), func.count().label("days"))
    sums = sums.join(Flag, Flag.id == Draw.flag_id).join(StoreDay, after).group_by(Draw.flag_id)
    sold = sums.where(Draw.until <= select(func.max(ClosedDay.day)).scalar_subquery()).subquery()
    went = exists().where(Visit.flag_id == Draw.flag_id, Visit.day < Draw.until, Outcome.visit_id == Visit.id)
    told = select(Draw, Flag.detector, Flag.direction, sold.c.sold, sold.c.days, went)
    told = told.join(Flag, Flag.id == Draw.flag_id).join(sold, sold.c.flag_id == Draw.flag_id)
    rows = db.execute(told.order_by(Draw.day, Draw.flag_id)).all()
    return [
        Case(
            lot.held,
            went,
            lot.until - DAY,
            (detector, lot.why["code"]),
            *came_back(lot.why, direction, int(sales) / days, lot.stake_cents),
        )
        for lot, detector, direction, sales, days, went in rows
        if lot.share_bp == rows[-1][0].share_bp and days == (lot.until - lot.day).days - 1
    ]


def came_back(why: Mapping[str, Any], direction: str, daily: float, stake_cents: int) -> tuple[float, float]:
    """Return how far a store that sells so much now came back from what a flag found.

    Units: items a day; stake_cents a month; answers in items and cents a day, positive towards normal.
    """
    before, off = why["sold"] / why["days"], abs(why["sold"] - why["expected"]) / why["days"]
    items = SIGNS[direction] * (daily - before)
    return items, items * stake_cents / MONTH_DAYS / off if off else 0.0


def _needed(found: Estimate | None, lots: int) -> int | None:
    """Return how many lots would shrink the interval to the size of the difference: its width goes as 1/sqrt(n)."""
    if found is None or found.is_told or not found.mean:
        return None
    return ceil(lots * ((found.high - found.mean) / found.mean) ** 2)
