"""Stage 9, what the scan path keeps of the stores in memory: where they are, whose they are, who visits. Knows scans.

Loaded once per version of the stores; what is said of a single store is fetched when it is first needed.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from scans.places import Position, distance_m
from scans.versions import kept
from stores.directory.owners import chains
from stores.nearest import StoreIndex
from stores.tables import Rep, Store, StoreOwner


@dataclass(frozen=True, slots=True)
class StoreFacts:
    """What a claim needs to know of one store; `owners` lists (from day, kind -> party up to the top)."""

    id: int
    store_id: str
    name: str
    zone: ZoneInfo
    place: Position
    opened_on: date | None
    closed_on: date | None
    owners: tuple[tuple[date, dict[str, int]], ...]
    rep_id: int | None

    def day_of(self, at: datetime) -> date:
        """Return the business day of an instant: the local date in the store's zone."""
        return at.astimezone(self.zone).date()

    def is_open(self, day: date) -> bool:
        """Tell whether the store exists on a day."""
        return (self.opened_on is None or self.opened_on <= day) and (self.closed_on is None or day <= self.closed_on)

    def receiver(self, kind: str, *, day: date) -> int | None:
        """Return the party of a kind that stands above this store on a day, or its rep; None if there is none."""
        if kind == "rep":
            return self.rep_id
        return next((line.get(kind) for from_on, line in reversed(self.owners) if from_on <= day), None)


@dataclass(frozen=True, slots=True)
class RepBase:
    """Where a rep starts the day."""

    id: int
    region: str
    base: Position


def rep_for(reps: Sequence[RepBase], *, region: str, place: Position) -> int | None:
    """Return the rep who visits a store: of its region, the one with the nearest base; ties to the first made."""
    near = [rep for rep in reps if rep.region == region]
    return min(near, key=lambda rep: (distance_m(rep.base, place), rep.id)).id if near else None


class StoreBook:
    """The stores of one version: an index of all places, and facts of the stores met so far."""

    def __init__(self, index: StoreIndex, keys: dict[str, int], reps: Sequence[RepBase]) -> None:
        self.index = index
        self.keys = keys
        self.reps = reps
        self._facts: dict[int, StoreFacts] = {}

    def facts(self, db: Session, *, store_ids: Collection[int]) -> dict[int, StoreFacts]:
        """Return the facts of stores by our own key; two statements for all those not met before."""
        missing = sorted(set(store_ids) - self._facts.keys())
        if missing:
            self._facts.update(_load_facts(db, missing, self.reps))
        return {id_: self._facts[id_] for id_ in store_ids}


def store_book(db: Session) -> StoreBook:
    """Return the book of the current version of the stores."""
    return kept(db, name="stores", load=_load)


def reps(db: Session) -> list[RepBase]:
    """Return every rep's region and base, in the order they were made."""
    found = db.execute(select(Rep.party_id, Rep.region, Rep.base_lat_deg, Rep.base_lon_deg).order_by(Rep.party_id))
    return [RepBase(id_, region, Position(lat_deg, lon_deg, None)) for id_, region, lat_deg, lon_deg in found]


def _load(db: Session) -> StoreBook:
    rows = db.execute(select(Store.id, Store.store_id, Store.lat_deg, Store.lon_deg).order_by(Store.store_id)).all()
    ids = [row[1] for row in rows]
    index = StoreIndex(ids, [row[2] for row in rows], [row[3] for row in rows])
    return StoreBook(index, {row[1]: row[0] for row in rows}, reps(db))


def _load_facts(db: Session, store_ids: list[int], bases: Sequence[RepBase]) -> dict[int, StoreFacts]:
    stores = db.scalars(select(Store).where(Store.id.in_(store_ids))).all()
    owned = db.execute(
        select(StoreOwner.store_id, StoreOwner.from_on, StoreOwner.party_id)
        .where(StoreOwner.store_id.in_(store_ids))
        .order_by(StoreOwner.from_on)
    ).all()
    above = chains(db, party_ids={row.party_id for row in owned})
    lines = {party_id: {party.kind: party.id for party in reversed(line)} for party_id, line in above.items()}
    owners: dict[int, list[tuple[date, dict[str, int]]]] = {}
    for store_id, from_on, party_id in owned:
        owners.setdefault(store_id, []).append((from_on, lines[party_id]))
    return {store.id: _facts(store, tuple(owners.get(store.id, ())), bases) for store in stores}


def _facts(store: Store, owners: tuple[tuple[date, dict[str, int]], ...], bases: Sequence[RepBase]) -> StoreFacts:
    place = Position(store.lat_deg, store.lon_deg, None)
    return StoreFacts(
        id=store.id,
        store_id=store.store_id,
        name=store.name,
        zone=ZoneInfo(store.zone),
        place=place,
        opened_on=store.opened_on,
        closed_on=store.closed_on,
        owners=owners,
        rep_id=rep_for(bases, region=store.region, place=place),
    )
