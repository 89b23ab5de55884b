"""Stage 12, capture: which share of what a store sells is scanned at all, and how sure that is. Pure.

Beta distributions, shrunk from all to the region, the store, the product in it: the formulas are in `docs/capture.md`.
"""

from typing import NamedTuple

import numpy as np

from stores.flows import Balances, Bools, Floats, Goods, Ints

HALF_LIFE_DAYS = 180.0
LEAST, MOST = 0.02, 0.995
ODD_DEVIATIONS = 4.0
SLACK_ITEMS, SLACK_SHARE = 1.0, 0.05
RATE_HALF_LIFE_DAYS = 60.0


class Norms(NamedTuple):
    """What is usual among all stores; numbers only, so that a night can write it down.

    `mean`, `regions`, `products`: shares that are scanned; `within`: how much a cell's share varies from one stretch to
    the next (correlation of two items); `between_*`: how alike (concentration) regions, stores, cells are. Rates are
    items a day of a product (`rates`), how alike stores are in it (`rate_shape`), and `restless` is by how much a
    cell's rate varies from one stretch to the next (squared share of it).
    """

    mean: float = 0.5
    within: float = 0.05
    between_regions: float = 20.0
    between_stores: float = 5.0
    between_cells: float = 20.0
    rate: float = 0.3
    rate_shape: float = 0.5
    restless: float = 0.1
    regions: dict[str, float] = {}  # noqa: RUF012 - never written to
    products: dict[str, float] = {}  # noqa: RUF012
    rates: dict[str, float] = {}  # noqa: RUF012


class Shares(NamedTuple):
    """The share scanned as a beta distribution, a row per cell or store.  Shapes: (rows,)."""

    yes: Floats
    no: Floats

    @property
    def mean(self) -> Floats:
        """The share to be expected."""
        mean: Floats = self.yes / (self.yes + self.no)
        return mean


class Rates(NamedTuple):
    """Items a day that leave a cell, as a gamma distribution.  Shapes: (cells,)."""

    shape: Floats
    per_day: Floats


def possible(balances: Balances) -> Bools:
    """Tell which balances of a day or more can be: more scanned than left, but for a miscounted item or two, cannot.

    Shapes: (rows,).
    """
    slack = SLACK_ITEMS + SLACK_SHARE * balances.scanned
    can: Bools = (balances.days > 0) & (balances.sold > 0) & (balances.scanned <= balances.sold + slack)
    return can


def usable(balances: Balances, *, mean: float, within: float, between: float) -> Bools:
    """Tell which balances teach: possible ones that lie where a share of some store could.  Shapes: (rows,).

    What lies farther out on either side is a delivery that was told of the wrong store, not a share.
    """
    sold, scanned = np.maximum(balances.sold, 1), np.minimum(balances.scanned, balances.sold)
    alike = within + 1 / (1 + between)
    spread = np.sqrt(sold * mean * (1 - mean) * (1 + (sold - 1) * min(alike, 0.5)))
    teaches: Bools = possible(balances) & (np.abs(scanned - sold * mean) <= ODD_DEVIATIONS * spread)
    return teaches


def evidence(rows: Balances, within: float, day: int) -> tuple[Floats, Floats]:
    """Return of each balance how many independent items it is worth, and how many of them were scanned.

    Items of one stretch are alike: n of them are worth n / (1 + (n - 1) within); what is half a year old counts half.
    """
    age = np.maximum(day - rows.last_day, 0) / HALF_LIFE_DAYS
    size = 0.5**age * rows.sold / (1 + (rows.sold - 1) * within)
    return size, size * np.minimum(rows.scanned / rows.sold, 1)


def store_shares(goods: Goods, rows: Balances, *, day: int, norms: Norms, regions: list[str]) -> Shares:
    """Return what is believed of each store, over all its products.  Shapes: (stores,)."""
    size, yes = _taught(rows, day, norms)
    stores = int(goods.store.max(initial=-1)) + 1
    region = np.zeros(stores, np.int64)
    region[goods.store] = goods.region
    prior = _prior(region, norms, regions) * norms.between_stores
    at = goods.store[rows.cell]
    said = np.bincount(at, yes, stores), np.bincount(at, size, stores)
    return Shares(prior + said[0], norms.between_stores - prior + said[1] - said[0])


def cell_shares(
    goods: Goods, rows: Balances, *, day: int, norms: Norms, regions: list[str], products: list[str]
) -> Shares:
    """Return what is believed of each cell: its own balances, and what its store's others and its product say.

    Shapes: (cells,).
    """
    size, yes = _taught(rows, day, norms)
    cells, stores = len(goods.store), int(goods.store.max(initial=-1)) + 1
    level = np.array([norms.products.get(name, norms.mean) for name in products])[goods.product] / norms.mean
    own = np.bincount(rows.cell, yes, cells), np.bincount(rows.cell, size, cells)
    fair = np.minimum(own[0] / level, own[1])
    others = [np.bincount(goods.store, one, stores)[goods.store] - one for one in (fair, own[1])]
    prior = _prior(goods.region, norms, regions) * norms.between_stores
    a, b = prior + others[0], norms.between_stores - prior + others[1] - others[0]
    mean = np.clip(a / (a + b) * level, LEAST, MOST)
    spread = a * b / ((a + b) ** 2 * (a + b + 1)) * level**2 + mean * (1 - mean) / (norms.between_cells + 1)
    strength = np.clip(mean * (1 - mean) / spread - 1, 0.5, 400)
    return Shares(mean * strength + own[0], (1 - mean) * strength + own[1] - own[0])


def next_shares(shares: Shares, norms: Norms) -> Shares:
    """Return the share of the next stretch, which varies around the cell's own.  Shapes: (cells,)."""
    n, mean = shares.yes + shares.no, shares.mean
    spread = mean * (1 - mean) * (1 / (n + 1) + norms.within)
    strength = np.maximum(mean * (1 - mean) / spread - 1, 0.5)
    return Shares(mean * strength, (1 - mean) * strength)


def cell_rates(goods: Goods, rows: Balances, *, day: int, norms: Norms, shares: Shares, products: list[str]) -> Rates:
    """Return how much leaves each cell a day: from its balances, else from what was scanned.  Shapes: (cells,)."""
    good = possible(rows)
    cell, sold, days, last = (x[good] for x in (rows.cell, rows.sold, rows.days, rows.last_day))
    cells, fading = len(goods.store), 0.5 ** (np.maximum(day - last, 0) / RATE_HALF_LIFE_DAYS)
    usual = np.array([norms.rates.get(name, norms.rate) for name in products])[goods.product]
    items = np.bincount(cell, sold * fading, cells)
    exposed = np.bincount(cell, days * fading, cells)
    every = np.arange(cells)
    window = np.full(cells, day - int(2 * RATE_HALF_LIFE_DAYS)), np.full(cells, day)
    seen, unknown = goods.scanned.between(every, *window), exposed == 0
    items += np.where(unknown, seen, 0)
    exposed = exposed + np.where(unknown, 2 * RATE_HALF_LIFE_DAYS * shares.mean * (seen > 0), 0)
    shape = norms.rate_shape + items
    per_day = shape / (norms.rate_shape / np.maximum(usual, 1e-3) + exposed)
    return Rates(1 / (1 / shape + norms.restless), per_day)


def _taught(rows: Balances, day: int, norms: Norms) -> tuple[Floats, Floats]:
    picked = usable(rows, mean=norms.mean, within=norms.within, between=norms.between_stores)
    sold = np.maximum(rows.sold, 1)
    size, yes = evidence(rows._replace(sold=sold), norms.within, day)
    return size * picked, yes * picked


def _prior(region: Ints, norms: Norms, regions: list[str]) -> Floats:
    mean: Floats = np.array([norms.regions.get(name, norms.mean) for name in regions] or [norms.mean])[region]
    return np.clip(mean, LEAST, MOST)
