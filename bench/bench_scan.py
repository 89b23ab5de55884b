"""Full claims over HTTP through `glassbox serve` with its default settings, beside what bounds them.

    python bench/bench_scan.py [--claims 4000] [--stores 100000]

Each claim verifies its serial, finds the nearest of all stores, is attributed, rewarded, shared and booked. Beside
it, in the same run: a bare Flask view on the same server, the disk's fdatasync, and the same rows written by one raw
loop. One process of this machine makes the load, over kept-alive connections on loopback.
"""

import argparse
import asyncio
import json
import os
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from sqlalchemy.engine import make_url

from channel.config import Config
from channel.database import make_engine, transaction, upgrade
from scans.batches import catalogue
from scans.codes import serials
from scans.gs1 import print_uri
from scans.keys import KeyRing
from stores.directory import StoreRow, put_stores

sys.path.insert(0, str(Path(__file__).parents[1]))
from tests import postgres, server, worlds

HEAD = "POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
BARE = """
from flask import Flask
app = Flask("bare")
@app.post("/api/v1/scans")
def scan():
    return {"verdict": "claimed"}
"""
ROWS_A_CLAIM = ("scan", "claim", "sale", "entry", "posting", "posting", "share")
BATCH = 500


class Client(asyncio.Protocol):
    """One connection that sends the next request as soon as the last is answered."""

    def __init__(self, requests: Iterator[bytes], took: list[float], statuses: list[int]) -> None:
        self._requests, self._took, self._statuses = requests, took, statuses
        self.done = asyncio.get_running_loop().create_future()
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._send()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, found, body = self._buffer.partition(b"\r\n\r\n")
        if not found:
            return
        length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
        if len(body) >= length:
            self._took.append(time.perf_counter() - self._sent)
            self._statuses.append(int(head[9:12]))
            self._buffer = b""
            self._send()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_result(None)

    def _send(self) -> None:
        request = next(self._requests, None)
        if request is None:
            self._transport.close()
            return
        self._sent = time.perf_counter()
        self._transport.write(request)


async def drive(port: int, requests: Sequence[bytes], connections: int) -> dict[str, float]:
    """Send all requests and return their rate and how long they took."""
    loop, took, statuses, left = asyncio.get_running_loop(), [], [], iter(requests)
    begun = time.perf_counter()
    clients = [
        (await loop.create_connection(lambda: Client(left, took, statuses), "127.0.0.1", port))[1]
        for _ in range(connections)
    ]
    await asyncio.gather(*(client.done for client in clients))
    seconds = time.perf_counter() - begun
    p50, p99 = np.percentile(took, [50, 99]) * 1000
    errors = len(requests) - sum(status in (200, 201) for status in statuses)
    return {"rate": len(requests) / seconds, "p50_ms": p50, "p99_ms": p99, "errors": errors}


def request(path: str, body: object) -> bytes:
    """Return the bytes of one request."""
    text = json.dumps(body).encode()
    return HEAD.format(path=path, length=len(text)).encode() + text


def make_deployment(config: Config, *, stores: int, items: int) -> list[str]:
    """Make a deployment with many stores, and return the addresses of its items."""
    engine = make_engine(config.database_url)
    upgrade(engine)
    world = worlds.small(engine, config, items=items)
    rng = np.random.default_rng(1)
    places = np.column_stack([rng.uniform(22, 42, stores), rng.uniform(104, 121, stores)])
    with transaction(engine) as db:
        row = {"zone": "Asia/Shanghai", "region": "East", "party_id": "F1"}
        rows = [StoreRow(f"B{n}", f"Store {n}", lat, lon, **row) for n, (lat, lon) in enumerate(places.tolist())]
        put_stores(db, rows=rows, day=datetime.now(UTC).date())
        batch = catalogue(db).batch(world.batch.batch_id)
    key = KeyRing.load(config.keys_path).key(batch.key_id)
    numbers = np.arange(batch.span("item").first_no, batch.span("item").last_no + 1, dtype=np.uint64)
    prefix = print_uri(config.base_url, batch.gtin, "")
    engine.dispose()
    return [prefix + one.decode() for one in serials(key.secret, numbers)]


def body(number: int, uri: str, rng: np.random.Generator) -> dict[str, object]:
    """Return a scan of a phone somewhere in the country."""
    lat_deg, lon_deg = rng.uniform(22, 42), rng.uniform(104, 121)
    place = {"lat_deg": lat_deg, "lon_deg": lon_deg, "accuracy_m": 30.0, "datum": "wgs84"}
    return {"key": f"k{number}", "uri": uri, "consumer": f"phone-{number}", "scanned_at": None, "position": place}


def bench(name: str, config: Config, *, claims: int, stores: int) -> list[tuple[str, dict[str, float]]]:
    """Measure one database: single claims at 16 and 64 connections, then batches."""
    uris = make_deployment(config, stores=stores, items=4 * claims)
    rng = np.random.default_rng(2)
    bodies = [body(number, uri, rng) for number, uri in enumerate(uris)]
    rows = []
    with server.serving(config) as served:
        warm = [request("/api/v1/scans", one) for one in bodies[:200]]
        asyncio.run(drive(served.port, warm, 8))
        start = 200
        for connections in (16, 64):
            some = [request("/api/v1/scans", one) for one in bodies[start : start + claims]]
            rows.append((f"{name}, {connections} connections", asyncio.run(drive(served.port, some, connections))))
            start += claims
        batches = [bodies[n : n + BATCH] for n in range(start, start + claims, BATCH)]
        told = asyncio.run(drive(served.port, [request("/api/v1/scans:batch", some) for some in batches], 2))
        rows.append((f"{name}, batches of {BATCH}", {**told, "rate": told["rate"] * BATCH}))
    return rows


def bare(claims: int) -> dict[str, float]:
    """Measure a view that does nothing on the same server with the same settings."""
    from channel.serving import BACKLOG, THREADS

    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "bare.py").write_text(BARE)
        port = free_port()
        arguments = ["--interface", "wsgi", "--port", str(port), "--workers", "1", "--no-ws"]
        arguments += ["--blocking-threads", str(THREADS), "--backlog", str(BACKLOG), "bare:app"]
        process = subprocess.Popen([sys.executable, "-m", "granian", *arguments], cwd=folder, stderr=subprocess.DEVNULL)
        try:
            wait_for(port)
            some = [request("/api/v1/scans", {"key": "k"})] * (2 * claims)
            asyncio.run(drive(port, some[:200], 16))
            return asyncio.run(drive(port, some, 16))
        finally:
            process.terminate()
            process.wait()


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def wait_for(port: int) -> None:
    """Wait until somebody listens, half a minute at most."""
    for _ in range(300):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise SystemExit("the bare server did not start")


def rate(action: Callable[[], object], *, seconds: float = 2.0) -> float:
    """Return how often a second an action can be done, one after the other."""
    done, begun = 0, time.perf_counter()
    while time.perf_counter() - begun < seconds:
        action()
        done += 1
    return done / (time.perf_counter() - begun)


def disk(folder: Path) -> float:
    """Return how many small writes a second reach the disk."""
    with (folder / "sync").open("wb") as file:

        def write() -> None:
            file.write(bytes(4096))
            file.flush()
            os.fdatasync(file.fileno())

        return rate(write)


def raw_sqlite(folder: Path) -> float:
    """Return how many transactions a second one loop writes that have the rows of a claim (`synchronous=FULL`)."""
    db = sqlite3.connect(folder / "raw.db", isolation_level=None)
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=FULL")
    for table in set(ROWS_A_CLAIM):
        db.execute(f"CREATE TABLE {table} (a INTEGER, b INTEGER, c TEXT, PRIMARY KEY (a, b))")
    numbers = iter(range(10**9))

    def claim() -> None:
        number = next(numbers)
        db.execute("BEGIN IMMEDIATE")
        for line, table in enumerate(ROWS_A_CLAIM):
            db.execute(f"INSERT INTO {table} VALUES (?, ?, ?)", (number, line, "x" * 120))
        db.execute("COMMIT")

    return rate(claim)


@contextmanager
def deployments(folder: Path) -> Iterator[dict[str, Config]]:
    """Give settings on a SQLite file and on a PostgreSQL that writes through to the disk."""

    def config(name: str, url: str) -> Config:
        made = Config.from_env({"GLASSBOX_HOME": str(folder / name), "GLASSBOX_DATABASE_URL": url})
        made.make_home()
        return made

    with postgres.cluster(postgres.DURABLE) as url:
        home = make_url(url).render_as_string(hide_password=False)
        yield {"SQLite": config("lite", f"sqlite:///{folder / 'lite' / 'g.db'}"), "PostgreSQL": config("pg", home)}


def main() -> None:
    """Print one table."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--claims", type=int, default=4000)
    ask.add_argument("--stores", type=int, default=100_000)
    told = ask.parse_args()
    with tempfile.TemporaryDirectory(prefix="glassbox-", dir=Path.cwd()) as name:
        folder = Path(name)
        synced, raw = disk(folder), raw_sqlite(folder)
        plain = bare(told.claims)
        with deployments(folder) as configs:
            rows = [
                row for kind, config in configs.items()
                for row in bench(kind, config, claims=told.claims, stores=told.stores)
            ]  # fmt: skip
    print(f"{'':34}{'claims/s':>9}{'p50 ms':>8}{'p99 ms':>8}{'errors':>8}{'of bare':>9}{'of raw':>8}")
    print(f"{'bare Flask app, 16 connections':34}{plain['rate']:9.0f}{plain['p50_ms']:8.1f}{plain['p99_ms']:8.1f}")
    print(f"{'raw sqlite3 loop, same rows':34}{raw:9.0f}")
    print(f"{'fdatasync of the disk':34}{synced:9.0f}")
    for label, row in rows:
        shares = f"{row['rate'] / plain['rate']:9.2f}{row['rate'] / raw:8.2f}"
        print(f"{label:34}{row['rate']:9.0f}{row['p50_ms']:8.1f}{row['p99_ms']:8.1f}{row['errors']:8.0f}{shares}")


if __name__ == "__main__":
    main()
