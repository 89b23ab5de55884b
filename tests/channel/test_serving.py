"""The server as it is started: on both databases, with its children, and nothing of it left when it ends."""

import json
import os
import signal
import subprocess
import time
import urllib.request
from dataclasses import replace

import pytest

from channel.config import Config, ConfigError
from channel.serving import choose_workers, serve
from scans.keys import make_ring
from tests import make
from tests.server import SECRET_KEY, START_S, serving, wait_until_ready

ASKED = 40


def get(server, path):
    with urllib.request.urlopen(f"http://127.0.0.1:{server.port}{path}", timeout=START_S) as answer:
        return answer.read().decode()


def children(server):
    told = subprocess.run(["ps", "-o", "pid=", "--ppid", str(server.process.pid)], capture_output=True, text=True)
    return [int(pid) for pid in told.stdout.split()]


def is_running(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    told = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True)
    return not told.stdout.startswith("Z")


@pytest.fixture
def home(config, engine):
    make_ring(config.keys_path, now=make.NOW)
    return config


@pytest.mark.sqlite_only
def test_sqlite_has_one_worker_and_says_so(config, capsys):
    assert choose_workers(config, asked=None) == 1
    assert capsys.readouterr().err == ""
    assert choose_workers(config, asked=4) == 1
    assert "1 worker" in capsys.readouterr().err


def test_postgresql_has_a_worker_per_core():
    config = Config.from_env({"GLASSBOX_DATABASE_URL": "postgresql+psycopg://localhost/glassbox"})
    assert choose_workers(config, asked=None) == os.cpu_count()
    assert choose_workers(config, asked=5) == 5


@pytest.mark.sqlite_only
def test_nothing_is_served_without_a_secret_or_a_database(config, tmp_path):
    with pytest.raises(ConfigError, match="GLASSBOX_SECRET_KEY"):
        serve(replace(config, secret_key=None))
    with pytest.raises(ConfigError, match="glassbox init"):
        serve(replace(config, database_url=f"sqlite:///{tmp_path / 'empty.db'}"))


def test_the_figures_are_those_of_all_workers(home, backend):
    with serving(home, "--workers", "2") as server:
        for _ in range(ASKED):
            get(server, "/healthz")
        told = [line for line in get(server, "/metrics").splitlines() if 'route="/healthz",status="2xx"' in line]
        assert sum(float(line.rpartition(" ")[2]) for line in told) == ASKED
        assert len(children(server)) == 2


def test_a_server_that_was_killed_leaves_nobody_behind(home, backend):
    with serving(home, "--workers", "2") as server:
        left = children(server)
        os.kill(server.process.pid, signal.SIGKILL)
        server.process.wait(START_S)
        deadline = time.monotonic() + START_S
        while any(map(is_running, left)) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not any(map(is_running, left))


def test_a_server_that_is_asked_to_end_does(home, backend):
    with serving(home) as server:
        wait_until_ready(server)
        left = children(server)
        server.process.terminate()
        assert server.process.wait(START_S) == 0
        assert not any(map(is_running, left))
        lines = [line for line in server.log.read_text().splitlines() if line.startswith("{")]
        assert {json.loads(line)["event"] for line in lines} <= {"request", "scheduler", "job"}
        assert SECRET_KEY not in server.log.read_text()
