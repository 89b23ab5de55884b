"""Imports of parties, stores and reps."""

from collections.abc import Iterable, Sequence
from sys import maxsize

from sqlalchemy.orm import Session

from channel.imports.cells import day, email, ids, number, one_of, outside_id, phone, whole, words, zone
from channel.imports.kind import Cells, Door, Kind, Name, blank, given, named, needed, optional, place
from scans.places import DATUMS
from scans.upserts import Put
from stores.directory import PartyRow, RepRow, StoreRow, put_parties, put_reps, put_stores
from stores.tables import PARTY_KINDS

IMPORTED_KINDS = tuple(kind for kind in PARTY_KINDS if kind != "rep")
YEARS_OF_A_STORE = {"opened_on", "closed_on"}


def _party(cells: Cells, _door: Door) -> PartyRow:
    told = given(cells)
    return PartyRow(party_id=told.pop("id"), **told)


def _put_parties(db: Session, rows: Sequence[PartyRow], door: Door) -> Put:
    return put_parties(db, rows=rows, currency=door.config.currency, keep=door.keep)


def _store(cells: Cells, _door: Door) -> StoreRow:
    told = given(cells)
    told["lat_deg"], told["lon_deg"] = place(cells)
    del told["datum"]
    return StoreRow(store_id=told.pop("id"), class_=told.pop("class", None), **told)


def _put_stores(db: Session, rows: Sequence[StoreRow], door: Door) -> Put:
    # One of the two days alone would leave the other behind, and a store might have closed before it opened.
    keep = door.keep if door.keep >= YEARS_OF_A_STORE else door.keep - YEARS_OF_A_STORE
    return put_stores(db, rows=rows, day=door.day, keep=keep)


def _names_of_store(row: StoreRow) -> Iterable[Name]:
    return (("id", row.store_id), *(("sources", source) for source in row.sources))


def _rep(cells: Cells, _door: Door) -> RepRow:
    lat_deg, lon_deg = place(cells, "base_lat_deg", "base_lon_deg")
    return RepRow(cells["id"], cells["name"], cells["region"], lat_deg, lon_deg, cells["visits_per_day"])


def _put_reps(db: Session, rows: Sequence[RepRow], door: Door) -> Put:
    return put_reps(db, rows=rows, currency=door.config.currency)


PARTIES = Kind(
    columns={
        "id": needed(outside_id, "D-17"),
        "kind": needed(one_of(IMPORTED_KINDS), "dealer"),
        "name": needed(words(200), "East Trading"),
        "parent_id": blank(outside_id),
        "contact": optional(words(200)),
        "phone": optional(phone, "021-5555 0100"),
        "email": optional(email),
    },
    record=_party,
    put=_put_parties,
    names=named("id"),
    group=maxsize,  # a parent may stand anywhere in the file
)
STORES = Kind(
    columns={
        "id": needed(outside_id, "S-0001"),
        "name": needed(words(200), "便利店一号"),
        "lat_deg": needed(number, "31.2304"),
        "lon_deg": needed(number, "121.4737"),
        "datum": needed(one_of(DATUMS), "gcj02"),
        "zone": needed(zone, "Asia/Shanghai"),
        "region": needed(words(64), "East"),
        "party_id": blank(outside_id, "D-17"),
        "opened_on": optional(day),
        "closed_on": optional(day),
        "address": optional(words(300)),
        "class": optional(words(32), "A"),
        "phone": optional(phone),
        "sources": optional(ids, "poster-1;till-1"),
    },
    record=_store,
    put=_put_stores,
    names=_names_of_store,
)
REPS = Kind(
    columns={
        "id": needed(outside_id, "R-01"),
        "name": needed(words(200), "Rep 1"),
        "region": needed(words(64), "East"),
        "base_lat_deg": needed(number, "31.2304"),
        "base_lon_deg": needed(number, "121.4737"),
        "datum": needed(one_of(DATUMS), "gcj02"),
        "visits_per_day": needed(whole(1, 100), "8"),
    },
    record=_rep,
    put=_put_reps,
    names=named("id"),
)
