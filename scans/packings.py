"""Stage 3, pack: what a packing line or a warehouse put where, taken in as it becomes known. Knows nobody.

A packing never changes: the same id says the same for ever. Of a code's packings the last one at or before an instant
says what it is in then (`scans/holdings`), so the order in which they arrive does not matter.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import RowMapping, or_, select, tuple_, update
from sqlalchemy.orm import Session

from scans import versions
from scans.batches import catalogue
from scans.catalogue import Catalogue, Found, UnknownCodeError, read_code
from scans.gs1 import GtinError, LinkError
from scans.keys import KeyRing
from scans.packing import goods
from scans.schema import table_of
from scans.tables import Batch, Packing
from scans.upserts import Put, Refusal, chunks
from scans.writing import insert_new

CLOCKS_APART = timedelta(minutes=2)
HOLDS = {"item": ("case", "pallet"), "case": ("pallet",)}
Fault = tuple[str, str]

_PACKING = table_of(Packing).c


class PackingRow(NamedTuple):
    """A code that was put into another one at an instant; without `parent_uri` it was taken out."""

    packing_id: str
    child_uri: str
    parent_uri: str | None
    packed_at: datetime


def put_packings(db: Session, *, ring: KeyRing, rows: Sequence[PackingRow], now: datetime) -> Put:
    """Record packings; one that is there already changes nothing, and must say the same."""
    codes = catalogue(db)
    said = [_columns(row, codes, ring, now) for row in rows]
    refused = {index: one for index, one in enumerate(said) if not isinstance(one, dict)}
    left = {index: one for index, one in enumerate(said) if isinstance(one, dict)}
    new: set[str] = set()
    while left:
        clashes, unsaid = _compare(db, left)
        refused |= clashes
        wrote = insert_new(db, Packing, sorted(unsaid.values(), key=_place), told="packing_id")
        new |= {packing_id for (packing_id,) in wrote}
        # Whoever else wrote the same at the same time came first: it is there to be compared with now.
        left = {index: one for index, one in unsaid.items() if one["packing_id"] not in new}
    _mark(
        db, [codes.find(one["child_no"]).batch.id for one in said if isinstance(one, dict) and one["packing_id"] in new]
    )
    told = tuple(Refusal(index, *fault) for index, fault in sorted(refused.items()))
    return Put(len(new), 0, len(rows) - len(new) - len(told), told)


def packed_codes(db: Session, *, rows: Sequence[PackingRow]) -> set[int]:
    """Return the code numbers that these packings, as far as they are recorded, moved."""
    moved: set[int] = set()
    for chunk in chunks(row.packing_id for row in rows):
        moved |= set(db.scalars(select(_PACKING.child_no).where(_PACKING.packing_id.in_(chunk))))
    return moved


def _columns(row: PackingRow, codes: Catalogue, ring: KeyRing, now: datetime) -> dict[str, Any] | Fault:
    child = _read(codes, ring, row.child_uri)
    outer = _read(codes, ring, row.parent_uri) if row.parent_uri else None
    if child is None or (row.parent_uri and outer is None):
        return "child_uri" if child is None else "parent_uri", "this is no code of ours"
    if outer is not None and outer.level not in HOLDS.get(child.level, ()):
        return "parent_uri", f"no {child.level} is packed in a code of the level {outer.level}"
    if child.level not in HOLDS:
        return "child_uri", f"no {child.level} is packed in anything"
    if row.packed_at > now + CLOCKS_APART:
        return "packed_at", "this lies in the future"
    return {
        "packing_id": row.packing_id,
        "child_no": child.code_no,
        "parent_no": outer.code_no if outer else None,
        "packed_at": row.packed_at,
        "recorded_at": now,
    }


def _read(codes: Catalogue, ring: KeyRing, uri: str) -> Found | None:
    try:
        return goods(read_code(codes, ring, uri=uri))
    except (LinkError, GtinError, UnknownCodeError):
        return None


def _compare(db: Session, said: Mapping[int, dict[str, Any]]) -> tuple[dict[int, Fault], dict[int, dict[str, Any]]]:
    """Return what speaks against rows, and those that are neither recorded nor among the rows before them."""
    told: dict[str, tuple[Any, ...]] = {}
    held: dict[tuple[int, datetime], int | None] = {}
    for row in _recorded(db, said.values()):
        told[row["packing_id"]], held[_place(row)] = _facts(row), row["parent_no"]
    clashes: dict[int, Fault] = {}
    unsaid: dict[int, dict[str, Any]] = {}
    for index, one in said.items():
        if told.get(one["packing_id"], _facts(one)) != _facts(one):
            clashes[index] = ("id", "this packing is recorded already and says something else")
        elif held.get(_place(one), one["parent_no"]) != one["parent_no"]:
            clashes[index] = ("packed_at", "at this instant it was packed elsewhere")
        elif _place(one) not in held:
            told[one["packing_id"]], held[_place(one)] = _facts(one), one["parent_no"]
            unsaid[index] = one
    return clashes, unsaid


def _recorded(db: Session, said: Collection[dict[str, Any]]) -> list[RowMapping]:
    rows: list[RowMapping] = []
    for chunk in chunks(said):
        ids = _PACKING.packing_id.in_([one["packing_id"] for one in chunk])
        there = or_(ids, tuple_(_PACKING.child_no, _PACKING.packed_at).in_([_place(one) for one in chunk]))
        rows += db.execute(select(*_PACKING).where(there)).mappings()
    return rows


def _place(row: Mapping[str, Any] | RowMapping) -> tuple[int, datetime]:
    return row["child_no"], row["packed_at"]


def _facts(row: Mapping[str, Any] | RowMapping) -> tuple[Any, ...]:
    return row["child_no"], row["parent_no"], row["packed_at"]


def _mark(db: Session, batch_ids: Collection[int]) -> None:
    """Let every process know that codes of these batches no longer just follow their ranges."""
    marked = update(Batch).where(Batch.id.in_(batch_ids), ~Batch.repacked).values(repacked=True)
    if batch_ids and db.execute(marked.returning(Batch.id)).all():
        versions.touch(db, name="batches")
