"""Issue codes, side by side with what one would use instead.

`uuid4().hex` in memory, `csv.writer` into a file, `secrets.token_urlsafe` with a row per code in SQLite and PostgreSQL.

    python bench/bench_issue.py [--count 10000000]

Both sides run in this one process, taking turns; each figure is the best of its rounds. The last rows go through the
published command in a home of their own, with the start of the program and the batch's rows in the database.
"""

import argparse
import csv
import os
import resource
import secrets
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from uuid import uuid4

import numpy as np
import psycopg
import pyarrow.parquet as pq
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES128
from cryptography.hazmat.primitives.ciphers.modes import ECB

from scans.batches import level_sizes
from scans.catalogue import IssuedBatch, Span
from scans.codefiles import CodeRun, choose, code_rows, write_codes
from scans.codes import CHUNK, decipher, serial, serials
from tests.postgres import NoPostgresError, cluster

SECRET, GTIN, BASE_URL = bytes(range(16)), "09506000134352", "https://id.brand.cn"
PACKS = (12, 40)
ROUNDS = 9


def rate(work: Callable[[], object], count: int) -> float:
    """Return how many a second one round of work does."""
    start = time.perf_counter()
    work()
    return count / (time.perf_counter() - start)


def in_turns(works: dict[str, tuple[Callable[[], object], int]], rounds: int = ROUNDS) -> dict[str, float]:
    """Return the best rate of each work; they take turns, so that a slow moment of the machine hits all."""
    best = dict.fromkeys(works, 0.0)
    for _ in range(rounds):
        for name, (work, count) in works.items():
            best[name] = max(best[name], rate(work, count))
    return best


def no_progress(_done: int, _total: int) -> None:
    """Show nothing."""


def issued(count: int) -> IssuedBatch:
    """Return a batch as the database would give it."""
    spans, first_no = [], 1
    for level, size in level_sizes(count, *PACKS).items():
        spans.append(Span(level, first_no, first_no + size - 1))
        first_no += size
    return IssuedBatch(1, "B0", 1, GTIN, 0, "issued", "k", count, *PACKS, tuple(spans), None)


def run_of(batch: IssuedBatch) -> CodeRun:
    """Return all of a batch, to be written."""
    return CodeRun(batch, SECRET, BASE_URL, choose(batch))


def aes_blocks(count: int) -> None:
    """Encipher as many blocks as `count` serials need, and do nothing else."""
    aes = Cipher(AES128(SECRET), ECB()).encryptor()
    given, made = bytearray(16 * CHUNK), bytearray(16 * CHUNK + 15)
    for _ in range(4 * count // CHUNK):
        aes.update_into(given, made)


def bench_memory() -> None:
    """Compare codes that stay in memory."""
    code_nos = np.arange(1, 2_000_001, dtype=np.uint64)
    text = serial(SECRET, 77)
    rates = in_turns(
        {
            "uuid4().hex": (lambda: [uuid4().hex for _ in range(50_000)], 50_000),
            "uuid4()": (lambda: [uuid4() for _ in range(50_000)], 50_000),
            "serials, vectorised": (lambda: serials(SECRET, code_nos), len(code_nos)),
            "AES alone, 4 blocks each": (lambda: aes_blocks(2_000_000), 2_000_000),
            "decipher, one by one": (lambda: [decipher(SECRET, text) for _ in range(50_000)], 50_000),
        }
    )
    print("In memory")
    show(rates, against="uuid4().hex")
    print(f"  one deciphered is {rates['decipher, one by one'] / rates['uuid4()']:.2f} of uuid4()")
    print(f"  minting is {rates['serials, vectorised'] / rates['AES alone, 4 blocks each']:.0%} of the AES limit\n")


def bench_files(folder: Path, count: int) -> None:
    """Compare files: the same rows, ready made for the baseline, minted on the way for ours."""
    baseline, few = issued(200_000), sum(span.size for span in issued(200_000).spans)
    many = sum(span.size for span in issued(count).spans)
    rows = list(ready_rows(baseline))

    def plain() -> None:
        with (folder / "plain.csv").open("w", newline="") as file:
            csv.writer(file).writerows(rows)

    def ours(name: str, batch: IssuedBatch) -> None:
        with (folder / name).open("wb") as file:
            write_codes(file, form=name.rpartition(".")[2], run=run_of(batch), progress=no_progress)

    works: dict[str, tuple[Callable[[], object], int]] = {
        "csv.writer, rows ready made": (plain, few),
        "CSV of as many, minted too": (lambda: ours("codes.csv", baseline), few),
        "Parquet of as many": (lambda: ours("codes.parquet", baseline), few),
    }
    rates = in_turns(works)
    ours("codes.csv", issued(count))
    csv_bytes = (folder / "codes.csv").read_bytes()
    rates |= in_turns(
        {
            f"CSV of {many:,}": (lambda: ours("codes.csv", issued(count)), many),
            "raw write of the same bytes": (lambda: (folder / "raw").write_bytes(csv_bytes), many),
            f"Parquet of {many:,}": (lambda: ours("codes.parquet", issued(count)), many),
            f"text of {many:,}": (lambda: ours("codes.txt", issued(count)), many),
        },
        rounds=2,
    )
    print("Into a file")
    show(rates, against="csv.writer, rows ready made")
    sizes = {path.suffix: path.stat().st_size / many for path in folder.glob("codes.*")}
    print("  bytes a code: " + ", ".join(f"{suffix} {size:.1f}" for suffix, size in sorted(sizes.items())))
    print(f"  of a Parquet code its serial alone: {serial_bytes(folder / 'codes.parquet') / many:.2f}\n")


def serial_bytes(path: Path) -> int:
    """Return how many bytes the column of serials has in a Parquet file."""
    told = pq.ParquetFile(path).metadata
    groups = [told.row_group(number) for number in range(told.num_row_groups)]
    return sum(group.column(2).total_compressed_size for group in groups)


def bench_rows(folder: Path, count: int) -> None:
    """Compare with a random text and a row for each code, which is what a table of codes would be."""
    works: dict[str, tuple[Callable[[], object], int]] = {
        "serials into Parquet": (lambda: parquet_of(folder / "few.parquet", count), count),
        "token_urlsafe, in memory": (lambda: [secrets.token_urlsafe(12) for _ in range(count)], count),
        "token_urlsafe + rows, SQLite": (lambda: sqlite_rows(folder / "rows.db", count), count),
    }
    print("A row per code instead")
    try:
        with cluster() as url, psycopg.connect(url.render_as_string(False).replace("+psycopg", "")) as connection:
            connection.execute("CREATE TABLE code (no bigint PRIMARY KEY, text text UNIQUE)")
            works["token_urlsafe + COPY, PostgreSQL"] = (lambda: copy_rows(connection, count), count)
            rates = in_turns(works, rounds=2)
            size = connection.execute("SELECT pg_total_relation_size('code')").fetchone()
            print(f"  PostgreSQL: {size[0] / count if size else 0:.0f} bytes a code")
    except NoPostgresError as error:
        print(f"  without PostgreSQL: {error}")
        rates = in_turns(works, rounds=2)
    print(f"  SQLite: {(folder / 'rows.db').stat().st_size / count:.0f} bytes a code")
    show(rates, against="token_urlsafe, in memory")
    print()


def tokens(count: int) -> Iterator[tuple[int, str]]:
    """Make rows of a number and a random text of 96 bits."""
    return ((number, secrets.token_urlsafe(12)) for number in range(count))


def sqlite_rows(path: Path, count: int) -> None:
    """Fill a new table of codes in one transaction, with the index that finds a code again."""
    path.unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE code (no integer PRIMARY KEY, text text UNIQUE)")
        connection.executemany("INSERT INTO code VALUES (?, ?)", tokens(count))


def copy_rows(connection: "psycopg.Connection", count: int) -> None:
    """Fill the table of codes anew by COPY."""
    connection.execute("TRUNCATE code")
    with connection.cursor().copy("COPY code FROM STDIN") as copy:
        for row in tokens(count):
            copy.write_row(row)
    connection.commit()


def parquet_of(path: Path, count: int) -> None:
    """Write as many codes of ours to a file."""
    with path.open("wb") as file:
        write_codes(file, form="parquet", run=run_of(issued(count)), progress=no_progress)


def ready_rows(batch: IssuedBatch) -> list[tuple[int, str, str, str, str]]:
    """Return the rows of a batch as the tuples that csv.writer wants."""
    prefix = f"{BASE_URL.upper()}/01/{GTIN}/21/"
    made = []
    for rows in code_rows(run_of(batch), progress=no_progress):
        parents = [""] * len(rows.positions) if rows.parents is None else rows.parents.astype("U16").tolist()
        texts = rows.serials.astype("U16").tolist()
        for position, text, parent in zip(rows.positions.tolist(), texts, parents, strict=True):
            made.append((position, rows.level, text, prefix + text, parent))
    return made


def bench_command(folder: Path, count: int) -> None:
    """Time the whole command, from its start to the file under its name."""
    environment = os.environ | {"GLASSBOX_HOME": str(folder / "home"), "GLASSBOX_BASE_URL": BASE_URL}

    def glassbox(*arguments: str) -> None:
        command = [sys.executable, "-m", "channel", *arguments]
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"glassbox {arguments[0]}: {done.stderr.strip()}")

    products = folder / "products.csv"
    products.write_text(f"gtin,name,list_price_cents\n{GTIN},Serum,19900\n")
    glassbox("init")
    glassbox("import", "products", str(products))
    packs = ["--items-per-case", str(PACKS[0]), "--cases-per-pallet", str(PACKS[1])]
    print("Through `glassbox issue`")
    for suffix in ("csv", "parquet"):
        out = str(folder / f"command.{suffix}")
        arguments = ["issue", "--gtin", GTIN, "--count", str(count), *packs, "--out", out]
        seconds = count / rate(partial(glassbox, *arguments), count)
        print(f"  {count:,} items into {suffix}: {seconds:.1f} s")
    memory_mb = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"  most memory of the command: {memory_mb:.0f} MB")


def show(rates: dict[str, float], *, against: str) -> None:
    """Print a row for each rate and how often it is the baseline's."""
    for name, per_second in rates.items():
        print(f"  {name:<30} {per_second:>14,.0f} a second {per_second / rates[against]:>8.1f} x")


def main() -> None:
    """Run all parts and print a table each."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--count", type=int, default=10_000_000, help="items of the large batch")
    count = parser.parse_args().count
    with tempfile.TemporaryDirectory() as folder:
        bench_command(Path(folder), count)  # first: a child's peak memory counts from its parent's size when it starts
        bench_memory()
        bench_files(Path(folder), count)
        bench_rows(Path(folder), count // 20)


if __name__ == "__main__":
    main()
