"""Stage 9, attribute: the stores nearest to a position, exactly and fast. Knows places.

Guarantees, the bound behind them and a worked example: docs/nearest.md.
"""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pyproj import Geod
from scipy.spatial import cKDTree

from scans.places import LatLon, Position

_EARTH = Geod(ellps="WGS84")
# The smallest and the largest radius of curvature the ellipsoid has anywhere, in any direction.
_TIGHTEST_M = _EARTH.b**2 / _EARTH.a
_WIDEST_M = _EARTH.a**2 / _EARTH.b
# Distances are told, and ties judged, to the micrometre: far below any coordinate, far above rounding errors.
_DECIMALS = 6
_SLACK_M = 2e-6
# Half the nodes of scipy's default leaf size, at a tenth of the speed.
_LEAF_SIZE = 32


class Candidate(NamedTuple):
    """A store (by outside id) and how far it is over the ellipsoid."""

    store: str
    distance_m: float


def to_ecef(lat_deg: ArrayLike, lon_deg: ArrayLike) -> NDArray[np.float64]:
    """Return earth-centred coordinates of places on the WGS-84 ellipsoid.

    Units: degrees to metres.
    Shapes: (), () to (3,); (n,), (n,) to (n, 3).
    """
    lat, lon = np.radians(lat_deg), np.radians(lon_deg)
    normal_m = _EARTH.a / np.sqrt(1 - _EARTH.es * np.sin(lat) ** 2)
    out_m = normal_m * np.cos(lat)
    places = np.empty((*np.shape(lat_deg), 3))
    places[..., 0] = out_m * np.cos(lon)
    places[..., 1] = out_m * np.sin(lon)
    places[..., 2] = (1 - _EARTH.es) * normal_m * np.sin(lat)
    return places


def farthest_rival_m(chord_m: float) -> float:
    """Return how long another chord may be and its way over the ellipsoid still be as short as this one's.

    Units: metres.
    Source: Schur's comparison theorem and Blaschke's rolling theorem, put together in docs/nearest.md.
    """
    longest_way_m = 2 * _TIGHTEST_M * math.asin(min(chord_m / (2 * _TIGHTEST_M), 1))
    return 2 * _WIDEST_M * math.sin(longest_way_m / (2 * _WIDEST_M)) + _SLACK_M


class StoreIndex:
    """Stores at their places, ready to be asked which are nearest; never changed once made.

    It knows no dates: whoever makes it decides which stores are in it. Stores at one place share one point of the tree.
    """

    def __init__(self, ids: Sequence[str], lat_deg: ArrayLike, lon_deg: ArrayLike) -> None:
        """Take stores by outside id, in any order.

        Units: WGS-84 degrees.
        Raises: ValueError if a coordinate is not finite or the lengths differ.
        """
        lat, lon, names = np.asarray(lat_deg, float), np.asarray(lon_deg, float), np.array(ids, np.bytes_)
        order = np.lexsort((names, lon, lat))
        lat, lon = lat[order], lon[order]
        first = np.flatnonzero((np.diff(lat, prepend=np.nan) != 0) | (np.diff(lon, prepend=np.nan) != 0))
        self._names = names[order]
        self._first = np.append(first, len(order)).astype(np.int32)
        self._tree = cKDTree(to_ecef(lat[first], lon[first]), leafsize=_LEAF_SIZE)

    def __len__(self) -> int:
        """Return the number of stores."""
        return len(self._names)

    def nearest(self, position: Position, *, k: int = 3, reach_m: float = math.inf) -> list[Candidate]:
        """Return the k nearest stores within reach, nearest first; ties to the smaller id, bytewise.

        Units: metres.
        """
        at = position.lat_deg, position.lon_deg
        place = to_ecef(*at)
        return self._rank(at, place, *self._shortest_chords(place, k, reach_m), reach_m)

    def nearest_many(
        self, lat_deg: ArrayLike, lon_deg: ArrayLike, *, k: int = 3, reach_m: float = math.inf
    ) -> list[list[Candidate]]:
        """Return for each place what `nearest` would, several times as fast.

        Units: WGS-84 degrees; metres.
        Shapes: (n,), (n,) to n lists of at most k.
        Raises: ValueError if a coordinate is not finite.
        """
        places = to_ecef(lat_deg, lon_deg)
        ats = np.column_stack([lat_deg, lon_deg]).tolist()
        asked = zip(ats, places, *self._shortest_chords(places, k, reach_m), strict=True)
        return [self._rank(at, place, chords_m, points, reach_m) for at, place, chords_m, points in asked]

    def _shortest_chords(self, places: NDArray[np.float64], k: int, reach_m: float) -> tuple[Any, Any]:
        """Return the k + 1 shortest chords and their points; infinite where none is within reach.

        A chord is never longer than the way over the ground, so nothing within reach is missed.
        """
        chords_m, points = self._tree.query(places, k=k + 1, distance_upper_bound=reach_m + _SLACK_M)
        return chords_m.tolist(), points.tolist()

    def _rank(
        self, at: LatLon, place: NDArray[np.float64], chords_m: list[float], points: list[int], reach_m: float
    ) -> list[Candidate]:
        """Return the stores of the shortest ways; where chords cannot decide which they are, ask all that may be."""
        *points, _ = points
        *_, last_m, next_m = chords_m
        k = len(points)
        if next_m <= farthest_rival_m(last_m):
            points = self._tree.query_ball_point(place, farthest_rival_m(last_m))
        ways = [(self._way_m(at, point), point) for point in points if point < self._tree.n]
        near = [Candidate(id_, way_m) for way_m, point in ways if way_m <= reach_m for id_ in self._ids(point, k)]
        return sorted(near, key=lambda candidate: (candidate.distance_m, candidate.store))[:k]

    def _way_m(self, at: LatLon, point: int) -> float:
        x, y, z = self._tree.data[point].tolist()
        lat, lon = math.atan2(z, (1 - _EARTH.es) * math.hypot(x, y)), math.atan2(y, x)
        way_m: float = _EARTH.inv(at[1], at[0], math.degrees(lon), math.degrees(lat))[2]
        return round(way_m, _DECIMALS)

    def _ids(self, point: int, k: int) -> list[str]:
        """Return the ids at a point, the k smallest."""
        first, end = self._first[point : point + 2].tolist()
        return [name.decode() for name in self._names[first : min(end, first + k)].tolist()]
