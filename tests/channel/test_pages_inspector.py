"""The inspector's page: what it gives a phone holds no key and claims nothing, and the house answers as it is."""

from datetime import date

import numpy as np
import pytest
from sqlalchemy import func, select

from channel.database import transaction
from scans.filters import HEAD_BYTES, Filter, passes
from scans.keys import KeyRing, revoke
from scans.life import recall
from scans.parts import Positions
from scans.tables import Claim, Scan
from scans.terms import Terms
from tests import make


@pytest.fixture
def goods(engine, config, app):
    """A batch in cases whose last day is over, and a second one."""
    ring = KeyRing.load(config.keys_path)
    with transaction(engine) as db:
        gtin = make.product(db, name="Jasmine tea").gtin
        batch = make.batch(db, ring=ring, gtin=gtin, terms=Terms(expires_on=date(2026, 5, 1)))
        make.batch(db, ring=ring)
    return batch


@pytest.fixture
def uri(config):
    ring = KeyRing.load(config.keys_path)
    return lambda batch, level="item", position=1: make.uri_at(batch, ring=ring, level=level, position=position)


@pytest.fixture
def page(signed_in):
    return signed_in("auditor")


def listed(page, batch, query=""):
    told = page.get(f"/inspector/batches?{query}").json
    return next(one for one in told["batches"] if one["id"] == batch.batch_id)


def asked(page, code):
    csrf = page.get("/inspector/batches").json["csrf"]
    return page.post("/inspector/check", json={"code": code}, headers={"X-CSRF-Token": csrf})


def filter_of(data: bytes) -> Filter:
    salt, count, step = np.frombuffer(data, dtype="<u4", count=3, offset=4).tolist()
    directory = np.frombuffer(data, dtype="<u4", count=-(-count // step) + 1, offset=HEAD_BYTES)
    at, size = HEAD_BYTES + 4 * len(directory), -(-2 * count // 8)
    buckets = np.frombuffer(data, dtype=np.uint8, count=size, offset=at)
    return Filter(salt, directory, buckets, np.frombuffer(data, dtype="<u2", offset=at + size + -size % 4))


def lets_pass(data: bytes, *uris: str) -> list[bool]:
    return passes(filter_of(data), np.array([uri[-16:].encode() for uri in uris])).tolist()


def test_a_filter_knows_every_level_of_its_batch_and_no_other(page, goods, uri):
    data = page.get(f"/inspector/filters/{goods.batch_id}")
    row = listed(page, goods)
    assert len(data.data) == row["bytes"] == data.content_length
    assert row["counted"] == "30 codes"
    mine = [uri(goods, level) for level in ("item", "case", "pallet")]
    assert lets_pass(data.data, *mine, "0" * 16) == [True, True, True, False]


def test_it_holds_no_key_and_is_salted_anew_each_time(page, goods, config):
    one, other = (page.get(f"/inspector/filters/{goods.batch_id}").data for _ in range(2))
    assert one != other
    assert len(one) == len(other)
    for key in KeyRing.load(config.keys_path).keys:
        assert key.secret not in one


def test_a_part_that_was_called_back_has_a_filter_of_its_own(page, goods, uri, engine):
    assert listed(page, goods)["part"] == ""
    with transaction(engine) as db:
        recall(db, batch_id=goods.batch_id, why="glass", now=make.NOW, part=Positions(7, 8))
    first = listed(page, goods)["part"]
    assert first
    data = page.get(f"/inspector/filters/{goods.batch_id}?of=recalled").data
    codes = [uri(goods, position=7), uri(goods, position=9), uri(goods, "case", 2), uri(goods, "case", 1)]
    assert lets_pass(data, *codes) == [True, False, True, False]
    with transaction(engine) as db:
        recall(db, batch_id=goods.batch_id, why="glass", now=make.NOW)
    row = listed(page, goods)
    assert (row["part"], row["recalled"], row["why"]) == ("", True, "glass")


def test_the_list_tells_last_days_and_lost_keys(page, goods, config):
    row = listed(page, goods)
    assert (row["expires"], row["fits"]) == ("2026-05-01", True)
    assert "Last day" in row["note"]
    revoke(config.keys_path, key_id=goods.key_id, why="lost", now=make.NOW)
    assert "was lost" in listed(page, goods)["note"]


def test_what_the_house_says_changes_nothing(page, goods, uri, engine):
    said = asked(page, uri(goods)).json
    assert said["tone"] == "good"
    assert "Jasmine tea" in said["lines"][0]
    assert asked(page, uri(goods)[-16:].lower()).json == said
    assert asked(page, uri(goods, "case")).json["heading"] == "This is the code of an outer package"
    with transaction(engine) as db:
        assert [db.scalar(select(func.count()).select_from(table)) for table in (Claim, Scan)] == [0, 0]


@pytest.mark.parametrize("code", ["0" * 16, "https://example.com/", "\0", "12", "9" * 18, "/00/" + "9" * 18])
def test_what_is_no_code_is_said_and_no_error(page, goods, code):
    assert asked(page, code).json["tone"] == "bad"


@pytest.mark.parametrize("body", [{}, {"code": ""}, {"code": "x" * 2001}, {"code": 1}, {"code": "x", "more": 1}])
def test_a_body_is_checked(page, body):
    csrf = page.get("/inspector/batches").json["csrf"]
    answer = page.post("/inspector/check", json=body, headers={"X-CSRF-Token": csrf, "Accept": "application/json"})
    assert answer.status_code == 422


@pytest.mark.parametrize("query", ["on=", "on=%00", "named=" + "x" * 100, "&".join(f"on=B{n}" for n in range(300))])
def test_the_list_takes_any_query(page, goods, query):
    assert page.get(f"/inspector/batches?{query}").status_code == 200


def test_an_unknown_batch_is_not_found(page):
    assert page.get("/inspector/filters/NOBODY").status_code == 404


@pytest.mark.parametrize("role", ["finance", "keeper"])
def test_other_roles_stay_outside(engine, signed_in, role):
    with transaction(engine) as db:
        make.party(db, party_id="K", kind="keeper")
    client = signed_in(role, "K" if role == "keeper" else None)
    assert client.get("/inspector").status_code == 403
    assert client.get("/inspector/filters/B").status_code == 403


def test_without_scripts_a_code_is_typed(page, goods, uri):
    token = page.get("/inspector/batches").json["csrf"]
    told = page.post("/inspector", data={"csrf_token": token, "code": uri(goods)}).text
    assert "Nobody has scanned this code before" in told
    assert goods.batch_id in told


def test_the_shell_is_nobodys(page, app, goods):
    shell = app.test_client().get("/inspector/shell?lang=en")
    assert shell.status_code == 200
    assert "csrf_token" not in shell.text
    assert goods.batch_id not in shell.text
    worker = page.get("/inspector/worker.js")
    assert worker.headers["Service-Worker-Allowed"] == "/inspector"
