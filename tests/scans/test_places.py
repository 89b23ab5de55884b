"""Positions in any datum become WGS-84 with an accuracy, or are refused with a reason."""

import csv
import math
import os
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from scans.places import (
    DATUMS,
    FROM_WGS84,
    Position,
    PositionError,
    accuracy_class,
    coarsen,
    distance_m,
    from_wgs84,
    in_china,
    read_position,
    to_wgs84,
)

CITIES = Path(os.environ.get("GLASSBOX_TEST_DATA", "../shared/data")) / "china-datums" / "cities.csv"

lats = st.floats(-90, 90)
lons = st.floats(-180, 180)
chinese = st.tuples(st.floats(0.8293, 55.8271), st.floats(72.004, 137.8347))


@pytest.mark.parametrize("datum", DATUMS)
@given(place=chinese)
@example(place=(30.0, 105.0))  # where the formula's root has no slope
@example(place=(0.8293, 72.004))
@example(place=(55.8271, 137.8347))
def test_law_a_shift_is_undone(datum, place):
    back = to_wgs84(*from_wgs84(*place, datum), datum)
    assert back == pytest.approx(place, abs=1e-9, rel=0)


@pytest.mark.parametrize("datum", DATUMS)
@given(lat_deg=lats, lon_deg=lons)
def test_law_far_from_china_nothing_is_shifted(datum, lat_deg, lon_deg):
    if not in_china(lat_deg, lon_deg, margin_deg=0.1):
        assert to_wgs84(lat_deg, lon_deg, datum) == from_wgs84(lat_deg, lon_deg, datum) == (lat_deg, lon_deg)


@pytest.mark.parametrize("datum", DATUMS)
@given(lat_deg=lats, lon_deg=lons)
def test_law_no_datum_leads_off_the_earth(datum, lat_deg, lon_deg):
    lat, lon = to_wgs84(lat_deg, lon_deg, datum)
    assert abs(lat) <= 90
    assert abs(lon) <= 180


def test_law_every_datum_goes_both_ways():
    assert DATUMS.keys() == FROM_WGS84.keys()


@given(lat_deg=lats, lon_deg=lons)
@example(lat_deg=90.0, lon_deg=77.7)
@example(lat_deg=-89.9995, lon_deg=180.0)
@example(lat_deg=60.0, lon_deg=-180.0)
def test_law_coarsening_stays_near_and_twice_is_once(lat_deg, lon_deg):
    once = coarsen(Position(lat_deg, lon_deg, 8.0))
    assert coarsen(Position(*once, 8.0)) == once
    assert -180 <= once[1] < 180
    assert distance_m(Position(lat_deg, lon_deg, None), Position(*once, None)) < 80


@given(accuracy_m=st.floats(0, 1e6))
def test_law_a_larger_radius_never_tells_more(accuracy_m):
    order = ["exact", "rough", "vague"]
    assert order.index(accuracy_class(accuracy_m)) <= order.index(accuracy_class(accuracy_m * 1.01))


@pytest.mark.skipif(not CITIES.exists(), reason="no test data")
@pytest.mark.parametrize("datum", ["gcj02", "bd09"])
def test_332_cities_agree_with_what_maps_say_of_them(datum):
    with CITIES.open(encoding="utf-8") as lines:
        cities = list(csv.DictReader(lines))
    assert len(cities) == 332
    for city in cities:
        true = Position(float(city["wgs84_lat"]), float(city["wgs84_lon"]), None)
        told = (float(city[f"{datum}_lat"]), float(city[f"{datum}_lon"]))
        assert distance_m(Position(*to_wgs84(*told, datum), None), true) < 0.75, city["name"]
        assert distance_m(Position(*from_wgs84(true.lat_deg, true.lon_deg, datum), None), Position(*told, None)) < 0.75


@pytest.mark.parametrize(
    ("told", "position"),
    [
        ((31.2304, 121.4737, 12.5, "wgs84"), Position(31.2304, 121.4737, 12.5)),
        ((40.7128, -74.006, None, "gcj02"), Position(40.7128, -74.006, None)),  # New York is never shifted
        ((31.2304, 121.4737, 0, "wgs84"), Position(31.2304, 121.4737, None)),  # 0 is "none" on Android
        ((0.0, 121.4737, 30, "wgs84"), Position(0.0, 121.4737, 30)),  # the equator is a place
        ((51.4779, 0.0, 30, "wgs84"), Position(51.4779, 0.0, 30)),  # so is Greenwich
        ((-90, 180, 30, "bd09"), Position(-90, 180, 30)),  # and the pole, from any meridian
    ],
)
def test_a_position_is_read(told, position):
    assert read_position(*told) == position


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ((math.nan, 121.5, 10, "wgs84"), "finite"),
        ((31.2, math.inf, 10, "wgs84"), "finite"),
        ((-math.inf, 500.0, 10, "wgs84"), "finite"),
        ((91.0, 200.0, 10, "wgs84"), "the latitude is beyond 90"),
        ((121.5, 31.2, 10, "wgs84"), "swapped"),
        ((-500.0, 31.2, 10, "wgs84"), "degrees$"),  # no longitude either, so nothing was swapped
        ((31.2, -180.1, 10, "wgs84"), "the longitude is beyond 180"),
        ((31.2, None, 10, "wgs84"), "both"),
        ((None, 121.5, 10, "wgs84"), "both"),
        ((0, 0, 10, "wgs84"), "no position"),
        ((-0.0, 0.0, 10, "gcj02"), "no position"),
        ((31.2, 121.5, -1, "wgs84"), "accuracy"),
        ((31.2, 121.5, math.nan, "wgs84"), "accuracy"),
        ((31.2, 121.5, 3e7, "wgs84"), "accuracy"),
        ((31.2, 121.5, 10, "utm"), "datum"),
        ((31.2, 121.5, 10, "WGS84"), "datum"),
        ((31.2, 121.5, 10, None), "datum"),
        ((31.2, 121.5, 10, ""), "datum"),
    ],
)
def test_what_is_no_position_is_refused_in_a_sentence_without_the_place(told, why):
    with pytest.raises(PositionError, match=why) as refused:
        read_position(*told)
    assert "31.2" not in str(refused.value)
    assert "121.5" not in str(refused.value)


@pytest.mark.parametrize(
    ("accuracy_m", "told"),
    [(None, "vague"), (3.0, "exact"), (100.0, "exact"), (100.1, "rough"), (1000.0, "rough"), (1000.1, "vague")],
)
def test_accuracy_has_three_classes(accuracy_m, told):
    assert accuracy_class(accuracy_m) == told


@pytest.mark.parametrize(
    ("place", "cell"),
    [
        ((31.23041, 121.47401), (31.23, 121.474301)),  # 0.001170 degrees of longitude a cell in Shanghai
        ((0.0004, 0.0004), (0.0, 0.0)),
        ((60.0, 10.00099), (60.0, 10.0)),  # cells are twice as wide in degrees
        ((10.0, 180.0), (10.0, -180.0)),  # both sides of the antimeridian are one cell
        ((10.0, -180.0), (10.0, -180.0)),
    ],
)
def test_a_place_becomes_the_centre_of_its_cell(place, cell):
    assert coarsen(Position(*place, None)) == cell


@pytest.mark.parametrize(
    ("a", "b", "metres"),
    [
        ((0, 0), (0, 1), 111319.491),  # a degree of the equator: a * pi / 180
        ((0, 0), (90, 0), 10001965.729),  # a quarter of a meridian
        ((10, 179.9995), (10, -179.9995), 109.639),  # across the antimeridian
        ((90, 0), (90, 123), 0.0),
    ],
)
def test_distances_of_the_ellipsoid(a, b, metres):
    assert distance_m(Position(*a, None), Position(*b, None)) == pytest.approx(metres, abs=1e-3)


def test_a_chinese_map_is_off_by_the_width_of_a_block():
    true = Position(31.2304, 121.4737, None)
    shown = Position(*from_wgs84(31.2304, 121.4737, "gcj02"), None)
    assert 400 < distance_m(true, shown) < 600
