"""The same rows written raw: what the claims of a run left in the tables, once more, in one loop, a commit a claim."""

import sqlite3
import time
from collections.abc import Iterator
from typing import Any

import psycopg
from psycopg.types.json import set_json_loads
from sqlalchemy import create_engine, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.pool import NullPool

# In the order in which they may be written, each with the column that tells whose row it is.
OF_CONSUMER = {"consumer": "id", "link": "consumer_id"}
OF_CODE = {"claim": "code_no", "sale": "code_no", "entry": "shard_no", "posting": "shard_no", "share": "code_no"}
TABLES = {"consumer": "id"} | OF_CODE | {"scan": "code_no", "link": "consumer_id"}
PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "recursive_triggers=ON")
Row = tuple[Any, ...]
Claim = list[tuple[str, Row]]


def copy(url: str, copied: str) -> None:
    """Copy a database that nobody uses."""
    one, other = make_url(url), make_url(copied)
    if one.get_backend_name() == "sqlite":
        old, new = sqlite3.connect(str(one.database)), sqlite3.connect(str(other.database))
        old.backup(new)
        old.close()
        new.close()
        return
    admin = create_engine(one.set(database="postgres"), isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {other.database} TEMPLATE {one.database}"))


def rate(url: str, copied: str, *, claims: int) -> float:
    """Return how many claims a second one loop writes into the copy."""
    source, target = connect(make_url(url)), connect(make_url(copied))
    told = list(claims_of(source, claims))
    begin = "BEGIN IMMEDIATE" if isinstance(target, sqlite3.Connection) else "BEGIN"
    started = time.perf_counter()
    for claim in told:
        target.execute(begin)
        for statement, row in claim:
            target.execute(statement, row)
        target.execute("COMMIT")
    seconds = time.perf_counter() - started
    source.close()
    target.close()
    return len(told) / seconds


def connect(url: URL) -> Any:
    """Open the driver's own connection, with the settings that the house has."""
    if url.get_backend_name() != "sqlite":
        arguments = url.translate_connect_args(database="dbname", username="user")
        connection = psycopg.connect(**arguments, **url.query, autocommit=True)
        set_json_loads(bytes.decode, connection)
        return connection
    file = sqlite3.connect(str(url.database), isolation_level=None)
    for pragma in PRAGMAS:
        file.execute(f"PRAGMA {pragma}")
    return file


def claims_of(source: Any, count: int) -> Iterator[Claim]:
    """Give the rows of the last claims, each as the statements that write it."""
    mark = "?" if isinstance(source, sqlite3.Connection) else "%s"
    for code_no, consumer_id in source.execute(
        f"SELECT code_no, consumer_id FROM claim ORDER BY code_no DESC LIMIT {count}"
    ).fetchall():
        claim: Claim = []
        for table, column in TABLES.items():
            key = consumer_id if table in OF_CONSUMER else code_no
            rows = source.execute(f"SELECT * FROM {table} WHERE {column} = {mark}", (key,)).fetchall()
            again = " ON CONFLICT DO NOTHING" if table in OF_CONSUMER else ""
            claim += [(f"INSERT INTO {table} VALUES ({', '.join([mark] * len(row))}){again}", row) for row in rows]
        yield claim
