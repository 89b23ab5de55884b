"""Stage 13, before the judge: the stores of a night and what they sold per day, as arrays. Knows sales."""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any, NamedTuple

import numpy as np
from sqlalchemy import String, cast, func, select
from sqlalchemy.orm import Session

from scans.upserts import chunks
from stores.presence import Bools, Ints
from stores.sales import closed_days, dates, sold_per_day
from stores.tables import Sale, Store, StoreDay

NEVER = date.max.toordinal()
PORTION_DAYS = 8  # read together: a day of a million stores is ten megabytes of text


class Roll(NamedTuple):
    """The stores of a night, in the order of their outside ids.

    Shapes: all (stores,).
    Units: opened and closed in ordinal days; region numbered from 0.
    """

    keys: Ints
    store_ids: list[str]
    region: Ints
    opened: Ints
    closed: Ints

    def is_open(self, first: date, last: date) -> Bools:
        """Tell which stores exist on which days.  Shapes: (stores, days)."""
        days = np.arange(first.toordinal(), last.toordinal() + 1)
        open_: Bools = (self.opened[:, None] <= days) & (days <= self.closed[:, None])
        return open_

    def spread(self, rows: Iterable[Any], *, first: date, last: date) -> list[Ints]:
        """Lay rows of (store key, day, number...) out, zeros elsewhere.  Shapes: one (stores, days) per number."""
        told = [(row[0], row[1].toordinal(), *row[2:]) for row in rows]
        shape = (len(self.keys), (last - first).days + 1)
        if not told:
            return []
        columns = np.array(told, np.int64).T
        order = np.argsort(self.keys)
        at = order[np.searchsorted(self.keys, columns[0], sorter=order)], columns[1] - first.toordinal()
        laid = [np.zeros(shape, np.int64) for _ in columns[2:]]
        for array, column in zip(laid, columns[2:], strict=True):
            array[at] = column
        return laid


def roll(db: Session) -> Roll:
    """Return all stores there ever were."""
    rows = db.execute(select(Store.id, Store.store_id, Store.region, Store.opened_on, Store.closed_on)).all()
    rows = sorted(rows, key=lambda row: row.store_id)
    return Roll(
        keys=np.array([row.id for row in rows], np.int64),
        store_ids=[row.store_id for row in rows],
        region=np.unique(np.array([row.region for row in rows]), return_inverse=True)[1].astype(np.int64),
        opened=np.array([row.opened_on.toordinal() if row.opened_on else 0 for row in rows], np.int64),
        closed=np.array([row.closed_on.toordinal() if row.closed_on else NEVER for row in rows], np.int64),
    )


def daily_counts(db: Session, *, roll: Roll, first: date, last: date) -> Ints:
    """Return what stores sold per day, -1 where a store does not exist.  Shapes: (stores, days).

    Closed days are read as they were counted, all others from the sales.
    """
    closed = set(closed_days(db, first=first, last=last))
    rest = [day for day in dates(first, last) if day not in closed]
    laid = np.where(roll.is_open(first, last), np.int32(0), np.int32(-1))
    order = np.argsort(roll.keys)
    for day, keys, counts in _counted(db, first, last):
        laid[order[np.searchsorted(roll.keys, keys, sorter=order)], (day - first).days] = counts
    for array in roll.spread(db.execute(sold_per_day(Sale.day.in_(rest))), first=first, last=last) if rest else []:
        laid = np.where(array > 0, array, laid)
    return laid


def _counted(db: Session, first: date, last: date) -> Iterator[tuple[date, Ints, Ints]]:
    """Yield of each day what was counted, keys of stores and numbers, zeros left out.

    The database writes a day as one text: a row an object would be gigabytes where stores are many.
    """
    pair = cast(StoreDay.store_id, String) + "," + cast(StoreDay.count, String)
    asked = select(StoreDay.day, func.aggregate_strings(pair, ",")).where(StoreDay.count > 0).group_by(StoreDay.day)
    for some in chunks(dates(first, last), PORTION_DAYS):
        for day, told in db.execute(asked.where(StoreDay.day.between(some[0], some[-1]))):
            keys, counts = np.fromstring(told, np.int64, sep=",").reshape(-1, 2).T
            yield day, keys, counts
