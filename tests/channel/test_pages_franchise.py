"""The page of those who earn: figures add up, every part says why, files hold the same, rivals are not named."""

import csv
import io
import re
from datetime import timedelta

import pytest
from python_calamine import CalamineWorkbook

from channel.database import transaction
from channel.journey import NewScan, PlaceTold, take_scans
from tests import make, worlds


@pytest.fixture
def world(engine, config, app):
    world = worlds.small(engine, config)
    lat_deg, lon_deg = worlds.PLACE
    scans = [
        NewScan(
            world.uri(item), f"k{item}", f"phone{item}", position=PlaceTold(lat_deg + 0.0002, lon_deg, 30.0, "wgs84")
        )
        for item in range(1, 31)
    ]
    with transaction(engine) as db:
        take_scans(db, config=config, ring=world.ring, scans=scans, now=make.NOW)
    return world


def test_the_figures_and_the_parts_are_shown(world, signed_in):
    page = signed_in("franchisee", "F1").get("/franchise").text
    assert "CN¥30.00" in page
    assert "30 parts" in page
    assert page.count('<li class="part">') == 25
    assert "It was scanned 20 m from this store, with a position exact to 30 m; the next store was 580 m away" in page
    assert 'rel="next"' in page


@pytest.mark.parametrize("span", ["to=0001-01-01", "from=0001-01-01&to=0001-02-01", "from=9999-12-31&to=9999-12-31"])
def test_a_day_before_or_after_all_days_is_as_if_it_were_not_there(world, signed_in, span):
    client = signed_in("franchisee", "F1")
    assert "30 parts" in client.get(f"/franchise?{span}").text
    assert client.get(f"/franchise/lines.csv?{span}").text.count("\n") == 31


def test_a_rivals_store_has_no_name_here(world, signed_in):
    page = signed_in("franchisee", "F1").get("/franchise").text
    assert "Another store" in page
    assert ">Far<" not in page


def test_parts_go_on_over_pages(world, signed_in):
    client = signed_in("franchisee", "F1")
    page = client.get("/franchise?page=2").text
    assert page.count('<li class="part">') == 5
    assert 'rel="prev"' in page
    assert "Nothing was earned" not in client.get("/franchise?page=99").text


def test_who_earned_nothing_is_told_what_to_do(world, signed_in):
    page = signed_in("franchisee", "F2").get("/franchise").text
    assert "Nothing was earned in this period yet" in page


@pytest.mark.parametrize(
    "query",
    ["from=x&to=y", "from=2026-07-01&to=2026-06-01", "from=1900-01-01", "state=none", "page=-1", "store=S-none"],
)
def test_nonsense_in_the_address_is_as_if_it_were_not_there(world, signed_in, query):
    assert signed_in("franchisee", "F1").get(f"/franchise?{query}").status_code == 200


def test_a_period_without_sales_is_empty_and_one_with_them_is_not(world, signed_in):
    client = signed_in("franchisee", "F1")
    before = make.TODAY - timedelta(days=9)
    assert "Nothing was earned" in client.get(f"/franchise?from={before}&to={before}").text
    assert "30 parts" in client.get(f"/franchise?from={make.TODAY}&to={make.TODAY}").text


def test_the_files_hold_every_part(world, signed_in):
    client = signed_in("franchisee", "F1")
    told = client.get("/franchise/lines.csv").data.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(told)))
    assert len(rows) == 30
    assert {row["Cents"] for row in rows} == {"100"}
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(client.get("/franchise/lines.xlsx").data)).get_sheet_by_index(0)
    assert [len(row) for row in sheet.to_python()] == [len(rows[0])] * 31


def test_a_file_is_the_same_bytes_each_time(world, signed_in):
    client = signed_in("franchisee", "F1")
    assert client.get("/franchise/lines.xlsx").data == client.get("/franchise/lines.xlsx").data
    assert client.get("/franchise/lines.pdf").status_code == 404


def test_a_name_that_a_spreadsheet_would_run_is_text(world, engine, signed_in):
    with transaction(engine) as db:
        store = make.store_row(store_id="S-near", name="=1+1", lat_deg=worlds.PLACE[0], lon_deg=worlds.PLACE[1])
        make.put_stores(db, rows=[store], day=make.TODAY)
    client = signed_in("franchisee", "F1")
    assert "'=1+1" in client.get("/franchise/lines.csv").text
    cells = CalamineWorkbook.from_filelike(io.BytesIO(client.get("/franchise/lines.xlsx").data)).get_sheet_by_index(0)
    assert cells.to_python()[1][5] == "=1+1"


def test_every_chart_has_its_table(world, signed_in):
    page = signed_in("franchisee", "F1").get("/franchise").text
    assert len(re.findall(r"<figure", page)) == page.count("As a table") == 3
