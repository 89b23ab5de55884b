"""Stage 13, judge: cartons scanned by one phone, which are no demand. Knows sales, roll.

One consumer's items of one store, each within an hour of the one before, are one purchase; one of half a dozen items or
more is a bulk purchase. Now and then somebody buys a carton; a store where it happens again and again scans its own.
"""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import NamedTuple

import numpy as np
from sqlalchemy import and_, func
from sqlalchemy.orm import Session

from scans.tables import Claim
from stores.excess import Excess
from stores.presence import Ints
from stores.roll import Roll
from stores.sales import goods_sold
from stores.tables import Sale

CODE = "one_phone"
BULK_ITEMS = 6
PAUSE = timedelta(hours=1)
LEAST = 2


class Item(NamedTuple):
    """One item claimed by a known consumer; compared, items of one purchase stand together."""

    store_id: int
    day: date
    consumer_id: int
    scanned_at: datetime


def bulk_purchases(items: Iterable[Item]) -> Iterator[tuple[int, date, int]]:
    """Yield (store, day, items) of every bulk purchase."""
    for (store_id, day, _), same in groupby(sorted(items), key=lambda item: item[:3]):
        size, last = 0, None
        for item in same:
            if last is not None and item.scanned_at - last > PAUSE:
                yield from [(store_id, day, size)] * (size >= BULK_ITEMS)
                size = 0
            size, last = size + 1, item.scanned_at
        yield from [(store_id, day, size)] * (size >= BULK_ITEMS)


def one_phone(db: Session, *, roll: Roll, counts: Ints, first: date, last: date) -> Excess:
    """Count bulk purchases among all purchases of every store and day.

    Shapes: counts (stores, days), as `daily_counts` gives it for the same days.
    """
    purchases: dict[tuple[int, date], list[int]] = {}
    for store_id, day, size in bulk_purchases(_suspicious(db, first, last)):
        purchases.setdefault((store_id, day), []).append(size)
    rows = [(store_id, day, len(sizes), sum(sizes)) for (store_id, day), sizes in purchases.items()]
    sold = np.maximum(counts, 0)
    nothing = np.zeros_like(sold)
    events, items = roll.spread(rows, first=first, last=last) or (nothing, nothing)
    return Excess(CODE, LEAST, first, events, sold - items + events, items, sold)


def _suspicious(db: Session, first: date, last: date) -> Iterator[Item]:
    """Yield the items of whoever claimed enough at one store on one day to have made a bulk purchase."""
    within = and_(Sale.day.between(first, last), Claim.consumer_id.is_not(None))
    many = goods_sold(Sale.store_id, Sale.day, Claim.consumer_id).where(within)
    many = many.group_by(Sale.store_id, Sale.day, Claim.consumer_id).having(func.count() >= BULK_ITEMS)
    who = many.subquery()
    same = and_(who.c.store_id == Sale.store_id, who.c.day == Sale.day, who.c.consumer_id == Claim.consumer_id)
    items = goods_sold(Sale.store_id, Sale.day, Claim.consumer_id, Claim.scanned_at)
    return (Item(*row) for row in db.execute(items.join(who, same)))
