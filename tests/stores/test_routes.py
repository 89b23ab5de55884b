from itertools import pairwise, permutations

import numpy as np
import pytest

from scans.places import Position, distance_m
from stores.routes import DETOUR, in_order, minutes, way_m, ways_m

BASE = Position(31.2, 121.4, None)


def places(count, *, seed=0, spread_deg=0.1):
    chance = np.random.default_rng(seed)
    return [Position(31.2 + lat, 121.4 + lon, None) for lat, lon in chance.normal(0, spread_deg, (count, 2))]


def length(stops, order, start=BASE, end=BASE):
    way = [start, *(stops[at] for at in order), end]
    return sum(distance_m(one, other) for one, other in pairwise(way))


def test_ways_are_those_over_the_ellipsoid_times_the_detour():
    some, others = places(3), places(2, seed=1)
    told = ways_m(some, others)
    assert told.shape == (3, 2)
    for row, one in zip(told, some, strict=True):
        for way, other in zip(row, others, strict=True):
            assert way == pytest.approx(distance_m(one, other) * DETOUR, rel=1e-9)
    assert ways_m([], others).shape == (0, 2)
    assert ways_m(some, []).shape == (3, 0)
    assert minutes(500) == 1
    assert way_m([BASE]) == 0
    assert way_m([BASE, some[0], BASE]) == pytest.approx(2 * distance_m(BASE, some[0]) * DETOUR)


@pytest.mark.parametrize("count", [1, 2, 3, 5, 6])
@pytest.mark.parametrize("seed", range(4))
def test_few_stops_are_driven_to_by_the_shortest_way(count, seed):
    stops = places(count, seed=seed)
    best = min(length(stops, order) for order in permutations(range(count)))
    assert length(stops, in_order(stops, start=BASE, end=BASE)) == pytest.approx(best, rel=1e-4)


@pytest.mark.parametrize("seed", range(3))
def test_a_way_may_end_elsewhere_than_it_began(seed):
    stops, start = places(5, seed=seed), Position(31.0, 121.0, None)
    best = min(length(stops, order, start) for order in permutations(range(5)))
    assert length(stops, in_order(stops, start=start, end=BASE), start) == pytest.approx(best, rel=1e-4)


@pytest.mark.parametrize("count", [0, 1, 2, 9, 30])
def test_law_every_stop_is_driven_to_once_and_always_in_the_same_order(count):
    stops = places(count, seed=count)
    order = in_order(stops, start=BASE, end=BASE)
    assert sorted(order) == list(range(count))
    assert in_order(stops, start=BASE, end=BASE) == order


@pytest.mark.parametrize("count", [2, 5, 40])
def test_stops_at_one_place_stay_in_the_order_of_their_worth(count):
    assert in_order([BASE] * count, start=BASE, end=BASE) == list(range(count))


def test_of_a_way_and_its_reverse_the_one_is_taken_that_begins_with_what_is_worth_more():
    north, south, east = Position(31.3, 121.4, None), Position(31.1, 121.4, None), Position(31.2, 121.5, None)
    for stops in ([north, east, south], [south, east, north]):
        assert in_order(stops, start=BASE, end=BASE)[0] == 0


def test_stops_far_away_and_over_the_date_line_break_nothing():
    stops = [Position(*place, None) for place in ((31.2, 121.5), (-60, -60), (89.9, 0), (0, 180), (0, -180), (-90, 7))]
    order = in_order(stops, start=BASE, end=BASE)
    assert sorted(order) == list(range(6))
    assert abs(order.index(3) - order.index(4)) == 1, "180 degrees east is 180 degrees west"
