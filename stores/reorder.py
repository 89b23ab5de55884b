"""Stage 12, next order: when a store will be delivered next, and how much. Pure.

Two clocks are combined: the stock that falls to the store's own level, and the store's own rhythm. `docs/orders.md`.
"""

from typing import NamedTuple

import numpy as np
from scipy.special import gammaincc, gammainccinv

from stores.flows import Floats, Ints

FEW = 8
TAIL = 0.1
LEAST_RATE = 1e-3
FAR_DAYS = 400.0
LEAST_LEFT_DAYS = 1.0
WIDER = 1.3  # than both clocks by themselves say: their errors are akin (bench_stock.py)


class OrderNorms(NamedTuple):
    """What is usual: days between deliveries and how they vary (squared share), the stock they come at in days of
    cover, its variance within a store and between stores.
    """

    gap_days: float = 30.0
    gap_varies: float = 0.25
    gap_between: float = 0.25
    cover_days: float = 7.0
    cover_within: float = 40.0
    cover_between: float = 40.0


class Orders(NamedTuple):
    """Past deliveries in the order of cell and day, with the stock they found and what is believed of that.

    Shapes: all (orders,).  Units: ordinal days; items; `before_spread` a standard deviation.
    """

    cell: Ints
    day: Ints
    items: Ints
    before: Floats
    before_spread: Floats


class Next(NamedTuple):
    """When each cell is delivered next and how much.  Shapes: (cells,); nan where it was never delivered.

    Units: days from today on (`due`), and what holds 80 %; items.
    """

    due: Floats
    low: Floats
    high: Floats
    items: Floats
    cover_days: Floats


def fit_orders(orders: Orders, rate: Floats, *, start: OrderNorms) -> OrderNorms:
    """Learn what is usual from all past deliveries.  Shapes: rate (cells,), items a day."""
    gap, first = _gaps(orders)
    if len(gap) < FEW:
        return start
    n, mean = _counts_and_means(orders.cell[first], gap, len(rate))
    per_day = np.maximum(rate, LEAST_RATE)
    cover = np.minimum(orders.before / per_day[orders.cell], FAR_DAYS)
    blur = np.minimum(orders.before_spread / per_day[orders.cell], FAR_DAYS) ** 2
    many, level = _counts_and_means(orders.cell, cover, len(rate))
    within = _within(cover, orders.cell, many, level) - np.median(blur)
    there, gaps_there = many > 0, n > 0
    usual_gap = float(mean[gaps_there].mean())
    varies = _within(gap / mean[orders.cell[first]], orders.cell[first], n, np.ones(len(rate)))
    between = float(np.var(mean[gaps_there] / usual_gap) - varies / max(n[gaps_there].mean(), 1))
    return OrderNorms(
        usual_gap,
        float(np.clip(varies, 0.01, 1.0)),
        float(np.clip(between, 0.01, 4.0)),
        float(level[there].mean()),
        float(np.clip(within, 1.0, 400.0)),
        float(np.clip(np.var(level[there]) - within / max(many[there].mean(), 1), 1.0, 2000.0)),
    )


def next_orders(orders: Orders, rate: Floats, stock: Floats, spread: Floats, *, today: int, norms: OrderNorms) -> Next:
    """Return when each cell is delivered next, and how much.  Shapes: rate, stock, spread (cells,); nan: unknown."""
    cells, per_day = len(rate), np.maximum(rate, LEAST_RATE)
    last = np.full(cells, -1)
    last[orders.cell] = orders.day
    ever, elapsed = last >= 0, np.maximum(today - last, 0).astype(np.float64)
    rhythm, shape = _rhythm(orders, cells, norms)
    rest, rest_varies = _rest(rhythm, shape, elapsed)
    cover, fall, fall_varies = _fall(orders, per_day, stock, spread, norms)
    trust = np.where(np.isnan(fall), 0, rest_varies / (rest_varies + fall_varies))
    due = np.maximum(trust * np.nan_to_num(fall) + (1 - trust) * rest, LEAST_LEFT_DAYS)
    varies = np.where(np.isnan(fall), rest_varies, 1 / (1 / rest_varies + 1 / np.where(trust > 0, fall_varies, np.inf)))
    low, high = _interval(due, WIDER * varies)
    told = (due, low, high, _items(orders, per_day, norms, cells), cover)
    return Next(*(np.where(ever, one, np.nan) for one in told))


def _rhythm(orders: Orders, cells: int, norms: OrderNorms) -> tuple[Floats, Floats]:
    """Return the mean gap of each cell, shrunk to what is usual, and the shape of its gamma distribution."""
    gap, first = _gaps(orders)
    n, mean = _counts_and_means(orders.cell[first], gap, cells)
    strength = norms.gap_varies / norms.gap_between
    rhythm = (np.where(n > 0, n * mean, 0) + strength * norms.gap_days) / (n + strength)
    odd = np.bincount(orders.cell[first], (gap / rhythm[orders.cell[first]] - 1) ** 2, cells)
    varies = (odd + 4 * norms.gap_varies) / (np.maximum(n - 1, 0) + 4)
    return rhythm, 1 / np.clip(varies, 0.01, 1.0)


def _rest(rhythm: Floats, shape: Floats, elapsed: Floats) -> tuple[Floats, Floats]:
    """Return mean and variance of what is left of a gamma gap after `elapsed` days of it.

    Source: Cox, *Renewal Theory* (1962), on the residual life.
    """
    scale = rhythm / shape
    x = elapsed / scale
    alive = np.maximum(gammaincc(shape, x), 1e-12)
    mean = shape * scale * gammaincc(shape + 1, x) / alive
    square = shape * (shape + 1) * scale**2 * gammaincc(shape + 2, x) / alive
    late = gammaincc(shape, x) < 1e-9  # far beyond any gap it ever had: it may come any day
    rest = np.where(late, rhythm / shape, np.maximum(mean - elapsed, 0.5))
    return rest, np.where(late, rhythm**2 / shape, np.maximum(square - mean**2, 0.5))


def _fall(
    orders: Orders, per_day: Floats, stock: Floats, spread: Floats, norms: OrderNorms
) -> tuple[Floats, Floats, Floats]:
    """Return each cell's level in days of cover, the days until its stock is there, and their variance."""
    cover = np.minimum(orders.before / per_day[orders.cell], FAR_DAYS)
    n, level = _counts_and_means(orders.cell, cover, len(per_day))
    strength = norms.cover_within / norms.cover_between
    own = (np.where(n > 0, n * level, 0) + strength * norms.cover_days) / (n + strength)
    days = np.minimum(stock / per_day, FAR_DAYS) - own
    blur = np.minimum(spread / per_day, FAR_DAYS) ** 2
    noise = np.maximum(days, 1) / per_day  # of a Poisson fall over so many days
    return own, days, blur + norms.cover_within * (1 + 1 / (n + strength)) + noise


def _interval(due: Floats, varies: Floats) -> tuple[Floats, Floats]:
    """Return what holds 80 % of a gamma distribution with this mean and variance."""
    shape = due**2 / varies
    scale = varies / due
    low, high = (scale * gammainccinv(shape, share) for share in (1 - TAIL, TAIL))
    return low, high


def _items(orders: Orders, per_day: Floats, norms: OrderNorms, cells: int) -> Floats:
    """Return how much is delivered at once: the cell's own mean, in the packs that it comes in."""
    n, mean = _counts_and_means(orders.cell, orders.items.astype(np.float64), cells)
    pack = np.zeros(cells, np.int64)
    np.gcd.at(pack, orders.cell, orders.items)
    usual = norms.gap_days * per_day
    size = np.where(n > 0, (np.where(n > 0, n * mean, 0) + 0.3 * usual) / (n + 0.3), usual)
    pack = np.maximum(pack, 1)
    return np.maximum(np.round(size / pack), 1) * pack


def _gaps(orders: Orders) -> tuple[Floats, Ints]:
    """Return the days between deliveries of a cell, and the place of the first of each two."""
    first = np.flatnonzero(orders.cell[1:] == orders.cell[:-1])
    return (orders.day[first + 1] - orders.day[first]).astype(np.float64), first


def _counts_and_means(cell: Ints, values: Floats, cells: int) -> tuple[Floats, Floats]:
    n = np.bincount(cell, minlength=cells).astype(np.float64)
    return n, np.where(n > 0, np.bincount(cell, values, cells) / np.maximum(n, 1), 1.0)


def _within(values: Floats, cell: Ints, n: Floats, mean: Floats) -> float:
    """Return the pooled variance within cells."""
    freedom = np.maximum(n - 1, 0).sum()
    many = n[cell] > 1
    return float(((values[many] - mean[cell[many]]) ** 2).sum() / max(freedom, 1))
