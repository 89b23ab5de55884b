"""Stage 13, explain: what a flagged store's stock says of the flag, as a code with numbers. Knows stocked."""

from collections.abc import Collection
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from stores.learning import usual_on
from stores.stocked import stock_lines
from stores.stocksums import StoreSum, sums_of

ENOUGH_DAYS, SURELY_DAYS = 4.0, 3.0
OUT_DAYS = 1.5
Wanted = tuple[int, date]


def stock_whys(db: Session, *, wanted: Collection[Wanted]) -> dict[Wanted, dict[str, Any]]:
    """Return what the stock of stores, by their keys, at the end of days says; stores of unknown stock are left out.

    `code` is stock_there (goods are there and do not sell: probably display or price), stock_out (probably sold out) or
    stock_known.
    """
    told: dict[Wanted, dict[str, Any]] = {}
    for day in sorted({day for _, day in wanted}):
        keys = {key for key, on in wanted if on == day}
        held = stock_lines(db, stores=keys, day=day, learned=usual_on(db, day=day))
        outside = {line.store_id: line.store_key for line in held}
        told |= {(outside[name], day): {"stock": _why(one)} for name, one in sums_of(held).items()}
    return told


def _why(told: StoreSum) -> dict[str, Any]:
    lasts = told.lasts_days or 0.0
    numbers = {"items": round(told.stock), "low": told.low, "high": told.high, "days": round(lasts)}
    if lasts >= ENOUGH_DAYS and told.low * lasts >= SURELY_DAYS * told.stock:
        return {"code": "stock_there", **numbers}
    return {"code": "stock_out" if lasts <= OUT_DAYS else "stock_known", **numbers}
