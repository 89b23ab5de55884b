"""Claim items over HTTP, side by side with the bare Flask app on the same server, and with the same rows written raw.

    python bench/bench_scan.py [--stores 100000] [--claims 6000] [--only sqlite] [--folder .] [--profile FILE]

A claim is all of it: verified, located among all stores, claimed, attributed, rewarded, shared, booked. `glassbox
serve` runs with its default settings; the load comes from this process, on the same cores. PostgreSQL is the server at
GLASSBOX_TEST_POSTGRES_URL or a cluster of this run's own, with fsync. `--profile` (with `--only`) lets py-spy watch the
workers meanwhile: `sort -t' ' -k2` of FILE and the last names of each line tell where the interpreter's time went.
"""

import argparse
import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

import load
import raw
from brand import Brand, make_brand
from load import Measured, post
from sqlalchemy import create_engine, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.pool import NullPool

from channel.config import Config
from channel.serving import choose_workers
from tests.postgres import DURABLE, cluster
from tests.server import Server, serving

CONNECTIONS = (16, 64)
WARM_UP = 600
BARE_FACTOR, UPLOAD, UPLOADS_AT_ONCE = 4, 200, 2
CLAIMED = b'"claim":true'
TICK_S = 1 / os.sysconf("SC_CLK_TCK")
Table = dict[str, Measured]


def bench(config: Config, told: argparse.Namespace, *, raw_url: str) -> tuple[Table, float]:
    """Measure the claims of one database, the bare app, the upload and the raw rows."""
    brand = make_brand(config, stores=told.stores)
    raw.copy(config.database_url, raw_url)
    table: Table = {}
    with serving(
        config, program=(str(Path(__file__).with_name("bare.py")), "--workers", str(choose_workers(config, asked=None)))
    ) as server:
        requests = [post("/api/v1/scans", body) for body in brand.scans(1)] * told.claims * BARE_FACTOR
        for connections in CONNECTIONS:
            table[f"bare app, {connections} connections"] = measure(server, requests, connections)
    with serving(config) as server, profiled(server, told.profile):
        measure(server, singles(brand, WARM_UP), max(CONNECTIONS))
        for connections in CONNECTIONS:
            table[f"claims, {connections} connections"] = measure(server, singles(brand, told.claims), connections)
        uploads = list(batches(brand, told.claims // UPLOAD))
        table[f"uploads of {UPLOAD}"] = measure(server, uploads, UPLOADS_AT_ONCE, each=UPLOAD)
    return table, raw.rate(config.database_url, raw_url, claims=min(told.claims, 3_000))


def singles(brand: Brand, count: int) -> list[bytes]:
    """Return requests for a claim each."""
    return [post("/api/v1/scans", body) for body in brand.scans(count)]


def batches(brand: Brand, count: int) -> Iterator[bytes]:
    """Give requests for an upload each."""
    for _ in range(count):
        yield post("/api/v1/scans:batch", b"[" + b",".join(brand.scans(UPLOAD)) + b"]")


def measure(server: Server, requests: list[bytes], connections: int, *, each: int = 1) -> Measured:
    """Put the load on a server and count what its processes took of the processors."""
    before = cpu_s(server)
    measured = load.run(server.port, requests, connections=connections, good=CLAIMED)
    measured.cpu_s, measured.each = cpu_s(server) - before, each
    return measured


def cpu_s(server: Server) -> float:
    """Return the processor time that the server's group has taken so far."""
    total = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = stat.read_text().rpartition(")")[2].split()
            total += (int(fields[2]) == server.process.pid) * (int(fields[11]) + int(fields[12]))
    return total * TICK_S


@contextmanager
def profiled(server: Server, path: str | None) -> Iterator[None]:
    """Let py-spy watch the workers, if wanted: where the time goes, as stacks with counts."""
    if path is None:
        yield
        return
    command = ["py-spy", "record", "--subprocesses", "--gil", "-r", "200", "-f", "raw", "-o", path]
    spy = subprocess.Popen([*command, "--pid", str(server.process.pid)], stdout=sys.stderr)
    yield
    spy.send_signal(2)
    spy.wait(60)


def fdatasyncs(folder: Path, seconds: float = 2.0) -> float:
    """Return how often a second the disk can promise to keep a page."""
    with (folder / "disk").open("wb", buffering=0) as file:
        started, count = time.perf_counter(), 0
        while time.perf_counter() - started < seconds:
            file.seek(count % 256 * 4096)
            file.write(bytes(4096))
            os.fdatasync(file.fileno())
            count += 1
    return count / seconds


def settings(home: Path, url: str) -> Config:
    """Return the settings of a deployment in an empty home."""
    told = {"HOME": str(home), "DATABASE_URL": url, "SECRET_KEY": "only for the bench, and long enough"}
    return Config.from_env({f"GLASSBOX_{name}": value for name, value in told.items()})


@contextmanager
def postgres() -> Iterator[URL]:
    """Give a server that keeps what it was told."""
    given = os.environ.get("GLASSBOX_TEST_POSTGRES_URL")
    with contextlib.nullcontext(make_url(given)) if given else cluster(DURABLE) as url:
        yield url


@contextmanager
def on_postgres(folder: Path) -> Iterator[tuple[Config, str]]:
    """Give two empty databases."""
    with postgres() as server:
        admin = create_engine(server, isolation_level="AUTOCOMMIT", poolclass=NullPool)
        names = [f"glassbox_bench_{os.getpid()}{end}" for end in ("", "_raw")]
        with admin.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {names[0]}"))
        try:
            first, second = (server.set(database=name).render_as_string(hide_password=False) for name in names)
            yield settings(folder / "postgresql", first), second
        finally:
            with admin.connect() as connection:
                for name in names:
                    connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))


@contextmanager
def on_sqlite(folder: Path) -> Iterator[tuple[Config, str]]:
    """Give two files that are not there yet."""
    yield (
        settings(folder / "sqlite", f"sqlite:///{folder / 'sqlite' / 'glassbox.db'}"),
        f"sqlite:///{folder / 'raw.db'}",
    )


PLACES = {"sqlite": on_sqlite, "postgresql": on_postgres}


def show(table: Table) -> None:
    """Print a row for each load."""
    print(f"  {'':<28}{'a second':>10}{'p50 ms':>9}{'p99 ms':>9}{'p99/p50':>9}{'cpu us':>9}{'errors':>8}")
    for name, one in table.items():
        p50, p99 = one.percentile_ms(50), one.percentile_ms(99)
        cpu_us = one.cpu_s / (len(one.times_s) * one.each) * 1e6
        print(f"  {name:<28}{one.rate:>10,.0f}{p50:>9.1f}{p99:>9.1f}{p99 / p50:>9.1f}{cpu_us:>9,.0f}{one.errors:>8}")


def compare(table: Table, raw_rate: float) -> None:
    """Print what it comes to, next to the goals."""
    singles = [f"claims, {connections} connections" for connections in CONNECTIONS]
    best = max(table[name].rate for name in singles)
    upload = table[f"uploads of {UPLOAD}"].rate
    for name, connections in zip(singles, CONNECTIONS, strict=True):
        one = table[name]
        goal(f"{name}: a second", one.rate, 1_000)
        goal(f"{name}: of the bare app", one.rate / table[f"bare app, {connections} connections"].rate, 0.12)
        goal(f"{name}: of the raw rows, {raw_rate:,.0f} a second", one.rate / raw_rate, 0.5)
        goal(f"{name}: p99 / p50", one.percentile_ms(99) / one.percentile_ms(50), 5, at_most=True)
        goal(f"{name}: errors", one.errors, 0, at_most=True)
    goal("upload: of the single claims", upload / best, 5)


def goal(name: str, value: float, wanted: float, *, at_most: bool = False) -> None:
    """Print one figure and whether it is as good as was wanted."""
    reached = value <= wanted if at_most else value >= wanted
    asked = f"goal {'at most' if at_most else 'at least'} {wanted:,}"
    print(f"  {name:<58}{value:>10,.2f}  {asked}{'' if reached else '  MISSED'}")


def main() -> None:
    """Run the bench on each database and print a table each."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--stores", type=int, default=100_000)
    parser.add_argument("--claims", type=int, default=6_000, help="claims of each load")
    parser.add_argument("--only", choices=PLACES)
    parser.add_argument("--folder", type=Path, help="where the databases are, to measure the disk that is meant")
    parser.add_argument("--profile", metavar="FILE", help="let py-spy watch (with --only)")
    told = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=told.folder) as name:
        folder = Path(name)
        print(f"disk: {fdatasyncs(folder):,.0f} fdatasync a second; {os.cpu_count()} cores, the load on the same")
        for backend in islice(PLACES, None) if told.only is None else [told.only]:
            with PLACES[backend](folder) as (config, raw_url):
                print(f"{backend}, {told.stores:,} stores")
                table, raw_rate = bench(config, told, raw_url=raw_url)
                show(table)
                compare(table, raw_rate)


if __name__ == "__main__":
    main()
