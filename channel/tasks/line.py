"""The line of tasks: ordered, taken by one worker, reported on, cancelled. Knows the table.

A worker holds a task as long as its state is `running` and the number of the attempt is his: his every statement asks.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Update, case, func, or_, select, update
from sqlalchemy.orm import Session

from channel.tables import Task
from scans.schema import table_of
from scans.versions import upsert

MOST_WAITING = 50
MOST_ATTEMPTS = 3
GAVE_UP = "the scheduler ended while this was done, three times"
_TASK = table_of(Task).c


class UnknownTaskError(LookupError):
    """Nobody ordered this."""


class TaskExistsError(ValueError):
    """This was ordered already."""


class TooManyTasksError(ValueError):
    """So much is waiting that nothing more is taken."""


class TaskLine(NamedTuple):
    """A task as it stands."""

    task_id: str
    kind: str
    parameters: dict[str, Any]
    about: str
    state: str
    done: int
    total: int
    attempts: int
    result: str | None
    error: str | None
    made_by: str
    made_at: datetime
    started_at: datetime | None
    finished_at: datetime | None

    @property
    def is_over(self) -> bool:
        """Tell whether nothing more will happen to it."""
        return self.state not in ("waiting", "running")


_COLUMNS = [_TASK[name] for name in TaskLine._fields]


def order(
    db: Session,
    *,
    task_id: str,
    kind: str,
    parameters: Mapping[str, Any],
    about: str,
    total: int,
    made_by: str,
    now: datetime,
) -> None:
    """Put a task at the end of the line.

    Raises: TaskExistsError if it was ordered before, TooManyTasksError.
    """
    waiting = db.scalar(select(func.count()).select_from(Task).where(Task.state == "waiting"))
    if (waiting or 0) >= MOST_WAITING:
        raise TooManyTasksError(f"{MOST_WAITING} tasks are waiting; let some of them finish first")
    row = {"kind": kind, "parameters": dict(parameters), "about": about, "made_by": made_by, "made_at": now}
    new = upsert(db)(Task).values(task_id=task_id, state="waiting", done=0, total=total, attempts=0, **row)
    if not db.execute(new.on_conflict_do_nothing(index_elements=["task_id"]).returning(Task.task_id)).first():
        raise TaskExistsError("this was ordered already")


def find_task(db: Session, *, task_id: str) -> TaskLine:
    """Return one task.

    Raises: UnknownTaskError.
    """
    row = db.execute(select(*_COLUMNS).where(Task.task_id == task_id)).first()
    if row is None:
        raise UnknownTaskError(f"there is no task {task_id}")
    return TaskLine._make(row)


def task_list(db: Session, *, about: str | None = None, limit: int = 50) -> list[TaskLine]:
    """Return tasks, the latest first; those about one batch if it is named."""
    chosen = select(*_COLUMNS).order_by(Task.made_at.desc(), Task.task_id).limit(limit)
    return [TaskLine._make(row) for row in db.execute(chosen if about is None else chosen.where(Task.about == about))]


def take(db: Session, *, now: datetime) -> TaskLine | None:
    """Take the task that has waited longest; None if none does."""
    first = select(Task.task_id).where(Task.state == "waiting").order_by(Task.made_at, Task.task_id).limit(1)
    taken = update(Task).where(Task.task_id == first.scalar_subquery(), Task.state == "waiting")
    row = db.execute(
        taken.values(state="running", attempts=Task.attempts + 1, started_at=now, done=0).returning(*_COLUMNS)
    ).first()
    return None if row is None else TaskLine._make(row)


def report(db: Session, *, task: TaskLine, **told: Any) -> bool:
    """Write down how a task stands; say whether it is still the worker's."""
    return db.execute(_held(task).values(**told).returning(Task.task_id)).first() is not None


def cancel(db: Session, *, task_id: str, now: datetime) -> bool:
    """Call a task off; say whether there was anything left to call off."""
    off = update(Task).where(Task.task_id == task_id, Task.state.in_(("waiting", "running")))
    return db.execute(off.values(state="cancelled", finished_at=now).returning(Task.task_id)).first() is not None


def put_back(db: Session, *, now: datetime) -> int:
    """Let what a worker left behind be done again, but not for ever; return how many tasks that were."""
    spent = Task.attempts >= MOST_ATTEMPTS
    left = update(Task).where(Task.state == "running")
    left = left.values(
        state=case((spent, "failed"), else_="waiting"),
        error=case((spent, GAVE_UP)),
        finished_at=case((spent, now)),
    )
    return len(db.execute(left.returning(Task.task_id)).all())


def forget(db: Session, *, before: datetime) -> int:
    """Write down that what ended before an instant has no file any more, and return of how many tasks."""
    old = update(Task).where(Task.finished_at < before, Task.result.is_not(None)).values(result=None)
    return len(db.execute(old.returning(Task.task_id)).all())


def with_files(db: Session) -> set[str]:
    """Return the tasks that may have a file, or be making one."""
    live = or_(Task.state.in_(("waiting", "running")), Task.result.is_not(None))
    return set(db.scalars(select(Task.task_id).where(live)))


def _held(task: TaskLine) -> Update:
    return update(Task).where(Task.task_id == task.task_id, Task.state == "running", Task.attempts == task.attempts)
