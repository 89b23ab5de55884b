"""Jobs run once a period in one process, and what was missed is caught up."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from channel.database import reading, transaction
from channel.due import last_day_over, missed_days, this_slot
from channel.jobs import (
    JOBS,
    LOST_AFTER,
    RETRY_AFTER,
    Job,
    give_up_running,
    run_due,
    take,
)
from channel.journey import NewScan, take_scan
from channel.lock import scheduler_lock
from channel.tables import JobRun
from stores.tables import ClosedDay
from tests import make, worlds
from tests.house import ROOT

LATER = make.NOW + timedelta(days=3)


@pytest.fixture
def world(engine, config):
    world = worlds.small(engine, config)
    with transaction(engine) as db:
        take_scan(db, config=config, ring=world.ring, scan=NewScan(uri=world.uri(), key="k"), now=make.NOW)
    return world


def runs(engine):
    with reading(engine) as db:
        return {(run.job, run.period): run.state for run in db.scalars(select(JobRun))}


def closed(engine):
    with reading(engine) as db:
        return list(db.scalars(select(ClosedDay.day).order_by(ClosedDay.day)))


def test_law_every_job_runs_on_an_empty_database(engine, config):
    done = run_due(engine, config=config, now=make.NOW)
    assert {state for *_, state in done} == {"done"}
    assert {job.name for job in JOBS} - {job for job, *_ in done} == {"close_day"}


def test_every_missed_day_is_closed_once_and_only_when_it_is_over(engine, config, world):
    run_due(engine, config=config, now=make.NOW)
    assert closed(engine) == []
    run_due(engine, config=config, now=LATER)
    assert closed(engine) == [make.TODAY + timedelta(days=number) for number in range(3)]
    assert run_due(engine, config=config, now=LATER) == []


@pytest.mark.parametrize(
    ("zones", "now", "last", "why"),
    [
        (["Asia/Shanghai"], datetime(2026, 6, 15, 16, 59, tzinfo=UTC), date(2026, 6, 14), "59 minutes past midnight"),
        (["Asia/Shanghai"], datetime(2026, 6, 15, 17, 0, tzinfo=UTC), date(2026, 6, 15), "phones had their hour"),
        (
            ["Asia/Shanghai", "Asia/Urumqi", "America/New_York"],
            datetime(2026, 6, 16, 4, 59, tzinfo=UTC),
            date(2026, 6, 14),
            "New York still sells",
        ),
    ],
)
def test_a_day_is_over_when_it_is_over_everywhere(zones, now, last, why):
    assert last_day_over(zones, now=now) == last


def test_a_period_is_taken_once_by_many(engine):
    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(lambda _: take(engine, job="j", period="p", now=make.NOW), range(8)))
    assert sorted(taken) == [False] * 7 + [True]


def test_two_runners_do_the_work_once(engine, config):
    done = []
    job = Job("count", this_slot(10), lambda *_: done.append(1) or "counted")
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: run_due(engine, config=config, now=make.NOW, jobs=[job]), range(8)))
    assert done == [1]


def test_a_job_that_fails_is_noted_tried_again_later_and_stops_no_other(engine, config, capsys):
    def fail(*_):
        raise KeyError("serial 7K2M9Q4XT8ZC5RWD")

    jobs = [Job("bad", this_slot(1440), fail), Job("good", this_slot(1440), lambda *_: "well")]
    assert [state for *_, state in run_due(engine, config=config, now=make.NOW, jobs=jobs)] == ["failed", "done"]
    assert "7K2M9Q4XT8ZC5RWD" not in capsys.readouterr().err
    assert run_due(engine, config=config, now=make.NOW, jobs=jobs) == []
    again = run_due(engine, config=config, now=make.NOW + RETRY_AFTER, jobs=jobs)
    assert [job for job, *_ in again] == ["bad"]


def test_what_a_dead_runner_had_begun_is_due_again(engine):
    assert take(engine, job="j", period="p", now=make.NOW)
    assert not take(engine, job="j", period="p", now=make.NOW + timedelta(minutes=1))
    assert take(engine, job="j", period="p", now=make.NOW + LOST_AFTER)
    give_up_running(engine)
    assert take(engine, job="j", period="p", now=make.NOW)


def test_days_are_missed_from_the_first_sale_on(engine, config, world):
    with reading(engine) as db:
        assert missed_days(db, zone=config.zone, now=make.NOW) == []
        assert missed_days(db, zone=config.zone, now=make.NOW + timedelta(days=1))[0] == make.TODAY


def test_only_one_holds_the_scheduler_lock(engine, capsys):
    asked = []

    def stop():
        asked.append(1)
        return len(asked) > 1

    with scheduler_lock(engine) as is_held:
        assert is_held()
        with scheduler_lock(engine, stop=stop) as is_second_held:
            assert not is_second_held()
    assert "another scheduler is running" in capsys.readouterr().err
    with scheduler_lock(engine) as is_held:
        assert is_held()


def test_the_scheduler_does_what_is_due_and_ends_when_asked(engine, config, world):
    settings = {
        "GLASSBOX_HOME": str(config.home),
        "GLASSBOX_DATABASE_URL": config.database_url,
        "GLASSBOX_SECRET_KEY": "only for tests",
    }
    code = "from channel.config import Config; from channel.jobs import run_scheduler; run_scheduler(Config.from_env())"
    process = subprocess.Popen(
        [sys.executable, "-c", code], env=os.environ | settings, stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    for line in iter(process.stderr.readline, ""):
        if f'"job": "{JOBS[-1].name}"' in line:
            break
    process.terminate()
    process.communicate(timeout=60)
    assert process.returncode == 0
    assert set(runs(engine).values()) == {"done"}
    assert closed(engine)[0] == make.TODAY


@pytest.mark.parametrize("job", JOBS, ids=lambda job: job.name)
def test_every_job_is_explained(job):
    assert f"| `{job.name}` |" in (ROOT / "docs/running.md").read_text(encoding="utf-8")
