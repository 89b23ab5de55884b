"""The page of a rep: the stops of a day with their reasons, an arrival, an outcome in three taps."""

import re
from datetime import timedelta
from urllib.parse import unquote

import pytest
from sqlalchemy import select

from channel.database import transaction
from stores.tables import CheckIn, Flag, Outcome, Party, StoreDay, Visit
from tests import make

LAT, LON = make.SHANGHAI
WHY = {"code": "stretch_low", "days": 7, "sold": 0, "expected": 25.66, "low": 13, "high": 43}
HERE = {"place": "position", "lat_deg": str(LAT), "lon_deg": str(LON), "accuracy_m": "20"}


@pytest.fixture
def page(engine, signed_in):
    """Let a rep have one stop today and one yesterday, and another rep one of their own."""
    with transaction(engine) as db:
        mine, other = make.rep(db, rep_id="R-1"), make.rep(db, rep_id="R-2")
        for number, (rep, days) in enumerate([(mine, 0), (mine, 1), (other, 0)]):
            store = make.store(db, store_id=f"S-{number}", name=f"Store {number}", phone="021 5555", address="Road 1")
            flag = Flag(flag_id=f"f{number}", store_id=store.id, detector="judge", direction="too_bad", p_value=0.01)
            flag.first_day = flag.last_day = make.TODAY - timedelta(days=1)
            flag.stake_cents, flag.why = 82000, WHY
            db.add(flag)
            db.flush()
            day = make.TODAY - timedelta(days=days)
            visit = Visit(visit_id=f"v{number}", rep_id=rep.party_id, store_id=store.id, flag_id=flag.id, day=day)
            visit.rank, visit.stake_cents = 1, 82000
            db.add(visit)
            db.add(StoreDay(store_id=store.id, day=make.TODAY - timedelta(days=1), count=3, expected=3.7))
    return signed_in("rep", "R-1")


def send(page, address, **told):
    token = re.search(r'name="csrf_token" value="([^"]+)"', page.get("/rep").text)[1]
    return page.post(address, data={"csrf_token": token, **told})


def report(page, visit="v0", **told):
    usual = {"key": "k", "was_real": "yes", "cause": "out_of_stock", "action": "restocked"}
    return send(page, f"/rep/visits/{visit}/outcome", **(usual | told))


def test_a_stop_says_where_why_and_what_is_at_stake(page):
    told = page.get("/rep").text
    assert "One visit today" in told
    for words in ("Store 0", "Sold 0 in 7 days, where 25.7 are normal (13 to 43).", "CN¥820.00 a month", "tel:0215555"):
        assert words in told
    assert "Store 1" not in told
    assert "Store 2" not in told


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31", "tomorrow"])
def test_a_day_that_cannot_be_is_today(page, day):
    assert "Store 0" in page.get(f"/rep?day={day}").text
    assert page.get(f"/rep/state?day={day}").json["is_today"]


def test_a_stop_says_what_was_counted_there_since_it_was_flagged(page, engine):
    with transaction(engine) as db:
        make.product(db, gtin=make.gtin(7))
    send(page, "/rep/visits/v0/shelf", key="s", gtin=make.gtin(7), stock="24")
    assert "Stock about 24 (24 to 24)" in page.get("/rep").text


def test_the_other_days_are_a_link_away(page):
    told = page.get(f"/rep?day={make.TODAY - timedelta(days=1)}").text
    assert "Store 1" in told
    assert "Nothing on the list" in page.get(f"/rep?day={make.TODAY - timedelta(days=9)}").text
    assert "One visit today" in page.get("/rep?day=nonsense").text


def test_maps_open_in_the_datum_of_the_app(page):
    english = page.get("/rep").text
    assert f"geo:{LAT:.6f},{LON:.6f}" in english
    chinese = unquote(page.get("/rep?lang=zh").text)
    lon, lat = re.search(r"uri\.amap\.com/marker\?position=([\d.]+),([\d.]+)", chinese).groups()
    assert 0.001 < abs(float(lat) - LAT) + abs(float(lon) - LON) < 0.02


def test_a_position_at_the_store_checks_in(page, engine):
    assert send(page, "/rep/visits/v0/check-in", **HERE).location.endswith("#v-v0")
    assert "Here since 12:00" in page.get("/rep").text
    with transaction(engine) as db:
        assert db.scalar(select(CheckIn.distance_m)) == 0


def test_far_away_or_without_a_position_a_reason_is_asked_for(page, engine):
    for told in (HERE | {"lat_deg": str(LAT + 1)}, {"place": "position"}, {}):
        answer = send(page, "/rep/visits/v0/check-in", **told)
        assert "far=v0" in answer.location
    assert "Your phone does not seem to be at the store" in page.get(answer.location).text
    send(page, "/rep/visits/v0/check-in", reason="no reception in the basement")
    with transaction(engine) as db:
        assert db.scalar(select(CheckIn.reason)) == "no reception in the basement"


def test_an_outcome_is_three_taps_and_sent_twice_is_one(page, engine):
    told = page.get("/rep").text
    assert 'name="was_real" value="yes"' in told
    assert 'name="cause" value="out_of_stock"' in told
    assert 'name="cause" value="keeper_scanning"' not in told, "that explains too much, not too little"
    assert report(page, note="  shelf empty ").status_code == report(page, note="shelf empty").status_code == 303
    told = page.get("/rep").text
    assert "Out of stock → Restocked" in told
    assert "It was real." in told
    assert "shelf empty" in told
    with transaction(engine) as db:
        assert len(db.scalars(select(Outcome.key)).all()) == 1


@pytest.mark.parametrize(
    ("told", "status"),
    [({"cause": "boredom"}, 422), ({"action": ""}, 422), ({"cause": ""}, 422)],
)
def test_an_outcome_that_cannot_be_is_refused(page, told, status):
    assert report(page, **told).status_code == status


def test_a_visit_reported_already_stays_as_it_is(page):
    report(page)
    answer = report(page, key="another", was_real="no")
    assert answer.status_code == 409
    assert "This visit has been reported already." in answer.text


def test_another_reps_visit_is_not_there(page):
    assert report(page, "v2").status_code == 404
    assert send(page, "/rep/visits/v2/check-in", reason="x").status_code == 404


def test_a_form_without_its_token_is_refused(page):
    assert page.post("/rep/visits/v0/outcome", data={"was_real": "yes"}).status_code == 403


def test_a_store_that_is_due_for_a_count_asks_what_was_wrong(page, engine):
    with transaction(engine) as db:
        rep, store = db.scalar(select(Party.id).where(Party.party_id == "R-1")), make.store(db, name="Uncounted")
        visit = Visit(visit_id="v9", rep_id=rep, store_id=store.id, purpose="count", day=make.TODAY, rank=2)
        visit.stake_cents = 0
        db.add(visit)
    told = page.get("/rep").text
    for words in ("Uncounted", "due for a count", "Nobody has counted here", "Was something wrong?"):
        assert words in told
    card = told[told.index('id="v-v9"') :]
    assert all(f'name="cause" value="{cause}"' in card for cause in ("out_of_stock", "keeper_scanning"))
    report(page, "v9", was_real="no", cause="nothing_found", action="none")
    assert "Nothing was wrong." in page.get("/rep").text
