"""Find the nearest of a million stores, side by side with geopy's brute force and a ball tree.

    python bench/bench_nearest.py [--stores 1000000] [--points 10000]

All run in this one process on one core, taking turns; rates are by the processor's time, each the best of its rounds.
How geopy's brute force is made to end within the hour and still prove every answer: see `brute`.
"""

import argparse
import csv
import gc
import math
import os
import tempfile
import time
from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from geopy.distance import geodesic
from numpy.typing import NDArray
from pyproj import Geod

from scans.places import Position
from stores.nearest import StoreIndex

try:
    from sklearn.neighbors import BallTree
except ImportError:  # the extra `bench` brings it
    BallTree = None

Floats = NDArray[np.float64]
JAPAN = Path(os.environ.get("GLASSBOX_TEST_DATA", "../shared/data")) / "stores-japan" / "stores.csv"
EQUATOR_M = 6_378_137.0
LEAST_M_PER_DEG = 110_574.0
ROUNDS = 3
BRUTE = "geopy, brute force"
_shared: StoreIndex


class World(NamedTuple):
    """Stores ordered by latitude; places are rows of latitude and longitude."""

    ids: NDArray[np.bytes_]
    places: Floats


def make_world(count: int, rng: np.random.Generator) -> World:
    """Return stores in towns by Zipf's law, one in twenty at another's place, some at the edges, and the real ones."""
    weights = 1 / np.arange(20, 20 + max(count // 300, 1))
    town = rng.choice(len(weights), count, p=weights / weights.sum())
    centres = rng.uniform([20, 75], [48, 130], (len(weights), 2))
    spreads_deg = rng.uniform(0.02, 0.07, (len(weights), 1))
    places = centres[town] + rng.normal(size=(count, 2)) * spreads_deg[town]
    malls = rng.integers(0, count, count // 20)
    places[malls] = places[malls - 1]
    real = japan()[: count // 2]
    places[: len(real)] = real
    places[len(real) : len(real) + count // 100] = edges(count // 100, rng)
    places[:, 1] = (places[:, 1] + 180) % 360 - 180
    places = places[np.argsort(places[:, 0])].round(7)
    return World(np.array([f"S{number:07d}" for number in rng.permutation(count)], np.bytes_), places)


def edges(count: int, rng: np.random.Generator) -> Floats:
    """Return places around both poles and on both sides of the antimeridian."""
    lat = rng.choice([-89.98, -17.0, 66.0, 89.98], count) + rng.uniform(-0.02, 0.02, count)
    lon = np.where(abs(lat) > 80, rng.uniform(-180, 180, count), rng.normal(180, 0.05, count))
    return np.column_stack([lat, lon])


def japan() -> Floats:
    """Return latitude and longitude of the real stores, none where the file is absent."""
    if not JAPAN.exists():
        return np.empty((0, 2))
    with JAPAN.open(encoding="utf-8") as lines:
        return np.array([(float(row["lat"]), float(row["lng"])) for row in csv.DictReader(lines)])


def make_points(world: World, count: int, rng: np.random.Generator) -> Floats:
    """Return places to ask for: nine in ten some hundred metres from a store, the others at the edges."""
    near = rng.choice(world.places, count) + rng.normal(0, 0.003, (count, 2))
    near[: count // 10] = edges(count // 10, rng)
    near[:4] = [(90, 0), (-90, 77), (-17, 180), (66, -180)]
    return np.column_stack([np.clip(near[:, 0], -90, 90), (near[:, 1] + 180) % 360 - 180])


def brute(world: World, here: tuple[float, float], bound_m: float) -> tuple[float, str]:
    """Return distance and id of geopy's nearest, of all stores that can be within the bound (the way to the one told).

    Knows neither chords nor trees: a way of d metres changes the latitude by at most d / 110,574 degrees, and the
    longitude by at most d over the smallest parallel on it. geopy measures every store in that box.
    """
    band_deg = bound_m / LEAST_M_PER_DEG + 1e-9
    low, high = np.searchsorted(world.places[:, 0], [here[0] - band_deg, here[0] + band_deg])
    parallel_m = EQUATOR_M * math.cos(math.radians(min(abs(here[0]) + band_deg, 90)))
    aside_deg = math.degrees(bound_m / max(parallel_m, 1e-9)) + 1e-9
    rows = low + np.flatnonzero(abs((world.places[low:high, 1] - here[1] + 540) % 360 - 180) <= aside_deg)
    return min((round(geodesic(here, world.places[row]).m, 6), world.ids[row].decode()) for row in rows)


def make_ball_tree(world: World) -> Any:
    """Return scikit-learn's ball tree, with ways over a sphere."""
    return BallTree(np.radians(world.places), metric="haversine")


def rate(ask: Callable[[], object], count: int) -> float:
    """Return how many a second one round answers."""
    started = time.process_time()
    ask()
    return count / (time.process_time() - started)


def in_turns(works: dict[str, tuple[Callable[[], object], int]]) -> dict[str, float]:
    """Return the best rate of each work; they take turns, so that a slow moment of the machine hits all."""
    best = dict.fromkeys(works, 0.0)
    for _ in range(ROUNDS):
        for name, (ask, count) in works.items():
            best[name] = max(best[name], rate(ask, count))
    return best


def bench_rates(world: World, index: StoreIndex, points: Floats) -> None:
    """Compare look-ups a second on one thread; the brute force is timed on a few distances and multiplied."""
    positions = [Position(lat, lon, None) for lat, lon in points[:2_000].tolist()]
    pairs = [(point, store) for point, store in zip(points[:500].tolist(), world.places[:500].tolist(), strict=True)]
    works: dict[str, tuple[Callable[[], object], int]] = {
        BRUTE: (lambda: [geodesic(*pair).m for pair in pairs], len(pairs)),
        "index, the nearest": (lambda: index.nearest_many(*points.T, k=1), len(points)),
        "index, the nearest 3": (lambda: index.nearest_many(*points.T, k=3), len(points)),
        "index, the nearest 5 in 5 km": (lambda: index.nearest_many(*points.T, k=5, reach_m=5_000), len(points)),
        "index, one by one, 3": (lambda: [index.nearest(position, k=3) for position in positions], len(positions)),
    }
    if BallTree is not None:
        tree, asked = make_ball_tree(world), np.radians(points)
        works["ball tree (sphere), the nearest"] = (lambda: tree.query(asked, k=1), len(points))
    rates = in_turns(works)
    rates[BRUTE] /= len(world.ids)
    print("Look-ups on one core" + ("" if BallTree else " (no ball tree without `pip install .[bench]`)"))
    for name, per_second in rates.items():
        told = f"{per_second:,.0f}" if per_second >= 1 else f"{per_second:.4f}"
        print(f"  {name:<34} {told:>10} a second {per_second / rates[BRUTE]:>14,.0f} x")


def bench_answers(world: World, index: StoreIndex, points: Floats) -> None:
    """Count the answers that are not the nearest store: ours by distance and id, the ball tree's by distance."""
    found = [near[0] for near in index.nearest_many(*points.T, k=1)]
    true = [brute(world, tuple(here), near.distance_m) for here, near in zip(points.tolist(), found, strict=True)]
    off_m = [
        abs(near.distance_m - m) + math.inf * (near.store != id_) for near, (m, id_) in zip(found, true, strict=True)
    ]
    print("\nAnswers that are not the nearest store")
    say_wrong("index, next to geopy", off_m)
    anywhere = np.random.default_rng(2).uniform([-90, -180], [90, 180], (10, 2))
    told = index.nearest_many(*anywhere.T, k=1)
    off_m = [abs(near.distance_m - least_way_m(world, *here)) for [near], here in zip(told, anywhere, strict=True)]
    say_wrong("index, anywhere, next to PROJ", off_m)
    if BallTree is not None:
        rows = make_ball_tree(world).query(np.radians(points), k=1)[1][:, 0]
        ways_m = (geodesic(here, place).m for here, place in zip(points, world.places[rows], strict=True))
        say_wrong("ball tree, next to geopy", [way_m - m for way_m, (m, _) in zip(ways_m, true, strict=True)])


def say_wrong(name: str, off_m: list[float]) -> None:
    """Print a row: how many are off by more than rounding, and by how much."""
    wrong = sum(m > 2e-6 for m in off_m)
    print(f"  {name:<34} {wrong:>8,} of {len(off_m):,}" + (f", up to {max(off_m):,.1f} m farther" if wrong else ""))


def least_way_m(world: World, lat: float, lon: float) -> float:
    """Return the shortest of PROJ's ways to every single store."""
    count = len(world.ids)
    return float(np.min(Geod(ellps="WGS84").inv(np.full(count, lon), np.full(count, lat), *world.places.T[::-1])[2]))


def memory_mb() -> tuple[float, float]:
    """Return this process's proportional share (PSS) and what is its own alone."""
    lines = Path("/proc/self/smaps_rollup").read_text().splitlines()[1:]
    kb = {line.split(":")[0]: int(line.split()[1]) for line in lines}
    return kb["Pss"] / 1024, (kb["Private_Clean"] + kb["Private_Dirty"]) / 1024


def ready(kind: str, path: Path) -> object:
    """Return what a worker answers from: its parent's index, or something made from the file."""
    if kind == "parent's index":
        return _shared
    with np.load(path) as stores:
        world = World(stores["ids"], stores["places"])
    return make_ball_tree(world) if kind == "ball tree" else StoreIndex(world.ids, *world.places.T)


def serve(kind: str, path: Path, points: Floats) -> tuple[float, float]:
    """Answer in groups, as scans come in, and return by how much this process grew since before it got ready."""
    pss_mb, own_mb = memory_mb()
    kept = ready(kind, path)
    for some in np.array_split(points, max(len(points) // 100, 1)):
        if isinstance(kept, StoreIndex):
            kept.nearest_many(*some.T)
    after = memory_mb()
    return after[0] - pss_mb, after[1] - own_mb


def bench_memory(world: World, index: StoreIndex, points: Floats) -> None:
    """Compare what a worker grows by: sharing its parent's index (fork), or with one of its own (spawn)."""
    global _shared
    _shared = index
    # Else a full collection in the child would write to, and so copy, every object of the parent's modules.
    gc.freeze()
    print(f"\nMemory a worker grows by until it has answered {len(points):,} times, MB")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "stores.npz"
        np.savez(path, ids=world.ids, places=world.places)
        say_memory("index, forked", "fork", "parent's index", path, points)
        say_memory("index, spawned", "spawn", "index", path, points)
        os.environ["MALLOC_MMAP_THRESHOLD_"] = str(2**20)
        say_memory("index, spawned, large blocks apart", "spawn", "index", path, points)
        if BallTree is not None:
            say_memory("ball tree, spawned, the same", "spawn", "ball tree", path, points)


def say_memory(name: str, method: str, *arguments: object) -> None:
    """Print a row of what a new process grows by."""
    with get_context(method).Pool(1) as pool:
        pss_mb, own_mb = pool.apply(serve, arguments)
    print(f"  {name:<34} {pss_mb:>10.1f} PSS {own_mb:>10.1f} own")


def main() -> None:
    """Measure, check and print a table each."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--stores", type=int, default=1_000_000)
    parser.add_argument("--points", type=int, default=10_000)
    wanted, rng = parser.parse_args(), np.random.default_rng(1)
    world = make_world(wanted.stores, rng)
    points = make_points(world, wanted.points, rng)
    index = StoreIndex(world.ids, *world.places.T)
    print(f"{len(index):,} stores, {len(japan()):,} of them real\n")
    bench_rates(world, index, points)
    bench_answers(world, index, points)
    bench_memory(world, index, points)


if __name__ == "__main__":
    main()
