"""Long work of the office: ordered once, done once, followed, called off, taken up again after a crash, forgotten."""

import io
import re
import signal
import subprocess
import sys
import zipfile
from datetime import UTC, datetime, timedelta

import pyrage
import pytest
from sqlalchemy import func, select, update

from channel import tasks
from channel.database import reading, transaction
from channel.tables import TASK_STATES, Task
from channel.tasks import KINDS, line, work
from channel.tasks.line import MOST_ATTEMPTS, MOST_WAITING, TaskExistsError, TooManyTasksError
from channel.tasks.working import KEEP_RESULTS, TaskLostError, TaskStoppedError, _progress
from channel.words import TASK_KINDS
from channel.words import TASK_STATES as SAID
from scans.outfiles import digest_of
from scans.tables import Batch, Export
from tests import make, worlds
from tests.channel.test_pages_office import send
from tests.server import environment


@pytest.fixture
def world(engine, config, app):
    return worlds.small(engine, config)


@pytest.fixture
def owner(world, signed_in):
    return signed_in("owner")


def order(db, task_id="t", now=make.NOW, **more):
    asked = {"kind": "codes", "parameters": {}, "about": "B", "total": 10, "made_by": "boss"}
    line.order(db, task_id=task_id, now=now, **asked | more)


def state(engine, task_id="t"):
    with reading(engine) as db:
        return line.find_task(db, task_id=task_id)


def ordered(owner, world, to="codes", **told):
    there = send(owner, f"/office/batches/{world.batch.batch_id}/{to}", **told).location
    return there, there.rsplit("/", 1)[1]


def test_law_every_kind_and_state_has_words():
    assert set(KINDS) == set(TASK_KINDS)
    assert set(TASK_STATES) == set(SAID)


def test_what_was_ordered_twice_is_there_once(engine):
    with transaction(engine) as db:
        order(db)
    with transaction(engine) as db, pytest.raises(TaskExistsError):
        order(db)
    with transaction(engine) as db:
        assert line.take(db, now=make.NOW).task_id == "t"
        assert line.take(db, now=make.NOW) is None


def test_the_line_has_an_end(engine):
    with transaction(engine) as db:
        for number in range(MOST_WAITING):
            order(db, f"t{number}")
        with pytest.raises(TooManyTasksError):
            order(db, "one more")


def test_the_oldest_is_taken_first_and_a_worker_who_lost_it_changes_nothing(engine):
    with transaction(engine) as db:
        order(db, "late", now=make.NOW + timedelta(seconds=1))
        order(db, "early")
        first = line.take(db, now=make.NOW)
        assert first.task_id == "early"
        line.put_back(db, now=make.NOW)
        again = line.take(db, now=make.NOW)
        assert not line.report(db, task=first, done=5)
        assert line.report(db, task=again, done=5)
    assert (state(engine, "early").done, state(engine, "early").attempts) == (5, 2)


def test_what_breaks_its_worker_again_and_again_is_given_up(engine):
    with transaction(engine) as db:
        order(db)
        for _ in range(MOST_ATTEMPTS):
            assert line.take(db, now=make.NOW)
            line.put_back(db, now=make.NOW)
    assert (state(engine).state, state(engine).error) == ("failed", line.GAVE_UP)


def test_progress_is_written_and_ends_whoever_has_lost_the_task_or_is_to_stop(engine):
    with transaction(engine) as db:
        order(db)
        task = line.take(db, now=make.NOW)
    _progress(engine, task, lambda: False)(4, 10)
    assert state(engine).done == 4
    with pytest.raises(TaskStoppedError):
        _progress(engine, task, lambda: True)(5, 10)
    with transaction(engine) as db:
        assert tasks.cancel(db, task_id="t", now=make.NOW)
        assert not tasks.cancel(db, task_id="t", now=make.NOW)
    with pytest.raises(TaskLostError):
        _progress(engine, task, lambda: False)(5, 10)
    assert (state(engine).state, state(engine).done) == ("cancelled", 4)


def test_a_file_is_ordered_done_and_fetched(engine, config, world, owner):
    told = {"form": "csv", "level": "item", "first": "3", "last": "5", "receiver": "Printer Wang"}
    there, task_id = ordered(owner, world, task="mine", **told)
    assert (there, ordered(owner, world, task="mine", **told)[0]) == ("/office/tasks/mine", there)
    page = owner.get(there).text
    assert 'data-follow="/office/tasks/mine.json" data-state="waiting"' in page
    assert '<noscript><meta http-equiv="refresh"' in page
    assert work(engine, config=config) == 1
    assert owner.get(f"{there}.json").json["state"] == "done"
    got = send(owner, f"{there}/file")
    assert [row.split(",")[0] for row in got.text.splitlines()] == ["position", "3", "4", "5"]
    assert got.headers["Content-Length"] == str(len(got.data))
    with reading(engine) as db:
        export = db.scalars(select(Export)).one()
    path = config.home / "tasks" / task_id / f"{world.batch.batch_id}-{export.number}.csv"
    assert (export.sha256, export.receiver, export.made_by) == (digest_of(path), "Printer Wang", "somebody")
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == path.parent.parent.stat().st_mode & 0o777 == 0o700
    batch_page = owner.get(f"/office/batches/{world.batch.batch_id}").text
    assert "Printer Wang" in batch_page
    assert export.sha256[:16] in batch_page


def test_an_encrypted_file_and_labels_are_ordered_too(engine, config, world, owner):
    identity = pyrage.x25519.Identity.generate()
    sealed, _ = ordered(owner, world, form="txt", level="all", recipients=f"{identity.to_public()}\n")
    printed, _ = ordered(owner, world, "labels", form="svg", level="case", first="1", last="3", receiver="Li")
    sheets, _ = ordered(owner, world, "labels", form="pdf", level="item")
    assert work(engine, config=config) == 3
    text = pyrage.decrypt(send(owner, f"{sealed}/file").data, [identity]).decode()
    assert len(text.splitlines()) == sum(span.size for span in world.batch.spans)
    with zipfile.ZipFile(io.BytesIO(send(owner, f"{printed}/file").data)) as archive:
        assert len(archive.namelist()) == 3
    assert send(owner, f"{sheets}/file").data.startswith(b"%PDF")
    with reading(engine) as db:
        assert db.scalar(select(func.count()).select_from(Export).where(Export.finished_at.is_not(None))) == 3
    page = owner.get(f"/office/batches/{world.batch.batch_id}").text
    proved = re.search(r'aria-labelledby="printed">.*?</section>', page, re.DOTALL)[0]
    assert sorted(re.findall(r"(PDF|SVG)</td>.*?(\d+ by zxing-cpp, zbar)", proved)) == [
        ("PDF", "32 by zxing-cpp, zbar"),
        ("SVG", "3 by zxing-cpp, zbar"),
    ]


def test_a_batch_of_any_size_is_issued_once_with_its_file(engine, config, world, owner):
    asked = {"gtin": world.batch.gtin, "count": "2000000", "items_per_case": "12", "form": "parquet", "task": "mine"}
    there = send(owner, "/office/batches", **asked).location
    assert send(owner, "/office/batches", **asked).location == there
    with reading(engine) as db:
        assert db.scalar(select(func.count()).select_from(Batch)) == 2
        assert db.scalars(select(Task.about)).one() == there.rsplit("/", 1)[1]


@pytest.mark.parametrize(
    ("to", "told", "status"),
    [
        ("codes", {"form": "xlsx"}, 422),
        ("codes", {"form": "csv", "level": "item", "first": "999"}, 422),
        ("codes", {"form": "csv", "level": "nonsense"}, 422),
        ("codes", {"form": "csv", "recipients": "age1nonsense"}, 422),
        ("codes", {"form": "csv", "receiver": "x" * 101}, 422),
        ("labels", {"form": "pdf", "layout": "../a4-24"}, 422),
        ("labels", {"form": "csv"}, 422),
        ("labels", {"form": "pdf", "level": "item", "last": "999"}, 422),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_written_down(engine, world, owner, to, told, status):
    assert send(owner, f"/office/batches/{world.batch.batch_id}/{to}", **told).status_code == status
    with reading(engine) as db:
        assert db.scalar(select(func.count()).select_from(Export)) == 0
        assert db.scalar(select(func.count()).select_from(Task)) == 0


def test_what_is_not_there_is_not_found(world, owner):
    assert send(owner, "/office/batches/B0/codes", form="csv").status_code == 404
    for address in ("tasks/nobody", "tasks/nobody.json"):
        assert owner.get(f"/office/{address}").status_code == 404
    for address in ("tasks/nobody/cancel", "tasks/nobody/file"):
        assert send(owner, f"/office/{address}").status_code == 404
    there, _ = ordered(owner, world, form="csv")
    assert send(owner, f"{there}/file").status_code == 404


def test_a_task_that_is_called_off_is_not_done_and_leaves_nothing(engine, config, world, owner):
    there, task_id = ordered(owner, world, form="csv")
    assert send(owner, f"{there}/cancel").location == there
    assert work(engine, config=config) == 0
    assert "cancelled" in owner.get(there).text
    folder = config.home / "tasks" / task_id
    folder.mkdir(parents=True)
    tasks.forget_results(engine, config=config, now=make.NOW)
    assert not folder.exists()


def test_a_task_that_cannot_be_done_says_why(engine, config, world, owner):
    there, task_id = ordered(owner, world, form="csv")
    config.keys_path.rename(config.home / "away.json")
    work(engine, config=config)
    assert (state(engine, task_id).state, state(engine, task_id).error.split(":")[0]) == (
        "failed", "the key ring cannot be read",
    )  # fmt: skip
    (config.home / "away.json").rename(config.keys_path)
    assert "the key ring cannot be read" in owner.get(there).text


def test_a_file_is_forgotten_after_a_time_and_its_row_stays(engine, config, world, owner):
    there, _ = ordered(owner, world, form="csv")
    work(engine, config=config)
    now = datetime.now(UTC)
    assert tasks.forget_results(engine, config=config, now=now) == 0
    assert tasks.forget_results(engine, config=config, now=now + KEEP_RESULTS + timedelta(minutes=1)) == 1
    assert list((config.home / "tasks").iterdir()) == []
    assert "The file was deleted" in owner.get(there).text
    assert send(owner, f"{there}/file").status_code == 404


@pytest.mark.parametrize("role", ["finance", "auditor"])
def test_who_only_reads_sees_how_it_stands_and_gets_no_codes(engine, config, world, signed_in, role):
    there, _ = ordered(signed_in("owner"), world, form="csv")
    work(engine, config=config)
    reader = signed_in(role, name=role)
    assert reader.get(there).status_code == 200
    assert "Download" not in reader.get(there).text
    assert reader.post(f"{there}/file").status_code == 403
    assert reader.post(f"/office/batches/{world.batch.batch_id}/codes").status_code == 403


SCHEDULER = (
    "from channel.config import Config; from channel.jobs import run_scheduler; run_scheduler(Config.from_env())"
)
DIE = "import os, scans.codes as c; c.serials = lambda *_: os.kill(os.getpid(), 9)\n"


def scheduler(config, code):
    settings = environment(config, GLASSBOX_BASE_URL=config.base_url)
    return subprocess.Popen([sys.executable, "-c", code], env=settings, stderr=subprocess.PIPE, text=True)


def test_the_scheduler_does_it_and_after_a_crash_the_next_one_does(engine, config, world, owner):
    there, task_id = ordered(owner, world, form="csv")
    scheduler(config, DIE + SCHEDULER).communicate(timeout=100)
    assert state(engine, task_id).state == "running"
    process = scheduler(config, SCHEDULER)
    for told in iter(process.stderr.readline, ""):
        if '"event": "task"' in told:
            break
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=100)
    assert process.returncode == 0
    assert (state(engine, task_id).state, state(engine, task_id).attempts) == ("done", 2)
    assert len(send(owner, f"{there}/file").data.splitlines()) == 1 + sum(span.size for span in world.batch.spans)


def test_custody_shows_files_keys_and_what_was_seen_too_early(engine, config, world, owner):
    with transaction(engine) as db:
        batch = make.batch(db, ring=world.ring, state="issued")
        lost = batch.key_id
    send(owner, f"/office/batches/{batch.batch_id}/codes", form="csv", receiver="Printer Wang")
    uri = make.uri_at(batch, ring=world.ring)
    assert owner.post("/api/v1/scans", json={"key": "k", "uri": uri, "consumer": None}).json["verdict"] == "inactive"
    page = owner.get("/office/custody").text
    assert re.search(r"<tr><td>Printer Wang</td><td class=\"r\">1</td><td class=\"r\">1</td>", page)
    assert lost in page
    with transaction(engine) as db:
        db.execute(update(Export).values(receiver=None))
    assert "nobody named" in owner.get("/office/custody").text
