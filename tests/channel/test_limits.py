"""Limits count what was refused; whoever holds a real code is never turned away for their address."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from channel import limits
from channel.database import reading, transaction
from channel.limits import Limit, TooManyError
from channel.tables import Refusal
from tests import make, worlds
from tests.house import ROOT

FEW = Limit("few", 3, 60)
UNKNOWN = {"key": "k", "uri": "https://x/01/09506000134352/21/7K2M9Q4XT8ZC5RWD"}


def told(engine):
    with reading(engine) as db:
        return dict(db.execute(select(Refusal.limit_name, func.sum(Refusal.count)).group_by(Refusal.limit_name)).all())


def test_refusals_add_up_over_workers_until_the_window_ends(app, config, clock, new_app):
    others = new_app(config)
    for worker in (app, others, app):
        with worker.test_request_context():
            limits.refuse(FEW, who="a")
    for worker in (app, others):
        with worker.test_request_context():
            limits.refuse(FEW, who="b")
            with pytest.raises(TooManyError):
                limits.check(FEW, who="a")
            with pytest.raises(TooManyError) as caught:
                limits.refuse(FEW, who="a")
            assert 0 < caught.value.wait_s <= 60
    clock.now += timedelta(seconds=60)
    with app.test_request_context():
        limits.check(FEW, who="a")


def test_a_flood_of_refusals_is_no_flood_of_writes(app, engine):
    for _ in range(50):
        with app.test_request_context(), suppress(TooManyError):
            limits.refuse(FEW, who="a")
    assert told(engine) == {"few": 4}


def test_no_refusal_is_lost_between_threads(app, engine):
    many = Limit("many", 1000, 60)

    def refuse(_):
        with app.test_request_context():
            limits.refuse(many, who="a")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(refuse, range(40)))
    assert told(engine) == {"many": 40}


def test_old_counts_are_forgotten(app, engine):
    with app.test_request_context():
        limits.refuse(FEW, who="a")
    with transaction(engine) as db:
        assert limits.forget_refusals(db, now=make.NOW) == 0
        assert limits.forget_refusals(db, now=make.NOW + timedelta(minutes=1)) == 1


@pytest.mark.parametrize(
    ("peer", "address"),
    [("203.0.113.7", "203.0.113.7"), ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2"), ("2001:db8:1:2:9::1", "2001:db8:1:2")],
)
def test_an_address_is_what_one_home_has(app, peer, address):
    with app.test_request_context(environ_base={"REMOTE_ADDR": peer}):
        assert limits.address() == address


def test_who_tries_codes_out_is_told_to_wait_but_a_valid_code_is_answered(engine, config, new_app):
    world = worlds.small(engine, config)
    app = new_app(config)
    client = app.test_client()
    answers = [client.post("/api/v1/scans", json=UNKNOWN).status_code for _ in range(limits.UNKNOWN_CODES.most + 1)]
    assert answers == [404] * limits.UNKNOWN_CODES.most + [429]
    assert client.post("/api/v1/scans", json={"key": "k", "uri": world.uri()}).status_code == 201
    assert told(engine) == {"unknown_codes": limits.UNKNOWN_CODES.most + 1}


def test_valid_scans_write_no_counts(engine, config, new_app):
    world = worlds.small(engine, config)
    client = new_app(config).test_client()
    scan = {"key": "k", "uri": world.uri(), "consumer": "phone"}
    assert client.post("/api/v1/scans", json=scan).status_code == 201
    assert told(engine) == {}


def test_the_extra_limit_per_address_counts_every_scan(engine, config, new_app):
    world = worlds.small(engine, config)
    client = new_app(replace(config, scan_limit="2/minute")).test_client()
    scans = [{"key": "k", "uri": world.uri(item)} for item in (1, 2, 3)]
    answers = [client.post("/api/v1/scans", json=scan) for scan in scans]
    assert [answer.status_code for answer in answers] == [201, 201, 429]
    assert int(answers[2].headers["Retry-After"]) <= 60


def test_a_consumer_who_scans_without_end_is_told_to_wait(engine, config, new_app, monkeypatch):
    world = worlds.small(engine, config)
    client = new_app(config).test_client()
    monkeypatch.setattr(limits, "CONSUMER_SCANS", Limit("consumer_scans", 3, 3600))
    monkeypatch.setattr(limits, "ASK_EVERY", 1)
    scans = [{"key": f"k{number}", "uri": world.uri(), "consumer": "phone"} for number in range(5)]
    answers = [client.post("/api/v1/scans", json=scan).status_code for scan in scans]
    assert answers == [201, 201, 201, 429, 429]


def test_failed_sign_ins_are_limited_and_others_are_not(client, signed_in):
    signed_in(name="li")
    wrong = {"name": "li", "password": "wrong"}
    answers = [client.post("/", data=wrong).status_code for _ in range(limits.SIGN_INS.most + 1)]
    assert answers == [401] * limits.SIGN_INS.most + [429]
    assert client.post("/", data=wrong | {"name": "other"}).status_code == 401


@pytest.mark.parametrize("name", ["UNKNOWN_CODES", "SIGN_INS", "SIGN_INS_OF_ADDRESS", "CONSUMER_SCANS"])
def test_the_limits_are_those_that_the_document_names(name):
    limit = getattr(limits, name)
    text = (ROOT / "docs/access.md").read_text(encoding="utf-8")
    row = next(line for line in text.splitlines() if line.startswith(f"| `{limit.name}` |"))
    assert f" {limit.most:,} " in row
