"""Stage 12, stock as it is told: lines per store and product, sums per store. Knows instore, estimates.

Computed when it is asked for, so that a count of this minute is in the answer; only what is usual is kept.
"""

from collections.abc import Collection
from datetime import date, timedelta
from typing import NamedTuple

import numpy as np
from scipy.special import betaincinv
from sqlalchemy.orm import Session

from stores.estimates import (
    Ask,
    Believed,
    Estimates,
    Learned,
    estimate,
    shares_of_stores,
    stock_on,
)
from stores.flows import NEVER, Floats
from stores.instore import InStore, goods_in


class StockLine(NamedTuple):
    """What is told of a product in a store at the end of a day; None: not known.

    `counted_on` is the last count, `since` from when on it is reckoned; `share` is what part of sales is scanned;
    `lasts_days` days of cover; `next_on` the next delivery (with the days that hold 80 %) of `next_items`; `order_at`
    and `safety` items for the lead time and service asked for; `old_days` the age of the oldest lot there; `near`,
    `over` items close to and past their last day; `pressed`: more comes in than goes out, and scans do not rise.
    """

    store_key: int
    store_id: str
    store_name: str
    gtin: str
    product: str
    counted_on: date | None
    since: date | None
    stock: float | None
    low: int | None
    high: int | None
    sold_a_day: float
    lasts_days: float | None
    share: float
    next_on: date | None
    next_from: date | None
    next_to: date | None
    next_items: int | None
    order_at: int
    safety: int
    old_days: int | None
    near: int
    over: int
    came: int
    pressed: bool
    varies: float


class StockDay(NamedTuple):
    """The stock of a store at the end of a day, over all products of which it is known, and what was counted then."""

    day: date
    stock: float | None
    low: float | None
    high: float | None
    counted: int | None


class StoreShare(NamedTuple):
    """What part of a store's sales is scanned, and what holds 80 %."""

    share: float
    low: float
    high: float


class StoreStock(NamedTuple):
    """All that is told of the goods in one store."""

    lines: list[StockLine]
    days: list[StockDay]
    share: StoreShare | None


def stock_lines(
    db: Session, *, stores: Collection[int], day: date, learned: Learned, ask: Ask = Ask()
) -> list[StockLine]:
    """Return every product known in stores, given by their keys, as of a day's end, by store and name.

    `learned` is what is usual: of `usual_on`, or nothing where the reader may not know what is usual.
    """
    held = goods_in(db, stores=stores, day=day)
    return lines_of(held, estimate(held, learned=learned, day=day, ask=ask), day=day)


def stock_of_store(
    db: Session, *, store: int, first: date, last: date, learned: Learned, ask: Ask = Ask()
) -> StoreStock:
    """Return all that is told of the goods in one store, its stock over some days too."""
    held = goods_in(db, stores=[store], day=last)
    share = shares_of_stores(held, norms=learned.norms, day=last)
    told = estimate(held, learned=learned, day=last, ask=ask)
    lines = lines_of(held, told, day=last)
    return StoreStock(lines, _over_days(held, told.believed, first, last), _store_share(share.yes, share.no))


def lines_of(held: InStore, told: Estimates, *, day: date) -> list[StockLine]:
    """Return what is told of each cell, worded in plain values."""
    cells = range(len(held.goods.store))
    lines = [_line(held, told, cell, day) for cell in cells]
    return sorted(lines, key=lambda line: (line.store_id, line.product, line.gtin))


def _line(held: InStore, told: Estimates, cell: int, day: date) -> StockLine:
    place = held.places[int(held.goods.store[cell])]
    ware = held.wares[int(held.goods.product[cell])]
    since, known = int(told.anchors.since[cell]), bool(told.stock.low[cell] >= 0)
    rate = float(told.believed.rates.per_day[cell])
    mean = float(told.stock.mean[cell]) if known else None
    started = date.fromordinal(since) if since >= 0 else None
    return StockLine(
        place.key, place.store_id, place.name, ware.gtin, ware.name,
        counted_on=started if told.anchors.counted[cell] else None,
        since=started,
        stock=mean,
        low=int(told.stock.low[cell]) if known else None,
        high=int(told.stock.high[cell]) if known else None,
        sold_a_day=rate,
        lasts_days=mean / rate if mean is not None and rate > 0 else None,
        share=float(told.believed.shares.mean[cell]),
        next_on=_ahead(day, told.next.due[cell]),
        next_from=_ahead(day, told.next.low[cell]),
        next_to=_ahead(day, told.next.high[cell]),
        next_items=None if np.isnan(told.next.items[cell]) else int(told.next.items[cell]),
        order_at=int(told.safety.order_at[cell]),
        safety=round(float(told.safety.safety[cell])),
        old_days=None if told.old_days[cell] == NEVER else int(told.old_days[cell]),
        near=round(float(told.near[cell])),
        over=round(float(told.over[cell])),
        came=int(told.came[cell]),
        pressed=bool(told.pressed[cell]),
        varies=float(told.varies[cell]),
    )  # fmt: skip


def _ahead(day: date, days: float) -> date | None:
    return None if np.isnan(days) else day + timedelta(days=max(1, round(float(days))))


def _over_days(held: InStore, believed: Believed, first: date, last: date) -> list[StockDay]:
    """Return a store's stock on each day: means and variances of its products add up."""
    cells, days = len(held.goods.store), np.arange(first.toordinal(), last.toordinal() + 1)
    cell, day = np.repeat(np.arange(cells), len(days)), np.tile(days, cells)
    there = stock_on(held.goods, believed, cell=cell, day=day)
    shape = (cells, len(days))
    known = (there.low >= 0).reshape(shape)
    mean, spread = (np.where(known, one.reshape(shape), 0.0) for one in (there.mean, there.spread))
    told, wide = mean.sum(axis=0), 1.2816 * np.sqrt((spread**2).sum(axis=0))
    counted = dict.fromkeys(held.goods.count_day.tolist(), 0)
    for on, items in zip(held.goods.count_day.tolist(), held.goods.count_items.tolist(), strict=True):
        counted[on] += items
    columns = (days.tolist(), (known.sum(axis=0) > 0).tolist(), told.tolist(), wide.tolist())
    return [_day(*row, counted.get(row[0])) for row in zip(*columns, strict=True)]


def _day(day: int, known: bool, mean: float, wide: float, counted: int | None) -> StockDay:
    if not known:
        return StockDay(date.fromordinal(day), None, None, None, counted)
    return StockDay(date.fromordinal(day), mean, max(0.0, mean - wide), mean + wide, counted)


def _store_share(yes: Floats, no: Floats) -> StoreShare | None:
    if not len(yes):
        return None
    mean = float(yes[0] / (yes[0] + no[0]))
    return StoreShare(mean, *(float(betaincinv(yes[0], no[0], share)) for share in (0.1, 0.9)))
