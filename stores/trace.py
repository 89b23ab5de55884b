"""After all: the life of one code, from its issue to its sale, and what became of all that was packed with it.

Only the house reads this: a code's way names everybody on it. No position is told, and no serial.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from scans.batches import catalogue
from scans.catalogue import Found
from scans.holdings import Holding, contents, ever_packed_in, packings_of, surroundings
from scans.packing import children, merged
from scans.tables import Batch, Claim, Export, ExportRange, ReturnedItem, Scan
from scans.upserts import chunks
from stores.book import store_book
from stores.deliveries import claimed_in
from stores.tables import Delivery, Party, Sale, Store

MOST_CHILDREN = 1000
MOST_POSITIONS = 500


class Hop(NamedTuple):
    """A delivery that held a code; `is_gap`: it left from somewhere else than where it was last known to be."""

    at: datetime
    outer: Found
    from_id: str
    to_id: str
    to_name: str
    is_gap: bool


class Seen(NamedTuple):
    """How often a code was scanned, by how many devices, in which regions (those of the nearest stores)."""

    scans: int
    devices: int
    first_at: datetime
    last_at: datetime
    regions: tuple[str, ...]


class Step(NamedTuple):
    """Something that happened to a code: `kind` says what, `outer` which case or pallet it happened with."""

    at: datetime
    kind: str
    outer: Found | None = None
    about: Mapping[str, Any] = {}


class Child(NamedTuple):
    """What is or was directly in a case or on a pallet; `place` is where it was last delivered to."""

    found: Found
    since: datetime | None
    until: datetime | None
    items: int
    claimed: int
    place: Hop | None

    @property
    def is_inside(self) -> bool:
        """Whether it is there still."""
        return self.until is None


class Box(NamedTuple):
    """A case or pallet with what is and was in it; `more` children are not listed."""

    outer: Found
    children: tuple[Child, ...]
    more: int


class Trace(NamedTuple):
    """The life of a code in the order of time, what is around it now, what is with it."""

    found: Found
    steps: tuple[Step, ...]
    around: tuple[Holding, ...]
    seen: Seen | None
    box: Box | None


def trace(db: Session, *, found: Found, reach_m: float, now: datetime) -> Trace:
    """Return the life of a code; for an item with the case or pallet it is in."""
    around = surroundings(db, found=[found])[found.code_no]
    current = tuple(holding for holding in around if holding.covers(now))
    moved = [_delivered(hop) for hop in hops(db, found=[found])[found.code_no]]
    steps = [*_issued(db, found), *_packed(db, found), *moved, *_claimed(db, found), *_returned(db, found)]
    outer = found if found.level in ("case", "pallet") else current[0].outer if current else None
    in_order = tuple(sorted(steps, key=lambda step: step.at))
    box = box_of(db, outer=outer, now=now) if outer else None
    return Trace(found, in_order, current, _seen(db, found, reach_m), box)


def hops(db: Session, *, found: Collection[Found]) -> dict[int, list[Hop]]:
    """Return the deliveries of each code, or of what it was in at that time, in the order of time."""
    around = surroundings(db, found=found)
    lines = {one.code_no: [Holding(one), *around[one.code_no]] for one in found}
    handed = _deliveries(db, {holding.outer.code_no for line in lines.values() for holding in line})
    told: dict[int, list[Hop]] = {}
    for code_no, line in lines.items():
        covered = [
            Hop(at, holding.outer, from_id, to_id, to_name, False)
            for holding in line
            for at, from_id, to_id, to_name in handed.get(holding.outer.code_no, ())
            if holding.covers(at)
        ]
        told[code_no] = _with_gaps(sorted(covered, key=lambda hop: hop.at))
    return told


def box_of(db: Session, *, outer: Found, now: datetime, most: int = MOST_CHILDREN) -> Box:
    """Return what is in a case or on a pallet, and what was."""
    codes = catalogue(db)
    ranged = children(outer)
    moved = ever_packed_in(db, [outer.code_no]) - set(ranged)
    listed = [codes.find(no) for no in (*ranged[:most], *sorted(moved)[: max(0, most - len(ranged))])]
    around = surroundings(db, found=listed)
    held = _items_in(db, listed, now)
    claims = claimed_in(db, ranges=merged(part for parts in held.values() for part in parts))
    places = hops(db, found=listed)
    found = []
    for child in listed:
        stays = [one for one in around[child.code_no] if one.outer.code_no == outer.code_no]
        if stays:
            no, parts = child.code_no, held[child.code_no]
            claimed = sum(bisect_left(claims, part.stop) - bisect_left(claims, part.start) for part in parts)
            last = places[no][-1] if places[no] else None
            found.append(Child(child, stays[0].since, stays[-1].until, sum(map(len, parts)), claimed, last))
    return Box(outer, tuple(found), len(ranged) + len(moved) - len(listed))


def whereabouts(box: Box) -> list[tuple[Hop | None, int, int]]:
    """Return where the items are that are or were in a box: the last place, how many, how many of them claimed."""
    items: Counter[str | None] = Counter()
    claimed: Counter[str | None] = Counter()
    hop_of: dict[str | None, Hop | None] = {}
    for child in box.children:
        to_id = child.place.to_id if child.place else None
        items[to_id] += child.items
        claimed[to_id] += child.claimed
        hop_of.setdefault(to_id, child.place)
    return [(hop_of[to_id], count, claimed[to_id]) for to_id, count in items.most_common()]


def _with_gaps(line: Sequence[Hop]) -> list[Hop]:
    told: list[Hop] = []
    for hop in line:
        told.append(hop._replace(is_gap=bool(told) and told[-1].to_id != hop.from_id))
    return told


def _deliveries(db: Session, code_nos: Collection[int]) -> dict[int, list[tuple[Any, ...]]]:
    to_id, to_name = func.coalesce(Store.store_id, Party.party_id), func.coalesce(Store.name, Party.name)
    told: Select[*tuple[Any, ...]] = select(Delivery.code_no, Delivery.delivered_at, Delivery.from_id, to_id, to_name)
    told = told.outerjoin(Store, Store.id == Delivery.to_store_id).outerjoin(Party, Party.id == Delivery.to_party_id)
    handed: dict[int, list[tuple[Any, ...]]] = {}
    for chunk in chunks(sorted(code_nos), 10_000):
        for code_no, *rest in db.execute(told.where(Delivery.code_no.in_(chunk)).order_by(Delivery.delivered_at)):
            handed.setdefault(code_no, []).append(tuple(rest))
    return handed


def _issued(db: Session, found: Found) -> list[Step]:
    states = ("issued", "printed", "activated", "recalled")
    columns = [getattr(Batch, f"{state}_at") for state in states]
    row = db.execute(select(*columns).where(Batch.id == found.batch.id)).one()
    steps = [Step(at, state) for state, at in zip(states, row, strict=True) if at is not None]
    files = select(Export.begun_at, Export.number, Export.receiver).join(
        ExportRange, ExportRange.number == Export.number
    )
    held = files.where(ExportRange.first_no <= found.code_no, ExportRange.last_no >= found.code_no)
    held = held.where(Export.batch_id == found.batch.id)
    return steps + [Step(at, "exported", None, {"number": no, "receiver": who}) for at, no, who in db.execute(held)]


def _delivered(hop: Hop) -> Step:
    about = {"from": hop.from_id, "to": hop.to_id, "name": hop.to_name, "gap": hop.is_gap}
    return Step(hop.at, "delivered", hop.outer, about)


def _packed(db: Session, found: Found) -> list[Step]:
    codes = catalogue(db)
    events = packings_of(db, code_nos=[found.code_no]).get(found.code_no, [])
    return [Step(at, "packed", codes.find(no)) if no is not None else Step(at, "unpacked") for at, no in events]


def _claimed(db: Session, found: Found) -> list[Step]:
    told = select(Claim.received_at, Claim.verdict, Sale.evidence, Store.store_id, Store.name)
    told = told.outerjoin(Sale, Sale.code_no == Claim.code_no).outerjoin(Store, Store.id == Sale.store_id)
    row = db.execute(told.where(Claim.code_no == found.code_no)).one_or_none()
    if row is None:
        return []
    about = {"verdict": row.verdict, "evidence": row.evidence, "to": row.store_id, "name": row.name}
    return [Step(row.received_at, "claimed", None, about)]


def _returned(db: Session, found: Found) -> list[Step]:
    told = select(ReturnedItem.returned_at, ReturnedItem.settled_at, ReturnedItem.state)
    row = db.execute(told.where(ReturnedItem.code_no == found.code_no)).one_or_none()
    came, settled, state = row or (None, None, "")
    return [Step(at, kind) for at, kind in ((came, "returned"), (settled, state)) if at is not None]


def _seen(db: Session, found: Found, reach_m: float) -> Seen | None:
    at, who = Scan.received_at, Scan.consumer_id
    counted = select(func.count(), func.count(who.distinct()), func.min(at), func.max(at))
    scans, devices, first_at, last_at = db.execute(counted.where(Scan.code_no == found.code_no)).one()
    if not scans:
        return None
    return Seen(scans, devices, first_at, last_at, _regions(db, found, reach_m))


def _regions(db: Session, found: Found, reach_m: float) -> tuple[str, ...]:
    told = select(Scan.lat_deg, Scan.lon_deg).where(Scan.code_no == found.code_no, Scan.lat_deg.is_not(None))
    places = db.execute(told.order_by(Scan.received_at.desc()).limit(MOST_POSITIONS)).all()
    if not places:
        return ()
    lat_deg, lon_deg = zip(*places, strict=True)
    near = store_book(db).index.nearest_many(lat_deg, lon_deg, k=1, reach_m=reach_m)
    store_ids = {some[0].store for some in near if some}
    wanted = select(Store.region).where(Store.store_id.in_(store_ids)).distinct().order_by(Store.region)
    return tuple(db.scalars(wanted))


def _items_in(db: Session, found: Sequence[Found], now: datetime) -> dict[int, list[range]]:
    cases = [one for one in found if one.level == "case"]
    inside = contents(db, found=cases, at=now) if cases else {}
    return {one.code_no: inside.get(one.code_no, [range(one.code_no, one.code_no + 1)]) for one in found}
