"""Rows that come again, before every stage: written by their outside id, and only where they differ. Knows nobody."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, NamedTuple, TypeVar, cast

from sqlalchemy import ColumnElement, Table, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from scans.schema import Base
from scans.versions import upsert

CHUNK = 1000
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Refusal:
    """A row that cannot be: its place among the rows given, the column and the reason."""

    index: int
    column: str
    reason: str


class Put(NamedTuple):
    """What became of rows: how many are new, changed or as they were, and which were refused."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    refused: tuple[Refusal, ...] = ()


class Written(NamedTuple):
    """The outside ids of rows that were not there before, and of those that now say something else."""

    new: frozenset[Any]
    changed: frozenset[Any]

    def tally(self, *, count: int, refused: Sequence[Refusal] = (), also: Collection[Any] = ()) -> Put:
        """Count what became of `count` rows; those in `also` changed in another table."""
        changed = (self.changed | set(also)) - self.new
        unchanged = count - len(refused) - len(self.new) - len(changed)
        return Put(len(self.new), len(changed), unchanged, tuple(refused))


def put_rows(
    db: Session, *, table: type[Base], key: str, rows: Sequence[dict[str, Any]], keep: Collection[str] = ()
) -> Written:
    """Write rows by their outside id `key`, all with the same columns; those in `keep` stay as they are in old rows."""
    columns = cast(Table, table.__table__).c
    told = [name for name in rows[0] if name not in keep] if rows else []
    new: set[Any] = set()
    changed: list[dict[str, Any]] = []
    for chunk in chunks(rows):
        found = db.execute(
            select(*(columns[name] for name in told)).where(columns[key].in_([row[key] for row in chunk]))
        )
        old = {row[key]: row for row in found.mappings()}
        new |= {row[key] for row in chunk if row[key] not in old}
        changed += [
            row for row in chunk if row[key] not in old or any(row[name] != old[row[key]][name] for name in told)
        ]
    if changed:
        insert = upsert(db)(table.__table__)
        said = {name: insert.excluded[name] for name in told if name != key}
        db.execute(insert.on_conflict_do_update(index_elements=[key], set_=said), changed)
    return Written(frozenset(new), frozenset(row[key] for row in changed) - new)


def keys_of(
    db: Session, *, outside: InstrumentedAttribute[str], inside: InstrumentedAttribute[int], ids: Iterable[str]
) -> dict[str, int]:
    """Return the keys of those outside ids that exist."""
    return {
        row[0]: row[1]
        for chunk in chunks(sorted(set(ids)))
        for row in db.execute(select(outside, inside).where(outside.in_(chunk)))
    }


def chunks(rows: Iterable[T], size: int = CHUNK) -> Iterator[list[T]]:
    """Cut rows into lists that fit into one statement."""
    left = iter(rows)
    while chunk := list(islice(left, size)):
        yield chunk


def matches(search: str, *columns: InstrumentedAttribute[Any]) -> ColumnElement[bool]:
    """Ask whether any column contains the searched text, whatever its case."""
    first, *others = (column.icontains(search, autoescape=True) for column in columns)
    found: ColumnElement[bool] = first
    for other in others:
        found = found | other
    return found
