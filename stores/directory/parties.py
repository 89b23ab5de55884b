"""Before the first scan: parties in their tree, and the reps among them. Knows scans."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, cast

from sqlalchemy import Select, Table, bindparam, select, update
from sqlalchemy.orm import Session, aliased

from scans.tables import Version
from scans.upserts import Put, Refusal, keys_of, matches, put_rows
from scans.versions import touch
from stores.accounts import open_accounts
from stores.tables import Party, Rep

NO_TOP = "its line of parents never reaches the top: a circle, or a parent that was refused itself"


class PartyRow(NamedTuple):
    """Who a party is and, by outside id, who is above it."""

    party_id: str
    kind: str
    name: str
    parent_id: str | None = None
    contact: str | None = None
    phone: str | None = None
    email: str | None = None


class RepRow(NamedTuple):
    """A sales representative; the base is in WGS-84 degrees."""

    rep_id: str
    name: str
    region: str
    base_lat_deg: float
    base_lon_deg: float
    visits_per_day: int


class UnknownRepError(LookupError):
    """There is no such rep."""


class _Known(NamedTuple):
    kind: str
    parent_id: str | None


def rooted(parents: Mapping[str, str | None]) -> set[str]:
    """Return those whose line of parents reaches the top: no unknown parent in it and no circle."""
    children: dict[str | None, list[str]] = {}
    for child, parent in parents.items():
        children.setdefault(parent, []).append(child)
    reached: set[str] = set()
    level = children.get(None, [])
    while level:
        reached.update(level)
        level = [child for parent in level for child in children.get(parent, [])]
    return reached


def put_parties(db: Session, *, rows: Sequence[PartyRow], currency: str, keep: Collection[str] = ()) -> Put:
    """Write parties with their accounts; a parent may come later among the rows."""
    known = _queue(db)
    refused = _refused_parties(rows, known)
    bad = {refusal.index for refusal in refused}
    good = [row for index, row in enumerate(rows) if index not in bad]
    told = [{name: value for name, value in row._asdict().items() if name != "parent_id"} for row in good]
    written = put_rows(db, table=Party, key="party_id", rows=told, keep=keep)
    moved = [row for row in good if row.parent_id != (known[row.party_id].parent_id if row.party_id in known else None)]
    _move(db, moved)
    also = {row.party_id for row in moved}
    _open(db, written.new, currency=currency, changed=bool(written.changed or also))
    return written.tally(count=len(rows), refused=refused, also=also)


def put_reps(db: Session, *, rows: Sequence[RepRow], currency: str) -> Put:
    """Write reps, each as a party with accounts and as a rep with a region and a base."""
    known = _queue(db)
    refused = [
        Refusal(index, "id", f"this id is a {known[row.rep_id].kind}'s")
        for index, row in enumerate(rows)
        if row.rep_id in known and known[row.rep_id].kind != "rep"
    ]
    bad = {refusal.index for refusal in refused}
    good = [row for index, row in enumerate(rows) if index not in bad]
    parties = [{"party_id": row.rep_id, "kind": "rep", "name": row.name} for row in good]
    written = put_rows(db, table=Party, key="party_id", rows=parties)
    keys = _keys(db, [row.rep_id for row in good])
    reps = put_rows(db, table=Rep, key="party_id", rows=[_rep_columns(row, keys) for row in good])
    other = reps.new | reps.changed
    also = {row.rep_id for row in good if keys[row.rep_id] in other}
    _open(db, written.new, currency=currency, changed=bool(written.changed or also))
    return written.tally(count=len(rows), refused=refused, also=also)


def rep_list(db: Session, *, after: str = "", limit: int = 50, search: str = "") -> list[RepRow]:
    """Return reps in the order of their ids, those past `after`."""
    wanted = _reps().where(Party.party_id > after).order_by(Party.party_id).limit(limit)
    if search:
        wanted = wanted.where(matches(search, Party.party_id, Party.name, Rep.region))
    return [RepRow(*row) for row in db.execute(wanted)]


def rep(db: Session, *, rep_id: str) -> RepRow:
    """Return one rep.

    Raises: UnknownRepError.
    """
    found = db.execute(_reps().where(Party.party_id == rep_id)).one_or_none()
    if found is None:
        raise UnknownRepError("there is no such rep")
    return RepRow(*found)


def brand(db: Session) -> str | None:
    """Return the name of the brand owner whose house this is; None before it was imported."""
    return db.scalar(select(Party.name).where(Party.kind == "owner").order_by(Party.id).limit(1))


def _reps() -> Select[str, str, str, float, float, int]:
    told = select(Party.party_id, Party.name, Rep.region, Rep.base_lat_deg, Rep.base_lon_deg, Rep.visits_per_day)
    return told.join(Rep, Rep.party_id == Party.id)


def _queue(db: Session) -> dict[str, _Known]:
    # Two writers, each with half of a circle, must see each other.
    db.execute(select(Version.no).where(Version.name == "stores").with_for_update())
    above = aliased(Party)
    found = select(Party.party_id, Party.kind, above.party_id).outerjoin(above, Party.parent_id == above.id)
    return {party_id: _Known(kind, parent_id) for party_id, kind, parent_id in db.execute(found)}


def _refused_parties(rows: Sequence[PartyRow], known: Mapping[str, _Known]) -> list[Refusal]:
    reps = {party_id for party_id, party in known.items() if party.kind == "rep"}
    parents = {party_id: party.parent_id for party_id, party in known.items()}
    parents.update({row.party_id: row.parent_id for row in rows if row.party_id not in reps})
    top = rooted(parents)
    refused = []
    for index, row in enumerate(rows):
        if row.party_id in reps:
            refused.append(Refusal(index, "id", "this id is a rep's"))
        elif row.parent_id is not None and row.parent_id not in parents:
            refused.append(Refusal(index, "parent_id", f"there is no party {row.parent_id}"))
        elif row.party_id not in top:
            refused.append(Refusal(index, "parent_id", NO_TOP))
    return refused


def _move(db: Session, rows: Sequence[PartyRow]) -> None:
    if not rows:
        return
    keys = _keys(db, [row.party_id for row in rows] + [row.parent_id for row in rows if row.parent_id])
    table = cast(Table, Party.__table__)
    moves = update(table).where(table.c.id == bindparam("child")).values(parent_id=bindparam("parent"))
    db.execute(moves, [{"child": keys[row.party_id], "parent": keys.get(row.parent_id or "")} for row in rows])


def _rep_columns(row: RepRow, keys: Mapping[str, int]) -> dict[str, Any]:
    columns = row._asdict()
    del columns["name"]
    return {"party_id": keys[columns.pop("rep_id")], **columns}


def _open(db: Session, new: Iterable[str], *, currency: str, changed: bool) -> None:
    keys = _keys(db, new)
    open_accounts(db, party_ids=keys.values(), currency=currency)
    if keys or changed:
        touch(db, name="stores")


def _keys(db: Session, ids: Iterable[str]) -> dict[str, int]:
    return keys_of(db, outside=Party.party_id, inside=Party.id, ids=ids)
