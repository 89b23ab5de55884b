"""Stage 6, locate: a position in WGS-84 degrees with its accuracy, whatever datum it came in. Knows nobody.

Which rule refuses what, and why the bounds are where they are: docs/places.md.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

from geopy.distance import geodesic

EXACT_M = 100.0
ROUGH_M = 1000.0
EARTH_M = 6_371_009.0
SPHERE_ERRS = 1.006
HALF_EARTH_M = 20_004_000.0

# The ellipsoid of Krasovsky 1940, on which the GCJ-02 shift is computed.
_A_M = 6_378_245.0
_E2 = 0.00669342162296594323
_BD_TURNS = 3000 / 180
_ROUNDS = 6
_EDGE_DEG = 0.1
_HAIR_DEG = 1e-9
_ROWS_PER_DEG = 1000

LatLon = tuple[float, float]
Shift = Callable[[float, float], LatLon]


class PositionError(ValueError):
    """The position cannot be one."""


@dataclass(frozen=True, slots=True)
class Position:
    """A place in WGS-84 degrees; the accuracy is a radius in metres, None where it is not known."""

    lat_deg: float
    lon_deg: float
    accuracy_m: float | None


def in_china(lat_deg: float, lon_deg: float, *, margin_deg: float = 0.0) -> bool:
    """Tell whether a WGS-84 place lies in the box in which Chinese maps are shifted."""
    in_lat = 0.8293 - margin_deg <= lat_deg <= 55.8271 + margin_deg
    return in_lat and 72.004 - margin_deg <= lon_deg <= 137.8347 + margin_deg


def _waves_m(x: float, *terms: tuple[float, float]) -> float:
    return sum(height_m * math.sin(x * math.pi * turns) for height_m, turns in terms) * 2 / 3


def _gcj(lat_deg: float, lon_deg: float) -> LatLon:
    x, y = lon_deg - 105, lat_deg - 35
    both_m = 0.1 * x * y + _waves_m(x, (20, 6), (20, 2))
    root_m = math.sqrt(abs(x))
    north_m = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.2 * root_m + both_m
    north_m += _waves_m(y, (20, 1), (40, 1 / 3), (160, 1 / 12), (320, 1 / 30))
    east_m = 300 + x + 2 * y + 0.1 * x * x + 0.1 * root_m + both_m
    east_m += _waves_m(x, (20, 1), (40, 1 / 3), (150, 1 / 12), (300, 1 / 30))
    lat = math.radians(lat_deg)
    w2 = 1 - _E2 * math.sin(lat) ** 2
    meridian_m = _A_M * (1 - _E2) / w2**1.5
    parallel_m = _A_M / math.sqrt(w2) * math.cos(lat)
    return lat_deg + math.degrees(north_m / meridian_m), lon_deg + math.degrees(east_m / parallel_m)


def _bd(lat_deg: float, lon_deg: float) -> LatLon:
    lat, lon = _gcj(lat_deg, lon_deg)
    far = math.hypot(lat, lon) + _waves_m(lat, (3e-5, _BD_TURNS))
    angle = math.atan2(lat, lon) + 3e-6 * math.cos(lon * math.pi * _BD_TURNS)
    return far * math.sin(angle) + 0.006, far * math.cos(angle) + 0.0065


def _inside(shift: Shift) -> Shift:
    """Return the shift as maps apply it: inside the Chinese box only."""
    return lambda lat_deg, lon_deg: shift(lat_deg, lon_deg) if in_china(lat_deg, lon_deg) else (lat_deg, lon_deg)


def _undo(shift: Shift) -> Shift:
    """Return the inverse of a shift, by fixed point: the error shrinks about fiftyfold a round."""

    def back(lat_deg: float, lon_deg: float) -> LatLon:
        if not in_china(lat_deg, lon_deg, margin_deg=_EDGE_DEG):
            return lat_deg, lon_deg
        lat, lon = lat_deg, lon_deg
        for _ in range(_ROUNDS):
            there = shift(lat, lon)
            lat, lon = lat + lat_deg - there[0], lon + lon_deg - there[1]
        return (lat, lon) if in_china(lat, lon, margin_deg=_HAIR_DEG) else (lat_deg, lon_deg)

    return back


def _same(lat_deg: float, lon_deg: float) -> LatLon:
    return lat_deg, lon_deg


DATUMS: dict[str, Shift] = {"wgs84": _same, "gcj02": _undo(_gcj), "bd09": _undo(_bd)}
FROM_WGS84: dict[str, Shift] = {"wgs84": _same, "gcj02": _inside(_gcj), "bd09": _inside(_bd)}


def to_wgs84(lat_deg: float, lon_deg: float, datum: str) -> LatLon:
    """Return a place in WGS-84, to better than 1e-9 degrees; outside China all datums are one.

    Units: degrees.
    Raises: PositionError if the datum is unknown.
    Source: the formulas in circulation since 2010 (eviltransform, gcoord), which no authority has published.
    """
    return _shift(DATUMS, datum)(lat_deg, lon_deg)


def from_wgs84(lat_deg: float, lon_deg: float, datum: str) -> LatLon:
    """Return a WGS-84 place as maps of a datum write it, for links into them.

    Units: degrees.
    Raises: PositionError if the datum is unknown.
    """
    return _shift(FROM_WGS84, datum)(lat_deg, lon_deg)


def _shift(shifts: dict[str, Shift], datum: str) -> Shift:
    if datum not in shifts:
        raise PositionError(f"the datum is not one of {', '.join(shifts)}")
    return shifts[datum]


def read_position(
    lat_deg: float | None, lon_deg: float | None, accuracy_m: float | None, datum: str | None
) -> Position:
    """Check a position as a device or a file told it and return it in WGS-84.

    An accuracy of 0 is what devices tell that have none: it becomes None.

    Units: degrees of the datum; metres.
    Raises: PositionError if it cannot be a position. The sentence never repeats the place: errors are logged.
    """
    if lat_deg is None or lon_deg is None:
        raise PositionError("a position needs both latitude and longitude")
    _check_degrees(lat_deg, lon_deg)
    if accuracy_m is not None and not 0 <= accuracy_m <= HALF_EARTH_M:
        raise PositionError("the accuracy is not a number of metres between 0 and half the Earth")
    return Position(*to_wgs84(lat_deg, lon_deg, datum or ""), accuracy_m or None)


def _check_degrees(lat_deg: float, lon_deg: float) -> None:
    if not (math.isfinite(lat_deg) and math.isfinite(lon_deg)):
        raise PositionError("latitude and longitude must be finite numbers")
    if abs(lat_deg) > 90 and abs(lon_deg) <= 90 and abs(lat_deg) <= 180:
        raise PositionError("the latitude is beyond 90 degrees: latitude and longitude look swapped")
    if abs(lat_deg) > 90:
        raise PositionError("the latitude is beyond 90 degrees")
    if abs(lon_deg) > 180:
        raise PositionError("the longitude is beyond 180 degrees")
    if lat_deg == lon_deg == 0:
        raise PositionError("latitude 0, longitude 0 is what a device tells that has no position")


def accuracy_class(accuracy_m: float | None) -> str:
    """Return how much a position with this accuracy can tell: `exact`, `rough` or `vague`."""
    if accuracy_m is None or accuracy_m > ROUGH_M:
        return "vague"
    return "exact" if accuracy_m <= EXACT_M else "rough"


def coarsen(position: Position) -> LatLon:
    """Return the centre of the cell, about 111 m high and wide, that the position is in.

    Rows are 0.001 degrees; each row has its own even number of cells around the Earth. Coarsening twice is the same.

    Units: degrees.
    """
    lat_deg = round(position.lat_deg * _ROWS_PER_DEG) / _ROWS_PER_DEG
    cells = 2 * max(1, round(180 * _ROWS_PER_DEG * math.cos(math.radians(lat_deg))))
    lon_deg = round(round(position.lon_deg * cells / 360) * 360 / cells, 6)
    return lat_deg, -180.0 if lon_deg == 180 else lon_deg


def at_most_m(a: Position, b: Position) -> float:
    """Return what two positions are at most apart: on a sphere, up to 1.2 % too long, and a hundred times faster."""
    lat, to_lat = math.radians(a.lat_deg), math.radians(b.lat_deg)
    half = math.sin((to_lat - lat) / 2) ** 2
    half += math.cos(lat) * math.cos(to_lat) * math.sin(math.radians(b.lon_deg - a.lon_deg) / 2) ** 2
    return 2 * EARTH_M * SPHERE_ERRS * math.asin(math.sqrt(min(half, 1.0)))


def distance_m(a: Position, b: Position) -> float:
    """Return the length of the shortest way between two positions over the WGS-84 ellipsoid.

    Source: Karney, "Algorithms for geodesics" (2013), by way of geopy.
    """
    apart: float = geodesic((a.lat_deg, a.lon_deg), (b.lat_deg, b.lon_deg)).m
    return apart
