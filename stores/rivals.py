"""Stage 13, explain: what visits saw of a rival's goods where a store sells too much. Knows shelf.

Formula and what it cannot see: docs/shelf.md.
"""

from collections import Counter
from collections.abc import Collection, Mapping
from datetime import date, timedelta
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from scans.upserts import chunks
from stores.shelf import FALL, LOOK_BACK_DAYS
from stores.tables import ShelfFact


class _Fall(NamedTuple):
    name: str
    before: int
    now: int


def rival_whys(db: Session, *, wanted: Collection[tuple[int, date]]) -> dict[tuple[int, date], dict[str, Any]]:
    """Return what a rival's fallen facings add to the reasons why these stores (our own keys) sell too much."""
    if not wanted:
        return {}
    last = max(day for _, day in wanted)
    first = min(day for _, day in wanted) - timedelta(days=LOOK_BACK_DAYS)
    facts = select(ShelfFact.store_id, ShelfFact.product_id, ShelfFact.seen_on, ShelfFact.rivals)
    facts = facts.where(ShelfFact.seen_on.between(first, last)).order_by(ShelfFact.id)
    seen: dict[int, dict[tuple[str, int, date], int]] = {}
    for chunk in chunks(sorted({key for key, _ in wanted})):
        for store, product, day, rivals in db.execute(facts.where(ShelfFact.store_id.in_(chunk))):
            known = {(rival["name"], product, day): rival["facings"] for rival in rivals}
            seen.setdefault(store, {}).update({at: number for at, number in known.items() if number is not None})
    told = {(key, day): fallen_rival(seen.get(key, {}), day=day) for key, day in wanted}
    return {at: why for at, why in told.items() if why}


def fallen_rival(seen: Mapping[tuple[str, int, date], int], *, day: date) -> dict[str, Any]:
    """Return which rival's facings fell most from the look before to the last one up to a day, if any fell.

    `seen` tells facings by the rival's name, our product beside it, and day.
    """
    looks: dict[str, Counter[date]] = {}
    for (name, _product, on), facings in seen.items():
        if on <= day:
            looks.setdefault(name, Counter())[on] += facings
    lasts = [(name, [by_day[on] for on in sorted(by_day)[-2:]]) for name, by_day in sorted(looks.items())]
    pairs = [_Fall(name, *pair) for name, pair in lasts if len(pair) == 2]
    falls = [one for one in pairs if one.now < FALL * one.before]
    if not falls:
        return {}
    most = max(falls, key=lambda one: one.before - one.now)
    return {"rival": {"name": most.name, "facings": most.now, "before": most.before}}
