"""Before the first scan: stores at their places, whose they are from when, which codes stand there. Knows scans."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from scans.upserts import Put, Refusal, chunks, keys_of, put_rows
from scans.versions import touch, upsert
from stores.directory.owners import BEGINNING, owners_on
from stores.tables import Party, Source, Store, StoreOwner

_ELSEWHERE = {"party_id", "sources"}


class StoreRow(NamedTuple):
    """A store at its place (WGS-84 degrees), its owner by outside id, and its poster and till codes."""

    store_id: str
    name: str
    lat_deg: float
    lon_deg: float
    zone: str
    region: str
    party_id: str | None = None
    opened_on: date | None = None
    closed_on: date | None = None
    address: str | None = None
    class_: str | None = None
    phone: str | None = None
    sources: tuple[str, ...] = ()


def put_stores(db: Session, *, rows: Sequence[StoreRow], day: date, keep: Collection[str] = ()) -> Put:
    """Write stores; one that has an owner and is given another belongs to that one from `day` on.

    Columns in `keep` (by the names of `StoreRow`) stay as they are in stores that exist.
    """
    parties = keys_of(db, outside=Party.party_id, inside=Party.id, ids=[row.party_id for row in rows if row.party_id])
    refused = [refusal for index, row in enumerate(rows) if (refusal := _check(index, row, parties))]
    bad = {refusal.index for refusal in refused}
    good = [row for index, row in enumerate(rows) if index not in bad]
    written = put_rows(db, table=Store, key="store_id", rows=[_columns(row) for row in good], keep=_named(keep))
    keys = keys_of(db, outside=Store.store_id, inside=Store.id, ids=[row.store_id for row in good])
    moved = _own(db, {keys[row.store_id]: parties[row.party_id] for row in good if row.party_id}, day)
    if "sources" not in keep:
        moved |= _stand(db, {keys[row.store_id]: row.sources for row in good})
    if written.new or written.changed or moved:
        touch(db, name="stores")
    return written.tally(count=len(rows), refused=refused, also={id for id, key in keys.items() if key in moved})


def _check(index: int, row: StoreRow, parties: Mapping[str, int]) -> Refusal | None:
    if row.party_id and row.party_id not in parties:
        return Refusal(index, "party_id", f"there is no party {row.party_id}")
    if row.opened_on and row.closed_on and row.closed_on < row.opened_on:
        return Refusal(index, "closed_on", "the store closed before it opened")
    return None


def _columns(row: StoreRow) -> dict[str, Any]:
    return {name.rstrip("_"): value for name, value in row._asdict().items() if name not in _ELSEWHERE}


def _named(keep: Collection[str]) -> set[str]:
    return {name.rstrip("_") for name in keep}


def _own(db: Session, owners: Mapping[int, int], day: date) -> set[int]:
    """Write from when on stores belong to other parties than they did, and return those stores."""
    old = owners_on(db, store_ids=owners, day=day)
    moved = [(store, party) for store, party in owners.items() if old.get(store) != party]
    insert = upsert(db)(StoreOwner.__table__)
    insert = insert.on_conflict_do_update(
        index_elements=["store_id", "from_on"], set_={"party_id": insert.excluded.party_id}
    )
    rows = [
        {"store_id": store, "from_on": day if store in old else BEGINNING, "party_id": party} for store, party in moved
    ]
    if rows:
        db.execute(insert, rows)
    return {store for store, _ in moved}


def _stand(db: Session, wanted: Mapping[int, Collection[str]]) -> set[int]:
    """Write which codes stand in which store, no others of theirs, and return the stores where that is news."""
    news: set[int] = set()
    for chunk in chunks(wanted):
        found = db.execute(select(Source.store_id, Source.source_id).where(Source.store_id.in_(chunk)))
        old = {(store, source) for store, source in found}
        now = {(store, source) for store in chunk for source in wanted[store]}
        for gone in chunks(source for _, source in old - now):
            db.execute(delete(Source).where(Source.source_id.in_(gone)))
        _post(db, [{"store_id": store, "source_id": source} for store, source in sorted(now - old)])
        news |= {store for store, _ in old ^ now}
    return news


def _post(db: Session, rows: list[dict[str, Any]]) -> None:
    insert = upsert(db)(Source.__table__)
    insert = insert.on_conflict_do_update(index_elements=["source_id"], set_={"store_id": insert.excluded.store_id})
    if rows:
        db.execute(insert, rows)
