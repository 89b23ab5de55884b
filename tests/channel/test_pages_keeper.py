"""The keeper's page: what a phone sends becomes deliveries, once, for the stores of whoever scanned, and says so."""

import json
import re
import threading
from datetime import timedelta

import pytest
from sqlalchemy import Select, select

from channel.database import transaction
from channel.journey import take_arrivals
from channel.providers import house
from scans.batches import batch_list
from scans.keys import KeyRing
from scans.life import recall
from stores import arrivals
from stores.arrivals import NewArrival
from stores.directory import scope_of
from stores.tables import Delivery, Party, Store
from tests import make
from tests.races import at_once


@pytest.fixture
def goods(engine, config, app):
    """Two stores of a keeper, one of a rival, and a batch in cases."""
    ring = KeyRing.load(config.keys_path)
    with transaction(engine) as db:
        make.party(db, party_id="OWNER", kind="owner")
        make.party(db, party_id="K", kind="keeper")
        for store_id, party in (("A", "K"), ("B", "K"), ("RIVAL", None)):
            make.store(db, store_id=store_id, name=f"Store {store_id}", party_id=party)
        gtin = make.product(db, name="Jasmine tea").gtin
        batch = make.batch(db, ring=ring, gtin=gtin)
    return lambda level="case", position=1: make.uri_at(batch, ring=ring, level=level, position=position)


@pytest.fixture
def phone(goods, signed_in):
    """A phone on which the keeper of K has signed in."""
    client = signed_in("keeper", "K")

    def state(store=""):
        return client.get(f"/keeper/state?store={store}").json

    def send(*codes, key="k", age_s=60, store="A", **said):
        told = state()
        arrivals = [{"key": f"{key}{number}", "code": code, "age_s": age_s} for number, code in enumerate(codes)]
        body = {"who": told["who"], "store": store, "arrivals": arrivals} | said
        headers = {"X-CSRF-Token": told["csrf"], "Accept": "application/json"}
        return client.post("/keeper/arrivals", json=body, headers=headers)

    client.state, client.send = state, send
    return client


def typed(client, code, store="A"):
    page = client.get("/keeper").text
    hidden = {name: re.search(f'name="{name}" value="([^"]+)"', page)[1] for name in ("csrf_token", "key")}
    return client.post("/keeper", data=hidden | {"store": store, "code": code})


def stored(engine):
    with transaction(engine) as db:
        told = select(Store.store_id, Delivery.from_id, Delivery.delivered_at).join(Store)
        return [tuple(row) for row in db.execute(told.order_by(Delivery.delivered_at))]


def test_what_a_phone_sends_is_recorded_at_the_time_it_was_scanned(phone, goods, engine):
    [answer] = phone.send(goods(), age_s=3600).json["answers"]
    assert (answer["state"], answer["what"], answer["how"]) == ("recorded", "Jasmine tea", "case · 6 items")
    assert stored(engine) == [("A", "OWNER", make.NOW - timedelta(hours=1))]
    [listed] = phone.state("A")["arrivals"]
    assert listed["arrival"] == answer["arrival"]
    assert listed["clock"] == "11:00"


def test_sent_again_it_is_one(phone, goods, engine):
    first = phone.send(goods(), goods(position=2)).json
    assert phone.send(goods(), goods(position=2), age_s=90).json == first
    assert len(stored(engine)) == 2


def test_each_code_has_its_own_answer(phone, goods, engine):
    answers = phone.send(goods(), "https://example.com/q", "0000000000000000").json["answers"]
    assert [one["state"] for one in answers] == ["recorded", "refused", "refused"]
    assert "not one of our codes" in answers[1]["note"]
    assert "never issued" in answers[2]["note"]
    assert phone.send(goods(), key="other").json["answers"][0]["state"] == "here"
    assert len(stored(engine)) == 1


def test_a_recalled_case_arrives_and_is_not_to_be_sold(phone, goods, engine):
    with transaction(engine) as db:
        recall(db, batch_id=batch_list(db)[0].batch_id, why="glass", now=make.NOW)
    assert phone.send(goods()).json["answers"][0]["note"] == "Recalled: do not sell it."


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ({"store": "RIVAL"}, 404),
        ({"store": "NOBODY"}, 404),
        ({"who": "somebody else"}, 403),
        ({"arrivals": []}, 422),
        ({"arrivals": [{"key": "k", "code": "x", "age_s": -1}]}, 422),
        ({"arrivals": [{"key": "k", "code": "x" * 2001, "age_s": 1}]}, 422),
        ({"arrivals": [{"key": "k", "code": "x", "age_s": 1}] * 51}, 422),
        ({"more": 1}, 422),
    ],
)
def test_what_cannot_be_is_refused_as_a_whole(phone, goods, engine, said, status):
    assert phone.send(goods(), **said).status_code == status
    assert stored(engine) == []


@pytest.mark.parametrize("age_s", [10**10, 40 * 24 * 3600])
def test_what_was_scanned_too_long_ago_is_refused_by_itself(phone, goods, age_s):
    [answer] = phone.send(goods(), age_s=age_s).json["answers"]
    assert "30 days" in answer["note"]


def test_a_page_of_another_site_cannot_send(phone, goods, engine):
    body = {"who": phone.state()["who"], "store": "A", "arrivals": [{"key": "k", "code": goods(), "age_s": 1}]}
    assert phone.post("/keeper/arrivals", json=body).status_code == 403
    assert stored(engine) == []


def test_another_role_and_nobody_stay_outside(signed_in, client):
    assert client.get("/keeper/state", headers={"Accept": "application/json"}).status_code == 401
    assert signed_in("auditor").get("/keeper").status_code == 403


def test_without_scripts_a_code_is_typed(phone, goods, engine):
    answer = typed(phone, goods()[-16:].lower())
    assert answer.location == "/keeper?store=A#arrived"
    assert "Jasmine tea" in phone.get("/keeper?store=A").text
    again = typed(phone, goods())
    assert again.status_code == 200
    assert "already here" in again.text
    assert typed(phone, "nonsense").status_code == 422
    assert typed(phone, goods(position=2), store="RIVAL").status_code == 404
    assert len(stored(engine)) == 1


def test_the_list_is_that_of_the_chosen_store(phone, goods):
    phone.send(goods(), store="B")
    assert phone.state("A")["arrivals"] == []
    assert len(phone.state("B")["arrivals"]) == 1
    assert [one["id"] for one in phone.state()["stores"]] == ["A", "B"]
    assert phone.get("/keeper?store=RIVAL").status_code == 404


def test_a_keeper_without_a_store_is_told_so(engine, signed_in):
    with transaction(engine) as db:
        make.party(db, party_id="EMPTY", kind="keeper")
    client = signed_in("keeper", "EMPTY")
    assert "Ask the office" in client.get("/keeper").text
    assert client.get("/keeper/state").json["stores"] == []


def test_the_phone_knows_who_has_signed_in_until_somebody_else_does(phone):
    assert phone.get_cookie("who") is None, "nobody has opened the page yet"
    tag = phone.state()["who"]
    assert phone.get_cookie("who").value == tag
    phone.post("/signout")
    assert phone.get_cookie("who") is None


def test_the_shell_and_its_worker_are_nobodys(phone, client, app):
    strange = app.test_client()
    shell = strange.get("/keeper/shell?lang=en")
    assert shell.status_code == 200
    assert "csrf" not in shell.text
    assert "Store A" not in shell.text
    worker = phone.get("/keeper/worker.js")
    assert worker.headers["Service-Worker-Allowed"] == "/keeper"
    kept = json.loads(re.match(r"self\.KEPT = (.+);", worker.text)[1])
    assert kept["page"] == "/keeper"
    for address in [kept["shell"], *kept["files"]]:
        answer = strange.get(address)
        assert answer.status_code == 200, address
        answer.close()
    in_shell = set(re.findall(r'(?:src|href|data-reader|data-wasm)="(/static/[^"]+)"', shell.text))
    assert in_shell <= set(kept["files"]), "without a network the page would lack these"


def test_only_pages_that_scan_may_use_the_camera_and_webassembly(phone):
    keeper, other = phone.get("/keeper").headers, phone.get("/roles").headers
    assert "'wasm-unsafe-eval'" in keeper["Content-Security-Policy"]
    assert "camera=(self)" in keeper["Permissions-Policy"]
    assert "wasm" not in other["Content-Security-Policy"]
    assert "camera=()" in other["Permissions-Policy"]


@pytest.fixture
def phones(goods, engine, config, app):
    """Return a function: so many phones tell of one case at the same moment; it returns what each was answered."""
    ring = KeyRing.load(config.keys_path)
    with transaction(engine) as db:
        party_id = db.scalar(select(Party.id).where(Party.party_id == "K"))

    def tell(count, *, same_key=False):
        def send(number):
            case = [NewArrival("k" if same_key else f"k{number}", goods(), make.NOW - timedelta(seconds=number))]
            with transaction(house(app).engine) as db:
                scope = scope_of(db, party_id=party_id, day=make.TODAY)
                told = take_arrivals(
                    db, config=config, ring=ring, scope=scope, store_id="A", arrivals=case, now=make.NOW
                )
            return told[0].state

        return at_once(send, count)

    return tell


@pytest.mark.parametrize("same_key", [True, False], ids=["one phone, two windows", "two phones"])
def test_sent_by_many_at_once_a_case_arrives_once(phones, engine, same_key):
    states = phones(6, same_key=same_key)
    assert len(stored(engine)) == 1
    assert sorted(states) == (["recorded"] * 6 if same_key else ["here"] * 5 + ["recorded"])


@pytest.mark.postgresql_only  # SQLite has one writer at a time
def test_negative_control_without_the_lock_a_case_arrives_twice(phones, engine, monkeypatch):
    looked, know = threading.Barrier(2), arrivals._known

    def know_together(*told):
        known = know(*told)
        looked.wait()
        return known

    monkeypatch.setattr(arrivals, "_known", know_together)
    monkeypatch.setattr(Select, "with_for_update", lambda self, **_: self)
    assert phones(2) == ["recorded", "recorded"]
    assert len(stored(engine)) == 2
