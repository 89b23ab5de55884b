"""Stage 12, shelf: what was seen of each product in a store, and what a fall of its facings says. Knows sales, stock.

A fact is what somebody saw on a business day; of a product and day, what was told last counts.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from scans.schema import table_of
from scans.tables import Claim
from scans.upserts import Put, Refusal, chunks, put_rows
from scans.versions import upsert
from scans.writing import insert_new
from stores.sales import goods_sold
from stores.stock import MAX_STOCK, Cell, Fault, cells_of, misplaced
from stores.tables import Sale, ShelfFact, StockCount

MOST_SHELVES, MOST_FACINGS, MOST_DISPLAYED, MOST_CENTS = 100, 1000, 100_000, 10**9
MOST_RIVALS, LONGEST_RIVAL = 10, 60
LOOK_BACK_DAYS, RATE_DAYS = 120, 28
FALL = 0.75  # fewer than three quarters of the facings that were there is a fall
WHYS = ("price", "supply", "terms", "range", "friend", "other")
BOUNDS = {
    "shelves": MOST_SHELVES,
    "facings": MOST_FACINGS,
    "displayed": MOST_DISPLAYED,
    "price_cents": MOST_CENTS,
    "stock": MAX_STOCK,
    "elsewhere_percent": 100,
}


class ShelfError(ValueError):
    """This is nothing that can be seen on a shelf."""


class Rival(NamedTuple):
    """Another brand's goods beside ours; what was not looked at is None.  Units: cents."""

    name: str
    facings: int | None = None
    price_cents: int | None = None


class Shelf(NamedTuple):
    """What was seen of one product; what was not looked at is None.

    Units: shelves it stands on, packs side by side (facings), packs to be seen, cents on its tag, packs in the whole
    store, per cent of what the store buys in this category that it buys elsewhere.
    """

    shelves: int | None = None
    facings: int | None = None
    displayed: int | None = None
    price_cents: int | None = None
    stock: int | None = None
    rivals: tuple[Rival, ...] = ()
    elsewhere_percent: int | None = None
    elsewhere_why: str | None = None


class FactRow(NamedTuple):
    """A fact as it comes in, by outside ids."""

    fact_id: str
    store_id: str
    gtin: str
    seen_on: date
    shelf: Shelf


class Look(NamedTuple):
    """The facings of a product on a day, and what the store sold of it per day in the four weeks before."""

    product_id: int
    day: date
    facings: int
    sold_a_day: float


def check_shelf(shelf: Shelf) -> None:
    """Refuse what cannot be seen.

    Raises: ShelfError.
    """
    numbers = shelf._asdict()
    for name, most in BOUNDS.items():
        _check_number(name, numbers[name], most)
    if shelf.elsewhere_why is not None and shelf.elsewhere_why not in WHYS:
        raise ShelfError(f"elsewhere_why is not one of {', '.join(WHYS)}")
    if len(shelf.rivals) > MOST_RIVALS:
        raise ShelfError(f"at most {MOST_RIVALS} rivals are kept")
    for rival in shelf.rivals:
        if not 0 < len(rival.name) <= LONGEST_RIVAL or not rival.name.isprintable():
            raise ShelfError(f"a rival needs a name, at most {LONGEST_RIVAL} characters")
        _check_number("facings", rival.facings, MOST_FACINGS)
        _check_number("price_cents", rival.price_cents, MOST_CENTS)
    if shelf == Shelf():
        raise ShelfError("nothing was seen")


def _check_number(name: str, value: int | None, most: int) -> None:
    if value is not None and not 0 <= value <= most:
        raise ShelfError(f"{name} is not between 0 and {most}")


def fallen(looks: Iterable[Look], *, day: date) -> dict[str, Any]:
    """Return what a fall of facings adds to the reason why a store sells too little: numbers, or nothing.

    Compared are, of each product, the last look up to the day and the one before it.  Units: facings; items a day.
    """
    pairs = list(_last_two(look for look in looks if look.day <= day))
    before, now = (sum(pair[side].facings for pair in pairs) for side in (0, 1))
    if not pairs or now >= FALL * before:
        return {}
    told: dict[str, Any] = {"facings": now, "facings_before": before}
    sold_before, sold = (sum(pair[side].sold_a_day for pair in pairs) for side in (0, 1))
    if now:
        told |= {"per_facing": round(sold / now, 2), "per_facing_before": round(sold_before / before, 2)}
    return told


def _last_two(looks: Iterable[Look]) -> Iterable[tuple[Look, Look]]:
    by_product: dict[int, list[Look]] = {}
    for look in sorted(looks):
        by_product.setdefault(look.product_id, []).append(look)
    return [(seen[-2], seen[-1]) for seen in by_product.values() if len(seen) > 1]


def shelf_whys(db: Session, *, wanted: Collection[tuple[int, date]]) -> dict[tuple[int, date], dict[str, Any]]:
    """Return what fallen facings add to the reasons of these stores (our own keys) on these days."""
    if not wanted:
        return {}
    last = max(day for _, day in wanted)
    first = min(day for _, day in wanted) - timedelta(days=LOOK_BACK_DAYS)
    looks: dict[int, list[Look]] = {}
    for chunk in chunks(sorted({key for key, _ in wanted})):
        rows = db.execute(_looks(chunk, first, last)).all()
        sold = sold_before(db, stores={row[0] for row in rows}, first=first, last=last)
        for store, product, day, facings in rows:
            rate = sold_in(sold.get((store, product), {}), day)
            looks.setdefault(store, []).append(Look(product, day, facings, rate))
    told = {(key, day): fallen(looks[key], day=day) for key, day in wanted if key in looks}
    return {at: why for at, why in told.items() if why}


def _looks(stores: Sequence[int], first: date, last: date) -> Select[Any]:
    """Ask for the facings of each store, product and day, as they were told last."""
    latest = select(func.max(ShelfFact.id)).where(
        ShelfFact.store_id.in_(stores), ShelfFact.seen_on.between(first, last), ShelfFact.facings.is_not(None)
    )
    latest = latest.group_by(ShelfFact.store_id, ShelfFact.product_id, ShelfFact.seen_on)
    columns: tuple[Any, ...] = (ShelfFact.store_id, ShelfFact.product_id, ShelfFact.seen_on, ShelfFact.facings)
    return select(*columns).where(ShelfFact.id.in_(latest))


def sold_before(
    db: Session, *, stores: Collection[int], first: date, last: date
) -> dict[tuple[int, int], dict[date, int]]:
    """Return what stores sold of each product per day, from four weeks before `first` on, by (store, product)."""
    if not stores:
        return {}
    asked = goods_sold(Sale.store_id, Claim.product_id, Sale.day, func.count())
    asked = asked.where(Sale.store_id.in_(stores), Sale.day.between(first - timedelta(days=RATE_DAYS), last))
    sold: dict[tuple[int, int], dict[date, int]] = {}
    for store, product, day, items in db.execute(asked.group_by(Sale.store_id, Claim.product_id, Sale.day)):
        sold.setdefault((store, product), {})[day] = items
    return sold


def sold_in(sold: Mapping[date, int], day: date) -> float:
    """Return the items a day that were sold in the four weeks before a day."""
    return sum(sold.get(day - timedelta(days=number), 0) for number in range(1, RATE_DAYS + 1)) / RATE_DAYS


def add_fact(
    db: Session, *, fact_id: str, visit_id: int, store_id: int, product_id: int, shelf: Shelf, day: date, now: datetime
) -> bool:
    """Keep what a visit saw, and the stock it counted; return whether it is new: the same id again adds nothing.

    Raises: ShelfError.
    """
    check_shelf(shelf)
    where = {"store_id": store_id, "product_id": product_id, "seen_on": day, "told_at": now}
    row = {"fact_id": fact_id, "visit_id": visit_id, **where, **_columns(shelf)}
    if not insert_new(db, ShelfFact, [row], told="fact_id"):
        return False
    if shelf.stock is not None:
        count = {"count_id": fact_id, "store_id": store_id, "product_id": product_id, "counted_on": day}
        told = upsert(db)(table_of(StockCount)).values(count=shelf.stock, **count)
        same = ["store_id", "product_id", "counted_on"]
        db.execute(told.on_conflict_do_update(index_elements=same, set_={"count": told.excluded.count}))
    return True


def put_facts(db: Session, *, rows: Sequence[FactRow], day: date, now: datetime, keep: Collection[str] = ()) -> Put:
    """Write facts by their outside id, as an import tells them; those of visits are not changed.

    Columns in `keep` stay as they are in facts that exist.
    """
    cells = cells_of(db, told=[row[1:4] for row in rows])
    of_visits = {
        fact_id
        for chunk in chunks([row.fact_id for row in rows])
        for fact_id in db.scalars(
            select(ShelfFact.fact_id).where(ShelfFact.fact_id.in_(chunk), ShelfFact.visit_id.is_not(None))
        )
    }
    refused, good = [], []
    for index, (row, cell) in enumerate(zip(rows, cells, strict=True)):
        if fault := _fault(row, cell, of_visits, day):
            refused.append(Refusal(index, *fault))
            continue
        where = {"store_id": cell[0], "product_id": cell[1], "seen_on": row.seen_on}
        good.append({"fact_id": row.fact_id, **where, "told_at": now, **_columns(row.shelf)})
    return put_rows(db, table=ShelfFact, key="fact_id", rows=good, keep={"told_at", *keep}).tally(
        count=len(rows), refused=refused
    )


def _fault(row: FactRow, cell: Cell, of_visits: Collection[str], day: date) -> Fault | None:
    if fault := misplaced(row[1:4], cell, column="seen_on", day=day):
        return fault
    if row.fact_id in of_visits:
        return "id", "was told by a visit"
    try:
        check_shelf(row.shelf)
    except ShelfError as error:
        return "facings", str(error)
    return None


def _columns(shelf: Shelf) -> dict[str, Any]:
    return shelf._asdict() | {"rivals": [rival._asdict() for rival in shelf.rivals]}
