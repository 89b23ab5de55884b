"""Look for copied codes in a history of scans: the whole job, on both databases, beside one plain count of the rows.

    python bench/bench_copies.py [--scans 1000000] [--only sqlite]

The history is of 40 days: each code is claimed, one in twelve is scanned again by another phone, 100 codes are copied
and scanned all over the country, one phone reads a shelf of 1,000. Rows are written raw; what is measured is the job.
PostgreSQL is the server at GLASSBOX_TEST_POSTGRES_URL or a cluster of this run's own, with fsync.
"""

import argparse
import tempfile
import time
from datetime import timedelta
from pathlib import Path

import numpy as np
from bench_scan import PLACES
from sqlalchemy import func, select, text

from channel.config import Config
from channel.database import make_engine, reading, transaction, upgrade
from channel.jobs import find_copied
from scans.tables import Consumer, Doubt, Scan
from scans.writing import insert_rows
from tests import make

COPIED, SHELF, DAYS, AT_ONCE = 100, 1000, 40, 20_000
CITIES = np.array([(31.23, 121.47), (39.90, 116.40), (23.13, 113.26), (30.57, 104.07), (45.80, 126.53)])


def bench(config: Config, scans: int) -> None:
    """Measure the job on one database."""
    engine = make_engine(config.database_url)
    upgrade(engine)
    _write(config, scans)
    started = time.perf_counter()
    with reading(engine) as db:
        rows = db.scalar(select(func.count()).select_from(Scan).where(Scan.lat_deg.is_not(None)))
    counted = time.perf_counter()
    cpu = time.process_time()
    note = find_copied(engine, config, "", make.NOW)
    done, cpu = time.perf_counter(), time.process_time() - cpu
    again = find_copied(engine, config, "", make.NOW)
    with reading(engine) as db:
        opened = db.scalar(select(func.count()).select_from(Doubt).where(Doubt.state == "open"))
    print(
        f"{engine.dialect.name:11} {scans:>10,} scans, {rows:,} with a place; a plain count {counted - started:.2f} s"
    )
    print(f"{'':11} first run  {done - counted:6.1f} s ({cpu:.1f} s in this process): {note}")
    print(
        f"{'':11} second run {time.perf_counter() - done:6.1f} s: {again}; {opened} doubts open, {COPIED} codes copied"
    )
    engine.dispose()


def _write(config: Config, scans: int) -> None:
    chance, engine = np.random.default_rng(1), make_engine(config.database_url)
    codes = scans * 12 // 13
    with transaction(engine) as db:
        batch = make.batch(db, ring=make.ring(config.keys_path.parent), count=codes)
    first = batch.span("item").first_no
    code = np.r_[np.arange(codes), chance.choice(codes, scans - codes), np.repeat(np.arange(COPIED) * 7, 50)]
    phone = np.r_[chance.integers(0, codes // 4, codes), chance.integers(0, codes // 4, len(code) - codes)]
    place = CITIES[code % len(CITIES)] + chance.normal(0, 0.1, (len(code), 2))
    place[-COPIED * 50 :] = CITIES[chance.integers(0, len(CITIES), COPIED * 50)]
    at_s = chance.uniform(0, DAYS * 86_400, len(code))
    shelf = np.arange(SHELF) + codes // 2
    code, phone = np.r_[code, shelf], np.r_[phone, np.full(SHELF, codes // 4)]
    place, at_s = np.r_[place, np.tile(CITIES[0], (SHELF, 1))], np.r_[at_s, np.full(SHELF, 60.0)]
    with transaction(engine) as db:
        phones = [{"id": int(n) + 1, "device": f"p{n}", "first_seen_at": make.NOW} for n in range(codes // 4 + 1)]
        for start in range(0, len(phones), AT_ONCE):
            insert_rows(db, Consumer, phones[start : start + AT_ONCE])
    placed = chance.random(len(code)) < 0.75
    for start in range(0, len(code), AT_ONCE):
        rows = []
        for n in range(start, min(start + AT_ONCE, len(code))):
            at = make.NOW - timedelta(seconds=float(at_s[n]))
            where = place[n].round(3).tolist() if placed[n] else (None, None)
            rows.append(
                {
                    "code_no": first + int(code[n]), "key_hash": n.to_bytes(16), "body_hash": bytes(16),
                    "consumer_id": int(phone[n]) + 1, "batch_id": batch.id, "received_at": at, "scanned_at": at,
                    "verdict": "claimed", "lat_deg": where[0], "lon_deg": where[1], "accuracy_m": 30.0,
                    "consent": None, "answer": {"claim": False},
                }
            )  # fmt: skip
        with transaction(engine) as db:
            insert_rows(db, Scan, rows)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE"))
    engine.dispose()


def main() -> None:
    """Run the comparison."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scans", type=int, default=1_000_000)
    parser.add_argument("--only", choices=PLACES)
    told = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="glassbox-bench-") as folder:
        for kind in [told.only] if told.only else PLACES:
            with PLACES[kind](Path(folder)) as (config, _):
                config.make_home()
                bench(config, told.scans)


if __name__ == "__main__":
    main()
