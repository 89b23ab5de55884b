"""Stage 12, stock of some stores: capture, what is there, next order and safety stock, all cells at once. Pure."""

from datetime import date
from typing import Any, NamedTuple

import numpy as np

from scans.terms import near_days
from stores.capture import Norms, Rates, Shares, cell_rates, cell_shares, next_shares, store_shares
from stores.flows import DAYS, NEVER, Anchors, Balances, Bools, Floats, Goods, Ints, anchors, balances
from stores.instore import WINDOW_DAYS, InStore
from stores.onhand import Stock, stock
from stores.reorder import Next, OrderNorms, Orders, fit_orders, next_orders
from stores.safety import LEAD_DAYS, LEAD_SPREAD_DAYS, SERVICE, Safety, dispersion, safety_stock
from stores.usual import fit_norms

PRESSURE_DAYS = 60
DISPERSION_DAYS = 90
SURE = 1.645


class Learned(NamedTuple):
    """All that is usual among stores."""

    norms: Norms = Norms()
    orders: OrderNorms = OrderNorms()

    def told(self) -> dict[str, Any]:
        """Return it as plain values."""
        return {"norms": self.norms._asdict(), "orders": self.orders._asdict()}


class Ask(NamedTuple):
    """For which lead time and service level safety stocks are wanted."""

    lead_days: float = LEAD_DAYS
    lead_spread_days: float = LEAD_SPREAD_DAYS
    service: float = SERVICE


class Believed(NamedTuple):
    """What is believed of each cell: its share scanned, that of the next stretch, its rate."""

    balances: Balances
    shares: Shares
    soon: Shares
    rates: Rates


class Estimates(NamedTuple):
    """All that is told of cells at the end of a day.  Shapes: every array (cells,).

    `varies` is variance / mean of a day's sales, `came` and `sold` are those of the last `PRESSURE_DAYS`; `old_days` is
    the age of the oldest lot still there (NEVER where none is known), `near`, `over` items close to and past their
    last day.
    """

    anchors: Anchors
    stock: Stock
    believed: Believed
    next: Next
    safety: Safety
    varies: Floats
    came: Ints
    sold: Floats
    pressed: Bools
    old_days: Ints
    near: Floats
    over: Floats


def learned_of(said: dict[str, Any]) -> Learned:
    """Read what was written down."""
    return Learned(Norms(**said["norms"]), OrderNorms(**said["orders"]))


def learn(held: InStore, *, day: date) -> Learned:
    """Learn what is usual from the goods of many stores."""
    usual, start, goods = Learned(), day.toordinal() - WINDOW_DAYS, held.goods
    rows = balances(goods, since=start, day=day.toordinal())
    named = {"regions": held.regions, "products": held.gtins}
    norms = fit_norms(goods, rows, day=day.toordinal(), start=usual.norms, **named)
    believed = believe(held, norms=norms, day=day)
    orders = past_orders(goods, believed, day=day.toordinal())
    return Learned(norms, fit_orders(orders, believed.rates.per_day, start=usual.orders))


def believe(held: InStore, *, norms: Norms, day: date) -> Believed:
    """Return what is believed of each cell at the end of a day."""
    goods, last = held.goods, day.toordinal()
    rows = balances(goods, since=last - WINDOW_DAYS, day=last)
    shares = cell_shares(goods, rows, day=last, norms=norms, regions=held.regions, products=held.gtins)
    rates = cell_rates(goods, rows, day=last, norms=norms, shares=shares, products=held.gtins)
    return Believed(rows, shares, next_shares(shares, norms), rates)


def shares_of_stores(held: InStore, *, norms: Norms, day: date) -> Shares:
    """Return what is believed of each store over all its products.  Shapes: (stores,)."""
    rows = balances(held.goods, since=day.toordinal() - WINDOW_DAYS, day=day.toordinal())
    return store_shares(held.goods, rows, day=day.toordinal(), norms=norms, regions=held.regions)


def stock_on(goods: Goods, believed: Believed, *, cell: Ints, day: Ints) -> Stock:
    """Return the stock of cells at the end of days.  Shapes: cell, day (n,)."""
    now = anchors(goods, cell=cell, day=day)
    soon, rates = Shares(*(x[cell] for x in believed.soon)), Rates(*(x[cell] for x in believed.rates))
    return stock(now, soon, rates)


def past_orders(goods: Goods, believed: Believed, *, day: int) -> Orders:
    """Return what came up to a day, a row per cell and day, with the stock that was there before."""
    key = np.unique(goods.came.key[goods.came.key % DAYS <= day])
    cell, on = key // DAYS, key % DAYS
    items = goods.came.between(cell, on - 1, on)
    before = stock_on(goods, believed, cell=cell, day=on - 1)
    counted = np.where(before.low >= 0, before.mean, 0.0)  # before its first delivery a store is taken to be empty
    return Orders(cell, on, items, counted, before.spread)


def estimate(held: InStore, *, learned: Learned, day: date, ask: Ask = Ask()) -> Estimates:
    """Return all that is told of cells at the end of a day."""
    goods, last = held.goods, day.toordinal()
    every = np.arange(len(goods.store))
    believed = believe(held, norms=learned.norms, day=day)
    today = np.full(len(every), last)
    there = stock_on(goods, believed, cell=every, day=today)
    orders = past_orders(goods, believed, day=last)
    rate = believed.rates.per_day
    known = np.where(there.low >= 0, there.mean, np.nan)
    following = next_orders(orders, rate, known, there.spread, today=last, norms=learned.orders)
    varies = _dispersion(goods, believed, last)
    asked = {"lead_days": ask.lead_days, "lead_spread_days": ask.lead_spread_days, "service": ask.service}
    came, sold, pressed = _pressure(goods, believed, last)
    return Estimates(
        anchors(goods, cell=every, day=today), there, believed, following,
        safety_stock(rate, varies, **asked), varies, came, sold, pressed, *_ages(held, known, last),
    )  # fmt: skip


def _dispersion(goods: Goods, believed: Believed, last: int) -> Floats:
    key, total = goods.scanned
    cells, cell, count = len(goods.store), key // DAYS, np.diff(total).astype(np.float64)
    recent = (key % DAYS > last - DISPERSION_DAYS) & (key % DAYS <= last)
    sums = [np.bincount(cell[recent], count[recent] ** power, cells).astype(np.float64) for power in (1, 2)]
    days = np.full(cells, float(DISPERSION_DAYS))
    return dispersion(sums[0], sums[1], days, believed.shares.mean)


def _pressure(goods: Goods, believed: Believed, last: int) -> tuple[Ints, Floats, Bools]:
    """Return what came and was sold lately, and whether the first is more by more than chance and scans do not rise.

    Of what was sold only a part was seen: its variance is S (1 - p) / p^2 and that of the share itself.
    """
    every = np.arange(len(goods.store))
    begin, half, end = (np.full(len(every), last - back) for back in (PRESSURE_DAYS, PRESSURE_DAYS // 2, 0))
    came = goods.came.between(every, begin, end) - goods.left.between(every, begin, end)
    early, late = goods.scanned.between(every, begin, half), goods.scanned.between(every, half, end)
    share, n = believed.shares.mean, believed.shares.yes + believed.shares.no
    sold = (early + late) / share
    noise = np.sqrt((early + late + 1) * (1 - share) / share**2 + sold**2 * (1 - share) / share / (n + 1))
    more = came - sold > SURE * noise
    return came, sold, more & (late <= early + np.sqrt(early + late))


def _ages(held: InStore, known: Floats, last: int) -> tuple[Ints, Floats, Floats]:
    """Return the age of the oldest lot there, the items close to and past their last day: first in, first out."""
    lots, cells = held.lots, len(held.goods.store)
    mine = lots.day <= last
    cell, day, items, expires = (column[mine] for column in lots)
    whole = np.r_[0, np.cumsum(items)]
    ends = np.searchsorted(cell, np.arange(cells), "right")
    later = whole[ends][cell] - whole[1:]
    left = np.clip(np.nan_to_num(known)[cell] - later, 0, items)
    old = np.full(cells, NEVER, np.int64)
    there = left > 0.5
    np.maximum.at(old, cell[there], last - day[there])
    close = np.array([near_days(ware.shelf_life_days) for ware in held.wares], np.int64)[held.goods.product][cell]
    over = (expires != NEVER) & (expires < last)
    near = (expires != NEVER) & ~over & (expires - last < close)
    sums = [np.bincount(cell, left * some, cells).astype(np.float64) for some in (near, over)]
    return old, sums[0], sums[1]
