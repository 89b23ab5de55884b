"""Stage 12, stock summed up: of a store over its products, of a product over stores. Pure."""

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

import numpy as np

from stores.estimates import Ask
from stores.safety import pooled, safety_stock
from stores.stocked import StockLine


class StoreSum(NamedTuple):
    """What is in a store of all products together, how long that lasts and when the next of them comes."""

    stock: float
    low: int
    high: int
    lasts_days: float | None
    next_on: date | None


def sums_of(lines: Iterable[StockLine]) -> dict[str, StoreSum]:
    """Return the sums of stores by their outside ids; spreads add up as those of independent numbers do."""
    stores: dict[str, list[StockLine]] = {}
    for line in lines:
        stores.setdefault(line.store_id, []).append(line)
    return {store_id: told for store_id, some in stores.items() if (told := _sum(some)) is not None}


def _sum(lines: list[StockLine]) -> StoreSum | None:
    known = [(line.stock, line.low or 0, line.high or 0) for line in lines if line.stock is not None]
    if not known:
        return None
    mean = sum(one[0] for one in known)
    below, above = (sum((one[0] - one[side]) ** 2 for one in known) ** 0.5 for side in (1, 2))
    rate = sum(line.sold_a_day for line in lines if line.stock is not None)
    comes = min((line.next_on for line in lines if line.next_on), default=None)
    return StoreSum(mean, max(0, round(mean - below)), round(mean + above), mean / rate if rate else None, comes)


class ProductSum(NamedTuple):
    """A product over several stores: what is there (of `known` stores), what goes a day, and what to keep behind it."""

    gtin: str
    product: str
    stores: int
    known: int
    stock: float
    sold_a_day: float
    order_at: int
    safety: int


def products_of(lines: Iterable[StockLine], *, ask: Ask) -> list[ProductSum]:
    """Return the sums of products: what a dealer keeps for all these stores, whose noise evens out."""
    products: dict[str, list[StockLine]] = {}
    for line in lines:
        products.setdefault(line.gtin, []).append(line)
    return sorted((_product(some, ask) for some in products.values()), key=lambda one: (one.product, one.gtin))


def _product(lines: list[StockLine], ask: Ask) -> ProductSum:
    rate, varies = (np.array([line[place] for line in lines]) for place in (_RATE, _VARIES))
    whole = pooled(rate, varies, np.zeros(len(lines), np.int64), 1)
    told = safety_stock(*whole, lead_days=ask.lead_days, lead_spread_days=ask.lead_spread_days, service=ask.service)
    stocks = [line.stock for line in lines if line.stock is not None]
    return ProductSum(
        lines[0].gtin, lines[0].product, len(lines), len(stocks), sum(stocks), float(rate.sum()),
        int(told.order_at[0]), round(float(told.safety[0])),
    )  # fmt: skip


_RATE, _VARIES = (StockLine._fields.index(name) for name in ("sold_a_day", "varies"))
