"""Stage 3, pack: what is around a code, or in it, at an instant. Knows nobody.

A code that was never packed since it was issued follows its range; then the last packing counts, whenever it was told.
"""

from bisect import bisect_left
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from scans.batches import catalogue
from scans.catalogue import Found
from scans.packing import children, goods, merged, parent, without
from scans.parts import states_of, together
from scans.schema import table_of
from scans.tables import Packing
from scans.upserts import chunks

RANGES_PER_STATEMENT = 200
Event = tuple[datetime, int | None]

_PACKING = table_of(Packing).c
_OF_CODES = select(_PACKING.child_no, _PACKING.packed_at, _PACKING.parent_no).order_by(_PACKING.packed_at)


class Holding(NamedTuple):
    """A case or pallet that a code is in from `since` (None: issued so) on until, not at, `until` (None: still)."""

    outer: Found
    since: datetime | None = None
    until: datetime | None = None

    def covers(self, at: datetime) -> bool:
        """Tell whether the code is in it at an instant."""
        return (self.since is None or self.since <= at) and (self.until is None or at < self.until)

    def within(self, other: "Holding") -> "Holding | None":
        """Return this for the time that `other` covers, too."""
        since = max((one for one in (self.since, other.since) if one is not None), default=None)
        until = min((one for one in (self.until, other.until) if one is not None), default=None)
        empty = since is not None and until is not None and since >= until
        return None if empty else Holding(self.outer, since, until)


def stretches(events: Sequence[Event], *, by_range: int | None) -> list[tuple[int, datetime | None, datetime | None]]:
    """Return what a code was in, from when until when, by its packings in the order of time."""
    edges: list[tuple[datetime | None, int | None]] = [(None, by_range)]
    for at, outer_no in events:
        if outer_no != edges[-1][1]:
            edges.append((at, outer_no))
    untils = [at for at, _ in edges[1:]] + [None]
    return [(no, since, until) for (since, no), until in zip(edges, untils, strict=True) if no is not None]


def surroundings(db: Session, *, found: Collection[Found]) -> dict[int, list[Holding]]:
    """Return all cases and pallets that each code has ever been in, from the nearest outwards, and when.

    Costs no statement where all of them follow their ranges.
    """
    around = _holdings(db, {one.code_no: one for one in found})
    outer = {holding.outer.code_no: holding.outer for line in around.values() for holding in line}
    further = _holdings(db, {no: one for no, one in outer.items() if one.level != "pallet"})
    for line in around.values():
        beyond = [more.within(near) for near in line for more in further.get(near.outer.code_no, ())]
        line += [one for one in beyond if one is not None]
    return around


def contents(db: Session, *, found: Sequence[Found], at: datetime) -> dict[int, list[range]]:
    """Return the code numbers of what is directly in each case or on each pallet at an instant, as ranges in order."""
    by_range = {one.code_no: children(one) for one in found}
    last = _last(db, inside=merged(by_range.values()), outer=[*by_range], at=at)
    moved = sorted(last)
    came: dict[int, list[int]] = {no: [] for no in by_range}
    for child_no, outer_no in last.items():
        if outer_no in came:
            came[outer_no].append(child_no)
    held = {}
    for no, ranged in by_range.items():
        gone = moved[bisect_left(moved, ranged.start) : bisect_left(moved, ranged.stop)]
        held[no] = merged([*without(ranged, gone), *(range(one, one + 1) for one in came[no])])
    return held


def items_at(db: Session, *, found: Found, at: datetime) -> list[range]:
    """Return the code numbers of all items in a case or on a pallet at an instant, or of the item itself."""
    if found.level in ("item", "outer"):
        item_no = goods(found).code_no
        return [range(item_no, item_no + 1)]
    return _items(db, contents(db, found=[found], at=at)[found.code_no], at)


def life_of(db: Session, *, found: Found, at: datetime) -> str:
    """Return how far on the items in a case or on a pallet are together, or the item itself."""
    if found.level in ("item", "outer"):
        return found.life
    held = items_at(db, found=found, at=at)
    states = [state for batch, part in catalogue(db).stretches(held) for state in states_of(batch.life, part)]
    return together(states) or found.batch.state


def ever_inside(db: Session, *, found: Collection[Found]) -> list[range]:
    """Return the code numbers of all items that these codes are, or hold, or have ever held."""
    codes, held, layer = catalogue(db), [], list(found)
    while layer:
        held += [range(one.code_no, one.code_no + 1) for one in layer if one.level == "item"]
        held += [children(one) for one in layer if one.level == "case"]
        cases = [no for one in layer if one.level == "pallet" for no in children(one)]
        moved = ever_packed_in(db, [one.code_no for one in layer if one.level != "item"]) if codes.repacked else []
        layer = [codes.find(no) for no in (*cases, *moved)]
    return merged(held)


def ever_packed_in(db: Session, outer: Sequence[int]) -> set[int]:
    """Return the code numbers of what was ever put into these cases or onto these pallets after it was issued."""
    found: set[int] = set()
    for chunk in chunks(outer):
        found |= set(db.scalars(select(_PACKING.child_no).where(_PACKING.parent_no.in_(chunk))))
    return found


def packings_of(db: Session, *, code_nos: Collection[int]) -> dict[int, list[Event]]:
    """Return when each code was put into what, or taken out (None), in the order of time."""
    events: dict[int, list[Event]] = {}
    for chunk in chunks(sorted(code_nos)):
        for child_no, packed_at, outer_no in db.execute(_OF_CODES.where(_PACKING.child_no.in_(chunk))):
            events.setdefault(child_no, []).append((packed_at, outer_no))
    return events


def _holdings(db: Session, found: Mapping[int, Found]) -> dict[int, list[Holding]]:
    """Return what is or was directly around each code."""
    codes = catalogue(db)
    repacked = [no for no, one in found.items() if one.batch.id in codes.repacked]
    events = packings_of(db, code_nos=repacked) if repacked else {}
    around: dict[int, list[Holding]] = {}
    for no, one in found.items():
        outer = parent(one)
        if no in events:
            known = stretches(events[no], by_range=outer.code_no if outer else None)
            around[no] = [Holding(codes.find(outer_no), since, until) for outer_no, since, until in known]
        else:
            around[no] = [Holding(outer)] if outer else []
    return around


def _items(db: Session, inside: Sequence[range], at: datetime) -> list[range]:
    codes = catalogue(db)
    parts = [part for one in inside for part in codes.parts(one)]
    cases = [codes.find(no) for level, part in parts if level == "case" for no in part]
    held = contents(db, found=cases, at=at)
    return merged(
        [*(part for level, part in parts if level == "item"), *(one for line in held.values() for one in line)]
    )


def _last(db: Session, *, inside: Sequence[range], outer: Sequence[int], at: datetime) -> dict[int, int | None]:
    """Return what codes were last put into by an instant, if those in ranges or ever in some outer code were at all."""
    packed = select(_PACKING.child_no).where(_PACKING.packed_at <= at)
    wanted: list[ColumnElement[bool]] = [
        or_(*(_PACKING.child_no.between(one.start, one.stop - 1) for one in chunk))
        for chunk in chunks(inside, RANGES_PER_STATEMENT)
    ]
    wanted += [_PACKING.child_no.in_(packed.where(_PACKING.parent_no.in_(chunk))) for chunk in chunks(outer)]
    place = func.row_number().over(partition_by=_PACKING.child_no, order_by=_PACKING.packed_at.desc()).label("place")
    last: dict[int, int | None] = {}
    for those in wanted:
        ordered = select(_PACKING.child_no, _PACKING.parent_no, place).where(_PACKING.packed_at <= at, those).subquery()
        last |= {no: outer_no for no, outer_no, _ in db.execute(select(ordered).where(ordered.c.place == 1))}
    return last
