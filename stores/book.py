"""Stage 9, what the scan path keeps of the stores in memory: where they are, whose they are, who visits. Knows scans.

Loaded once per version of the stores; what is said of a single store is fetched when it is first needed.
"""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

import numpy as np
from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from scans.asking import NUMBERS, among
from scans.places import Position
from scans.schema import table_of
from scans.versions import kept
from stores.directory import UnknownStoreError
from stores.nearest import StoreIndex, to_ecef
from stores.tables import Party, Rep, Store, StoreOwner


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
    """Where a rep starts the day, earth-centred: chords rank bases as ways do, at a hundredth of the cost."""

    id: int
    region: str
    base_m: Sequence[float]


def rep_for(reps: Sequence[RepBase], *, here_m: Sequence[float]) -> int | None:
    """Return the rep who visits a store: of its region's, the one with the nearest base; ties to the first made."""
    return min(reps, key=lambda rep: (math.dist(rep.base_m, here_m), rep.id)).id if reps else None


_PARTY, _STORE, _OWNER = table_of(Party).c, table_of(Store).c, table_of(StoreOwner).c
_PARTIES = select(_PARTY.id, _PARTY.kind, _PARTY.parent_id)
_PLACES = select(_STORE.id, _STORE.store_id, _STORE.lat_deg, _STORE.lon_deg).order_by(_STORE.store_id)
_STORES = (
    select(
        _STORE.id, _STORE.store_id, _STORE.name, _STORE.zone, _STORE.region, _STORE.lat_deg, _STORE.lon_deg,
        _STORE.opened_on, _STORE.closed_on, _OWNER.from_on, _OWNER.party_id,
    )
    .join_from(table_of(Store), table_of(StoreOwner), isouter=True)
    .where(among(_STORE.id, bindparam("ids", type_=NUMBERS)))
    .order_by(_STORE.id, _OWNER.from_on)
)  # fmt: skip


class StoreBook:
    """The stores of one version: an index of all places, and facts of the stores met so far."""

    def __init__(self, index: StoreIndex, ids: Sequence[str], keys: Sequence[int], reps: Sequence[RepBase]) -> None:
        """Take the index, and outside ids, sorted bytewise, with our own keys: as a dict they cost seven times more."""
        self.index = index
        self._ids = np.array([id_.encode() for id_ in ids], "S")
        self._keys = np.array(keys, np.int64)
        self._reps: dict[str, list[RepBase]] = {}
        for rep in reps:
            self._reps.setdefault(rep.region, []).append(rep)
        self._parties: dict[int, tuple[str, int | None]] = {}
        self._lines: dict[int, dict[str, int]] = {}
        self._facts: dict[int, StoreFacts] = {}

    def key(self, store_id: str) -> int:
        """Return our own key of a store.

        Raises: UnknownStoreError.
        """
        wanted = store_id.encode()
        place = int(np.searchsorted(self._ids, wanted))
        if place == len(self._ids) or self._ids[place] != wanted:
            raise UnknownStoreError(f"there is no store {store_id}")
        return int(self._keys[place])

    def facts(self, db: Session, *, store_ids: Collection[int]) -> dict[int, StoreFacts]:
        """Return the facts of stores by our own key; one statement for all those not met before."""
        missing = sorted({id_ for id_ in store_ids if id_ not in self._facts})
        if missing:
            self._load(db, missing)
        return {id_: self._facts[id_] for id_ in store_ids}

    def _load(self, db: Session, store_ids: list[int]) -> None:
        rows = [tuple(row) for row in db.execute(_STORES, {"ids": store_ids})]
        if any(party_id is not None and party_id not in self._parties for *_, party_id in rows):
            self._parties = {id_: (kind, parent_id) for id_, kind, parent_id in db.execute(_PARTIES)}
        owners: dict[int, list[tuple[date, dict[str, int]]]] = {}
        for id_, *_, from_on, party_id in rows:
            if party_id is not None:
                owners.setdefault(id_, []).append((from_on, self._line(party_id)))
        places_m = to_ecef([row[5] for row in rows], [row[6] for row in rows]).tolist()
        for row, here_m in zip(rows, places_m, strict=True):
            id_, store_id, name, zone, region, lat_deg, lon_deg, opened_on, closed_on, _, _ = row
            place, rep_id = Position(lat_deg, lon_deg, None), rep_for(self._reps.get(region, ()), here_m=here_m)
            owned = tuple(owners.get(id_, ()))
            told = (id_, store_id, name, ZoneInfo(zone), place, opened_on, closed_on, owned, rep_id)
            self._facts[id_] = StoreFacts(*told)

    def _line(self, party_id: int) -> dict[str, int]:
        """Return who stands above a party, itself included, by kind; of two of a kind the nearer."""
        if party_id not in self._lines:
            line: dict[str, int] = {}
            at: int | None = party_id
            while at is not None:
                kind, above = self._parties[at]
                line.setdefault(kind, at)
                at = above
            self._lines[party_id] = line
        return self._lines[party_id]


def store_book(db: Session) -> StoreBook:
    """Return the book of the current version of the stores."""
    return kept(db, name="stores", load=_load)


def reps(db: Session) -> list[RepBase]:
    """Return every rep's region and base, in the order they were made."""
    found = db.execute(select(Rep.party_id, Rep.region, Rep.base_lat_deg, Rep.base_lon_deg).order_by(Rep.party_id))
    return [RepBase(id_, region, to_ecef(lat_deg, lon_deg).tolist()) for id_, region, lat_deg, lon_deg in found]


def _load(db: Session) -> StoreBook:
    keys, ids, lat_deg, lon_deg = tuple(zip(*db.execute(_PLACES), strict=True)) or ((), (), (), ())
    return StoreBook(StoreIndex(ids, lat_deg, lon_deg), ids, keys, reps(db))
