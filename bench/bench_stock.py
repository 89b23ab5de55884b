"""Say how much is in simulated stores, and when they order next, side by side with what one would use instead.

    python bench/bench_stock.py [--stores 400] [--seeds 3]

Stock: how often the 80 % interval holds the truth. The same with every sale taken as scanned is the negative control.
Next order: mean error in days against TSB (Teunter, Syntetos & Babai, 2011) with the smoothing and the reading that
do best here, Croston (1972) and the plain mean interval.
"""

import argparse
import time
from datetime import date
from typing import NamedTuple

import numpy as np

from bench.shops import DAY_0, PRODUCTS, REGIONS, Floats, Ints, Setting, Shops, simulate
from stores.capture import Norms, cell_rates, cell_shares, next_shares
from stores.estimates import estimate, learn
from stores.flows import anchors, balances
from stores.instore import InStore, Lots, Place, Ware
from stores.onhand import Stock, stock
from stores.reorder import OrderNorms, Orders, fit_orders, next_orders
from stores.usual import fit_norms

REGION_NAMES = [f"R{n}" for n in range(REGIONS)]
PRODUCT_NAMES = [f"P{n}" for n in range(PRODUCTS)]
ASKED = range(300, 360, 3)
SETTINGS = {
    "60 % everywhere": Setting(),
    "60 %, by store": Setting(differs=0.5),
    "60 %, by store, 3 % misdelivered": Setting(differs=0.5, misdelivered=0.03),
}


class Errors(NamedTuple):
    """Absolute errors in days of the next delivery's date, by method, and whether our 80 % interval held it."""

    ours: Floats
    tsb: Floats
    croston: Floats
    mean: Floats
    held: Floats


def known(shops: Shops, cells: Ints, day: int, *, full: bool = False) -> tuple[Stock, Floats]:
    """Return what is said of the stock in cells at the end of a day, and the rates; `full`: as if all were scanned."""
    goods, rows = shops.goods, balances(shops.goods, since=0, day=day)
    norms = fit_norms(goods, rows, day=day, regions=REGION_NAMES, products=PRODUCT_NAMES, start=Norms())
    shares = cell_shares(goods, rows, day=day, norms=norms, regions=REGION_NAMES, products=PRODUCT_NAMES)
    rates = cell_rates(goods, rows, day=day, norms=norms, shares=shares, products=PRODUCT_NAMES)
    soon = next_shares(shares, norms)
    if full:
        soon = soon._replace(yes=np.full(len(soon.yes), 1e6), no=np.ones(len(soon.no)))
    now = anchors(goods, cell=cells, day=np.full(len(cells), day))
    return stock(now, type(soon)(*(x[cells] for x in soon)), type(rates)(*(x[cells] for x in rates))), rates.per_day


def coverage(shops: Shops, *, full: bool = False) -> tuple[float, float, float]:
    """Return how often the interval holds the truth, how wide it is and how far its middle is off, in items."""
    rng = np.random.default_rng(7)
    held, wide, off = [], [], []
    for number in ASKED:
        cells = np.sort(rng.choice(len(shops.capture), len(shops.capture) // 4, replace=False))
        told, _ = known(shops, cells, DAY_0 + number, full=full)
        truth = shops.stock[cells, number]
        sure = told.low >= 0
        held.append(((told.low <= truth) & (truth <= told.high))[sure])
        wide.append((told.high - told.low)[sure])
        off.append(np.abs(told.mean - truth)[sure])
    return tuple(float(np.concatenate(x).mean()) for x in (held, wide, off))


def order_errors(shops: Shops) -> Errors:
    """Ask on many days when each cell is delivered next, and compare with when it was."""
    found = [_asked(shops, DAY_0 + number) for number in range(240, 330, 10)]
    return Errors(*(np.concatenate(x) for x in zip(*found, strict=True)))


def _asked(shops: Shops, today: int) -> tuple[Floats, ...]:
    cells = np.arange(len(shops.capture))
    past, later = shops.order_day <= today, shops.order_day > today
    after = np.full(len(cells), 1 << 30)
    np.minimum.at(after, shops.order_cell[later], shops.order_day[later])
    n = np.bincount(shops.order_cell[past], minlength=len(cells))
    fair = (n >= 3) & (after < 1 << 30)
    told, rate = known(shops, cells, today)
    orders = past_orders(shops, past)
    norms = fit_orders(orders, rate, start=OrderNorms())
    mean = np.where(told.low < 0, np.nan, told.mean)
    ours = next_orders(orders, rate, mean, told.spread, today=today, norms=norms)
    dues = [ours.due, *_rivals(shops, past, today)]
    low, high = (np.maximum(np.round(end), 1) for end in (ours.low, ours.high))
    held = ((today + low <= after) & (after <= today + high))[fair].astype(np.float64)
    return *(np.abs(today + np.maximum(np.round(due), 1) - after)[fair] for due in dues), held


def speed(shops: Shops) -> float:
    """Return the seconds of processor time that learning and telling takes for all cells, once read."""
    goods, order = shops.goods, np.lexsort((shops.order_day, shops.order_cell))
    places = [Place(n, f"S{n}", f"S{n}", f"R{n % REGIONS}", "UTC") for n in range(len(shops.capture) // PRODUCTS)]
    wares = [Ware(n, name, name, None) for n, name in enumerate(PRODUCT_NAMES)]
    lots = Lots(*(x[order] for x in (shops.order_cell, shops.order_day, shops.order_items)), -np.ones_like(order))
    held, day = InStore(places, wares, goods, lots), date.fromordinal(DAY_0 + 360)
    began = time.process_time()
    estimate(held, learned=learn(held, day=day), day=day)
    return time.process_time() - began


def past_orders(shops: Shops, past: Ints) -> Orders:
    """Return deliveries with the stock that was believed to be there when they came."""
    order = np.lexsort((shops.order_day[past], shops.order_cell[past]))
    cell, day, items = (x[past][order] for x in (shops.order_cell, shops.order_day, shops.order_items))
    last = int(day.max())
    goods, rows = shops.goods, balances(shops.goods, since=0, day=last)
    norms = fit_norms(goods, rows, day=last, regions=REGION_NAMES, products=PRODUCT_NAMES, start=Norms())
    shares = cell_shares(goods, rows, day=last, norms=norms, regions=REGION_NAMES, products=PRODUCT_NAMES)
    rates = cell_rates(goods, rows, day=last, norms=norms, shares=shares, products=PRODUCT_NAMES)
    soon, now = next_shares(shares, norms), anchors(goods, cell=cell, day=day - 1)
    before = stock(now, type(soon)(*(x[cell] for x in soon)), type(rates)(*(x[cell] for x in rates)))
    sure = before.low >= 0
    return Orders(cell[sure], day[sure], items[sure], before.mean[sure], before.spread[sure])


def _rivals(shops: Shops, past: Ints, today: int) -> tuple[Floats, Floats, Floats]:
    """Return days to the next delivery by TSB, Croston and the plain mean interval."""
    days = today - DAY_0 + 1
    came = np.zeros((len(shops.capture), days))
    np.add.at(came, (shops.order_cell[past], shops.order_day[past] - DAY_0), shops.order_items[past])
    hit = came > 0
    last = days - 1 - hit[:, ::-1].argmax(axis=1)
    elapsed = days - 1 - last
    first = hit.argmax(axis=1)
    gap = (last - first) / np.maximum(hit.sum(axis=1) - 1, 1)
    return tsb_due(hit, elapsed), np.maximum(croston(hit) - elapsed, 1), np.maximum(gap - elapsed, 1)


def tsb_due(hit: Ints, elapsed: Floats) -> Floats:
    """Return days to the next delivery by TSB, read as it does best: 1 / p is the gap, counted from the last one."""
    return np.maximum(1 / tsb(hit) - elapsed, 1)


def tsb(hit: Ints, alpha: float = 0.01) -> Floats:
    """Return TSB's probability of a demand per period: p += alpha (hit - p), every period."""
    p = hit[:, :60].mean(axis=1)
    for column in hit[:, 60:].T:
        p = p + alpha * (column - p)
    return np.maximum(p, 1e-3)


def croston(hit: Ints, alpha: float = 0.1) -> Floats:
    """Return Croston's smoothed interval between demands: q += alpha (gap - q), at each demand."""
    gap, q = np.ones(len(hit)), np.full(len(hit), np.nan)
    for column in hit.T:
        fresh = np.where(np.isnan(q), gap, q + alpha * (gap - q))
        q = np.where(column, fresh, q)
        gap = np.where(column, 1, gap + 1)
    return np.nan_to_num(q, nan=30.0)


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stores", type=int, default=400)
    parser.add_argument("--seeds", type=int, default=3)
    told = parser.parse_args()
    print(f"{'stock, 80 % interval':36} {'holds':>7} {'width':>7} {'off':>6}")
    worlds = {}
    for name, setting in SETTINGS.items():
        seeds = range(1, told.seeds + 1)
        worlds[name] = [simulate(setting._replace(stores=told.stores, seed=seed)) for seed in seeds]
        rows = np.mean([coverage(world) for world in worlds[name]], axis=0)
        control = np.mean([coverage(world, full=True) for world in worlds[name]], axis=0)
        print(f"{name:36} {rows[0]:7.1%} {rows[1]:7.1f} {rows[2]:6.2f}")
        print(f"{'  if all sales were scanned':36} {control[0]:7.1%} {control[1]:7.1f} {control[2]:6.2f}")
    print(f"\n{'next order, days off':36} {'ours':>7} {'TSB':>7} {'Croston':>8} {'mean gap':>9} {'80 % holds':>11}")
    for name, some in worlds.items():
        errors = [order_errors(world) for world in some]
        means = [np.concatenate([getattr(one, field) for one in errors]).mean() for field in Errors._fields]
        print(f"{name:36} {means[0]:7.2f} {means[1]:7.2f} {means[2]:8.2f} {means[3]:9.2f} {means[4]:11.1%}")
    print(f"\n{told.stores * PRODUCTS:,} cells learnt from and told in {speed(some[0]):.1f} s of one core")


if __name__ == "__main__":
    started = time.perf_counter()
    main()
    print(f"\n{time.perf_counter() - started:.0f} s")
