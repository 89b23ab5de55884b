"""Stage 14, visit: what it takes to get from one place to the next, and in which order stops are driven to. Pure.

The order comes from OR-tools, bounded by solutions and not by a clock, so that the same stops give the same route.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from ortools.constraint_solver import pywrapcp, routing_enums_pb2
from pyproj import Geod

from scans.places import Position

# Roads are longer than the shortest way: Boscoe, Henry & Zdeb, "A Nationwide Comparison of Driving Distance Versus
# Straight-Line Distance to Hospitals", The Professional Geographer 64 (2012).
DETOUR = 1.4
METRES_A_MINUTE = 500.0  # 30 km an hour, lights and parking included
VISIT_MINUTES = 25.0
TRIES = 100  # solutions looked at; up to nine stops the best route was always among them: docs/decisions

Floats = NDArray[np.float64]
_EARTH = Geod(ellps="WGS84")


def ways_m(starts: Sequence[Position], ends: Sequence[Position]) -> Floats:
    """Return how long the ways from every start to every end are: over the ellipsoid, times the detour of roads.

    Shapes: (starts, ends).
    """
    lat, lon = (
        [[getattr(one, name) for one in places] for places in (starts, ends)] for name in ("lat_deg", "lon_deg")
    )
    shape = (len(starts), len(ends))
    wide = [np.broadcast_to(np.array(side[0])[:, None], shape).ravel() for side in (lon, lat)]
    high = [np.broadcast_to(np.array(side[1])[None, :], shape).ravel() for side in (lon, lat)]
    apart_m = _EARTH.inv(wide[0], wide[1], high[0], high[1])[2] if min(shape) else np.zeros(0)
    return np.asarray(apart_m, np.float64).reshape(shape) * DETOUR


def minutes(way_m: float) -> float:
    """Return how long a way takes."""
    return way_m / METRES_A_MINUTE


def way_m(places: Sequence[Position]) -> float:
    """Return how long the way through places in their order is."""
    return float(sum(ways_m([one], [other])[0, 0] for one, other in pairwise(places)))


def in_order(stops: Sequence[Position], *, start: Position, end: Position) -> list[int]:
    """Return in which order stops are driven to, from a start to an end, by a short way.

    Stops are given by their worth: where another order is no shorter, they stay in this one, and of a way and its
    reverse that one is taken whose first stop is worth more.
    """
    if len(stops) < 2:
        return list(range(len(stops)))
    places = [start, *stops, end]
    ways = np.rint(ways_m(places, places)).astype(np.int64)
    found = _solved(ways)
    both = sorted([found, found[::-1]])
    return min([list(range(len(stops))), *both], key=lambda order: _length(ways, order))


def _length(ways: NDArray[np.int64], order: Sequence[int]) -> int:
    there = [0, *(stop + 1 for stop in order), len(ways) - 1]
    return int(ways[there[:-1], there[1:]].sum())


def _solved(ways: NDArray[np.int64]) -> list[int]:
    """Return the order of the inner places of a matrix of ways, from its first place to its last."""
    last = len(ways) - 1
    places = pywrapcp.RoutingIndexManager(len(ways), 1, [0], [last])
    routing = pywrapcp.RoutingModel(places)
    routing.SetArcCostEvaluatorOfAllVehicles(routing.RegisterTransitMatrix(ways.tolist()))
    asked = pywrapcp.DefaultRoutingSearchParameters()
    asked.first_solution_strategy = routing_enums_pb2.FirstSolutionStrategy.PATH_CHEAPEST_ARC
    asked.local_search_metaheuristic = routing_enums_pb2.LocalSearchMetaheuristic.GUIDED_LOCAL_SEARCH
    asked.solution_limit = TRIES
    told = routing.SolveWithParameters(asked)
    order, at = [], routing.Start(0)
    while not routing.IsEnd(at):
        order.append(places.IndexToNode(at))
        at = told.Value(routing.NextVar(at))
    return [place - 1 for place in order[1:]]
