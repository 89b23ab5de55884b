"""Imports of what was seen on shelves, by whoever is no rep of ours."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from channel.imports.cells import CellError, cents, day, gtin, one_of, outside_id, whole, words
from channel.imports.kind import Cells, Door, Kind, named, needed, optional
from scans.upserts import Put
from stores.shelf import (
    BOUNDS,
    LONGEST_RIVAL,
    MOST_CENTS,
    MOST_FACINGS,
    MOST_RIVALS,
    WHYS,
    FactRow,
    Rival,
    Shelf,
    put_facts,
)

NUMBERS = ("shelves", "facings", "displayed", "stock", "elsewhere_percent")


def rivals(cell: str) -> tuple[Rival, ...]:
    """Read rivals: NAME=FACINGS/CENTS; ... where a number that is not known is left out."""
    told = [part.strip() for part in cell.split(";") if part.strip()]
    if len(told) > MOST_RIVALS:
        raise CellError(f"names more than {MOST_RIVALS} rivals")
    return tuple(_rival(part) for part in told)


def _rival(part: str) -> Rival:
    name, equals, numbers = part.partition("=")
    facings, slash, price = numbers.partition("/")
    if not name.strip() or not (equals and slash):
        raise CellError("is not written like Brand A=4/1290; Brand B=2/")
    told = (_known(facings, MOST_FACINGS), _known(price, MOST_CENTS))
    return Rival(words(LONGEST_RIVAL)(name.strip()), *told)


def _known(text: str, most: int) -> int | None:
    return whole(0, most)(text.strip()) if text.strip() else None


def _fact(cells: Cells, _door: Door) -> FactRow:
    told = {name: cells.get(name) for name in (*NUMBERS, "price_cents", "elsewhere_why")}
    seen = Shelf(**told, rivals=cells.get("rivals") or ())
    if seen == Shelf():
        raise CellError("tells nothing that was seen", "facings")
    return FactRow(cells["id"], cells["store_id"], cells["gtin"], cells["seen_on"], seen)


def _put_facts(db: Session, rows: Sequence[FactRow], door: Door) -> Put:
    return put_facts(db, rows=rows, day=door.day, now=door.now, keep=door.keep)


SHELF_FACTS = Kind(
    columns={
        "id": needed(outside_id, "L-2026-1"),
        "store_id": needed(outside_id, "S-0001"),
        "gtin": needed(gtin, "06901234567892"),
        "seen_on": needed(day, "2026-06-01"),
        **{
            name: optional(whole(0, BOUNDS[name]), example)
            for name, example in zip(NUMBERS, ("2", "6", "14", "40", "30"), strict=True)
        },
        "price_cents": optional(cents, "1980"),
        "rivals": optional(rivals, "Brand A=4/1290; Brand B=2/"),
        "elsewhere_why": optional(one_of(WHYS), "price"),
    },
    record=_fact,
    put=_put_facts,
    names=named("id"),
)
