"""Stage 9, link: whose consumer this is. The first link stays until a row with a higher number comes. Knows scans."""

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from scans.versions import upsert
from stores.tables import Link


def link_first(db: Session, *, stores: Mapping[int, tuple[int, str]], now: datetime) -> None:
    """Link consumers (consumer -> store, evidence) who have no store yet; who has one keeps it."""
    rows = [
        {"consumer_id": consumer_id, "seq": 0, "store_id": store_id, "linked_at": now, "evidence": evidence}
        for consumer_id, (store_id, evidence) in sorted(stores.items())
    ]
    if rows:
        db.execute(upsert(db)(Link.__table__).on_conflict_do_nothing(), rows)


def home_stores(db: Session, *, consumer_ids: Collection[int]) -> dict[int, int]:
    """Return the store each of the consumers is linked to now."""
    newest = (
        select(Link.consumer_id, func.max(Link.seq).label("seq"))
        .where(Link.consumer_id.in_(consumer_ids))
        .group_by(Link.consumer_id)
        .subquery()
    )
    current = select(Link.consumer_id, Link.store_id).join(
        newest, (Link.consumer_id == newest.c.consumer_id) & (Link.seq == newest.c.seq)
    )
    return {consumer_id: store_id for consumer_id, store_id in db.execute(current)}


def relink(db: Session, *, consumer_id: int, store_id: int, evidence: str, now: datetime) -> None:
    """Change a consumer's store from now on; what was before stays readable."""
    last = db.scalar(select(func.max(Link.seq)).where(Link.consumer_id == consumer_id))
    seq = 0 if last is None else last + 1
    db.execute(
        insert(Link).values(consumer_id=consumer_id, seq=seq, store_id=store_id, linked_at=now, evidence=evidence)
    )
