"""Weigh which dealers divert in a year of scans: the whole nightly job, on both databases, beside one plain count.

    python bench/bench_diversion.py [--dealers 200] [--scans 5000] [--only sqlite]

`--scans` are each dealer's: 200 dealers with 5,000 are a million. Ten dealers divert 30 % of their goods to one other
region. The rows are written raw; what is measured is the job. Who was found is told beside who should have been.
"""

import argparse
import tempfile
import time
from datetime import timedelta
from pathlib import Path

from bench_scan import PLACES
from sqlalchemy import func, select

from channel.config import Config
from channel.database import make_engine, reading, transaction, upgrade
from channel.jobs import weigh_diversion
from scans.keys import make_ring
from scans.tables import Claim
from stores.diverters import dealer_lines
from tests import diverting, make

REGIONS, PART = 20, 0.3
DIVERTING = range(0, 200, 20)


def bench(config: Config, *, dealers: int, scans: int) -> None:
    """Measure the job on one database."""
    config.make_home()
    engine, ring = make_engine(config.database_url), make_ring(config.keys_path, now=make.NOW)
    upgrade(engine)
    bad = [one for one in DIVERTING if one < dealers]
    with transaction(engine) as db:
        brand = diverting.make_brand(db, ring=ring, dealers=dealers, regions=REGIONS, scans=scans + 100)
        diverting.buy(db, brand, scans=scans, diverting=bad, part=PART)
    started = time.perf_counter()
    with reading(engine) as db:
        count = db.scalar(select(func.count()).select_from(Claim))
    counted, cpu = time.perf_counter(), time.process_time()
    note = weigh_diversion(engine, config, (make.TODAY - timedelta(days=1)).isoformat(), make.NOW)
    took_s, cpu_s = time.perf_counter() - counted, time.process_time() - cpu
    with reading(engine) as db:
        found = {line.party_id for line in dealer_lines(db) if line.found}
    right = found & {f"D{one}" for one in bad}
    print(f"{engine.dialect.name:11} {count:,} scans of {dealers} dealers; a plain count {counted - started:.2f} s")
    print(f"{'':11} job {took_s:.1f} s ({cpu_s:.1f} s of this process), {note}; goal at most 60 s")
    print(f"{'':11} found {len(right)} of {len(bad)} that divert, {len(found - right)} others")
    engine.dispose()


def main() -> None:
    """Run the bench on each database."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--dealers", type=int, default=200)
    parser.add_argument("--scans", type=int, default=5_000, help="scans of each dealer")
    parser.add_argument("--only", choices=PLACES)
    told = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        for backend in [told.only] if told.only else PLACES:
            with PLACES[backend](Path(name)) as (config, _):
                bench(config, dealers=told.dealers, scans=told.scans)


if __name__ == "__main__":
    main()
