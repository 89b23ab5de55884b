"""Stage 13, judge: what was found odd about a store on a day, and what it is worth. Knows roll, sales.

A finding of a day rests on days up to it only. Flags are stretches of findings.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
from sqlalchemy import case, delete, func, insert, select
from sqlalchemy.orm import Session

from scans.schema import table_of
from scans.tables import Product
from stores.presence import Floats, Ints
from stores.roll import Roll
from stores.sales import COUNTED, goods_sold
from stores.tables import FlagDay, Sale

WORTH_DAYS = 90
MONTH_DAYS = 30


@dataclass(frozen=True, slots=True)
class Finding:
    """One store-day found odd by one detector; `row` is the store's place in the roll.

    Units: items_a_day is how far from normal the store is, whichever way.
    """

    row: int
    day: date
    detector: str
    direction: str
    p_value: float
    items_a_day: float
    why: dict[str, Any]


def trailing(numbers: Ints, days: int) -> Ints:
    """Return for every day the sum over the days up to it.  Shapes: (stores, days)."""
    sums = np.cumsum(numbers, axis=1)
    sums[:, days:] -= sums[:, :-days].copy()
    return sums


def surest(findings: Iterable[Finding]) -> list[Finding]:
    """Return one finding per store, day and detector, the surest, in that order."""
    best: dict[tuple[int, date, str], Finding] = {}
    for finding in findings:
        key = (finding.row, finding.day, finding.detector)
        if key not in best or finding.p_value < best[key].p_value:
            best[key] = finding
    return [best[key] for key in sorted(best)]


def put_findings(db: Session, *, roll: Roll, days: Collection[date], findings: Sequence[Finding]) -> None:
    """Write what was found on these days, in place of what was said of them before."""
    db.execute(delete(FlagDay).where(FlagDay.day.in_(days)))
    if not findings:
        return
    worth = _worth(db, roll=roll, findings=findings)
    rows = [
        {
            "store_id": int(roll.keys[one.row]),
            "day": one.day,
            "detector": one.detector,
            "direction": one.direction,
            "p_value": one.p_value,
            "stake_cents": round(one.items_a_day * MONTH_DAYS * cents),
            "why": one.why,
        }
        for one, cents in zip(findings, worth, strict=True)
    ]
    db.execute(insert(table_of(FlagDay)), rows)


def _worth(db: Session, *, roll: Roll, findings: Sequence[Finding]) -> list[float]:
    """Return what an item of each finding's store was worth, on average over the last months before it.

    Units: cents: list price less cost, or the list price where no cost is known.
    """
    first = min(one.day for one in findings) - timedelta(days=WORTH_DAYS - 1)
    last = max(one.day for one in findings)
    keys = {int(roll.keys[one.row]) for one in findings}
    margin = case(
        (Product.cost_cents > Product.list_price_cents, 0), else_=Product.list_price_cents - Product.cost_cents
    )
    value = func.coalesce(margin, Product.list_price_cents)
    sold = goods_sold(Sale.store_id, Sale.day, func.sum(value), func.count())
    sold = sold.where(Sale.store_id.in_(keys), Sale.day.between(first, last)).group_by(Sale.store_id, Sale.day)
    laid = roll.spread(db.execute(sold), first=first, last=last)
    usual = float(db.scalar(select(func.avg(value)).where(Product.kind == COUNTED)) or 0)
    if not laid:
        return [usual] * len(findings)
    cents, items = (trailing(one, WORTH_DAYS) for one in laid)
    mean: Floats = np.where(items > 0, cents / np.maximum(items, 1), usual)
    return [float(mean[one.row, (one.day - first).days]) for one in findings]
