"""Doing tasks, one after the other, in the scheduler's process. Knows the line and the kinds.

A task that was cancelled, or that another worker has, ends at its next report; one whose worker ends is put back.
"""

import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from time import monotonic

from sqlalchemy import Engine

from channel.config import Config
from channel.database import transaction
from channel.exports import Desk
from channel.logs import log, log_failure
from channel.tasks import line
from channel.tasks.kinds import KINDS, Work
from channel.tasks.line import TaskLine
from scans.codefiles import Progress
from scans.keys import KeyRing

LOOK_S, REPORT_S = 1.0, 0.5
KEEP_RESULTS = timedelta(days=7)
OURS = ("channel.", "scans.")


class TaskLostError(RuntimeError):
    """The task is no longer this worker's: it was cancelled, or another has it."""


class TaskStoppedError(RuntimeError):
    """The scheduler ends; the task goes on when it starts again."""


def work(engine: Engine, *, config: Config, stop: Callable[[], bool] = lambda: False) -> int:
    """Do what waits, the oldest first, until nothing does; return how many tasks were begun."""
    begun = 0
    while not stop():
        with transaction(engine) as db:
            task = line.take(db, now=datetime.now(UTC))
        if task is None:
            break
        begun += 1
        _do(engine, config, task, stop)
    return begun


def work_until(engine: Engine, config: Config, ended: Event) -> None:
    """Do what is ordered until the end, looking once a second; jobs go on beside it."""
    while not ended.wait(LOOK_S):
        try:
            work(engine, config=config, stop=ended.is_set)
        except Exception as error:  # noqa: BLE001 - the scheduler's edge: a database that is away comes back
            log_failure("tasks failed", error)


def resume_lost(engine: Engine) -> int:
    """Put back what a former scheduler was doing."""
    with transaction(engine) as db:
        return line.put_back(db, now=datetime.now(UTC))


def forget_results(engine: Engine, *, config: Config, now: datetime) -> int:
    """Delete the files of tasks that ended long ago or were called off, and return of how many."""
    there = [folder for folder in _folder(config, "").glob("*") if folder.is_dir()]
    with transaction(engine) as db:
        line.forget(db, before=now - KEEP_RESULTS)
        kept = line.with_files(db)
    gone = [folder for folder in there if folder.name not in kept]
    for folder in gone:
        shutil.rmtree(folder, ignore_errors=True)
    return len(gone)


def result_path(config: Config, task: TaskLine) -> Path | None:
    """Return where a task's file is; None if it has none, or none any more."""
    path = _folder(config, task.task_id) / (task.result or "")
    return path if task.result and path.is_file() else None


def _do(engine: Engine, config: Config, task: TaskLine, stop: Callable[[], bool]) -> None:
    folder = _folder(config, task.task_id)
    folder.parent.mkdir(mode=0o700, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)
    try:
        desk = Desk(engine, config, KeyRing.load(config.keys_path))
        out = KINDS[task.kind](Work(desk, task.parameters, folder, _progress(engine, task, stop)))
        told = {"state": "done", "done": task.total, "result": out.name, "finished_at": datetime.now(UTC)}
    except TaskLostError:
        told = {}
    except TaskStoppedError:
        told = {"state": "waiting", "attempts": task.attempts - 1}
    except Exception as error:  # noqa: BLE001 - the scheduler's edge: a task that fails must not stop the others
        log_failure("task failed", error, kind=task.kind)
        told = {"state": "failed", "error": _words(error), "finished_at": datetime.now(UTC)}
    with transaction(engine) as db:
        kept = bool(told) and line.report(db, task=task, **told)
    if not kept or told["state"] == "failed":
        shutil.rmtree(folder, ignore_errors=True)
    log.info("task", kind=task.kind, state=told["state"] if kept else "lost")


def _progress(engine: Engine, task: TaskLine, stop: Callable[[], bool]) -> Progress:
    reported = [0.0]

    def tell(done: int, _total: int) -> None:
        if stop():
            raise TaskStoppedError("the scheduler ends")
        if monotonic() - reported[0] < REPORT_S:
            return
        reported[0] = monotonic()
        with transaction(engine) as db:
            held = line.report(db, task=task, done=min(done, task.total))
        if not held:
            raise TaskLostError("somebody else decides about this task now")

    return tell


def _folder(config: Config, task_id: str) -> Path:
    return config.home / "tasks" / task_id


def _words(error: Exception) -> str:
    """Return what people are told: our own sentences, the system's on a full disk, and of a bug only its name."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror[:500]
    return str(error)[:500] if type(error).__module__.startswith(OURS) else f"a fault of ours: {type(error).__name__}"
