"""Stage 12, goods in a store: what came, was scanned, told by a till and counted, summed per day. Pure.

A cell is one product in one store. All that happens on a day happens before that day's count.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

DAYS = 1 << 20  # more than any ordinal day, so that (cell, day) is one number
NEVER = -1


class Flow(NamedTuple):
    """Numbers of items by cell and day, as running sums.  Shapes: key (rows,), total (rows + 1,)."""

    key: Ints
    total: Ints

    def between(self, cell: Ints, after: Ints, until: Ints) -> Ints:
        """Return the sum over the days after `after`, up to and with `until`.  Shapes: all (n,)."""
        first = np.searchsorted(self.key, cell * DAYS + after, "right")
        last = np.searchsorted(self.key, cell * DAYS + until, "right")
        summed: Ints = self.total[np.maximum(first, last)] - self.total[first]
        return summed


class Goods(NamedTuple):
    """All that is known of goods in stores: cells, flows in and out of them, and counts.

    Shapes: store, product, region (cells,), numbered from 0; count_cell, count_day, count_items (counts,), in the
    order of cell and day.
    Units: ordinal days; `told` is what tills say was sold, `told_scanned` what was scanned on those days, `told_days`
    how many such days.
    """

    store: Ints
    product: Ints
    region: Ints
    came: Flow
    left: Flow
    scanned: Flow
    told: Flow
    told_scanned: Flow
    told_days: Flow
    count_cell: Ints
    count_day: Ints
    count_items: Ints


class Balances(NamedTuple):
    """How much left each cell between two counts, or by its till, and how much of it was scanned.  Shapes: (rows,)."""

    cell: Ints
    last_day: Ints
    days: Ints
    sold: Ints
    scanned: Ints


class Anchors(NamedTuple):
    """What is known of a cell at the end of a day: since when, how much there could be, how much of that was scanned.

    Shapes: (n,); `since` is NEVER where nothing is known, `days` those of which no till tells.
    """

    since: Ints
    counted: Bools
    could_be: Ints
    scanned: Ints
    days: Ints


def flow(cell: Ints, day: Ints, items: Ints) -> Flow:
    """Sum items by cell and day.  Shapes: all (rows,), in any order."""
    key = cell * DAYS + day
    order = np.argsort(key, kind="stable")
    return Flow(key[order], np.r_[0, np.cumsum(items[order])].astype(np.int64))


def balances(goods: Goods, *, since: int, day: int) -> Balances:
    """Return what left each cell between its counts, and what its till told: sold = before + came - left - after.

    Only what happened after `since`, and up to and with `day`. A stretch of which the till tells is taken from the till
    alone, which miscounts nothing.
    """
    asked = (goods.count_day > since) & (goods.count_day <= day)
    cell, on, items = goods.count_cell[asked], goods.count_day[asked], goods.count_items[asked]
    same = np.flatnonzero(cell[1:] == cell[:-1])
    at, first, last = cell[same], on[same], on[same + 1]
    came = goods.came.between(at, first, last) - goods.left.between(at, first, last)
    sold = items[same] + came - items[same + 1]
    untold = goods.told_days.between(at, first, last) == 0
    counted = [x[untold] for x in (at, last, last - first, sold, goods.scanned.between(at, first, last))]
    return Balances(*(np.r_[one, other] for one, other in zip(counted, _tills(goods, since, day), strict=True)))


def _tills(goods: Goods, since: int, day: int) -> list[Ints]:
    on = goods.told_days.key % DAYS
    cells = np.unique(goods.told_days.key[(on > since) & (on <= day)] // DAYS)
    after, until = np.full(len(cells), since), np.full(len(cells), day)
    last = goods.told_days.key[np.searchsorted(goods.told_days.key, cells * DAYS + until, "right") - 1] % DAYS
    told = (goods.told_days, goods.told, goods.told_scanned)
    return [cells, last, *(one.between(cells, after, until) for one in told)]


def anchors(goods: Goods, *, cell: Ints, day: Ints) -> Anchors:
    """Return what is known of cells at the end of days: from the last count on, else from the first delivery on.

    Shapes: cell, day (n,).
    """
    place = np.searchsorted(goods.count_cell * DAYS + goods.count_day, cell * DAYS + day, "right") - 1
    counted = (place >= 0) & (_at(goods.count_cell, place) == cell)
    first = np.searchsorted(goods.came.key, cell * DAYS, "right")
    came_on = _at(goods.came.key, np.minimum(first, len(goods.came.key) - 1)) - cell * DAYS
    begun = (first < len(goods.came.key)) & (came_on >= 0) & (came_on <= day)
    since = np.where(counted, _at(goods.count_day, place), np.where(begun, came_on - 1, NEVER))
    after = np.maximum(since, 0)
    told = goods.told.between(cell, after, day)
    there = np.where(counted, _at(goods.count_items, place), 0) - told
    there += goods.came.between(cell, after, day) - goods.left.between(cell, after, day)
    scanned = goods.scanned.between(cell, after, day) - goods.told_scanned.between(cell, after, day)
    days = day - after - goods.told_days.between(cell, after, day)
    return Anchors(since, counted, there, scanned, days)


def _at(values: Ints, place: Ints) -> Ints:
    return values[np.maximum(place, 0)] if len(values) else np.full(len(place), NEVER)
