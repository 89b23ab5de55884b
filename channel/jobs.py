"""What runs by itself: a literal list of jobs, done by the one process that holds the scheduler lock. Knows the night.

A job's period is taken by a row before anything is done, so that a second runner is harmless, and a period that was
missed is still due. Nothing here runs inside a web worker.
"""

import os
import signal
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from threading import Event, Thread
from typing import NamedTuple
from zoneinfo import ZoneInfo

from apscheduler.schedulers.blocking import BlockingScheduler
from sqlalchemy import Engine, delete, or_, update
from sqlalchemy.orm import Session

from channel.config import Config
from channel.database import make_engine, reading, transaction
from channel.due import Due, every_day, last_missed_day, missed_days, this_slot
from channel.journey import (
    fit_norms,
    forget_photos,
    forget_positions,
    hold_doubted,
    release_due,
    return_reserves,
    withdraw_doubts,
)
from channel.limits import forget_refusals
from channel.lock import scheduler_lock
from channel.logs import log, log_failure
from channel.night import close_days
from channel.tables import JobRun
from channel.tasks import forget_results, resume_lost, work_until
from scans.copies import find_copies, fit, without_evidence
from scans.versions import upsert
from stores.accusations import judge_dealers

TICK_S = 30
WATCH_S = 1
RETRY_AFTER = timedelta(minutes=10)
LOST_AFTER = timedelta(hours=6)
KEEP_RUNS = timedelta(days=90)

Run = Callable[[Engine, Config, str, datetime], str]


class Job(NamedTuple):
    """What is to be done, for which periods by now, and how; `run` tells what it did in a few words."""

    name: str
    due: Due
    run: Run


def close_missed(engine: Engine, config: Config, _period: str, now: datetime) -> str:
    """Close every business day that is over: sell-through, judging, visit lists."""
    with reading(engine) as db:
        days = missed_days(db, zone=config.zone, now=now)
    close_days(engine, config=config, days=days, now=now)
    return f"{len(days)} closed"


def weigh_diversion(engine: Engine, config: Config, period: str, _now: datetime) -> str:
    """Weigh which dealers divert, by all that was bought up to the day."""
    with transaction(engine) as db:
        opened = judge_dealers(db, day=date.fromisoformat(period), zone=ZoneInfo(config.zone))
    return f"{opened} cases opened"


def release_shares(engine: Engine, config: Config, _period: str, now: datetime) -> str:
    """Make held shares that are due payable."""
    total = _until_none(engine, lambda db: release_due(db, config=config, now=now))
    return f"{total} released"


def settle_recalls(engine: Engine, config: Config, _period: str, now: datetime) -> str:
    """Give back what recalled batches can no longer pay."""
    with transaction(engine) as db:
        cents = return_reserves(db, config=config, now=now)
    return f"{cents} cents returned"


def forget(engine: Engine, config: Config, _period: str, now: datetime) -> str:
    """Delete old positions, photos about codes that are decided, counts of refusals, files of tasks, rows of jobs."""
    positions = _until_none(engine, lambda db: forget_positions(db, config=config, now=now))
    with transaction(engine) as db:
        forget_refusals(db, now=now)
        photos = forget_photos(db, config=config, now=now)
        db.execute(delete(JobRun).where(JobRun.started_at < now - KEEP_RUNS, JobRun.state == "done"))
    files = forget_results(engine, config=config, now=now)
    return f"{positions} positions, {photos} photos, the files of {files} tasks deleted"


def find_copied(engine: Engine, _config: Config, _period: str, now: datetime) -> str:
    """Fit what is normal, and raise the doubts that no scan could: what came before anybody knew."""
    with reading(engine) as db:
        fitted = fit(db, now=now)
    with transaction(engine) as db:
        changed = fit_norms(db, fitted=fitted, now=now)
    with reading(engine) as db:
        raised = find_copies(db, jumps=fitted.jumps, now=now)
    with transaction(engine) as db:
        opened = hold_doubted(db, raised=raised, now=now)
    return f"{changed} norms changed, {len(opened)} doubts raised"


def recheck_doubts(engine: Engine, config: Config, _period: str, now: datetime) -> str:
    """Withdraw the doubts of the last week whose evidence turned out to be none, and let go what waited for them."""
    with reading(engine) as db:
        code_nos = without_evidence(db, now=now)
    if code_nos:
        with transaction(engine) as db:
            withdraw_doubts(db, config=config, code_nos=code_nos, now=now)
    return f"{len(code_nos)} doubts withdrawn"


JOBS: tuple[Job, ...] = (
    Job("close_day", last_missed_day, close_missed),
    Job("diversion", every_day, weigh_diversion),
    Job("release_shares", this_slot(10), release_shares),
    Job("recheck_doubts", this_slot(10), recheck_doubts),
    Job("find_copied", this_slot(6 * 60), find_copied),
    Job("settle_recalls", this_slot(24 * 60), settle_recalls),
    Job("forget", this_slot(24 * 60), forget),
)


def run_due(engine: Engine, *, config: Config, now: datetime, jobs: Iterable[Job] = JOBS) -> list[tuple[str, str, str]]:
    """Do whatever is due, one after the other, and return (job, period, state) of what was taken."""
    done = []
    for job in jobs:
        with reading(engine) as db:
            periods = list(job.due(db, config, now))
        taken = (period for period in periods if take(engine, job=job.name, period=period, now=now))
        done += [(job.name, period, _run(engine, config, job, period, now)) for period in taken]
    return done


def take(engine: Engine, *, job: str, period: str, now: datetime) -> bool:
    """Take the row of a job's period, unless it is done, somebody is at it, or it has just failed."""
    row = {"state": "running", "started_at": now, "finished_at": None, "note": None}
    again = or_(
        (JobRun.state == "failed") & (JobRun.started_at <= now - RETRY_AFTER),
        (JobRun.state == "running") & (JobRun.started_at <= now - LOST_AFTER),
    )
    with transaction(engine) as db:
        taken = upsert(db)(JobRun).values(job=job, period=period, attempts=1, **row)
        taken = taken.on_conflict_do_update(
            index_elements=["job", "period"], set_={**row, "attempts": JobRun.attempts + 1}, where=again
        )
        return db.execute(taken.returning(JobRun.job)).first() is not None


def give_up_running(engine: Engine) -> None:
    """Note that what a former holder of the lock had begun was not finished; it is due again at once."""
    never = datetime(1970, 1, 1, tzinfo=UTC)
    with transaction(engine) as db:
        lost = update(JobRun).where(JobRun.state == "running")
        db.execute(lost.values(state="failed", started_at=never, note="the scheduler ended"))


def run_scheduler(config: Config, *, parent: int | None = None) -> None:
    """Wait for the scheduler lock, then do what is due until the end; with a parent, until the parent's end.

    Raises: ConfigError without a secret key.
    """
    config.require_secret_key()
    asked = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: asked.set())

    def is_over() -> bool:
        return asked.is_set() or (parent is not None and os.getppid() != parent)

    engine = make_engine(config.database_url)
    with scheduler_lock(engine, stop=is_over) as is_held:
        if is_held():
            _schedule(engine, config, is_over=lambda: is_over() or not is_held())
    engine.dispose()


def _schedule(engine: Engine, config: Config, *, is_over: Callable[[], bool]) -> None:
    give_up_running(engine)
    resume_lost(engine)
    ended = Event()
    worker = Thread(target=work_until, args=(engine, config, ended), name="tasks")
    worker.start()
    scheduler = BlockingScheduler(timezone=UTC)

    def tick() -> None:
        run_due(engine, config=config, now=datetime.now(UTC))

    def watch() -> None:
        if is_over():
            ended.set()
            scheduler.shutdown(wait=False)

    options = {"trigger": "interval", "max_instances": 1, "coalesce": True, "misfire_grace_time": None}
    scheduler.add_job(tick, seconds=TICK_S, next_run_time=datetime.now(UTC), **options)
    scheduler.add_job(watch, seconds=WATCH_S, **options)
    log.info("scheduler", state="started", jobs=[job.name for job in JOBS])
    scheduler.start()
    worker.join()
    log.info("scheduler", state="ended")


def _run(engine: Engine, config: Config, job: Job, period: str, now: datetime) -> str:
    try:
        note, state = job.run(engine, config, period, now), "done"
    except Exception as error:  # noqa: BLE001 - the scheduler's edge: a job that fails must not stop the others
        log_failure("job failed", error, job=job.name, period=period)
        note, state = type(error).__name__, "failed"
    finished = {"state": state, "note": note, "finished_at": datetime.now(UTC)}
    with transaction(engine) as db:
        db.execute(update(JobRun).where(JobRun.job == job.name, JobRun.period == period).values(**finished))
    log.info("job", job=job.name, period=period, state=state, note=note)
    return state


def _until_none(engine: Engine, step: Callable[[Session], int]) -> int:
    total = 0
    while True:
        with transaction(engine) as db:
            done = step(db)
        total += done
        if not done:
            return total
