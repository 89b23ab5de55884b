from datetime import date, timedelta

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from scans.intake import KeyReusedError
from scans.places import Position
from stores.directory import UnknownPartyError
from stores.stops import SPARK_DAYS, busiest_rep, visit_list
from stores.tables import Flag, Outcome, StoreDay, Visit
from stores.visits import (
    ACTIONS,
    CAUSES,
    CheckInRow,
    OutcomeError,
    OutcomeExistsError,
    OutcomeRow,
    TooFarError,
    UnknownVisitError,
    check_in,
    record_outcome,
)
from tests import make

DAY = date(2026, 6, 15)
LATER = make.NOW + timedelta(hours=1)
LAT_DEG, LON_DEG = make.SHANGHAI
M = 1 / 110_900  # degrees of latitude
WHY = {"code": "stretch_low", "days": 7, "sold": 4, "expected": 20.8, "low": 15, "high": 27}


def listed(db, *, visit_id="V1", rank=1, rep=None, **said):
    store = make.store(db, **said)
    days = {"first_day": DAY - timedelta(days=3), "last_day": DAY - timedelta(days=1)}
    flag = Flag(flag_id=f"F-{visit_id}", store_id=store.id, detector="judge", direction="too_bad", why=WHY, **days)
    flag.p_value, flag.stake_cents = 0.01, 500
    db.add(flag)
    db.flush()
    rep = rep or make.rep(db, rep_id="R1")
    stop = Visit(visit_id=visit_id, rep_id=rep.party_id, store_id=store.id, flag_id=flag.id, day=DAY, rank=rank)
    stop.stake_cents = 400
    db.add(stop)
    db.flush()
    return store


def arrive(db, metres=0.0, *, accuracy_m=None, reason=None, now=make.NOW, **said):
    position = None if metres is None else Position(LAT_DEG + metres * M, LON_DEG, accuracy_m)
    return check_in(db, visit_id="V1", position=position, reason=reason, now=now, **said)


def tell(db, now=make.NOW, **said):
    same = {"key": "k", "was_real": True, "cause": "rival", "action": "talked", "note": None}
    return record_outcome(db, **{"visit_id": "V1", **same, **said}, now=now)


@pytest.mark.parametrize(
    ("metres", "accuracy_m", "reason", "comes"),
    [
        (200, None, None, True),
        (400, None, None, False),
        (400, 150.0, None, True),
        (5000, 50_000.0, None, False),
        (5000, 10.0, "the store has moved", True),
        (None, None, None, False),
        (None, None, "", False),
        (None, None, "no signal in the basement", True),
    ],
    ids=[
        "near",
        "far",
        "far but vague",
        "anywhere",
        "far with a reason",
        "nowhere",
        "an empty reason",
        "with a reason",
    ],
)
def test_a_rep_is_at_the_store_or_says_why_not(db, metres, accuracy_m, reason, comes):
    listed(db)
    if not comes:
        with pytest.raises(TooFarError):
            arrive(db, metres, accuracy_m=accuracy_m, reason=reason)
        return
    came = arrive(db, metres, accuracy_m=accuracy_m, reason=reason)
    assert (came.at, came.reason) == (make.NOW, reason)
    assert came.distance_m == (None if metres is None else pytest.approx(metres, rel=0.01))


def test_the_first_arrival_stays(db):
    listed(db)
    first = arrive(db)
    assert arrive(db, None, reason="again", now=LATER) == first


def test_an_outcome_told_again_is_the_same(db):
    listed(db)
    told = tell(db, note="rival on the counter")
    assert told == OutcomeRow(make.NOW, True, "rival", "talked", "rival on the counter")
    assert tell(db, note="rival on the counter", now=LATER) == told
    assert db.query(Outcome).count() == 1


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ({"cause": "price"}, KeyReusedError),
        ({"was_real": False}, KeyReusedError),
        ({"key": "other"}, OutcomeExistsError),
        ({"visit_id": "V2"}, UnknownVisitError),
        ({"rep_id": "R2"}, UnknownVisitError),
        ({"cause": "aliens"}, OutcomeError),
        ({"action": "dance"}, OutcomeError),
        ({"note": "x" * 1001}, OutcomeError),
    ],
    ids=[
        "other cause",
        "not real after all",
        "other key",
        "no visit",
        "another's",
        "no cause",
        "no action",
        "long note",
    ],
)
def test_what_cannot_be_an_outcome_is_refused(db, said, error):
    listed(db)
    tell(db, rep_id="R1")
    with pytest.raises(error):
        tell(db, **said)


@pytest.mark.parametrize("words", [CAUSES, ACTIONS], ids=["causes", "actions"])
def test_law_every_word_fits_its_column(words):
    assert all(len(word) <= 32 for word in words)


def test_a_stop_has_all_that_its_page_shows(db):
    owner = make.party(db, phone="021-1")
    store = listed(db, party_id=owner.party_id, address="Road 1", name="Corner", lat_deg=LAT_DEG + 1000 * M)
    rows = [
        {"store_id": store.id, "day": DAY - timedelta(days=number), "count": number, "expected": number + 0.5}
        for number in range(3)
    ]
    db.execute(insert(StoreDay), rows)
    (stop,) = visit_list(db, rep_id="R1", day=DAY)
    assert (stop.visit_id, stop.rank, stop.state) == ("V1", 1, "open")
    assert (stop.store_id, stop.store_name, stop.address, stop.phone) == (store.store_id, "Corner", "Road 1", "021-1")
    assert (stop.lat_deg, stop.lon_deg) == (store.lat_deg, store.lon_deg)
    assert stop.distance_m == pytest.approx(1000, rel=0.01)
    assert (stop.flag_id, stop.detector, stop.direction, stop.why) == ("F-V1", "judge", "too_bad", WHY)
    assert (stop.first_day, stop.stake_cents) == (DAY - timedelta(days=3), 400)
    assert stop.counts == (*[None] * (SPARK_DAYS - 2), 2, 1)
    assert stop.expected == (*[None] * (SPARK_DAYS - 2), 2.5, 1.5)
    assert (stop.check_in, stop.outcome) == (None, None)


def test_a_store_is_called_on_its_own_phone_first(db):
    owner = make.party(db, phone="021-1")
    listed(db, party_id=owner.party_id, phone="021-2")
    assert visit_list(db, rep_id="R1", day=DAY)[0].phone == "021-2"


def test_a_stop_goes_from_open_to_done(db):
    listed(db)
    arrive(db, None, reason="why")
    (stop,) = visit_list(db, rep_id="R1", day=DAY)
    assert (stop.state, stop.check_in) == ("checked_in", CheckInRow(make.NOW, None, "why"))
    told = tell(db)
    (stop,) = visit_list(db, rep_id="R1", day=DAY)
    assert (stop.state, stop.outcome) == ("done", told)


def test_a_list_is_of_one_rep_and_day_in_its_order(db):
    rep = make.rep(db, rep_id="R1")
    listed(db, visit_id="V2", rank=2, rep=rep)
    listed(db, visit_id="V1", rank=1, rep=rep)
    listed(db, visit_id="V3", rep=make.rep(db, rep_id="R2"))
    assert [stop.visit_id for stop in visit_list(db, rep_id="R1", day=DAY)] == ["V1", "V2"]
    assert visit_list(db, rep_id="R1", day=DAY + timedelta(days=1)) == []


def test_the_busiest_rep_has_the_longest_of_the_latest_lists(db):
    assert busiest_rep(db) is None
    one, two = make.rep(db, rep_id="R1"), make.rep(db, rep_id="R2")
    for visit_id, rep, day in (("A", one, 0), ("B", one, 0), ("C", two, 1), ("D", one, 1), ("E", two, 1)):
        listed(db, visit_id=visit_id, rep=rep)
        db.execute(update(Visit).where(Visit.visit_id == visit_id).values(day=DAY + timedelta(days=day)))
    assert busiest_rep(db) == "R2"


def test_whoever_is_no_rep_has_no_list(db):
    party = make.party(db)
    for rep_id in (party.party_id, "nobody"):
        with pytest.raises(UnknownPartyError):
            visit_list(db, rep_id=rep_id, day=DAY)


def test_nobody_arrives_at_a_visit_of_another(db):
    listed(db)
    arrive(db, rep_id="R1")
    for said in ({"rep_id": "R2"}, {"rep_id": ""}):
        with pytest.raises(UnknownVisitError):
            arrive(db, **said)
    assert db.scalars(select(Visit.visit_id)).all() == ["V1"]


def test_a_visit_may_be_for_something_else_than_a_flag(db):
    store, rep = make.store(db), make.rep(db, rep_id="R1")
    said = {"visit_id": "V9", "rep_id": rep.party_id, "store_id": store.id, "day": DAY, "rank": 1, "stake_cents": 0}
    db.execute(insert(Visit).values(purpose="count", **said))
    (stop,) = visit_list(db, rep_id="R1", day=DAY)
    assert (stop.purpose, stop.flag_id, stop.direction, stop.why, stop.stake_cents) == ("count", None, None, None, 0)
    with pytest.raises(IntegrityError), db.begin_nested():
        db.execute(insert(Visit).values(**said | {"visit_id": "V8", "day": DAY + timedelta(days=1)}))
