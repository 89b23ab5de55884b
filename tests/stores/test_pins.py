from datetime import timedelta

import pytest
from sqlalchemy import select

from scans.places import Position
from stores.book import store_book
from stores.pins import PinDecidedError, PinError, UnknownPinError, decide_pin, pin_list, pins_waiting, propose_pin
from stores.tables import Store, Visit
from stores.visits import UnknownVisitError
from tests import make

LAT, LON = make.SHANGHAI
NEW = Position(LAT + 0.01, LON, 12.0)


@pytest.fixture
def store(db):
    rep, store = make.rep(db, rep_id="R1"), make.store(db, store_id="S1")
    visit = Visit(visit_id="V1", rep_id=rep.party_id, store_id=store.id, purpose="count", day=make.TODAY, rank=1)
    visit.stake_cents = 0
    db.add(visit)
    db.flush()
    return store


def propose(db, **said):
    told = {"visit_id": "V1", "key": "k", "position": NEW, "note": "behind the school", "now": make.NOW}
    return propose_pin(db, **told | said)


def decide(db, pin_id, state="accepted", **said):
    decide_pin(db, pin_id=pin_id, state=state, **{"who": "boss", "reason": None, "now": make.NOW, **said})


def place(db):
    return tuple(db.execute(select(Store.lat_deg, Store.lon_deg).where(Store.store_id == "S1")).one())


def test_a_proposal_moves_nothing_until_it_is_accepted(db, store):
    pin_id = propose(db)
    assert propose(db, now=make.NOW + timedelta(hours=1)) == pin_id
    assert (place(db), pins_waiting(db)) == ((LAT, LON), 1)
    (line,) = pin_list(db, state="waiting", limit=9)
    assert (line.store_id, line.note, line.accuracy_m, line.state) == ("S1", "behind the school", 12.0, "waiting")
    assert line.moved_m == pytest.approx(1109, abs=2)
    decide(db, pin_id, reason="seen on a photo")
    assert (place(db), pins_waiting(db)) == ((NEW.lat_deg, NEW.lon_deg), 0)
    (line,) = pin_list(db, store_id="S1", limit=9)
    assert (line.old_lat_deg, line.lat_deg, line.decided_by, line.reason) == (
        LAT, NEW.lat_deg, "boss", "seen on a photo",
    )  # fmt: skip


def test_an_accepted_pin_is_where_scans_find_the_store(db, store):
    assert store_book(db).facts(db, store_ids=[store.id])[store.id].place.lat_deg == LAT
    decide(db, propose(db))
    book = store_book(db)
    assert book.facts(db, store_ids=[store.id])[store.id].place.lat_deg == NEW.lat_deg
    assert book.index.nearest(NEW)[0].distance_m == pytest.approx(0, abs=0.1)


def test_a_refused_pin_leaves_the_store_where_it_is_and_the_word_stands(db, store):
    pin_id = propose(db)
    decide(db, pin_id, "refused")
    decide(db, pin_id, "refused")
    with pytest.raises(PinDecidedError):
        decide(db, pin_id)
    assert place(db) == (LAT, LON)


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ({"position": Position(LAT, LON, None)}, PinError),
        ({"position": Position(LAT, LON, 201.0)}, PinError),
        ({"note": "x" * 201}, PinError),
        ({"note": "a\nb"}, PinError),
        ({"visit_id": "V2"}, UnknownVisitError),
        ({"rep_id": "R2"}, UnknownVisitError),
    ],
    ids=["accuracy unknown", "too vague", "long note", "two lines", "no visit", "another's"],
)
def test_what_cannot_say_where_a_store_stands_is_refused(db, store, said, error):
    with pytest.raises(error):
        propose(db, **said)


def test_nobody_decides_about_nothing(db, store):
    with pytest.raises(UnknownPinError):
        decide(db, "N1")
    with pytest.raises(PinError):
        decide(db, propose(db), "moved")
