"""Serving processes are killed under load, again and again: what was acknowledged is there, nothing is half done."""

import json
import os
import random
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import dataclass, field
from itertools import count
from threading import Event, Timer
from typing import Any

import pytest
from pydantic_core import to_json
from sqlalchemy import column, delete, func, select, text

from channel.database import make_engine, reading, transaction
from scans.tables import Claim, Scan
from stores.recount import recount
from tests import worlds
from tests.server import Client, NoAnswerError, command, serving

KILLS = int(os.environ.get("GLASSBOX_KILLS", "200" if os.environ.get("GLASSBOX_DEEP") else "20"))
THREADS = 12
CODES = 60  # a round's: few enough that threads meet on them
UPLOAD = 5
LONGEST_S = 0.6
MAX_TRIES = 20
DONE = (200, 201)
BUSY = 503

Post = Callable[[str, Any], tuple[int, bytes]]


@dataclass
class Notes:
    """What the clients know: every scan they sent, and each answer they got."""

    sent: dict[str, dict[str, Any]] = field(default_factory=dict)
    answers: dict[str, bytes] = field(default_factory=dict)
    statuses: Counter[int] = field(default_factory=Counter)

    def send(self, post: Post, *scans: dict[str, Any]) -> None:
        """Send one scan as itself or several as an upload, and note what is acknowledged."""
        self.sent |= {scan["key"]: scan for scan in scans}
        upload = len(scans) > 1
        status, body = post("/api/v1/scans:batch", scans) if upload else post("/api/v1/scans", scans[0])
        self.statuses[status] += 1
        if status in DONE:
            told = [to_json(one) for one in json.loads(body)] if upload else [body]
            self.answers |= {scan["key"]: one for scan, one in zip(scans, told, strict=True)}


def scan_of(world, position, key):
    lat_deg, lon_deg = worlds.PLACE
    place = {"lat_deg": lat_deg, "lon_deg": lon_deg, "accuracy_m": 20.0, "datum": "wgs84"}
    return {"key": key, "uri": world.uri(position), "consumer": f"phone-{key}", "position": place}


def load(server, world, notes, *, round_no=0, until):
    """Scan from many threads, one in four by uploads, until it is over."""

    def scan(n):
        chance, size = random.Random(f"{round_no}.{n}"), UPLOAD if n % 4 == 0 else 1
        with closing(Client(server.port)) as client:
            for number in count():
                keys = [f"r{round_no}t{n}n{number}u{upload}" for upload in range(size)]
                scans = [scan_of(world, round_no * CODES + chance.randint(1, CODES), key) for key in keys]
                with suppress(NoAnswerError):
                    notes.send(client.post, *scans)
                if until.is_set():
                    return

    with ThreadPoolExecutor(THREADS) as threads:
        list(threads.map(scan, range(THREADS)))


def settle(post, notes, keys):
    """Send the scans again, each until it is acknowledged, and tell of each first answer that differs from before."""
    wrong = []
    for key in keys:
        before = notes.answers.get(key)
        for _ in range(MAX_TRIES):
            status, body = post("/api/v1/scans", notes.sent[key])
            if status != BUSY:
                break
        if before is None:
            wrong += [] if status in DONE else [f"{key} cannot be completed: {status}"]
            notes.answers[key] = body
        elif (status, body) != (200, before):
            wrong.append(f"{key} was {before!r} and is now {status} {body!r}")
    return wrong


def assert_whole(world, post, notes, keys):
    """Hold what the clients know against what the server and the database say."""
    first = settle(post, notes, keys)
    assert first == []
    assert settle(post, notes, keys) == []
    claims = [key for key, body in notes.answers.items() if json.loads(body)["claim"]]
    codes = [notes.sent[key]["uri"] for key in claims]
    assert len(codes) == len(set(codes)), "a code has two claims"
    assert set(codes) == {scan["uri"] for scan in notes.sent.values()}, "a code has no claim"
    with reading(world.engine) as db:
        assert db.scalar(select(func.count()).select_from(Claim)) == len(codes)
        assert db.scalar(select(func.count()).select_from(Scan)) == len(notes.sent)
        assert [name for name, wrong in recount(db) if wrong] == []


def kill_and_start_again(world, rounds):
    notes, chance, asked, dead = Notes(), random.Random(rounds), set(), Event()

    def die(server):
        server.kill()
        dead.set()

    for round_no in range(rounds + 1):
        with serving(world.config) as server, closing(Client(server.port)) as client:
            new = sorted(notes.sent.keys() - asked)
            print(f"start {round_no}: of {len(new)} scans {len(notes.answers) - len(asked)} were acknowledged")
            assert_whole(world, client.post, notes, new)
            asked.update(new)
            if round_no < rounds:
                dead.clear()
                Timer(chance.uniform(0.05, LONGEST_S), die, [server]).start()
                load(server, world, notes, round_no=round_no, until=dead)
    assert notes.statuses.keys() <= {*DONE, BUSY}
    checked = command(world.config, "check")
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_two_kills_lose_nothing(engine, config):
    kill_and_start_again(worlds.small(engine, config, items=2 * CODES), 2)


@pytest.mark.slow
def test_many_kills_lose_nothing(engine, config):
    kill_and_start_again(worlds.small(engine, config, items=KILLS * CODES), KILLS)


@pytest.mark.postgresql_only
def test_connections_cut_under_load_lose_nothing(engine, config):
    """Cut the server's connections while it writes: clients may be told to come again, nothing more happens."""
    world, notes, over = worlds.small(engine, config, items=CODES), Notes(), Event()
    admin = make_engine(config.database_url)
    cut = select(func.count(func.pg_terminate_backend(column("pid")))).select_from(text("pg_stat_activity"))
    cut = cut.where(text("datname = current_database() AND pid <> pg_backend_pid()"))
    with serving(config) as server, ThreadPoolExecutor(1) as clients:
        loaded = clients.submit(load, server, world, notes, until=over)
        with admin.connect() as connection:
            ends = sum(connection.scalar(cut) for _ in range(20) if not over.wait(0.1))
        over.set()
        loaded.result()
        print(f"{ends} connections cut, answers by status: {dict(notes.statuses)}")
        assert ends > 0
        assert notes.statuses.keys() <= {*DONE, BUSY}
        engine.dispose()
        with closing(Client(server.port)) as client:
            assert_whole(world, client.post, notes, sorted(notes.sent))
    admin.dispose()


def test_negative_control_a_lost_scan_is_seen(engine, config, client):
    world, notes = worlds.small(engine, config, items=CODES), Notes()

    def post(path, body):
        answer = client.post(path, json=body)
        return answer.status_code, answer.data

    for position in range(1, 6):
        notes.send(post, scan_of(world, position, f"k{position}"))
    assert_whole(world, post, notes, sorted(notes.sent))
    with transaction(engine) as db:
        lost = json.loads(notes.answers["k3"])
        code_no = db.scalars(select(Scan.code_no).where(Scan.answer["scan_id"].as_string() == lost["scan_id"])).one()
        db.execute(delete(Scan).where(Scan.code_no == code_no))
    with reading(engine) as db:
        assert [name for name, wrong in recount(db) if wrong] == ["claims_have_scans"]
    assert [one.split()[0] for one in settle(post, notes, sorted(notes.sent))] == ["k3"]
