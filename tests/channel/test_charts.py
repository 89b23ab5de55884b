"""Charts: every picture says what it shows, carries no inline style, and draws what it was given."""

import re
import xml.etree.ElementTree as ET
from datetime import date, timedelta

import pytest

from channel.charts import (
    TILES,
    BandDay,
    Bar,
    Cell,
    Chart,
    Frame,
    Halt,
    Point,
    Slot,
    Span,
    Step,
    Stop,
    SupplyDay,
    bars,
    calendar,
    columns,
    crate,
    hours,
    province,
    route,
    scatter,
    spans,
    sparkline,
    supply_chart,
    tiles,
    trail,
    waterfall,
)
from channel.charts.grids import SHADES, shade
from channel.charts.svg import spread, ticks

FRAME = Frame("Sales <b>", 'by "day" & store', ("Day", "Items"))
MONDAY = date(2026, 6, 1)


def plain(value: float) -> str:
    return f"{value:g}"


DAYS = [BandDay(f"06-{day:02}", 5 + day % 3, 6, 2, 11, "bad" if day == 20 else None) for day in range(1, 31)]
CELLS = {MONDAY + timedelta(days=day): Cell(day, f"{day} items", str(day)) for day in range(30)}
HALTS = [Halt("June 1", "Delivered", "to a <store>"), Halt("June 2", "Claimed", "长" * 60, "good", is_gap=True)]
SLOTS = [Slot(str(n), f"item {n}", "full" if n % 2 else "gone", [str(n)]) for n in range(1, 20)]
BASE = Stop("0", "Base", 31.2, 121.4)
SUPPLY = [
    SupplyDay(
        day, 40 - n, 30 - n, 50 - n, 41 if n == 9 else None, "a case" if n == 4 else None, "Li <b>" if n == 8 else None
    )
    if n > 2
    else SupplyDay(day)
    for n, day in enumerate(DAYS)
]


def supplied(days: list[SupplyDay]) -> Chart:
    return supply_chart(FRAME, days, lanes=("came", "visit"), stock="stock", fmt=plain)


CHARTS = {
    "sparkline": sparkline(FRAME, [3, 2, 1], expected=2.5),
    "supply": supplied(SUPPLY).svg,
    "columns": columns(FRAME, [Bar("1", 3, "3 items"), Bar("2", 0, "none")], fmt=plain).svg,
    "bars": bars(FRAME, [Bar("issued", 10, "10"), Bar("scanned", 0, "0")]).svg,
    "waterfall": waterfall(FRAME, [Step("all", 10, "10", True), Step("held", -3, "-3")], fmt=plain).svg,
    "tiles": tiles(FRAME, {"SH": Cell(7, "Shanghai: 7", "7")}, latin=False).svg,
    "calendar": calendar(FRAME, CELLS, weekdays=list("MTWTFSS"), months=[str(n) for n in range(1, 13)]).svg,
    "hours": hours(FRAME, [[hour * day for hour in range(24)] for day in range(7)], weekdays=list("MTWTFSS")).svg,
    "scatter": scatter(
        FRAME, [Point("one", 10, 12), Point("two", 50, 3, "bad", ("3",))], axes=("x", "y"), fmt=plain
    ).svg,
    "route": route(FRAME, BASE, [Stop("1", "North", 31.3, 121.4)]),
    "trail": trail(FRAME, HALTS).svg,
    "crate": crate(FRAME, SLOTS, across=6).svg,
    "spans": spans(
        FRAME, [Span("May", 1.5, -0.5, 3.5, "1.5 (<-0.5 to 3.5>)"), Span("June", 0, 0, 0, "0")], fmt=plain
    ).svg,
}
EMPTY = {
    "sparkline": sparkline(FRAME, []),
    "supply": supplied([]).svg,
    "columns": columns(FRAME, [], fmt=plain).svg,
    "bars": bars(FRAME, []).svg,
    "waterfall": waterfall(FRAME, [], fmt=plain).svg,
    "tiles": tiles(FRAME, {}, latin=True).svg,
    "calendar": calendar(FRAME, {}, weekdays=list("MTWTFSS"), months=[""] * 12).svg,
    "hours": hours(FRAME, [[0] * 24 for _ in range(7)], weekdays=list("MTWTFSS")).svg,
    "scatter": scatter(FRAME, [], axes=("x", "y"), fmt=plain).svg,
    "route": route(FRAME, BASE, []),
    "trail": trail(FRAME, []).svg,
    "crate": crate(FRAME, [], across=1).svg,
    "spans": spans(FRAME, [], fmt=plain).svg,
}


@pytest.mark.parametrize(
    "drawn", [*CHARTS.values(), *EMPTY.values()], ids=[*CHARTS, *(f"{name}-empty" for name in EMPTY)]
)
def test_law_a_picture_is_named_described_and_free_of_inline_style(drawn):
    picture = ET.fromstring(drawn)
    assert picture.get("role") == "img"
    assert [child.tag for child in picture[:2]] == ["title", "desc"]
    assert (picture[0].text, picture[1].text) == ("Sales <b>", 'by "day" & store')
    assert not [element for element in picture.iter() if "style" in element.attrib]
    assert '"nan' not in drawn


@pytest.mark.parametrize("chart", [supplied(SUPPLY), columns(FRAME, [Bar("1", 3, "3")], fmt=plain)])
def test_law_a_table_says_the_same(chart: Chart):
    assert chart.head == ("Day", "Items")
    assert all(isinstance(cell, str) for row in chart.rows for cell in row)


@pytest.mark.parametrize(
    ("top", "marks"),
    [
        (0, [0, 1]),
        (1, [0, 1]),  # items come whole
        (7, [0, 2, 4, 6, 8]),
        (10, [0, 2.5, 5, 7.5, 10]),
        (1420, [0, 500, 1000, 1500]),
        (0.3, [0, 0.1, 0.2, 0.3]),
    ],
)
def test_an_axis_has_round_numbers_and_reaches_over_the_highest(top, marks):
    assert ticks(top) == pytest.approx(marks)


def test_labels_are_spread_and_the_last_day_always_has_one():
    assert spread(30) == [5, 13, 21, 29]
    assert spread(2) == [0, 1]
    assert spread(0) == []


def test_a_flagged_day_carries_a_diamond_that_says_so():
    picture = ET.fromstring(CHARTS["supply"])
    marks = [path for path in picture.iter("path") if path.get("class") == "dot bad"]
    assert [mark[0].text for mark in marks] == ["06-20: 7"]


def test_the_band_is_broken_where_nothing_was_expected():
    days = [BandDay("1", 1, 1, 0, 2), BandDay("2", 1), BandDay("3", 1, 1, 0, 2), BandDay("4", 1, 1, 0, 2)]
    chart = supplied([SupplyDay(day) for day in days])
    assert str(chart.svg).count('class="band"') == 2
    assert chart.rows[1] == ["2", "1", *["–"] * 5, *[""] * 3]


def test_each_month_of_a_calendar_is_named_once_though_one_ends_in_the_week_another_begins():
    cells = {date(2026, 10, 29) + timedelta(days=day): Cell(1, "1") for day in range(20)}
    drawn = calendar(FRAME, cells, weekdays=list("MTWTFSS"), months=[f"month {n}" for n in range(1, 13)])
    assert re.findall(r"month \d+", str(drawn.svg)) == ["month 10", "month 11"]


def test_a_store_whose_stock_is_not_known_has_no_empty_axis():
    days = [SupplyDay(BandDay("1", 3)), SupplyDay(BandDay("2", 1))]
    assert "stock: –" in str(supplied(days).svg)
    assert "stock: –" not in CHARTS["supply"]


def test_a_waterfall_goes_on_from_where_the_last_step_ended():
    steps = [Step("all", 100, "100", True), Step("held", -40, "-40"), Step("payable", 60, "60", True)]
    picture = ET.fromstring(waterfall(FRAME, steps, fmt=plain).svg)
    blocks = [(float(b.get("y")), float(b.get("height"))) for b in picture.iter("rect")]
    assert blocks[1] == pytest.approx((0, 88))
    assert blocks[2] == pytest.approx((88, 132))


@pytest.mark.parametrize(
    ("region", "code"),
    [
        ("上海", "SH"),
        ("上海市徐汇区", "SH"),
        ("内蒙古自治区", "NM"),
        ("Shanghai", "SH"),
        ("shaanxi province", "SN"),
        ("Inner Mongolia", "NM"),
        ("East", None),
        ("华东", None),
        ("Hebeish", None),
        ("", None),
    ],
)
def test_a_region_is_the_province_that_it_begins_with(region, code):
    assert province(region) == code


def test_all_provinces_have_a_tile_of_their_own():
    assert len(TILES) == 34
    assert len({(tile.column, tile.row) for tile in TILES.values()}) == 34


def test_shades_grow_with_the_number_and_nothing_has_none():
    assert [shade(value, 100) for value in (0, 1, 17, 50, 100)] == [0, 1, 2, 3, SHADES]
    assert shade(0, 0) == 0


def test_a_route_keeps_bearing_and_proportion():
    picture = ET.fromstring(route(FRAME, BASE, [Stop("1", "", 31.3, 121.4), Stop("2", "", 31.2, 121.4 + 0.1 / 0.8554)]))
    (x0, y0), (x1, y1), (x2, y2) = ((float(c.get("cx")), float(c.get("cy"))) for c in picture.iter("circle"))
    assert (x1, y2) == pytest.approx((x0, y0))  # due north, due east
    assert y0 - y1 == pytest.approx(x2 - x0, rel=0.01)  # the same distance


def test_a_name_that_would_cover_another_is_left_out():
    crowd = [Stop(str(n), "A store with a long name", 31.2 + n * 1e-4, 121.4) for n in range(12)]
    drawn = str(route(FRAME, BASE, crowd))
    assert drawn.count(">A store with a long name</text>") < 12
    assert drawn.count("<circle") == 13


def test_a_trail_breaks_its_line_where_something_is_not_known_and_cuts_what_a_phone_has_no_room_for():
    picture = ET.fromstring(CHARTS["trail"])
    lines = [mark.get("class") for mark in picture.iter("line")]
    assert lines == ["line warn dashed"]
    assert any(words.text and words.text.endswith("…") for words in picture.iter("text"))
    assert trail(FRAME, HALTS).rows[1][2] == "长" * 60


def test_a_crate_has_a_cell_for_each_thing_in_the_colour_of_what_became_of_it():
    cells = [mark.get("class") for mark in ET.fromstring(CHARTS["crate"]).iter("rect")]
    assert cells == ["slot full" if n % 2 else "slot gone" for n in range(1, 20)]


def test_a_span_lies_where_its_numbers_are_and_zero_is_always_in_sight():
    rows = [Span("a", 3, 2, 4, "3"), Span("b", -1, -4, 1, "-1", "muted")]
    picture = ET.fromstring(spans(FRAME, rows, fmt=plain).svg)
    lines = [mark for mark in picture.iter("line") if "span" in mark.get("class")]
    assert [(mark.get("x1"), mark.get("x2")) for mark in lines] == [("75%", "100%"), ("0%", "62.5%")]
    only = ET.fromstring(spans(FRAME, rows[:1], fmt=plain).svg)
    assert [mark.get("x1") for mark in only.iter("line") if "span" in mark.get("class")] == ["50%"]
