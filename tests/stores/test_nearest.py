"""The nearest stores of the index are those of geopy's brute force, and cost next to nothing."""

import csv
import math
import os
import random
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from scans.places import Position, distance_m
from stores.nearest import Candidate, StoreIndex, farthest_rival_m, to_ecef

JAPAN = Path(os.environ.get("GLASSBOX_TEST_DATA", "../shared/data")) / "stores-japan" / "stores.csv"
LEAST_M_PER_DEG = 110_574.0  # of latitude, at the equator

anywhere = st.tuples(
    st.floats(-90, 90) | st.sampled_from([-90.0, 0.0, 90.0]),
    st.floats(-180, 180) | st.sampled_from([-180.0, 0.0, 179.9999, 180.0]),
)
offsets = st.tuples(st.floats(-1, 1), st.floats(-1, 1), st.integers(-7, 1))


def beside(place, offset):
    north, east, digits = offset
    lat_deg = max(-90.0, min(90.0, place[0] + north * 10.0**digits))
    lon_deg = (place[1] + east * 10.0**digits + 540) % 360 - 180
    return lat_deg, lon_deg


def make_index(places):
    return StoreIndex([f"s{number}" for number in range(len(places))], *np.reshape(places, (-1, 2)).T)


def way_m(a, b):
    return distance_m(Position(*a, None), Position(*b, None))


def chord_m(a, b):
    return float(np.linalg.norm(to_ecef(*a) - to_ecef(*b)))


def assert_nearest(found, places, here, *, k, reach_m=math.inf):
    true_m = {f"s{number}": way_m(here, place) for number, place in enumerate(places)}
    told_m = [candidate.distance_m for candidate in found]
    assert told_m == pytest.approx(sorted(m for m in true_m.values() if m <= reach_m)[:k], abs=2e-6, rel=0)
    assert told_m == pytest.approx([true_m[candidate.store] for candidate in found], abs=2e-6, rel=0)
    assert found == sorted(found, key=lambda candidate: (candidate.distance_m, candidate.store))
    assert len({candidate.store for candidate in found}) == len(found)


@given(here=anywhere, places=st.lists(anywhere, max_size=20), k=st.integers(1, 5))
def test_law_anywhere_on_earth_the_index_agrees_with_brute_force(here, places, k):
    assert_nearest(make_index(places).nearest(Position(*here, None), k=k), places, here, k=k)


@given(here=anywhere, around=st.lists(offsets, max_size=20), k=st.integers(1, 4))
def test_law_among_neighbours_the_index_agrees_with_brute_force(here, around, k):
    places = [beside(here, offset) for offset in around]
    found = make_index(places).nearest(Position(*here, None), k=k, reach_m=20_000)
    assert_nearest(found, places, here, k=k, reach_m=20_000)


@given(here=anywhere, one=offsets, other=offsets)
@example(here=(0.0, 0.0), one=(0.5, 0.0, 1), other=(0.0, 0.5, 1))  # north and east of the equator: most unlike
@example(here=(0.0, 0.0), one=(0.0, 0.5, 1), other=(0.5, 0.0, 1))
def test_law_no_rival_lies_beyond_the_bound(here, one, other):
    near, far = sorted([beside(here, one), beside(here, other)], key=lambda place: way_m(here, place))
    assert chord_m(here, near) <= farthest_rival_m(chord_m(here, far))


@given(a=anywhere, b=anywhere)
def test_law_no_rival_lies_beyond_the_bound_even_at_the_antipodes(a, b):
    antipode = -a[0], a[1] - 180 if a[1] > 0 else a[1] + 180
    assert chord_m(a, b) <= farthest_rival_m(chord_m(a, antipode))


@given(here=anywhere, places=st.lists(anywhere, min_size=1, max_size=10))
def test_law_many_are_answered_like_one(here, places):
    index = make_index(places)
    asked = [here, *places]
    found = index.nearest_many([lat for lat, _ in asked], [lon for _, lon in asked], k=2)
    assert found == [index.nearest(Position(*place, None), k=2) for place in asked]


@given(places=st.lists(anywhere, min_size=1, max_size=10), here=anywhere, seed=st.randoms())
def test_law_the_order_of_the_stores_does_not_matter(places, here, seed):
    stores = [(f"s{number}", *place) for number, place in enumerate(places)]
    shuffled = seed.sample(stores, len(stores))
    position = Position(*here, None)
    assert StoreIndex(*zip(*stores, strict=True)).nearest(position) == StoreIndex(*zip(*shuffled, strict=True)).nearest(
        position
    )


@pytest.mark.parametrize(
    ("here", "stores", "nearest"),
    [
        # A degree of longitude is shorter than one of latitude here: degrees would say "north".
        ((60, 10), {"north": (60.6, 10), "east": (60, 11)}, "east"),
        # A sphere would say "east": a degree of latitude is 0.7 % shorter than one of longitude at the equator.
        ((0, 0), {"north": (0.5, 0), "east": (0, 0.4985)}, "north"),
        # The straight line says "north" by 73 m, the way over the ground "east" by 69 m.
        ((0, 0), {"north": (20, 0), "east": (0, 19.8734)}, "east"),
        # Across the antimeridian it is 11 km, the long way round 40,000 km.
        ((-17, 179.95), {"west": (-17, 179.7), "east": (-17, -179.95)}, "east"),
        # At the pole every meridian is near.
        ((90, 0), {"day": (89.99, 10), "night": (89.999, -170)}, "night"),
        # One in the north, one in the south, equally far: the smaller id.
        ((0, 100), {"b": (0.001, 100), "a": (-0.001, 100)}, "a"),
        # East and west too, though their floats differ in the last place.
        ((31, 0.3), {"b": (31, 0.2), "a": (31, 0.4)}, "a"),
        # Bytewise: capitals come before small letters, digits before both, "s10" before "s9".
        ((31, 121), {"a": (31, 121), "B": (31, 121)}, "B"),
        ((31, 121), {"s9": (31, 121), "s10": (31, 121)}, "s10"),
        # One place, two ways to write it.
        ((10, 180), {"b": (10, -180), "a": (10, 180)}, "a"),
        ((90, 5), {"b": (90, 0), "a": (90, 123)}, "a"),
    ],
)
def test_the_nearest_store_with_its_reason(here, stores, nearest):
    index = StoreIndex(list(stores), *zip(*stores.values(), strict=True))
    assert index.nearest(Position(*here, None), k=1)[0].store == nearest


def test_an_empty_index_knows_no_store():
    index = StoreIndex([], [], [])
    assert len(index) == 0
    assert index.nearest(Position(31, 121, None)) == []
    assert index.nearest_many([31, 32], [121, 122]) == [[], []]


def test_nobody_asks_nothing():
    assert make_index([(31, 121)]).nearest_many([], []) == []


def test_one_store_is_the_nearest_from_the_other_side_of_the_earth():
    index = StoreIndex(["only"], [0.0], [0.0])
    assert index.nearest(Position(0.0, 180.0, None)) == [Candidate("only", 20003931.458625)]


def test_reach_includes_its_edge():
    index = make_index([(31, 121), (31.001, 121), (31.002, 121)])
    here = Position(31, 121, None)
    edge_m = index.nearest(here)[1].distance_m
    assert [candidate.store for candidate in index.nearest(here, reach_m=edge_m)] == ["s0", "s1"]
    assert [candidate.store for candidate in index.nearest(here, reach_m=edge_m - 1e-5)] == ["s0"]
    assert [candidate.store for candidate in index.nearest(here, reach_m=0)] == ["s0"]


def test_a_store_without_a_place_is_refused():
    with pytest.raises(ValueError, match="finite"):
        StoreIndex(["a"], [math.nan], [121])


def test_twenty_thousand_stores_on_one_point_cost_no_more_than_one():
    ids = [f"s{number:05d}" for number in range(20_000)]
    index = StoreIndex([*ids[::-1], "z"], [*[31.0] * 20_000, 31.001], [121.0] * 20_001)
    started = time.perf_counter()
    for _ in range(100):
        assert [candidate.store for candidate in index.nearest(Position(31.0005, 121, None), k=2)] == ids[:2]
    assert time.perf_counter() - started < 1


def test_twenty_thousand_stores_within_a_millimetre_are_told_apart():
    places = [(31 + number * 1e-13, 121 + number * 1e-13) for number in range(20_000)]
    found = make_index(places).nearest(Position(31, 121, None), k=3)
    assert [candidate.distance_m for candidate in found] == [0, 0, 0]
    assert [candidate.store for candidate in found] == ["s0", "s1", "s10"]


@pytest.mark.skipif(not JAPAN.exists(), reason="no test data")
def test_among_real_stores_no_nearer_one_is_found_by_geopy():
    with JAPAN.open(encoding="utf-8") as lines:
        stores = sorted((float(row["lat"]), float(row["lng"])) for row in csv.DictReader(lines))
    index = make_index(stores)
    lats = np.array([lat for lat, _ in stores])
    for lat, lon in random.Random(1).sample(stores, 60):
        here = beside((lat, lon), (0.37, -0.73, -2))
        found = index.nearest(Position(*here, None), k=2)
        assert found[1].distance_m >= found[0].distance_m
        # A way cannot be shorter than its latitudes are apart: all other stores are farther without looking.
        band_deg = found[1].distance_m / LEAST_M_PER_DEG + 1e-9
        low, high = np.searchsorted(lats, [here[0] - band_deg, here[0] + band_deg])
        true_m = sorted(way_m(here, place) for place in stores[low:high])[:2]
        assert [candidate.distance_m for candidate in found] == pytest.approx(true_m, abs=2e-6, rel=0)
