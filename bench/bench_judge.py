"""Hold `glassbox judge` against what one would use instead, on panels whose abnormal stretches are known; and time it.

    python bench/bench_judge.py [--seeds 1,2,3] [--worlds "as promised,loud"] [--only quality|calibration|speed]

Quality goes through the published command with its defaults. Each seed draws a clean panel, which sets every method's
threshold at 1 % false alarms a store-day, and one with stretches (x 0, x 0.3, x 2 for 1 to 14 days) planted. A stretch
is found if a day of it is beyond the threshold with the right sign; a day's list, a hundredth of the stores, is right
where a stretch was on within three days. Statsforecast is slow: it sees panels of up to 300 stores, real ones among
them.
"""

import argparse
import csv
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from datetime import date
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from panels import FIRST_DAY, WORLDS, Planted, make_panel, plant, read_counts, write_panel
from rivals import Scored, rivals

from stores.judge import Radar, judge_night

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
REAL = Path(os.environ.get("GLASSBOX_TEST_DATA", "../shared/data")) / "grocery-stores" / "panel.csv"
REAL_FROM, REAL_SHARE = 150, 1.0
SLOW, SLOW_STORES = "statsforecast ETS", 300
VOLUMES = np.array([0.3, 1.0, 3.0, 10.0, 30.0, 100.0])
PROMISED = 0.01
LAST_DAYS, NEAR_DAYS = 3, 8
NIGHTS, REGIONS = 180, 300


class Told(NamedTuple):
    """What `glassbox judge` says of the judged store-days: score is -log10 p.  Shapes: (stores, judged days)."""

    score: Floats
    sign: Floats
    flagged: Bools
    judged: Bools


def ask_judge(panel: Planted, folder: Path) -> Told:
    """Judge a panel by the command, as a user would."""
    source, out = folder / "panel.csv", folder / "judged.csv"
    write_panel(panel, source)
    first = str(date.fromordinal(FIRST_DAY.toordinal() + panel.judged_from))
    command = shutil.which("glassbox", path=str(Path(sys.executable).parent)) or "glassbox"
    subprocess.run(
        [command, "judge", source, "--from", first, "--all", "--out", out], check=True, stderr=subprocess.PIPE
    )
    shape = (len(panel.counts), panel.counts.shape[1] - panel.judged_from)
    told = Told(np.zeros(shape), np.zeros(shape), np.zeros(shape, bool), np.zeros(shape, bool))
    with out.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            at = int(row["store"][1:]), date.fromisoformat(row["day"]).toordinal() - FIRST_DAY.toordinal()
            at = at[0], at[1] - panel.judged_from
            told.score[at] = -np.log10(float(row["p_value"]))
            told.sign[at] = 1 if row["direction"] == "too_good" else -1
            told.flagged[at] = row["flagged"] == "1"
            told.judged[at] = not row["reason"].startswith("not judged")
    return told


def odd_days(panel: Planted) -> Bools:
    """Return which judged store-days lie in a planted stretch."""
    odd = np.zeros(panel.counts.shape, bool)
    for one in panel.events:
        odd[one.store, one.first : one.first + one.days] = True
    return odd[:, panel.judged_from :]


def lately(odd: Bools, days: int) -> Bools:
    """Return where a stretch was on within so many days, today among them."""
    return np.stack([odd[:, max(0, day - days + 1) : day + 1].any(axis=1) for day in range(odd.shape[1])], axis=1)


def measure(clean: Scored, planted: Scored, panel: Planted, rng: np.random.Generator) -> dict[str, float]:
    """Return the share of stretches found and of lists right at the threshold that is 1 % on the clean panel."""
    (quiet, _), (score, sign) = clean, planted
    quiet, score = quiet + 1e-6 * rng.random(quiet.shape), score + 1e-6 * rng.random(score.shape)
    beyond = score > np.quantile(quiet, 1 - PROMISED)
    found = []
    for one in panel.events:
        span = slice(one.first - panel.judged_from, one.first - panel.judged_from + one.days)
        found.append((beyond[one.store, span] & (sign[one.store, span] == (1 if one.kind == "up" else -1))).any())
    odd = odd_days(panel)
    right, length = lately(odd, LAST_DAYS), max(1, len(score) // 100)
    shut = panel.shut[:, panel.judged_from :]
    lists = np.argsort(-np.where(shut, -1.0, score), axis=0)[:length, 7:]
    normal = ~odd.any(axis=1)[:, None] & ~shut
    return {
        "found": float(np.mean(found)),
        "list right": float(np.take_along_axis(right[:, 7:], lists, axis=0).mean()),
        "false alarms": float(beyond[normal].mean()),
    }


def own_words(clean: Told, planted: Told, panel: Planted) -> dict[str, float]:
    """Return what the judge's own p and its own flags are worth."""
    open_, judged = ~panel.shut[:, panel.judged_from :], clean.judged
    flags = planted.flagged & open_
    return {
        "p <= 0.01 of clean": float((clean.score >= 2)[judged & open_].mean()),
        "own flags right": float(lately(odd_days(panel), NEAR_DAYS)[flags].mean()) if flags.any() else np.nan,
        "flags a day": float(flags.sum() / flags.shape[1]),
        "of clean": float((clean.flagged & open_).sum() / flags.shape[1]),
    }


def bench_quality(worlds: list[str], seeds: list[int], rng: np.random.Generator) -> None:
    """Print a table for every world: the judge beside the others."""
    for name in worlds:
        rows: dict[str, list[dict[str, float]]] = defaultdict(list)
        for seed in seeds:
            pair = make_panel(WORLDS[name], seed=1000 + seed, planted=False), make_panel(WORLDS[name], seed=seed)
            side_by_side(*pair, rows, rng)
        say(f"{name}: {len(seeds)} panels of {len(pair[1].counts):,} stores, {len(pair[1].events)} stretches", rows)
    if not REAL.exists():
        print("\nno real stores: the file is absent")
        return
    rows = defaultdict(list)
    counts, region = read_counts(REAL)
    clean = plant(counts, region, judged_from=REAL_FROM, share=0.0, seed=0)
    for seed in seeds:
        panel = plant(counts, region, judged_from=REAL_FROM, share=REAL_SHARE, seed=seed)
        side_by_side(clean, panel, rows, rng)
    say(f"real stores: {len(counts)}, {len(panel.events)} stretches, openings and closures left in", rows)


def side_by_side(
    clean: Planted, panel: Planted, rows: dict[str, list[dict[str, float]]], rng: np.random.Generator
) -> None:
    """Let every method look at the same two panels."""
    with tempfile.TemporaryDirectory() as folder:
        quiet, told = ask_judge(clean, Path(folder)), ask_judge(panel, Path(folder))
    judged = measure((quiet.score, quiet.sign), (told.score, told.sign), panel, rng)
    rows["glassbox judge"].append(judged | own_words(quiet, told, panel))
    for name, method in rivals():
        if name != SLOW or len(panel.counts) <= SLOW_STORES:
            pair = [method(np.maximum(one.counts, 0), one.judged_from) for one in (clean, panel)]
            rows[name].append(measure(*pair, panel, rng))


def say(title: str, rows: dict[str, list[dict[str, float]]]) -> None:
    """Print one table: a row per method, means over its panels."""
    heads = list(rows["glassbox judge"][0])
    print(f"\n{title}\n  {'':<20}" + "".join(f"{head:>19}" for head in heads))
    for name, found in rows.items():
        cells = [np.nanmean([one[head] for one in found]) if head in found[0] else None for head in heads]
        print(
            f"  {name:<20}" + "".join(f"{'' if cell is None else format(cell, '.4f'):>19}" for cell in cells),
            flush=True,
        )


def bench_calibration(worlds: list[str], seeds: list[int]) -> None:
    """Print how often p <= 0.01 on clean panels, by what a store sells a day; few store-days are left out."""
    labels = ["0", *(f"{volume:g}" for volume in VOLUMES)]
    print("\nOwn p <= 0.01 on clean panels, %, by items a day from")
    print(f"  {'':<26}{'all':>8}" + "".join(f"{label:>8}" for label in labels))
    for name in worlds:
        hits, of = np.zeros((2, len(labels)))
        rounds = max(1, 2000 // WORLDS[name].stores)
        for seed in (1000 * number + seed for seed in seeds for number in range(1, rounds + 1)):
            panel = make_panel(WORLDS[name], seed=seed, planted=False)
            with tempfile.TemporaryDirectory() as folder:
                told = ask_judge(panel, Path(folder))
            judged = told.judged & ~panel.shut[:, panel.judged_from :]
            volume = np.searchsorted(VOLUMES, panel.volume)
            hits += np.bincount(volume, ((told.score >= 2) & judged).sum(axis=1), len(labels))
            of += np.bincount(volume, judged.sum(axis=1), len(labels))
        cells = [
            f"{100 * hit / n:>8.2f}" if n >= 5000 * len(seeds) else f"{'-':>8}" for hit, n in zip(hits, of, strict=True)
        ]
        print(f"  {name:<26}{100 * hits.sum() / of.sum():>8.2f}" + "".join(cells), flush=True)


def nights(stores: int, count: int) -> tuple[list[float], float]:
    """Judge night after night; return the seconds of processor time of each and the peak of memory in GB."""
    rng = np.random.default_rng(1)
    rate = np.exp(rng.normal(np.log(1.5), 1.2, stores))
    radar = Radar.before_first_day([f"s{number}" for number in range(stores)], rng.integers(0, REGIONS, stores))
    taken = []
    for number in range(count):
        counts = rng.poisson(rate * rng.gamma(6, 1 / 6, stores))
        started = time.process_time()
        judge_night(radar, counts, day=FIRST_DAY.toordinal() + number)
        taken.append(time.process_time() - started)
    return taken, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def bench_speed(stores: int) -> None:
    """Print what a night costs, in a process of its own that may use one core."""
    with get_context("spawn").Pool(1) as pool:
        taken, peak_gb = pool.apply(nights, (stores, NIGHTS))
    print(f"\n{stores:,} stores, {NIGHTS} nights on one core, processor time")
    print(f"  a night {np.median(taken):.2f} s (the slowest {max(taken):.2f} s), all {sum(taken) / 60:.1f} minutes")
    print(f"  memory at most {peak_gb:.1f} GB")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seeds", default="1,2,3")
    parser.add_argument("--worlds", default=",".join(WORLDS))
    parser.add_argument("--stores", type=int, default=1_000_000, help="of the night that is timed")
    parser.add_argument("--only", choices=("quality", "calibration", "speed"))
    asked = parser.parse_args()
    worlds, seeds = asked.worlds.split(","), [int(seed) for seed in asked.seeds.split(",")]
    if asked.only in (None, "quality"):
        bench_quality(worlds, seeds, np.random.default_rng(1))
    if asked.only in (None, "calibration"):
        bench_calibration(worlds, seeds)
    if asked.only in (None, "speed"):
        bench_speed(asked.stores)


if __name__ == "__main__":
    main()
