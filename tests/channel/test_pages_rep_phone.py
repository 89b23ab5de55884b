"""What a rep's phone sends after a while without a network: once, as whoever did it, and each act by itself."""

from datetime import timedelta
from io import BytesIO

import pytest
from PIL import Image
from sqlalchemy import func, select

from channel.database import transaction
from stores.tables import CheckIn, Outcome, PinProposal, ShelfFact, ShelfPhoto, StockCount, Visit
from tests import make

LAT, LON = make.SHANGHAI
HERE = {"place": "position", "lat_deg": str(LAT), "lon_deg": str(LON), "accuracy_m": "20"}
DONE = {"was_real": "yes", "cause": "out_of_stock", "action": "restocked"}


@pytest.fixture
def phone(engine, signed_in):
    """A phone on which a rep with one stop has signed in, beside the stop of another."""
    with transaction(engine) as db:
        for number in (1, 2):
            rep, store = (
                make.rep(db, rep_id=f"R-{number}"),
                make.store(db, store_id=f"S-{number}", name=f"Shop {number}"),
            )
            visit = Visit(visit_id=f"v{number}", rep_id=rep.party_id, store_id=store.id, purpose="count", rank=1)
            visit.day, visit.stake_cents = make.TODAY, 0
            db.add(visit)
        make.product(db, gtin=make.gtin(7), name="Tea")
    client = signed_in("rep", "R-1")

    def headers():
        return {"X-CSRF-Token": client.get("/rep/state").json["csrf"], "Accept": "application/json"}

    def send(*acts, **said):
        told = [{"visit": "v1", "age_s": 60, "fields": {}} | act for act in acts]
        body = {"who": client.get("/rep/state").json["who"], "acts": told} | said
        return client.post("/rep/acts", json=body, headers=headers())

    def shoot(data, **said):
        told = {"who": client.get("/rep/state").json["who"], "key": "p", "visit": "v1", "age_s": "60"} | said
        return client.post("/rep/photos", data=told | {"photo": (BytesIO(data), "x.jpg")}, headers=headers())

    client.send, client.shoot = send, shoot
    return client


def act(kind, key="k", **fields):
    return {"kind": kind, "key": key, "fields": fields}


def rows(engine, table):
    with transaction(engine) as db:
        return db.scalar(select(func.count()).select_from(table))


def states(answer):
    assert answer.status_code == 200, answer.text
    return [(one["key"], one["state"]) for one in answer.json["answers"]]


def test_the_list_is_given_for_the_phone_to_keep_without_a_token(phone):
    told = phone.get("/rep/state").json
    assert (told["day"], told["is_today"]) == (make.TODAY.isoformat(), True)
    assert "Shop 1" in told["html"]
    assert "Shop 2" not in told["html"]
    assert "csrf_token" not in told["html"]
    assert phone.get("/rep/state?day=2026-01-01").json["is_today"] is False


def test_a_shell_shows_nobodys_list_and_the_worker_names_its_files(phone, app):
    stranger = app.test_client()
    assert "Shop" not in stranger.get("/rep/shell").text
    assert '"/rep/shell?lang=en"' in stranger.get("/rep/worker.js").text
    assert "camera=()" in stranger.get("/rep/shell").headers["Permissions-Policy"]


def test_all_that_is_done_at_a_stop_is_kept_once(phone, engine):
    acts = [
        act("check-in", "a", **HERE),
        act(
            "shelf",
            "b",
            gtin=make.gtin(7),
            stock="24",
            facings="6",
            price="19.8",
            rival1="Brand A",
            rival_price1="12,9",
        ),
        act("outcome", "c", **DONE),
        act("pin", "d", note="behind  the school", **HERE),
    ]
    assert states(phone.send(*acts)) == [(key, "kept") for key in "abcd"]
    assert states(phone.send(*acts)) == [(key, "kept") for key in "abcd"]
    assert [rows(engine, table) for table in (CheckIn, ShelfFact, Outcome, PinProposal, StockCount)] == [1] * 5
    with transaction(engine) as db:
        fact = db.scalars(select(ShelfFact)).one()
        assert (fact.stock, fact.facings, fact.price_cents, fact.seen_on) == (24, 6, 1980, make.TODAY)
        assert fact.rivals == [{"name": "Brand A", "facings": None, "price_cents": 1290}]
        assert db.scalar(select(CheckIn.at)) == make.NOW - timedelta(seconds=60)
        assert db.scalar(select(PinProposal.note)) == "behind the school"


def test_what_is_refused_says_why_and_holds_up_nothing(phone):
    far = HERE | {"lat_deg": str(LAT + 1)}
    answer = phone.send(
        act("check-in", "a", **far),
        act("shelf", "b", gtin=make.gtin(7)),
        act("shelf", "c", gtin=make.gtin(7), facings="many"),
        act("shelf", "d", gtin="0" * 14, facings="1"),
        act("outcome", "e"),
        act("pin", "f", **HERE | {"accuracy_m": "900"}),
        act("outcome", "g", **DONE) | {"visit": "v2"},
        act("outcome", "h", **DONE),
    )
    assert states(answer) == [*((key, "refused") for key in "abcdefg"), ("h", "kept")]
    assert all(one["note"] for one in answer.json["answers"][:-1])
    assert "door" not in answer.json["answers"][0]["note"]


def test_nobody_sends_what_another_did(phone, engine):
    assert phone.send(act("outcome", **DONE), who="somebody else").status_code == 403
    assert phone.shoot(b"", who="somebody else").status_code == 403
    assert rows(engine, Outcome) == 0


@pytest.mark.parametrize(
    "acts",
    [
        [],
        [act("dance")],
        [act("outcome") | {"age_s": -1}],
        [act("outcome") | {"visit": "a b"}],
        [act("outcome", note="x" * 1001)],
        [act("outcome", **{f"f{number}": "" for number in range(61)})],
        [act("outcome", f"k{number}") for number in range(51)],
    ],
    ids=["nothing", "no such act", "tomorrow", "no id", "long field", "many fields", "too many acts"],
)
def test_what_no_phone_of_ours_sends_is_refused(phone, acts):
    assert phone.send(*acts).status_code == 422


def test_an_old_act_counts_for_seven_days_at_most(phone, engine):
    phone.send(act("check-in", **HERE) | {"age_s": 10**10})
    with transaction(engine) as db:
        assert db.scalar(select(CheckIn.at)) == make.NOW - timedelta(days=7)


def test_a_photo_is_made_small_and_kept_once(phone, engine):
    out = BytesIO()
    Image.new("RGB", (2000, 900), "#7a5").save(out, "PNG")
    for _ in range(2):
        assert states(phone.shoot(out.getvalue(), gtin=make.gtin(7))) == [("p", "kept")]
    assert rows(engine, ShelfPhoto) == 1
    with transaction(engine) as db:
        assert max(Image.open(BytesIO(db.scalar(select(ShelfPhoto.photo)))).size) == 1280
    assert states(phone.shoot(b"no photo", key="q")) == [("q", "refused")]
    assert phone.shoot(out.getvalue(), age_s="soon").status_code == 422
    assert phone.shoot(out.getvalue(), key="a b").status_code == 422
