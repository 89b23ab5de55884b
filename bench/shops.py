"""Simulated stores for bench_stock.py and its test: demand, orders, deliveries, visits that count, scans."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from stores.flows import Goods, flow

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
DAY_0 = 739_000
PRODUCTS = 2
REGIONS = 6
WEEK = np.array([0.9, 0.85, 0.9, 1.0, 1.1, 1.3, 0.95])


class Setting(NamedTuple):
    """What a simulated world is like; `differs` is the spread of stores' capture in logits."""

    stores: int = 400
    days: int = 420
    capture: float = 0.6
    differs: float = 0.0
    visit_days: int = 30
    misdelivered: float = 0.0
    seed: int = 1


class Shops(NamedTuple):
    """A simulated world: what is known (`goods`), and the truth.

    Shapes: stock, sold (cells, days); capture (cells,).
    """

    goods: Goods
    stock: Ints
    sold: Ints
    capture: Floats
    order_cell: Ints
    order_day: Ints
    order_items: Ints


def simulate(setting: Setting) -> Shops:
    """Let stores sell, order by their own level and rhythm, be visited and counted."""
    rng = np.random.default_rng(setting.seed)
    cells = setting.stores * PRODUCTS
    store, product = np.divmod(np.arange(cells), PRODUCTS)
    capture = _captures(rng, setting, store, product)
    rate = np.exp(rng.normal(np.log(1.1), 0.6, cells))
    stock, sold, order = _trade(rng, setting, rate)
    came_cell = _misdelivered(rng, setting, order[0])
    count = _counts(rng, setting, stock)
    scanned = _scans(rng, sold, capture)
    cell, day = np.nonzero(scanned)
    nothing = flow(*(np.zeros(0, np.int64) for _ in range(3)))
    goods = Goods(
        store, product, store % REGIONS,
        came=flow(came_cell, order[1] + DAY_0, order[2]), left=nothing,
        scanned=flow(cell, day + DAY_0, scanned[cell, day]), told=nothing, told_scanned=nothing, told_days=nothing,
        count_cell=count[0], count_day=count[1] + DAY_0, count_items=count[2],
    )  # fmt: skip
    return Shops(goods, stock, sold, capture, came_cell, order[1] + DAY_0, order[2])


def _captures(rng: np.random.Generator, setting: Setting, store: Ints, product: Ints) -> Floats:
    logit = np.log(setting.capture / (1 - setting.capture)) + rng.normal(0, setting.differs, setting.stores)[store]
    region = rng.normal(0, setting.differs / 2, REGIONS)[store % REGIONS]
    taste = np.linspace(-setting.differs, setting.differs, PRODUCTS)[product] / 2
    return 1 / (1 + np.exp(-(logit + region + taste)))


def _trade(rng: np.random.Generator, setting: Setting, rate: Floats) -> tuple[Ints, Ints, tuple[Ints, Ints, Ints]]:
    cells, pack = len(rate), rng.choice([6, 12, 24], len(rate))
    level = rng.uniform(4, 14, cells) * rate
    usual = np.maximum(1, np.round(rate * rng.uniform(12, 35, cells) / pack))
    stock, coming = np.round(level + usual * pack).astype(np.int64), np.zeros((cells, setting.days + 8), np.int64)
    stocks, sales, orders = [], [], []
    drift = np.zeros(cells)
    for day in range(setting.days):
        came = coming[:, day]
        stock = stock + came
        orders += [(cell, day, came[cell]) for cell in np.flatnonzero(came).tolist()]
        drift += rng.normal(0, 0.01, cells)
        wanted = rng.poisson(rate * np.exp(drift) * WEEK[day % 7] * rng.gamma(4, 0.25, cells))
        sold = np.minimum(wanted, stock)
        stock = stock - sold
        stocks.append(stock)
        sales.append(sold)
        asks = (stock + coming[:, day + 1 :].sum(axis=1) <= level * rng.lognormal(0, 0.15, cells)) & (
            rng.random(cells) < 0.7
        )
        packs = np.maximum(1, np.round(usual * rng.choice([0.5, 1, 1, 1.5, 2.5], cells)))
        lead = rng.integers(1, 6, cells)
        chosen = np.flatnonzero(asks)
        coming[chosen, day + lead[chosen]] += (packs * pack)[chosen].astype(np.int64)
    told = np.array(sorted(orders)).T
    return np.array(stocks).T, np.array(sales).T, (told[0], told[1], told[2])


def _misdelivered(rng: np.random.Generator, setting: Setting, cell: Ints) -> Ints:
    """Say of some deliveries that another store got them."""
    wrong = rng.random(len(cell)) < setting.misdelivered
    other = (cell + PRODUCTS * rng.integers(1, setting.stores, len(cell))) % (setting.stores * PRODUCTS)
    return np.where(wrong, other, cell)


def _counts(rng: np.random.Generator, setting: Setting, stock: Ints) -> tuple[Ints, Ints, Ints]:
    """Count each store every so many days, give or take a few; one count in ten is off by one or two."""
    rows = []
    begin = rng.integers(0, setting.visit_days, setting.stores)
    for number in range(setting.stores):
        day = int(begin[number])
        while day < setting.days:
            rows += [(cell, day) for cell in range(number * PRODUCTS, (number + 1) * PRODUCTS)]
            day += int(setting.visit_days + rng.integers(-4, 5))
    cell, day = np.array(sorted(rows)).T
    slip = rng.choice([-2, -1, 1, 2], len(cell)) * (rng.random(len(cell)) < 0.1)
    return cell, day, np.maximum(stock[cell, day] + slip, 0)


def _scans(rng: np.random.Generator, sold: Ints, capture: Floats) -> Ints:
    """Let items be scanned; how many people scan goes up and down from week to week."""
    weeks = -(-sold.shape[1] // 7)
    mood = 4 * rng.normal(0, 0.08, (len(sold), weeks))
    logit = np.log(capture / (1 - capture))[:, None] + np.repeat(mood, 7, axis=1)[:, : sold.shape[1]]
    share = 1 / (1 + np.exp(-logit))
    return rng.binomial(sold, share)
