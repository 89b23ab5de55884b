"""Stage 9, link: whose consumer this is. The first link stays until a row with a higher number comes. Knows scans."""

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from scans.asking import NUMBERS, among
from scans.schema import table_of
from scans.writing import insert_new
from stores.tables import Link

_LINK = table_of(Link).c
_LINKED = (
    select(_LINK.consumer_id, _LINK.store_id)
    .where(among(_LINK.consumer_id, bindparam("consumer_ids", type_=NUMBERS)))
    .order_by(_LINK.seq)
)


def link_first(db: Session, *, stores: Mapping[int, tuple[int, str]], now: datetime) -> set[int]:
    """Link consumers (consumer -> store, evidence) who have no store yet, and return these; who has one keeps it."""
    rows = [
        {"consumer_id": consumer_id, "seq": 0, "store_id": store_id, "linked_at": now, "evidence": evidence}
        for consumer_id, (store_id, evidence) in sorted(stores.items())
    ]
    return {consumer_id for (consumer_id,) in insert_new(db, Link, rows, told="consumer_id")}


def home_stores(db: Session, *, consumer_ids: Collection[int]) -> dict[int, int]:
    """Return the store each of the consumers is linked to now."""
    linked = db.execute(_LINKED, {"consumer_ids": list(consumer_ids)}) if consumer_ids else ()
    return {consumer_id: store_id for consumer_id, store_id in linked}  # the last one told of a consumer stays
