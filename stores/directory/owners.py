"""Before the first scan: whose a store is on a day, and who stands above a party. Knows scans."""

from collections.abc import Iterable
from datetime import date

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, aliased

from scans.upserts import chunks
from stores.tables import Party, StoreOwner

BEGINNING = date(1970, 1, 1)


def owners_on(db: Session, *, store_ids: Iterable[int], day: date) -> dict[int, int]:
    """Return the party that each store belongs to on a day; a store without one is left out."""
    owners: dict[int, int] = {}
    for chunk in chunks(sorted(set(store_ids))):
        told = select(StoreOwner.store_id, StoreOwner.party_id).order_by(StoreOwner.from_on)
        found = db.execute(told.where(StoreOwner.store_id.in_(chunk), StoreOwner.from_on <= day))
        owners.update({store: party for store, party in found})
    return owners


def owned_on(day: date) -> Select[int, int]:
    """Select each store with the party it belongs to on a day."""
    begun = aliased(StoreOwner)
    newest = (
        select(func.max(begun.from_on))
        .where(begun.store_id == StoreOwner.store_id, begun.from_on <= day)
        .correlate(StoreOwner)
        .scalar_subquery()
    )
    return select(StoreOwner.store_id, StoreOwner.party_id).where(StoreOwner.from_on == newest)


def subtree(party_id: int) -> Select[int]:
    """Select a party and all below it."""
    below = select(Party.id).where(Party.id == party_id).cte("below", recursive=True)
    # UNION, not UNION ALL: a circle, which nothing lets in, would end and not run for ever.
    below = below.union(select(Party.id).join(below, Party.parent_id == below.c.id))
    return select(below.c.id)


def owned_by(party_id: int, *, day: date) -> Select[int]:
    """Select the stores that belong on a day to a party or to one below it."""
    owned = owned_on(day).subquery()
    return select(owned.c.store_id).where(owned.c.party_id.in_(subtree(party_id)))


def chains(db: Session, *, party_ids: Iterable[int]) -> dict[int, list[Party]]:
    """Return the line of parties from each party up to the top, itself first."""
    line = select(Party.id.label("start"), Party.id, Party.parent_id).where(Party.id.in_(set(party_ids)))
    up = line.cte("up", recursive=True)
    above = aliased(Party)
    up = up.union(select(up.c.start, above.id, above.parent_id).join(up, above.id == up.c.parent_id))
    found: dict[int, dict[int, Party]] = {}
    for start, one in db.execute(select(up.c.start, Party).join(Party, Party.id == up.c.id)):
        found.setdefault(start, {})[one.id] = one
    return {start: _climb(start, parties) for start, parties in found.items()}


def _climb(start: int, parties: dict[int, Party]) -> list[Party]:
    line = [parties.pop(start)]
    while line[-1].parent_id in parties:
        line.append(parties.pop(line[-1].parent_id))
    return line
