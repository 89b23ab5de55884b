"""Stage 12, what is usual: shares that are scanned and rates, among all stores, by moments. Pure."""

from typing import Any

import numpy as np

from stores.capture import LEAST, MOST, Norms, evidence, usable
from stores.flows import Balances, Floats, Goods, Ints

FEW = 5  # groups from which a spread between them is learnt
PRODUCT_PRIOR_ITEMS = 30.0


def fit_norms(
    goods: Goods, rows: Balances, *, day: int, regions: list[str], products: list[str], start: Norms
) -> Norms:
    """Learn what is usual from all balances; where there are few, `start` stays.

    Source: DerSimonian & Laird (1986) for the spread between groups by moments; Efron & Morris (1975) for shrinking.
    """
    norms = start
    for _ in range(2):  # the second time without what the first finds odd
        picked = usable(rows, mean=norms.mean, within=norms.within, between=norms.between_stores)
        if not picked.any():
            return start
        norms = _fit(goods, Balances(*(x[picked] for x in rows)), day, regions, products, start)
    return norms


def _fit(goods: Goods, rows: Balances, day: int, regions: list[str], products: list[str], start: Norms) -> Norms:
    cells, store = rows.cell, goods.store[rows.cell]
    within = _within(cells, rows, start.within)
    size, yes = evidence(rows, within, day)
    strength = 10.0
    mean = float((yes.sum() + start.mean * strength) / (size.sum() + strength))
    by_product = _shrunk(goods.product[cells], yes, size, mean, PRODUCT_PRIOR_ITEMS, products)
    level = np.array([by_product.get(name, mean) for name in products])[goods.product[cells]] / mean
    fair = np.minimum(yes / level, size)
    between_stores = _between(store, fair, size, start.between_stores)
    between_cells = _between_within(cells, store, fair, size, start.between_cells)
    per_store = _sums(store, size)
    weight = 1 / (1 + per_store[store] / between_stores)
    between_regions = _between(goods.region[cells], fair * weight, size * weight, start.between_regions)
    by_region = _shrunk(goods.region[cells], fair * weight, size * weight, mean, between_regions, regions)
    rates = {
        products[p]: float((rows.sold[mine].sum() + start.rate) / (rows.days[mine].sum() + 1))
        for p in np.unique(goods.product[cells]).tolist()
        for mine in [goods.product[cells] == p]
    }
    expected = np.array([rates.get(name, start.rate) for name in products])[goods.product[cells]] * rows.days
    shape = 1 / _excess(_sums(cells, rows.sold), _sums(cells, expected), 1 / start.rate_shape)
    return Norms(
        mean, within, between_regions, between_stores, between_cells,
        rate=float(np.median([*rates.values()])), rate_shape=float(np.clip(shape, 0.2, 20)),
        restless=_restless(rows, start.restless), regions=by_region, products=by_product, rates=rates,
    )  # fmt: skip


def _sums(group: Ints, values: Any) -> Floats:
    return np.bincount(group, values).astype(np.float64)


def _shrunk(group: Ints, yes: Floats, size: Floats, mean: float, strength: float, names: list[str]) -> dict[str, float]:
    said = (_sums(group, yes) + mean * strength) / (_sums(group, size) + strength)
    return {names[n]: float(np.clip(said[n], LEAST, MOST)) for n in np.unique(group).tolist()}


def _within(cells: Ints, rows: Balances, usual: float) -> float:
    """Return how alike items of one stretch are, from cells with several stretches, by moments."""
    many = np.bincount(cells)[cells] > 1
    if many.sum() < 2 * FEW:
        return usual
    cell, sold, scanned = cells[many], rows.sold[many], np.minimum(rows.scanned, rows.sold)[many]
    whole = _sums(cell, sold)[cell]
    share = np.clip(_sums(cell, scanned)[cell] / whole, LEAST, MOST)
    left = 1 - sold / whole
    odd = np.minimum((scanned - sold * share) ** 2 / (sold * share * (1 - share)), 25)
    below = ((sold - 1) * left).sum()
    return float(np.clip((odd.sum() - left.sum()) / below, 0.002, 0.5)) if below > 0 else usual


def _between(group: Ints, yes: Floats, size: Floats, usual: float) -> float:
    """Return how alike groups are, as the concentration of their beta distribution."""
    n = _sums(group, size)
    there = n > 0
    n, share = n[there], _sums(group, yes)[there] / n[there]
    if len(n) < FEW:
        return usual
    mean = float(np.clip((n * share).sum() / n.sum(), LEAST, MOST))
    odd = (n * (share - mean) ** 2).sum() - (len(n) - 1) * mean * (1 - mean)
    spread = odd / max(n.sum() - (n**2).sum() / n.sum(), 1e-9)
    return float(np.clip(mean * (1 - mean) / max(spread, 1e-6) - 1, 2.0, 400.0))


def _between_within(cells: Ints, store: Ints, yes: Floats, size: Floats, usual: float) -> float:
    """Return how alike the products of one store are, as a concentration around the store."""
    n, whole = _sums(cells, size), _sums(store, size)
    home = np.zeros(len(n), np.int64)
    home[cells] = store
    there = np.flatnonzero((n > 0) & (whole[home] > n * 1.001))
    if len(there) < 2 * FEW:
        return usual
    share, level = _sums(cells, yes)[there] / n[there], (_sums(store, yes) / np.maximum(whole, 1e-9))[home[there]]
    level, left = np.clip(level, LEAST, MOST), 1 - n[there] / whole[home[there]]
    noise = level * (1 - level)
    odd = (n[there] * (share - level) ** 2 - noise * left).sum()
    spread = odd / max((n[there] * left).sum(), 1e-9)
    return float(np.clip(noise.mean() / max(spread, 1e-6) - 1, 2.0, 400.0))


def _excess(sold: Floats, expected: Floats, usual: float) -> float:
    """Return how much more sums vary than chance, as a squared share of what is expected."""
    there = expected > 0
    sold, expected = sold[there], expected[there]
    if len(sold) < FEW:
        return usual
    odd = ((sold - expected) ** 2 - expected).sum()
    return float(np.clip(odd / (expected**2).sum(), 0.05, 5.0))


def _restless(rows: Balances, usual: float) -> float:
    """Return how much a cell's rate varies from one stretch to the next, as a squared share of it."""
    order = np.lexsort((rows.last_day, rows.cell))
    cell, sold, days = rows.cell[order], rows.sold[order].astype(np.float64), rows.days[order]
    same = cell[1:] == cell[:-1]
    if same.sum() < 2 * FEW:
        return usual
    due = (sold[:-1] / days[:-1] * days[1:])[same]
    noise = due * (1 + days[1:] / days[:-1])[same]
    odd = np.minimum((sold[1:][same] - due) ** 2, 16 * noise + due**2) - noise
    # A stretch's own rate varies as much as the next one's: two of the kind lie between.
    return float(np.clip(odd.sum() / 2 / max((due**2).sum(), 1e-9), 0.005, 1.0))
