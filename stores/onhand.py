"""Stage 12, stock: how much of a product is in a store now, as a distribution, without simulating. Pure.

What left is what was scanned and what was not; the second is weighed item by item: `docs/stock.md`.
"""

from typing import NamedTuple

import numpy as np
from scipy.special import betainc, betaln, gammaln

from stores.capture import Rates, Shares
from stores.flows import Anchors, Floats, Ints

TAIL = 0.1  # outside of the interval on either side: 80 % lie within
STEPS = 300
REACH_DEVIATIONS = 9.0
SLACK = 2  # so many items more scanned than there could be are a miscount, not a riddle
AT_ONCE = 2_000
LEAST_RATE = 1e-6


class Stock(NamedTuple):
    """What is in each cell.  Shapes: all (n,); `low` is -1 where nothing can be said."""

    mean: Floats
    spread: Floats
    low: Ints
    high: Ints


def stock(now: Anchors, shares: Shares, rates: Rates) -> Stock:
    """Return the items in each cell with the interval that holds 80 %.

    Shapes: shares, rates as `now`: (n,). Unknown where nobody counted or delivered, and where more was scanned than
    could have been there.
    """
    known = (now.since >= 0) & (now.could_be - now.scanned >= -SLACK)
    left = np.maximum(now.could_be - now.scanned, 0)
    told = Stock(np.zeros(len(left)), np.zeros(len(left)), np.where(known, left, -1), np.where(known, left, -1))
    told.mean[:] = np.where(known, left, np.nan)
    vague = np.flatnonzero(known & (left > 0) & (now.days > 0))
    vague = vague[np.argsort(left[vague], kind="stable")]  # grids of one block are as wide as its widest
    for begin in range(0, len(vague), AT_ONCE):
        some = vague[begin : begin + AT_ONCE]
        counts = (left[some], now.scanned[some], now.days[some])
        believed = Shares(*(x[some] for x in shares)), Rates(*(x[some] for x in rates))
        for whole, part in zip(told, _weigh(*counts, *believed), strict=True):
            whole[some] = part
    return told


def _weigh(left: Ints, scanned: Ints, days: Ints, shares: Shares, rates: Rates) -> tuple[Floats, Floats, Ints, Ints]:
    """Weigh every number of items that may have left unseen, on a grid as fine as it has to be."""
    (yes, no), (shape, per_day) = shares, rates
    per_day = np.maximum(per_day, LEAST_RATE)
    odds = per_day * days / (shape + per_day * days)  # of the negative binomial of what left
    unseen_mean = np.maximum(scanned, per_day * days) * (no + 1) / np.maximum(yes - 1, 0.5) + 5
    reach = np.minimum(left, (unseen_mean * (1 + REACH_DEVIATIONS)).astype(np.int64) + 30)
    step = np.maximum(1, -(-reach // STEPS))
    width = int((-(-reach // step)).max()) + 1
    unseen = np.minimum(np.arange(width)[None, :] * step[:, None], reach[:, None])
    fresh = np.r_[np.ones((1, len(left)), bool), np.diff(unseen, axis=1).T > 0].T
    log = _log_weight(unseen, scanned[:, None], yes[:, None], no[:, None], shape[:, None], odds[:, None])
    log = np.where(unseen == left[:, None], log + _beyond(scanned + left, shape, odds)[:, None], log)
    log = np.where(fresh, log, -np.inf)
    weight = np.exp(log - log.max(axis=1, keepdims=True))
    weight /= weight.sum(axis=1, keepdims=True)
    stock = left[:, None] - unseen
    mean = np.minimum((weight * stock).sum(axis=1), left)
    spread = np.sqrt((weight * (stock - mean[:, None]) ** 2).sum(axis=1))
    # From the greatest stock down, half of each step counted: whole numbers would else hold more than they promise.
    below = np.cumsum(weight, axis=1) - weight / 2
    low, high = _within(stock, below)
    return mean, spread, low, high


def _log_weight(unseen: Ints, scanned: Ints, yes: Floats, no: Floats, shape: Floats, odds: Floats) -> Floats:
    """Return log P(n left) P(s of them scanned), up to what is the same for all n = s + unseen."""
    n = scanned + unseen
    came = gammaln(shape + n) - gammaln(unseen + 1) + n * np.log(odds)
    weight: Floats = came + betaln(yes + scanned, no + unseen)
    return weight


def _beyond(n: Ints, shape: Floats, odds: Floats) -> Floats:
    """Return log P(N >= n) / P(N = n) of a negative binomial: the shelf is empty, whatever more was asked for."""
    at = gammaln(shape + n) - gammaln(shape) - gammaln(n + 1) + n * np.log(odds) + shape * np.log1p(-odds)
    tail = betainc(np.maximum(n, 1), shape, odds)
    sure = (tail > 1e-280) & (at > -600)
    with np.errstate(divide="ignore"):
        ratio = np.where(sure, np.log(np.maximum(tail, 1e-300)) - at, 0.0)
    return np.maximum(np.where(n == 0, -at, ratio), 0.0)


def _within(stock: Ints, below: Floats) -> tuple[Ints, Ints]:
    """Return the least and the greatest stock between both tails; where one number fills more, the middle."""
    first = (below >= TAIL).argmax(axis=1)
    last = below.shape[1] - 1 - (below[:, ::-1] <= 1 - TAIL).argmax(axis=1)
    middle = (below <= 0.5).sum(axis=1) - 1
    ends = (np.where(first <= last, end, middle) for end in (last, first))
    low, high = (np.take_along_axis(stock, end[:, None], axis=1)[:, 0] for end in ends)
    return low, high
