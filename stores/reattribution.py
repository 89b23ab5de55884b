"""Stage 9 again, attribute: what a sale is worth when its delivery turns out not to have held it. Knows attribution."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from stores.attribution import CONFIDENCE, POSITION_AT_MOST, stores_of_sources, weigh
from stores.book import StoreBook, StoreFacts


class Decided(NamedTuple):
    """Which store a sale is to be at (None: unknown), on what evidence and how surely."""

    store: StoreFacts | None
    evidence: str
    confidence: float


def without_delivery(db: Session, *, whys: Mapping[int, Mapping[str, Any]], book: StoreBook) -> dict[int, Decided]:
    """Decide sales again from what was frozen with them, as if nothing had been delivered."""
    posted = stores_of_sources(db, {why["source"] for why in whys.values() if "source" in why})
    nearest = {no: book.key(why["candidates"][0]["id"]) for no, why in whys.items() if why.get("candidates")}
    facts = book.facts(db, store_ids={*posted.values(), *nearest.values()})
    decided: dict[int, Decided] = {}
    for no, why in whys.items():
        if why.get("source") in posted:
            decided[no] = Decided(facts[posted[why["source"]]], "source", CONFIDENCE["source"])
        elif no in nearest and why["accuracy"] != "vague":
            surely = weigh([one["m"] for one in why["candidates"]], accuracy_m=why["accuracy_m"])[0]
            decided[no] = Decided(facts[nearest[no]], "position", round(POSITION_AT_MOST * surely, 4))
        else:
            decided[no] = Decided(None, "unknown", 0.0)
    return decided
