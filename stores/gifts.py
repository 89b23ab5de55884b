"""Stage 13, judge: gifts that move where goods do not. Knows sales, roll.

Gifts are meant to go out with goods. Where a store's gifts are scanned and its goods are not, the gifts went elsewhere:
kept, sold, given to friends. Each store's share of gifts is held against its region's; stores differ, so does the test.
"""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta

import numpy as np
from scipy.stats import betabinom
from sqlalchemy import func
from sqlalchemy.orm import Session

from stores.discovery import discoveries
from stores.findings import Finding, trailing
from stores.presence import Floats, Ints
from stores.roll import Roll
from stores.sales import goods_sold
from stores.tables import Sale

DETECTOR, CODE, KIND = "gifts", "gifts_only", "gift"
WINDOW_DAYS, RECENT_DAYS = 28, 3
LEAST = 5  # gifts in the window: fewer are no pattern
CROWD = 5  # stores that make a region; a smaller one is held against all stores
LEAST_SPREAD, MOST_SPREAD = 0.01, 0.5  # correlation of two items of a store: how much stores differ anyway
CAP, ROUNDS = 36.0, 6  # variances: a store far out does not make all the others look unlike
WIDER = 1.2  # what capping and estimating take from the spread


def usual_share(gifts: Ints, items: Ints, group: Ints) -> tuple[Floats, Floats]:
    """Return the share of gifts among the other stores of each store's group, and how much stores differ.

    How much is learnt from all other stores, each held against its own group: the few of a group do not tell.

    Shapes: all (stores,).  Units: items are gifts and goods; the spread is an intra-class correlation.
    Source: moments of the beta-binomial, Kleinman (1973).
    """
    of_gifts, of_items = (np.bincount(group, one)[group] for one in (gifts, items))
    share = (of_gifts - gifts + 0.5) / (of_items - items + 1.0)
    whole = (of_gifts + 0.5) / (of_items + 1.0)
    there = items > 0
    off = np.where(there, (gifts - whole * items) ** 2 / np.maximum(items * whole * (1 - whole), 1e-9), 0.0)
    more = np.maximum(items - 1, 0).astype(float)
    stores, weight = (one.sum() - one for one in (there.astype(float), more))
    spread = np.full(len(gifts), MOST_SPREAD)
    for _ in range(ROUNDS):
        near = np.minimum(off, CAP * (1 + more * spread))
        spread = (near.sum() - near - stores) / np.maximum(weight, 1.0)
        spread = np.clip(spread, LEAST_SPREAD, MOST_SPREAD)
    return share, np.minimum(spread * WIDER, MOST_SPREAD)


def chance_of_gifts(gifts: Ints, items: Ints, group: Ints) -> Floats:
    """Return for each store the probability of so many gifts or more if it were like its fellows.

    Source: beta-binomial tail, Skellam (1948).
    """
    share, spread = usual_share(gifts, items, group)
    strength = (1 - spread) / spread
    p_value: Floats = np.ones(len(gifts))
    some = gifts > 0
    first, second = share * strength, (1 - share) * strength
    p_value[some] = betabinom.sf(gifts[some] - 1, items[some], first[some], second[some])
    return p_value


def crowds(items: Ints, region: Ints) -> Ints:
    """Return the group each store is held against: its region, or all of those whose region is small."""
    there = np.bincount(region, items > 0, minlength=int(region.max(initial=-1)) + 1)
    return np.where(there[region] >= CROWD, region + 1, 0)


def gift_findings(
    gifts: Ints, goods: Ints, *, roll: Roll, first: date, days: Sequence[date], fdr: float
) -> Iterator[Finding]:
    """Yield the stores whose gifts move and whose goods do not, a gift among them in the last days.

    Shapes: gifts, goods (stores, days from `first`).
    """
    recent, of_gifts = (trailing(gifts, number) for number in (RECENT_DAYS, WINDOW_DAYS))
    of_goods = trailing(goods, WINDOW_DAYS)
    for day in days:
        at = (day - first).days
        had, items = of_gifts[:, at], of_gifts[:, at] + of_goods[:, at]
        group = crowds(items, roll.region)
        p_value = chance_of_gifts(had, items, group)
        flagged = discoveries(p_value, had > 0, fdr) & (had >= LEAST) & (recent[:, at] > 0)
        share, _spread = usual_share(had, items, group)
        for row in np.flatnonzero(flagged).tolist():
            usual = float(share[row])
            why = {
                "code": CODE, "days": WINDOW_DAYS, "gifts": int(had[row]), "goods": int(of_goods[row, at]),
                "usual": round(100 * usual / (1 - usual), 1),
            }  # fmt: skip
            daily = (float(had[row]) - usual * float(items[row])) / WINDOW_DAYS
            yield Finding(row, day, DETECTOR, "too_bad", float(p_value[row]), daily, why)


def first_gift_day(days: Sequence[date]) -> date:
    """Return from when on gifts must be counted to judge these days."""
    return min(days) - timedelta(days=WINDOW_DAYS - 1)


def gifts_given(db: Session, *, roll: Roll, first: date, last: date) -> Ints:
    """Return the gifts scanned as given by each store on each day.  Shapes: (stores, days)."""
    given = goods_sold(Sale.store_id, Sale.day, func.count(), kind=KIND).where(Sale.day.between(first, last))
    laid = roll.spread(db.execute(given.group_by(Sale.store_id, Sale.day)), first=first, last=last)
    return laid[0] if laid else np.zeros((len(roll.keys), (last - first).days + 1), np.int64)
