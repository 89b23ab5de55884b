"""Stage 13, judge: which store has more of something rare than its fellows.  Pure arrays: no database, no clock."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import NamedTuple

import numpy as np
from scipy.stats import hypergeom

from stores.discovery import discoveries
from stores.findings import Finding, trailing
from stores.presence import Bools, Floats, Ints

WINDOW_DAYS = 14
RECENT_DAYS = 3
LOOK_BACK_DAYS = 28  # the longest window of the judge that an excess may have to explain
EXPLAINS = 0.5


class Excess(NamedTuple):
    """Something that happens now and then in every store, as counted from `first_day` on.

    `code` names it to whoever words it; fewer than `least` events in a window are no pattern.

    Shapes: all (stores, days).
    Units: events of `chances`; items those events are made of, of `of` looked at.
    """

    code: str
    least: int
    first_day: date
    events: Ints
    chances: Ints
    items: Ints
    of: Ints


def chance_of(events: Ints, chances: Ints) -> Floats:
    """Return for each store the probability of so many events or more if all stores are alike.

    Given how many events there were in all, each chance is as likely to hold one as any other: no rate is estimated.

    Source: Fisher's exact test, one-sided.
    """
    chances = np.maximum(chances, events)
    p_value: Floats = np.ones(len(events))
    some = events > 0
    p_value[some] = hypergeom.sf(events[some] - 1, chances.sum(), events.sum(), chances[some])
    return p_value


def excess_findings(
    excess: Excess, *, detector: str, days: Sequence[date], here: Bools, fdr: float
) -> Iterator[Finding]:
    """Yield the stores with too many events in the window that ends on each day, the last of them recent.

    Shapes: here (stores, days from `first_day`): where a store exists; so many tests does a day have.
    Source: Benjamini & Hochberg (1995), over all stores of a day.
    """
    events, chances, items, of = (trailing(one, WINDOW_DAYS) for one in excess[3:])
    recent = trailing(excess.events, RECENT_DAYS) > 0
    for day in days:
        at = (day - excess.first_day).days
        p_value = np.where(recent[:, at], chance_of(events[:, at], chances[:, at]), 1.0)
        flagged = discoveries(p_value, here[:, at], fdr) & (events[:, at] >= excess.least) & recent[:, at]
        for row in np.flatnonzero(flagged).tolist():
            told = _why(excess.code, WINDOW_DAYS, events[row, at], items[row, at], of[row, at])
            daily = float(items[row, at]) / WINDOW_DAYS
            yield Finding(row, day, detector, "too_good", float(p_value[row]), daily, told)


def explained(finding: Finding, excess: Excess, *, detector: str) -> Finding:
    """Return a judge's finding under the name of what explains it, if that makes up half of what is too much."""
    days = finding.why["days"]
    at = (finding.day - excess.first_day).days
    window = slice(max(0, at - days + 1), at + 1)
    events, items, of = (int(one[finding.row, window].sum()) for one in (excess.events, excess.items, excess.of))
    too_many = finding.why["sold"] - finding.why["expected"]
    if finding.direction != "too_good" or not events or items < EXPLAINS * too_many:
        return finding
    why = finding.why | _why(excess.code, days, events, items, of)
    return Finding(finding.row, finding.day, detector, "too_good", finding.p_value, finding.items_a_day, why)


def first_needed(days: Sequence[date]) -> date:
    """Return from when on an excess must be counted to judge these days."""
    return min(days) - timedelta(days=LOOK_BACK_DAYS - 1)


def _why(code: str, days: int, events: int, items: int, of: int) -> dict[str, int | str]:
    return {"code": code, "days": int(days), "events": int(events), "items": int(items), "of": int(of)}
