"""The office sees what visits saw, and decides where stores stand."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from channel.database import transaction
from scans.places import Position
from stores.pins import propose_pin
from stores.seen import keep_photo, see_shelf
from stores.shelf import Rival, Shelf
from stores.tables import PinProposal, Store, Visit
from tests import make

LAT, LON = make.SHANGHAI


@pytest.fixture
def store(engine):
    """A store where a rep was twice, took a photo and says that it stands elsewhere."""
    with transaction(engine) as db:
        rep, store = make.rep(db, rep_id="R-1", name="Zhou"), make.store(db, store_id="S-1", name="Corner")
        make.product(db, gtin=make.gtin(7), name="Tea")
        for number, (facings, days) in enumerate(((9, 30), (4, 1))):
            visit = Visit(visit_id=f"v{number}", rep_id=rep.party_id, store_id=store.id, purpose="count", rank=1)
            visit.day, visit.stake_cents = make.TODAY - timedelta(days=days), 0
            db.add(visit)
            db.flush()
            seen = Shelf(facings=facings, price_cents=1980, rivals=(Rival("Brand A", 3, 1290),), elsewhere_percent=30)
            now = make.NOW - timedelta(days=days)
            see_shelf(db, visit_id=f"v{number}", key="k", gtin=make.gtin(7), shelf=seen, now=now)
        keep_photo(db, visit_id="v1", key="p", gtin=None, photo=b"jpeg", now=make.NOW)
        new = Position(LAT + 0.01, LON, 12.0)
        propose_pin(db, visit_id="v1", key="n", position=new, note="behind the school", now=make.NOW)
    return "S-1"


def test_the_history_of_a_shelf_its_photos_and_its_file(store, signed_in):
    page = signed_in("owner")
    assert "/office/stores/S-1/shelf" in page.get("/office/stores/S-1").text
    told = page.get("/office/stores/S-1/shelf").text
    for words in ("Tea", "Brand A 3 facings CN¥12.90", "CN¥19.80", "30%", "Facings at each visit: 9, 4.", "Zhou"):
        assert words in told
    photo = re.search(r'src="(/office/photos/[^"]+)"', told)[1]
    assert page.get(photo).data == b"jpeg"
    assert page.get("/office/photos/none").status_code == 404
    file = page.get("/office/stores/S-1/shelf.csv").text.splitlines()
    assert len(file) == 3
    assert "Brand A=3/1290" in file[1]


def test_an_empty_shelf_says_what_would_stand_there(engine, signed_in):
    with transaction(engine) as db:
        make.store(db, store_id="S-9")
    page = signed_in("owner")
    assert "Nobody has looked at this shelf" in page.get("/office/stores/S-9/shelf").text
    assert page.get("/office/stores/S-0/shelf").status_code == 404
    assert "No proposal here" in page.get("/office/pins").text


def decide(page, state, **said):
    told = page.get("/office/pins").text
    token = re.search(r'name="csrf_token" value="([^"]+)"', told)[1]
    pin = re.search(r'id="(N[0-9a-f]+)"', told)
    return page.post(f"/office/pins/{pin[1] if pin else 'N0'}", data={"csrf_token": token, "state": state, **said})


def test_the_owner_accepts_a_pin_and_the_store_moves(store, engine, signed_in):
    page = signed_in("owner")
    told = page.get("/office/pins").text
    for words in ("Corner", "Zhou", "behind the school", "1.1 km", "31.23040", "31.24040"):
        assert words in told
    assert decide(page, "accepted", reason="seen on the photo").status_code == 303
    with transaction(engine) as db:
        assert db.scalar(select(Store.lat_deg)) == pytest.approx(LAT + 0.01)
        assert db.execute(select(PinProposal.state, PinProposal.reason)).one() == ("accepted", "seen on the photo")
    assert "seen on the photo" in page.get("/office/pins?state=accepted").text
    assert decide(page, "refused").status_code == 404


def test_a_word_that_is_none_is_refused_and_nothing_moves(store, engine, signed_in):
    page = signed_in("owner")
    assert decide(page, "moved").status_code == 422
    assert decide(page, "refused").status_code == 303
    with transaction(engine) as db:
        assert db.scalar(select(Store.lat_deg)) == pytest.approx(LAT)


def test_an_auditor_reads_and_does_not_decide(store, signed_in):
    page = signed_in("auditor")
    told = page.get("/office/pins").text
    assert "Corner" in told
    assert "Accept" not in told.replace("Accepting", "")
    token = re.search(r'name="csrf_token" value="([^"]+)"', told)[1]
    assert page.post("/office/pins/N1", data={"csrf_token": token, "state": "accepted"}).status_code == 403
