"""The office sees what became of lists, what visits are worth, who waits, and which reason cries wolf."""

import io
import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import insert

from channel.database import reading, transaction
from stores.holdout import Rule, rule
from stores.sales import note_closed
from stores.tables import CheckIn, Draw, Flag, Outcome, StoreDay, Visit
from tests import make

LOW = {"code": "stretch_low", "days": 7, "sold": 7, "expected": 28.0, "low": 20, "high": 36}
PAGES = ("/office/visits", "/office/worth", "/office/reasons", "/office/cadence", "/office/flags")
FILES = (
    "/office/visits/rounds",
    "/office/visits/dark",
    "/office/worth",
    "/office/reasons",
    "/office/flags",
    "/office/lessons",
)


def ago(days):
    return make.TODAY - timedelta(days=days)


def noon(day):
    return datetime.combine(day, datetime.min.time(), ZoneInfo("Asia/Shanghai")) + timedelta(hours=12)


def flagged(db, store, *, held=None, back=3, number=0):
    """Flag a store three weeks ago, draw its lot and let it sell."""
    said = {"store_id": store.id, "detector": "judge", "direction": "too_bad", "p_value": 0.01, "stake_cents": 90_000}
    flag = Flag(flag_id=f"f{store.id}-{number}", first_day=ago(22 + number), last_day=ago(21 + number), why=LOW, **said)
    db.add(flag)
    db.flush()
    if held is not None:
        lot = {"flag_id": flag.id, "day": ago(20), "until": ago(13), "held": held, "share_bp": 1000}
        db.execute(insert(Draw).values(stake_cents=90_000, why=LOW, **lot))
        for each in range(20, 13, -1):
            db.execute(insert(StoreDay).values(store_id=store.id, day=ago(each), count=back))
    return flag


def listed(db, rep, store, flag, *, day, reported=None, was_real=True, rank=1):
    visit = db.scalar(
        insert(Visit)
        .values(
            visit_id=f"v{store.id}-{day}", rep_id=rep.party_id, store_id=store.id, flag_id=flag.id, day=day, rank=rank,
            stake_cents=90_000,
        )
        .returning(Visit.id)
    )  # fmt: skip
    if reported is not None:
        db.execute(insert(CheckIn).values(visit_id=visit, at=noon(day)))
        said = {"was_real": was_real, "cause": "out_of_stock", "action": "restocked"}
        db.execute(insert(Outcome).values(visit_id=visit, key="k", at=noon(reported), **said))


@pytest.fixture
def world(engine):
    with transaction(engine) as db:
        note_closed(db, days=[ago(1)], now=make.NOW)
        rep, idle = make.rep(db, rep_id="R-1", name="Busy"), make.rep(db, rep_id="R-2", name="Idle", region="West")
        stores = [make.store(db, name=f"Store {n}", region="上海" if n % 2 else "East") for n in range(30)]
        flags = [flagged(db, store, held=n % 3 == 0, back=2 + n % 4) for n, store in enumerate(stores)]
        for n in (1, 2, 4, 5):
            listed(db, rep, stores[n], flags[n], day=ago(20), reported=ago(20 if n < 4 else 18), was_real=n > 1, rank=n)
        listed(db, rep, stores[7], flags[7], day=ago(20), rank=7)
        listed(db, rep, stores[8], flags[8], day=make.TODAY)
        waits = flagged(db, stores[0], number=5)
        lot = {"flag_id": waits.id, "day": ago(2), "until": ago(-5), "held": True, "share_bp": 1000}
        db.execute(insert(Draw).values(stake_cents=90_000, why=LOW, **lot))
        return idle.party_id


def sheet(client, path):
    told = client.get(f"{path}.xlsx")
    return CalamineWorkbook.from_filelike(io.BytesIO(told.data)).get_sheet_by_index(0).to_python()


def send(client, to, **told):
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/office/worth").text)[1]
    return client.post(to, data={"csrf_token": token, **told})


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_on_day_one_every_page_and_file_opens(signed_in, lang):
    client = signed_in("owner")
    for path in PAGES:
        assert client.get(f"{path}?lang={lang}").status_code == 200, path
    for path in FILES:
        assert [client.get(f"{path}.{kind}").status_code for kind in ("csv", "xlsx")] == [200, 200], path
    page = client.get("/office/worth?lang=en").text
    assert "not known yet" in page
    assert "10 more cases" in page
    assert "No reps yet" in client.get("/office/visits").text


def test_managers_see_missed_done_and_late_and_open_a_rep(world, signed_in):
    client = signed_in("owner")
    rows = [(row[0], row[7], row[8]) for row in sheet(client, "/office/visits/rounds")[1:]]
    assert [row[1] for row in rows] == ["done", "done", "reported late", "reported late", "missed", "open"]
    page = client.get("/office/visits").text
    assert page.index("Busy") < page.index("Idle")
    drill = client.get("/office/visits/reps/R-1").text
    assert [drill.count(f">{word}</span>") for word in ("done", "reported late", "missed", "open")] == [2, 2, 1, 1]
    assert client.get("/office/visits/reps/nobody").status_code == 404
    assert "No list" in client.get("/office/visits/reps/R-2").text
    assert client.get("/office/visits?days=9999").status_code == 200


def test_dark_days_are_working_days_without_a_report(world, signed_in):
    dark = [(row[0], row[3]) for row in sheet(signed_in("auditor"), "/office/visits/dark")[1:]]
    idle = {day for rep, day in dark if rep == "R-2"}
    busy = {day for rep, day in dark if rep == "R-1"}
    assert len(idle - busy) == len({ago(20), ago(18)} & {day for n in range(28) if (day := ago(n)).weekday() < 5})


def test_the_office_sees_what_visits_are_worth_and_who_waits(world, signed_in):
    client = signed_in("finance")
    page = client.get("/office/worth").text
    assert page.count("Store 0</a>") == 1
    assert "2 more" not in page
    rows = sheet(client, "/office/worth")
    assert (rows[1][0], rows[1][1], rows[1][2]) == ("all", 20, 10)
    assert rows[1][5] < rows[1][4] < rows[1][6]
    assert "svg" in page
    assert "change_hold_out" not in page
    assert client.post("/office/worth", data={}).status_code == 403


def test_the_owner_changes_how_lots_are_drawn(engine, world, signed_in):
    client = signed_in("owner")
    good = {"share_pct": "20", "days": "10", "severe": "500", "severe_p": "1e-6"}
    assert send(client, "/office/worth", **good).status_code == 303
    with reading(engine) as db:
        assert rule(db) == Rule(2000, 10, 50_000, 1e-6)
    for bad in (
        {"share_pct": "51"},
        {"days": "1"},
        {"days": ""},
        {"severe": "-1"},
        {"severe_p": "nan"},
        {"severe_p": "x"},
    ):
        assert send(client, "/office/worth", **good | bad).status_code == 422, bad
    assert send(client, "/office/worth", **good | {"share_pct": "0"}).status_code == 303
    assert "Nobody is held out" in client.get("/office/worth").text


def test_the_office_sees_which_reason_is_right(world, signed_in):
    client = signed_in("owner")
    rows = sheet(client, "/office/reasons")
    assert rows[1][:4] == ["judge", "sells too little", 4, 3]
    assert rows[1][4] == pytest.approx(10 / 14, abs=1e-4)
    assert rows[1][5] < rows[1][4] < rows[1][6]
    assert len(sheet(client, "/office/lessons")) == 1 + 31 - 4


def test_a_flag_whose_reason_names_no_code_is_shown_all_the_same(engine, world, signed_in):
    with transaction(engine) as db:
        for flag, why in zip(db.query(Flag).order_by(Flag.id).limit(3), ({}, {"code": None}, {"days": 3}), strict=True):
            flag.why = why
    client = signed_in("owner")
    assert {client.get(path).status_code for path in PAGES} == {200}
    assert {client.get(f"{path}.csv").status_code for path in FILES} == {200}


def test_flags_tell_where_they_stand_by_region_and_as_a_file(engine, world, signed_in, client, bearer):
    with transaction(engine) as db:
        flag = db.query(Flag).order_by(Flag.id).first()
        flag.closed_on, flag.closed_why, flag.closed_p = ago(10), "returned", 0.07
    page = signed_in("owner").get("/office/flags").text
    assert "back to normal" in page
    assert "chart-tiles" in page
    rows = sheet(client, "/office/flags")
    assert {row[9] for row in rows[1:]} == {"open", "visited", "closed"}
    told = client.get(f"/api/v1/flags?day={ago(21)}", headers=bearer()).json["flags"]
    states = {one["flag_id"]: one["state"] for one in told}
    assert states[told[0]["flag_id"]] in ("open", "visited", "closed")
    closed = [one for one in told if one["state"] == "closed"]
    assert [(one["closed_on"], one["closed_why"], one["closed_p"]) for one in closed] == [
        (str(ago(10)), "returned", 0.07)
    ]
    assert sum(one["visited"] for one in told) == 4
