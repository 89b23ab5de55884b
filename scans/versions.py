"""What a process keeps in memory, and how it learns that it is stale. Knows nobody.

A row of `version` grows in the same transaction as the change; a reader compares numbers, never contents.
"""

from collections.abc import Callable
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from sqlalchemy import Engine, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from scans.schema import table_of
from scans.tables import Version

T = TypeVar("T")
_NUMBERS = select(*table_of(Version).c)
_kept: WeakKeyDictionary[Any, dict[str, tuple[int, Any]]] = WeakKeyDictionary()


def upsert(db: Session) -> Any:
    """Return the dialect's `insert`, the one that knows ON CONFLICT."""
    return postgresql.insert if db.get_bind().dialect.name == "postgresql" else sqlite.insert


def draw(db: Session, *, name: str, count: int = 1) -> int:
    """Advance the counter `name` by `count` and return the first number drawn (the first ever is 1)."""
    insert = upsert(db)(Version).values(name=name, no=count)
    grown = insert.on_conflict_do_update(index_elements=["name"], set_={"no": Version.no + count})
    last: int = db.execute(grown.returning(Version.no)).scalar_one()
    return last - count + 1


def touch(db: Session, *, name: str) -> None:
    """Tell every process that what it keeps under `name` is stale."""
    db.info.setdefault("touched", set()).add(name)
    draw(db, name=name)


def numbers(db: Session, *names: str) -> tuple[int, ...]:
    """Return the versions of what a process keeps on its own account."""
    known = _numbers(db)
    return tuple(known.get(name, 0) for name in names)


def kept(db: Session, *, name: str, load: Callable[[Session], T]) -> T:
    """Return what `load` made of the database at the current version of `name`, loading only when it has grown.

    A session that has touched the name itself loads for itself alone: it may yet be rolled back, and its number reused.
    """
    if name in db.info.get("touched", ()):
        return load(db)
    no = _numbers(db).get(name, 0)
    bind = db.get_bind()
    engine = bind if isinstance(bind, Engine) else bind.engine
    held = _kept.setdefault(engine, {})
    if name not in held or held[name][0] != no:
        held[name] = (no, load(db))
    value: T = held[name][1]
    return value


def _numbers(db: Session) -> dict[str, int]:
    """Return all numbers as this session first saw them: one statement, however much it keeps."""
    if "versions" not in db.info:
        db.info["versions"] = {name: no for name, no in db.execute(_NUMBERS)}
    numbers: dict[str, int] = db.info["versions"]
    return numbers
