"""Before every stage: many rows written by one statement, at the driver's pace. Knows nobody.

Core binds every value of every row for itself, which takes longer than SQLite takes to store it; PostgreSQL would be
told row by row, and takes them all from one JSON text. Defaults of columns are not applied: rows say all there is.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from pydantic_core import to_json
from sqlalchemy import Dialect, Table
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from scans.schema import Base, table_of

MOST_VALUES = 30_000  # SQLite takes 32,766 in a statement
Row = dict[str, Any]
Values = tuple[Any, ...]


def insert_rows(db: Session, entity: type[Base], rows: Sequence[Row]) -> None:
    """Insert rows, all with the same columns."""
    if not rows:
        return
    connection, table, names = db.connection(), table_of(entity), tuple(rows[0])
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(_from_json(table, names), (_as_json(rows),))
    else:
        text = f"INSERT INTO {table.name} {_columns(names)} VALUES ({_marks(names)})"
        connection.exec_driver_sql(text, list(_bound(table, names, connection.dialect, rows)))


def insert_new(db: Session, entity: type[Base], rows: Sequence[Row], *, told: str) -> list[Values]:
    """Insert those rows that are not there yet, all with the same columns, and return what these say in `told`."""
    if not rows:
        return []
    connection, table, names = db.connection(), table_of(entity), tuple(rows[0])
    end = f" ON CONFLICT DO NOTHING RETURNING {told}"
    if connection.dialect.name == "postgresql":
        return [tuple(row) for row in connection.exec_driver_sql(_from_json(table, names) + end, (_as_json(rows),))]
    found: list[Values] = []
    bound, at_once = list(_bound(table, names, connection.dialect, rows)), MOST_VALUES // len(names)
    for start in range(0, len(bound), at_once):
        some = bound[start : start + at_once]
        marks = ", ".join([f"({_marks(names)})"] * len(some))
        text = f"INSERT INTO {table.name} {_columns(names)} VALUES {marks}{end}"
        found += map(tuple, connection.exec_driver_sql(text, tuple(value for row in some for value in row)))
    return found


@contextmanager
def in_one_go(db: Session) -> Iterator[None]:
    """Let no statement of the block wait for the one before: on PostgreSQL each is a trip to the server and back.

    Only `insert_rows` fits in, since nothing is told before the end.

    Raises: DBAPIError at the end, whichever statement failed.
    """
    connection = db.connection()
    if connection.dialect.name != "postgresql":
        yield
        return
    driver: Any = connection.connection.driver_connection
    try:
        with driver.pipeline():
            yield
    except connection.dialect.loaded_dbapi.Error as error:
        raise DBAPIError("several inserts", None, error) from error


def _columns(names: Values) -> str:
    return f"({', '.join(names)})"


def _marks(names: Values) -> str:
    return ", ".join("?" * len(names))


def _bound(table: Table, names: Values, dialect: Dialect, rows: Sequence[Row]) -> Iterator[Values]:
    """Give each row's values as the driver takes them."""
    processes = _processes(table, names, dialect)
    return zip(*(_column(process, [row[name] for row in rows]) for name, process in processes), strict=True)


@lru_cache(maxsize=256)
def _processes(table: Table, names: Values, dialect: Dialect) -> list[tuple[str, Callable[[Any], Any] | None]]:
    return [(name, table.c[name].type.dialect_impl(dialect).bind_processor(dialect)) for name in names]


def _column(process: Callable[[Any], Any] | None, values: list[Any]) -> list[Any]:
    """Return a column's values as the driver takes them; what stands in a row again is not worked out again."""
    if process is None:
        return values
    last, bound, done = object(), None, []
    for value in values:
        if value is not last:
            last, bound = value, process(value)
        done.append(bound)
    return done


def _from_json(table: Table, names: Values) -> str:
    listed = ", ".join(names)
    return f"INSERT INTO {table.name} ({listed}) SELECT {listed} FROM json_populate_recordset(NULL::{table.name}, %s)"


def _as_json(rows: Sequence[Row]) -> str:
    binary = [name for name, value in rows[0].items() if isinstance(value, bytes)]
    if binary:
        rows = [row | {name: f"\\x{row[name].hex()}" for name in binary} for row in rows]
    return to_json(rows).decode()
