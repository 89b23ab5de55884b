"""Before the first scan: which stores and parties a principal may see. Knows scans.

Every list starts from a scope; what lies outside of it is as if it did not exist.
"""

from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, case, select, true
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from scans.upserts import matches
from stores.directory.owners import owned_by, owned_on, subtree
from stores.tables import Party, Store


class UnknownStoreError(LookupError):
    """There is no such store, or not for this principal."""


class UnknownPartyError(LookupError):
    """There is no such party, or not for this principal."""


class Scope(NamedTuple):
    """What a principal may see: a party, those below it and the stores they own on a day; None is everything."""

    party_id: int | None
    day: date
    party_keys: frozenset[int] | None
    store_keys: frozenset[int] | None


class PartyLine(NamedTuple):
    """A party with who is above it."""

    party_id: str
    kind: str
    name: str
    parent_id: str | None
    contact: str | None
    phone: str | None
    email: str | None
    key: int


class StoreLine(NamedTuple):
    """A store with the party it belongs to on the day asked for; degrees are WGS-84."""

    store_id: str
    name: str
    lat_deg: float
    lon_deg: float
    zone: str
    region: str
    party_id: str | None
    opened_on: date | None
    closed_on: date | None
    address: str | None
    class_: str | None
    phone: str | None
    party_name: str | None
    key: int


def scope_of(db: Session, *, party_id: int | None, day: date) -> Scope:
    """Return what a principal of this party may see on a day; without a party, everything."""
    if party_id is None:
        return Scope(None, day, None, None)
    parties = frozenset(db.scalars(subtree(party_id)))
    return Scope(party_id, day, parties, frozenset(db.scalars(owned_by(party_id, day=day))))


def sees_store(scope: Scope, store_id: ColumnElement[int] | InstrumentedAttribute[int]) -> ColumnElement[bool]:
    """Ask in a statement whether a store lies in the scope; as a subquery, since a scope may hold 100,000 stores."""
    return true() if scope.party_id is None else store_id.in_(owned_by(scope.party_id, day=scope.day))


def sees_party(scope: Scope, party_id: ColumnElement[int] | InstrumentedAttribute[int]) -> ColumnElement[bool]:
    """Ask in a statement whether a party lies in the scope."""
    return true() if scope.party_id is None else party_id.in_(subtree(scope.party_id))


def store_list(db: Session, *, scope: Scope, after: str = "", limit: int = 50, search: str = "") -> list[StoreLine]:
    """Return stores in the order of their ids, those past `after`."""
    wanted = _stores(scope).where(Store.store_id > after).order_by(Store.store_id).limit(limit)
    if search:
        wanted = wanted.where(matches(search, Store.store_id, Store.name, Store.address, Store.region))
    return [StoreLine(*found) for found in db.execute(wanted)]


def store(db: Session, *, scope: Scope, store_id: str) -> StoreLine:
    """Return one store.

    Raises: UnknownStoreError.
    """
    found = db.execute(_stores(scope).where(Store.store_id == store_id)).one_or_none()
    if found is None:
        raise UnknownStoreError("there is no such store")
    return StoreLine(*found)


def party_list(db: Session, *, scope: Scope, after: str = "", limit: int = 50, search: str = "") -> list[PartyLine]:
    """Return parties in the order of their ids, those past `after`."""
    wanted = _parties(scope).where(Party.party_id > after).order_by(Party.party_id).limit(limit)
    if search:
        wanted = wanted.where(matches(search, Party.party_id, Party.name))
    return [PartyLine(*found) for found in db.execute(wanted)]


def party(db: Session, *, scope: Scope, party_id: str) -> PartyLine:
    """Return one party.

    Raises: UnknownPartyError.
    """
    found = db.execute(_parties(scope).where(Party.party_id == party_id)).one_or_none()
    if found is None:
        raise UnknownPartyError("there is no such party")
    return PartyLine(*found)


def _stores(scope: Scope) -> Select[*tuple[Any, ...]]:
    owned = owned_on(scope.day).subquery()
    columns = [_OF_OWNER.get(name) or getattr(Store, name) for name in StoreLine._fields if name != "key"]
    told = select(*columns, Store.id).outerjoin(owned, owned.c.store_id == Store.id)
    return told.outerjoin(Party, Party.id == owned.c.party_id).where(sees_store(scope, Store.id))


def _parties(scope: Scope) -> Select[*tuple[Any, ...]]:
    above = aliased(Party)
    # Who is above a principal is no business of the principal.
    parent = above.party_id if scope.party_id is None else case((Party.id != scope.party_id, above.party_id))
    columns = (Party.party_id, Party.kind, Party.name, parent, Party.contact, Party.phone, Party.email, Party.id)
    return select(*columns).outerjoin(above, Party.parent_id == above.id).where(sees_party(scope, Party.id))


_OF_OWNER = {"party_id": Party.party_id, "party_name": Party.name}
