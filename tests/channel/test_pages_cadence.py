"""The office plans how often stores are visited, sees which wait, and takes them along as a file."""

import io
import re
from datetime import timedelta

import pytest
from python_calamine import CalamineWorkbook

from channel.database import transaction
from stores.sales import note_closed
from tests import make

PAGE = "/office/cadence"


@pytest.fixture
def world(engine):
    with transaction(engine) as db:
        note_closed(db, days=[make.TODAY - timedelta(days=50)], now=make.NOW)
        for name, class_ in (("a", "A"), ("b", "B"), ("c", None), ("=d", "A")):
            make.store(db, store_id=f"S{name.strip('=')}", name=name, class_=class_)


def send(client, **told):
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get(PAGE).text)[1]
    return client.post(PAGE, data={"csrf_token": token, **told})


def test_on_day_one_the_page_says_how_stores_are_planned(signed_in):
    page = signed_in("owner").get(PAGE).text
    assert "No planned store waits" in page


def test_the_office_sees_who_waits_and_changes_the_plan(world, signed_in):
    client = signed_in("owner")
    page = client.get(PAGE).text
    assert "/office/stores/Sa" in page
    assert "/office/stores/Sc" not in page
    assert send(client, **{"class": "", "planned_days": "40"}).status_code == 303
    assert "/office/stores/Sc" in client.get(PAGE).text
    assert send(client, **{"class": "", "planned_days": ""}).status_code == 303
    assert "/office/stores/Sc" not in client.get(PAGE).text
    send(client, **{"class": "A", "planned_days": "100"})
    assert "/office/stores/Sa" not in client.get(PAGE).text
    send(client, **{"class": "A", "default": "1"})
    assert "/office/stores/Sa" in client.get(PAGE).text


@pytest.mark.parametrize("told", ["0", "367", "-1", "1.5", "x", "99999999999"])
def test_a_plan_that_cannot_be_is_refused(signed_in, told):
    assert send(signed_in("owner"), **{"class": "A", "planned_days": told}).status_code == 422


@pytest.mark.parametrize("role", ["auditor", "finance"])
def test_others_of_the_house_read_only(world, signed_in, role):
    client = signed_in(role)
    assert "planned_days" not in client.get(PAGE).text
    assert client.post(PAGE, data={"class": "A", "planned_days": "3"}).status_code == 403


def test_the_stores_that_wait_open_in_a_spreadsheet(world, signed_in):
    client = signed_in("auditor")
    told = client.get(f"{PAGE}/overdue.xlsx")
    rows = CalamineWorkbook.from_filelike(io.BytesIO(told.data)).get_sheet_by_index(0).to_python()
    assert [(row[0], row[6]) for row in rows[1:]] == [("Sa", 36), ("Sd", 36), ("Sb", 20)]
    assert "'=d" in client.get(f"{PAGE}/overdue.csv").text
    assert client.get(f"{PAGE}/overdue.pdf").status_code == 404


def test_the_api_tells_a_page_at_a_time(world, client, bearer):
    asked = f"/api/v1/overdue?day={make.TODAY}&limit=2"
    first = client.get(asked, headers=bearer()).json
    assert [one["store_id"] for one in first["stores"]] == ["Sa", "Sb"]
    assert first["stores"][0] | {"name": ""} == {
        "store_id": "Sa", "name": "", "region": "East", "store_class": "A", "last_on": None,
        "planned_days": 14, "overdue_days": 36,
    }  # fmt: skip
    rest = client.get(f"{asked}&after={first['next']}", headers=bearer()).json
    assert ([one["store_id"] for one in rest["stores"]], rest["next"]) == (["Sd"], None)
