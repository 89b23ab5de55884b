"""The office's page of the judge: expected beside sold, promised beside realised, and both as files."""

from datetime import timedelta

import pytest

from channel.database import transaction
from stores.tables import Flag, StoreDay
from tests import make

PAGE = "/office/judge"


@pytest.fixture
def judged(engine, app):
    """Ten stores of seven judged days: one flagged, with one p of 0.0002, all others at least 0.5."""
    with transaction(engine) as db:
        stores = [make.store(db, store_id=f"S{number}", name=f"Store {number}") for number in range(10)]
        days = [make.TODAY - timedelta(days=number) for number in range(1, 8)]
        for number, store in enumerate(stores):
            for day in days:
                odd = number == 0 and day == days[0]
                db.add(StoreDay(store_id=store.id, day=day, count=4, expected=5.5, p_value=0.0002 if odd else 0.5))
        why = {"code": "stretch_low", "days": 7, "sold": 1, "expected": 25.66, "low": 13, "high": 43}
        db.add(
            Flag(
                flag_id="f", store_id=stores[0].id, detector="judge", direction="too_bad", p_value=0.0002,
                stake_cents=1, why=why, first_day=days[0], last_day=days[0],
            )
        )  # fmt: skip


def test_an_empty_database_says_what_is_missing(app, signed_in):
    told = signed_in("owner").get(PAGE)
    assert told.status_code == 200
    assert "Nothing was judged in these days" in told.text


@pytest.mark.parametrize("role", ["owner", "finance", "auditor"])
def test_whoever_reads_the_office_sees_both_pictures(judged, signed_in, role):
    text = signed_in(role).get(PAGE).text
    assert text.count("<figure") == 2
    assert "Store 0: expected 38" in text.replace("\n", " ")
    assert "1.43%" in text or "1.4%" in text


def test_a_rep_does_not(judged, engine, signed_in):
    with transaction(engine) as db:
        make.rep(db, rep_id="R-1")
    client = signed_in("rep", "R-1")
    assert {client.get(PAGE + end).status_code for end in ("", "/stores.csv", "/promises.xlsx")} == {403}


def test_the_files_hold_every_store_and_every_promise(judged, signed_in):
    client = signed_in("owner")
    stores = client.get(f"{PAGE}/stores.csv?days=7").text.strip().splitlines()
    kept = client.get(f"{PAGE}/promises.csv?days=7").text.strip().splitlines()
    assert len(stores) == 11
    assert "38.5" in stores[1]
    assert "28" in stores[1]
    assert [row.split(",")[2] for row in kept[1:]] == ["1"] * 7 + ["70"]
    assert client.get(f"{PAGE}/stores.xlsx").data[:2] == client.get(f"{PAGE}/promises.xlsx").data[:2] == b"PK"


@pytest.mark.parametrize("days", ["", "0", "-1", "x", "99999999999999999999", "²"])
def test_a_period_that_is_none_is_the_usual_one(judged, signed_in, days):
    assert signed_in("owner").get(f"{PAGE}?days={days}").status_code == 200
