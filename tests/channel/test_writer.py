from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import event

from channel import writer as writing
from channel.journey import NewScan
from channel.writer import Writer
from scans.catalogue import UnknownCodeError
from tests import make, worlds

THREADS = 16
NO_CODE = f"{make.BASE_URL}/01/{make.gtin(1)}/21/{'0' * 16}"


@pytest.fixture
def world(engine, config):
    return worlds.small(engine, config)


@pytest.fixture
def writer(world):
    return Writer(engine=world.engine, config=world.config, ring=lambda: world.ring)


def test_scans_that_wait_together_are_committed_together(world, writer):
    commits, start = [], Barrier(THREADS)
    event.listen(world.engine, "commit", commits.append)

    def scan(n):
        start.wait()
        return writer.take(NewScan(world.uri(n + 1), key=f"k{n}"), now=make.NOW)

    with ThreadPoolExecutor(THREADS) as threads:
        assert all(taken.body["claim"] for taken in threads.map(scan, range(THREADS)))
    assert len(commits) < THREADS


def test_who_comes_alone_does_not_wait_for_company(world, writer, monkeypatch):
    monkeypatch.setattr(writing, "WINDOW_S", 3600.0)
    for n in range(3):
        assert writer.take(NewScan(world.uri(n + 1), key="k"), now=make.NOW).fresh


def test_a_refused_scan_takes_no_other_along(world, writer):
    scans = [NewScan(world.uri(1), key="k"), NewScan(NO_CODE, key="k"), NewScan(world.uri(2), key="k")]
    first, refused, last = writer.take_many(scans, now=make.NOW)
    assert first.body["claim"]
    assert last.body["claim"]
    assert isinstance(refused, UnknownCodeError)


def test_whoever_waits_hears_of_a_bug(world):
    writer = Writer(engine=world.engine, config=world.config, ring=lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        writer.take(NewScan(world.uri(1), key="k"), now=make.NOW)
