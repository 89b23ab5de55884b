"""Stock on pages, in files and in the API: who sees what, and that an empty house says something sensible."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import delete

from channel.access import add_user, set_password
from channel.database import transaction
from channel.night import close_days
from stores.deliveries import DeliveryRow, put_deliveries
from stores.learning import mondays_are_learnt
from stores.stock import CountRow, put_counts
from stores.tables import StockNorm, Store
from tests import make, selling, worlds

TODAY = make.TODAY
PASSWORD = "a long password for tests"


@pytest.fixture
def world(engine, config):
    world = worlds.small(engine, config)
    with transaction(engine) as db:
        for name, role, party in (("head", "owner", None), ("f1", "franchisee", "F1"), ("f2", "franchisee", "F2")):
            add_user(db, name=name, role=role, party=party, now=make.NOW)
            set_password(db, name=name, password=PASSWORD)
    return world


@pytest.fixture
def stocked(world):
    """A case delivered three weeks ago, counted a day later, some of it scanned since."""
    with transaction(world.engine) as db:
        day = TODAY - timedelta(days=21)
        row = DeliveryRow("D1", world.uri(level="case"), "owner", "S-near", selling.noon(day))
        assert not put_deliveries(db, ring=world.ring, rows=[row], now=make.NOW).refused
        count = CountRow("C1", "S-near", world.batch.gtin, day + timedelta(days=1), 30)
        assert not put_counts(db, rows=[count], day=TODAY).refused
        near = db.get_one(Store, make.key_of(db, store_id="S-near"))
        for back in range(1, 10):
            selling.sell(db, store=near, day=TODAY - timedelta(days=back))
    return world


@pytest.fixture
def signed_in(config, new_app):
    def sign_in(name):
        client = new_app(config).test_client()
        assert client.post("/", data={"name": name, "password": PASSWORD}).status_code == 303
        return client

    return sign_in


def test_the_api_tells_the_stock_and_what_is_needed(stocked, config, new_app, bearer):
    ask = new_app(config).test_client().get
    (line,) = ask("/api/v1/stores/S-near/stock", headers=bearer()).json
    assert line["low"] < line["stock"] < line["high"] <= 21
    assert line["counted_on"] == str(TODAY - timedelta(days=20))
    (surer,) = ask("/api/v1/stores/S-near/stock?service=0.99&lead_days=30", headers=bearer()).json
    assert surer["safety"] > line["safety"]
    assert ask("/api/v1/stores/S-far/stock", headers=bearer()).json == []
    assert ask("/api/v1/stores/NOBODY/stock", headers=bearer()).status_code == 404


@pytest.mark.parametrize("query", ["lead_days=-1", "lead_days=nan", "service=1", "service=0.1", "lead_days=x", "x=1"])
def test_what_cannot_be_asked_is_refused(world, config, new_app, bearer, query):
    answer = new_app(config).test_client().get(f"/api/v1/stores/S-near/stock?{query}", headers=bearer())
    assert answer.status_code in {400, 422}
    assert answer.content_type == "application/problem+json"


def test_the_office_sees_a_stores_stock_with_a_picture_and_files(stocked, signed_in):
    head = signed_in("head")
    page = head.get("/office/stores/S-near").text
    assert 'class="chart chart-supply"' in page
    assert re.search(r'<span class="strong">\d+</span> <span class="muted">\d+ to \d+', page)
    for odd in ("lead=999&service=x", "lead=-1&service=0", "lead=0&service=99", "lead=²"):
        assert head.get(f"/office/stores/S-near?{odd}").status_code == 200
    rows = head.get("/office/stores/S-near/stock.csv").text.splitlines()
    assert len(rows) == 2
    assert rows[1].startswith("S-near,Near,")
    assert head.get("/office/stores/S-near/stock.xlsx").data[:2] == b"PK"
    assert head.get("/office/stores/NOBODY/stock.csv").status_code == 404


def test_a_store_of_which_nothing_is_known_says_so(world, signed_in):
    page = signed_in("head").get("/office/stores/S-near").text
    assert "the stock cannot be told" in page
    assert "nan" not in page.lower()


def test_a_franchisee_sees_the_stock_of_its_own_stores_alone(stocked, signed_in):
    page = signed_in("f1").get("/franchise/stock").text
    assert "Near" in page
    assert "Far" not in page
    rows = signed_in("f1").get("/franchise/stock.csv").text.splitlines()
    assert [row.split(",")[0] for row in rows[1:]] == ["S-near"]
    theirs = signed_in("f2")
    assert "No stock is known yet" in theirs.get("/franchise/stock").text
    assert len(theirs.get("/franchise/stock.xlsx").data) > 100
    assert theirs.get("/office/stores/S-near/stock.csv").status_code == 403


def test_a_night_learns_and_is_the_same_again(stocked):
    days = [TODAY - timedelta(days=back) for back in range(15, 0, -1)]
    first = close_days(stocked.engine, config=stocked.config, days=days, now=make.NOW)
    again = close_days(stocked.engine, config=stocked.config, days=days, now=make.NOW)
    assert [night.odd for night in first] == [night.odd for night in again]
    with transaction(stocked.engine) as db:
        assert mondays_are_learnt(db) == 0
        db.execute(delete(StockNorm).where(StockNorm.day == TODAY - timedelta(days=7)))
        assert mondays_are_learnt(db) == 1
        db.rollback()
