"""Stage 13, judge: from deliveries and claims to trails: whose goods were bought where. Knows directory, deliveries.

A purchase is what one consumer claims of a dealer's goods on a day in a region: a carton carried off is one, not six.
Claims that may be of a copied code tell nothing of where the goods went, and vague positions nothing at all.
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Any, NamedTuple

import numpy as np
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from scans.batches import catalogue
from scans.catalogue import Catalogue
from scans.holdings import items_at
from scans.packing import items
from scans.tables import Claim
from stores.directory import chains, owners_on
from stores.presence import Ints
from stores.tables import Delivery, Sale, Store
from stores.travel import Stores

AT_ONCE = 50_000
NOBODY = -1


class Map(NamedTuple):
    """All stores: their keys, outside ids, places and the names of their regions; whose dealer's they are (or -1)."""

    keys: Ints
    row_of: dict[str, int]
    stores: Stores
    regions: list[str]
    dealer: Ints


class Shipped(NamedTuple):
    """Whose goods items are, as ranges of code numbers in order: dealer, store (row of the map) and delivery, or -1.

    Shapes: first_no (n + 1,), the others (n,).
    """

    first_no: Ints
    dealer: Ints
    store: Ints
    delivery: Ints


class Trails(NamedTuple):
    """Purchases of dealers' goods: which dealer, batch, store shipped to (or -1), store scanned near, day.

    Shapes: all (n,). Days are ordinals, stores rows of the map.
    """

    code_no: Ints
    dealer: Ints
    batch: Ints
    shipped: Ints
    scanned: Ints
    day: Ints
    delivery: Ints

    def where(self, which: Any) -> "Trails":
        """Return some of them."""
        return Trails(*(column[which] for column in self))


def read_map(db: Session, *, day: date) -> Map:
    """Return the stores there are, and the dealer above the owner of each on a day."""
    told = select(Store.id, Store.store_id, Store.lat_deg, Store.lon_deg, Store.region).order_by(Store.id)
    rows = db.execute(told).all()
    keys = np.array([row[0] for row in rows], np.int64)
    names, region = np.unique([row[4] for row in rows], return_inverse=True)
    places = np.array([row[2:4] for row in rows], float).reshape(-1, 2)
    owners = owners_on(db, store_ids=keys.tolist(), day=day)
    dealers = dealers_of(db, set(owners.values()))
    dealer = np.array([dealers.get(owners.get(key, 0), NOBODY) for key in keys.tolist()], np.int64)
    row_of = {row[1]: number for number, row in enumerate(rows)}
    return Map(keys, row_of, Stores(places[:, 0], places[:, 1], region), names.tolist(), dealer)


def dealers_of(db: Session, party_keys: set[int]) -> dict[int, int]:
    """Return the nearest dealer in the line above each party, itself included; who has none is left out."""
    lines = chains(db, party_ids=party_keys)
    found = {start: next((one.id for one in line if one.kind == "dealer"), None) for start, line in lines.items()}
    return {start: dealer for start, dealer in found.items() if dealer is not None}


def read_shipped(db: Session, *, known: Map) -> Shipped:
    """Return whose goods all delivered items are: of what was handed over more than once, the last counts."""
    codes = catalogue(db)
    told = select(Delivery.id, Delivery.code_no, Delivery.to_store_id, Delivery.to_party_id, Delivery.delivered_at)
    handed = db.execute(told.order_by(Delivery.delivered_at, Delivery.id)).all()
    dealers = dealers_of(db, {row[3] for row in handed if row[3] is not None})
    row_of = {key: row for row, key in enumerate(known.keys.tolist())}
    ranges = [_held(db, codes, row[1], row[4]) for row in handed]
    edges = np.unique([edge for held in ranges for one in held for edge in (one.start, one.stop)]).astype(np.int64)
    dealer, store, delivery = np.full((3, max(0, len(edges) - 1)), NOBODY)
    for (key, _, store_key, party_key, _), held in zip(handed, ranges, strict=True):
        to = row_of.get(store_key or NOBODY, NOBODY)
        whose = known.dealer[to] if to != NOBODY else dealers.get(party_key or NOBODY, NOBODY)
        for one in held if whose != NOBODY else ():
            part = slice(*np.searchsorted(edges, [one.start, one.stop]))
            dealer[part], store[part], delivery[part] = whose, to, key
    return Shipped(edges, dealer, store, delivery)


def _held(db: Session, codes: Catalogue, code_no: int, at: datetime) -> list[range]:
    """Return the items that were handed over with a code; a statement only for what was ever packed anew."""
    found = codes.find(code_no)
    return items_at(db, found=found, at=at) if found.batch.id in codes.repacked else [items(found)]


def read_trails(
    db: Session, *, known: Map, shipped: Shipped, since: date, zone: tzinfo, dealer: int | None = None
) -> Trails:
    """Return the purchases of all dealers' goods since a day, or of one dealer's alone."""
    theirs = shipped.dealer == dealer if dealer is not None else shipped.dealer != NOBODY
    mine = np.flatnonzero(theirs)
    if not len(mine):
        return Trails(*np.empty((7, 0), np.int64))
    span = int(shipped.first_no[mine[0]]), int(shipped.first_no[mine[-1] + 1]) - 1
    parts = [_placed(rows, known, shipped) for rows in _pages(db, _claims(datetime.combine(since, time(), zone), span))]
    columns = np.concatenate([np.empty((8, 0), np.int64), *parts], axis=1)
    columns = columns[:, np.isin(columns[1], shipped.dealer[mine])]
    consumer, trails = columns[7], Trails(*columns[:7])
    region = known.stores.region
    same = np.column_stack([trails.dealer, consumer, trails.day, region[trails.scanned]])
    first = np.sort(np.unique(same, axis=0, return_index=True)[1])
    return trails.where(first)


def _claims(since: datetime, span: tuple[int, int]) -> Select[Any]:
    near = Sale.why[("candidates", 0, "id")].as_string()
    told = select(Claim.code_no, Claim.batch_id, Claim.consumer_id, Sale.day, near)
    told = told.join(Sale, Sale.code_no == Claim.code_no).order_by(Claim.code_no)
    surely = Sale.why["accuracy"].as_string().in_(("exact", "rough"))
    return told.where(
        Claim.code_no.between(*span), Claim.received_at >= since - timedelta(days=1), Claim.verdict == "claimed", surely
    )


def _pages(db: Session, wanted: Select[Any]) -> Iterator[Sequence[Any]]:
    """Give rows some ten thousand at a time."""
    yield from db.execute(wanted.execution_options(yield_per=AT_ONCE)).partitions()


def _placed(rows: Sequence[Any], known: Map, shipped: Shipped) -> Ints:
    """Return the columns of those claims that were made near a store: of Trails, and the consumer last.

    Shapes: to (8, n).
    """
    near = [(row, known.row_of[row[4]]) for row in rows if row[4] in known.row_of]
    code_no = np.array([row[0] for row, _ in near], np.int64)
    place = (np.searchsorted(shipped.first_no, code_no, side="right") - 1).clip(0, len(shipped.dealer) - 1)
    inside = (code_no >= shipped.first_no[0]) & (code_no < shipped.first_no[-1])
    who = np.array([row[2] if row[2] is not None else -row[0] for row, _ in near], np.int64)
    columns = (
        code_no,
        np.where(inside, shipped.dealer[place], NOBODY),
        np.array([row[1] for row, _ in near], np.int64),
        shipped.store[place],
        np.array([number for _, number in near], np.int64),
        np.array([row[3].toordinal() for row, _ in near], np.int64),
        shipped.delivery[place],
        who,
    )
    told: Ints = np.array(columns, np.int64).reshape(8, -1)
    return told
