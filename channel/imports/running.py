"""Imports, the run: header, cells, records, groups in transactions; a bad row is told and the others go in."""

import csv
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Engine

from channel.database import transaction
from channel.imports.cells import CellError
from channel.imports.files import BadRow, ImportFileError, Line, open_table
from channel.imports.kind import Door, Kind, Name
from scans.intake import ClaimLostError
from scans.upserts import Put, chunks

ATTEMPTS = 3
Refuse = Callable[[BadRow], None]
Progress = Callable[[int, int], None]


@dataclass(slots=True)
class Tally:
    """How many rows of a file were new, changed, as they were, or refused."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    refused: int = 0

    @property
    def good(self) -> int:
        """How many rows could be what they are."""
        return self.new + self.changed + self.unchanged

    def __str__(self) -> str:
        return f"new {self.new}, changed {self.changed}, unchanged {self.unchanged}, refused {self.refused}"

    def add(self, put: Put) -> None:
        """Count what became of one group."""
        self.new += put.new
        self.changed += put.changed
        self.unchanged += put.unchanged


class _Row(NamedTuple):
    line: int
    cells: dict[str, str]
    record: Any


@dataclass(slots=True)
class _Run:
    kind: Kind
    door: Door
    header: Sequence[str]
    refuse: Refuse
    tally: Tally = field(default_factory=Tally)
    names: dict[Name, int] = field(default_factory=dict)
    waiting: list[BadRow] = field(default_factory=list)

    def bad(self, line: int, column: str, value: str, reason: str) -> None:
        self.tally.refused += 1
        self.waiting.append(BadRow(line, column, value, reason))

    def tell(self) -> None:
        """Hand over what was refused since the last time, in the order of the file."""
        for row in sorted(self.waiting):
            self.refuse(row)
        self.waiting.clear()


def import_file(
    engine: Engine, *, kind: Kind, path: Path, door: Door, refuse: Refuse, progress: Progress, dry_run: bool = False
) -> Tally:
    """Import a file: good rows go in, a group to a transaction; each bad one is handed to `refuse`.

    Raises: ImportFileError if not even the header can be.
    """
    with open_table(path) as table:
        header = [name.casefold() for name in table.header]
        while header and not header[-1]:
            header.pop()
        missing = _check_header(kind, header)
        run = _Run(kind, door._replace(keep=missing), header, refuse)
        for rows in chunks(_rows(run, table.lines), kind.group):
            _put_group(engine, run, rows, dry_run)
            run.tell()
            progress(run.tally.good + run.tally.refused, table.total)
        run.tell()
    return run.tally


def template(kind: Kind) -> str:
    """Return a file of this kind with one row to look at."""
    text = StringIO()
    csv.writer(text, lineterminator="\n").writerows(
        [list(kind.columns), [one.example for one in kind.columns.values()]]
    )
    return text.getvalue()


def _check_header(kind: Kind, header: Sequence[str]) -> frozenset[str]:
    """Return the optional columns that are left out."""
    unknown = sorted(set(header) - kind.columns.keys())
    if unknown:
        named = ", ".join(name or "(no name)" for name in unknown)
        raise ImportFileError(f"line 1: unknown column {named}; known are {', '.join(kind.columns)}")
    twice = sorted({name for name in header if header.count(name) > 1})
    if twice:
        raise ImportFileError(f"line 1: column {', '.join(twice)} stands there twice")
    left_out = kind.columns.keys() - set(header)
    needed = [name for name, column in kind.columns.items() if name in left_out and not column.optional]
    if needed:
        raise ImportFileError(f"line 1: column {', '.join(needed)} is missing")
    return frozenset(left_out)


def _rows(run: _Run, lines: Iterator[Line]) -> Iterator[_Row]:
    for line in lines:
        if line.fault or any(line.cells):
            row = _row(run, line)
            if row is not None:
                yield row


def _row(run: _Run, line: Line) -> _Row | None:
    """Read one line, or tell why it cannot be."""
    width = len(run.header)
    if line.fault or len(line.cells) < width or any(line.cells[width:]):
        reason = line.fault or f"has {len(line.cells)} cells, the header has {len(run.header)}"
        run.bad(line.no, "", "", reason)
        return None
    cells = dict(zip(run.header, line.cells, strict=False))
    column = ""
    try:
        values: dict[str, Any] = dict.fromkeys(run.kind.columns)
        for column, cell in cells.items():
            values[column] = _value(run.kind, column, cell)
        column = ""
        row = _Row(line.no, cells, run.kind.record(values, run.door))
    except CellError as error:
        column = error.column or column
        run.bad(line.no, column, cells.get(column, ""), str(error))
        return None
    return row if _is_first(run, row) else None


def _value(kind: Kind, column: str, cell: str) -> Any:
    if cell:
        return kind.columns[column].check(cell)
    if not kind.columns[column].blank:
        raise CellError("is empty")
    return None


def _is_first(run: _Run, row: _Row) -> bool:
    names = list(run.kind.names(row.record))
    for column, value in names:
        if (column, value) in run.names:
            run.bad(row.line, column, row.cells[column], f"stands in line {run.names[column, value]} already")
            return False
    run.names.update(dict.fromkeys(names, row.line))
    return True


def _put_group(engine: Engine, run: _Run, rows: Sequence[_Row], dry_run: bool) -> None:
    put = _put(engine, run, [row.record for row in rows], dry_run)
    run.tally.add(put)
    for why in put.refused:
        row = rows[why.index]
        run.bad(row.line, why.column, row.cells.get(why.column, ""), why.reason)


def _put(engine: Engine, run: _Run, records: Sequence[Any], dry_run: bool) -> Put:
    for _ in range(ATTEMPTS - 1):
        with suppress(ClaimLostError):
            return _put_once(engine, run, records, dry_run)
    return _put_once(engine, run, records, dry_run)


def _put_once(engine: Engine, run: _Run, records: Sequence[Any], dry_run: bool) -> Put:
    with transaction(engine) as db:
        put = run.kind.put(db, records, run.door)
        if dry_run:
            db.rollback()
    return put
