"""What the holder of a doubted code is told and can report, and how the office reads and decides it."""

import re
from io import BytesIO

import pytest
from PIL import Image
from sqlalchemy import func, select

from channel import access, limits
from channel.database import reading, transaction
from channel.journey import NewScan, PlaceTold, take_scans
from scans.norms import LEAST_DEVICES
from scans.tables import Doubt, Report
from stores.ledger import balances_by_kind
from tests import make, worlds
from tests.channel.test_pages_consumer import path

HERE = PlaceTold(*worlds.PLACE, 30.0, "wgs84")
BEIJING = PlaceTold(39.90, 116.40, 30.0, "wgs84")


@pytest.fixture
def world(engine, config, app):
    return worlds.small(engine, config)


def scan(world, device, item=1, **said):
    return NewScan(world.uri(item), f"k{item}-{device}", f"phone{device}", **said)


def take(world, *scans):
    with transaction(world.engine) as db:
        return [one.body for one in take_scans(db, config=world.config, ring=world.ring, scans=scans, now=make.NOW)]


def copied(world):
    take(world, scan(world, 0, position=HERE), scan(world, 1, position=BEIJING))
    return take(world, *[scan(world, device) for device in range(2, LEAST_DEVICES + 2)])[-1]


def photo():
    out = BytesIO()
    Image.new("RGB", (80, 60), "green").save(out, "PNG")
    return BytesIO(out.getvalue())


def report(client, world, **told):
    page = client.get(f"{path(world)}/report").text
    key = re.search(r'name="key" value="([^"]+)"', page)[1]
    form = {"key": key, "said": "Bought at a stall, the print is blurred"} | told
    return client.post(f"{path(world)}/report", data=form, content_type="multipart/form-data")


def kept(world):
    with reading(world.engine) as db:
        return [(row.said, row.photo) for row in db.scalars(select(Report))]


def test_the_page_of_a_doubted_code_tells_how_many_phones_how_far_apart_and_what_to_do(client, world):
    copied(world)
    page = client.get(path(world)).text
    for told in (
        "This code may have been copied",
        f"{LEAST_DEVICES + 2} phones have scanned it",
        "about 1,000 km apart",
        "The first scan was on",
        "When in doubt",
        "report it",
    ):
        assert told in page
    known = client.get(path(world), headers={"Accept": "application/json"}).json
    assert (known["state"], known["devices"], known["apart_km"]) == ("suspect", LEAST_DEVICES + 2, 1000)
    assert "39.9" not in page
    assert "116.4" not in page


def test_the_answer_of_the_api_says_why_a_code_is_doubted(client, world):
    sent = {"key": "k", "uri": world.uri(), "consumer": "far", "position": None}
    take(world, scan(world, 0, position=HERE))
    away = {"lat_deg": 39.9, "lon_deg": 116.4, "accuracy_m": 20.0, "datum": "wgs84"}
    told = client.post("/api/v1/scans", json=sent | {"scanned_at": make.NOW.isoformat(), "position": away}).json
    assert (told["verdict"], told["claim"]) == ("suspect", False)
    assert told["doubt"] == {"reasons": ["travel"], "devices": 2, "apart_km": 1000}


def test_a_report_with_a_photo_reaches_the_office_and_sent_twice_is_one(client, world):
    answer = report(client, world, photo=(photo(), "it.png"), key="same")
    assert (answer.status_code, answer.location) == (303, f"{path(world)}?reported=1")
    assert "your report has reached the office" in client.get(answer.location).text
    report(client, world, key="same")
    ((said, kept_photo),) = kept(world)
    assert said == "Bought at a stall, the print is blurred"
    assert kept_photo[:3] == b"\xff\xd8\xff"
    with reading(world.engine) as db:
        assert db.scalars(select(Doubt.state)).all() == ["reported"]
    assert "Nobody has scanned this code before" in client.get(path(world)).text


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({"said": "  "}, "Please write a few words"),
        ({"said": "x" * 501}, "Please write a few words"),
        ({"said": "a\x00b"}, "Please write a few words"),
        ({"photo": b"no photo"}, "This photo could not be read"),
    ],
)
def test_what_cannot_be_kept_is_told_beside_its_field(client, world, told, why):
    photo = {"photo": (BytesIO(told["photo"]), "it.jpg")} if "photo" in told else {}
    answer = report(client, world, **told | photo)
    assert answer.status_code == 422
    assert why in answer.text
    assert kept(world) == []


def test_a_file_beyond_all_bounds_is_refused_unread(client, world):
    kind = "multipart/form-data; boundary=x"
    answer = client.post(f"{path(world)}/report", data=bytes(13 * 2**20), content_type=kind)
    assert answer.status_code == 413
    assert kept(world) == []


def test_reports_about_one_code_are_limited(client, world):
    answers = [report(client, world, key=f"k{n}").status_code for n in range(limits.REPORTS_OF_CODE.most + 1)]
    assert answers == [303] * limits.REPORTS_OF_CODE.most + [429]


def test_an_unknown_code_cannot_be_reported(client, world):
    unknown = path(world)[:-4] + "0000"
    assert client.get(f"{unknown}/report").status_code == 404
    assert client.post(f"{unknown}/report", data={"said": "x"}).status_code == 404


@pytest.fixture
def office(app, world):
    """Give each role a browser of its own."""
    browsers = {}
    for role in ("owner", "finance", "auditor"):
        with transaction(world.engine) as db:
            password = access.add_user(db, name=role, role=role, party=None, now=make.NOW)
        browsers[role] = app.test_client()
        browsers[role].post("/", data={"name": role, "password": password})
    return browsers


def decide(browser, address, act, said="asked the store"):
    with browser.session_transaction() as session:
        token = session["csrf"]
    return browser.post(address, data={"csrf_token": token, "act": act, "said": said})


def address_of(world):
    with reading(world.engine) as db:
        return f"/office/doubts/{db.scalars(select(Doubt.doubt_id)).one()}"


def test_the_office_finds_the_evidence_laid_out(world, client, office):
    copied(world)
    report(client, world, photo=(photo(), "it.png"))
    listed = office["auditor"].get("/office/doubts").text
    assert address_of(world) in listed
    assert f"…{world.uri()[-4:]}" in listed
    assert world.uri()[-16:-4] not in listed
    page = office["auditor"].get(address_of(world)).text
    for told in (
        "Two phones about 1,000 km apart within 1 minutes: no plane flies that fast.",
        "Phone 7",
        "no plane flies that fast",
        "the print is blurred",
        "Near",
        "Doubt raised",
        "Somebody reported it",
    ):
        assert told in page
    assert "Clear: not a copy" not in page
    assert world.uri()[-16:-4] not in page
    (shown,) = re.findall(r'<img class="proof" src="([^"]+)"', page)
    sent = office["auditor"].get(shown)
    assert (sent.status_code, sent.content_type, sent.data[:3]) == (200, "image/jpeg", b"\xff\xd8\xff")
    assert office["owner"].get(f"{address_of(world)}/photos/Tother").status_code == 404


@pytest.mark.parametrize(("act", "state", "held"), [("release", "cleared", 0), ("reverse", "confirmed", 0)])
def test_owner_and_finance_decide_once(world, office, act, state, held):
    copied(world)
    there = address_of(world)
    assert decide(office["auditor"], there, act).status_code == 403
    assert decide(office["finance"], there, act).status_code == 303
    assert decide(office["owner"], there, act).status_code == 303
    other = {"release": "reverse", "reverse": "release"}[act]
    refused = decide(office["owner"], there, other)
    assert (refused.status_code, "decided about this code otherwise" in refused.text) == (409, True)
    with reading(world.engine) as db:
        assert db.scalars(select(Doubt.state)).all() == [state]
        assert -balances_by_kind(db).get("held", 0) == held
    assert office["auditor"].get(there).text.count("asked the store") == 1


def test_a_note_decides_nothing_and_a_reason_is_needed(world, office):
    copied(world)
    there = address_of(world)
    assert decide(office["owner"], there, "note", "called them").status_code == 303
    assert decide(office["owner"], there, "release", " ").status_code == 422
    assert decide(office["owner"], there, "nonsense").status_code == 303
    assert decide(office["owner"], "/office/doubts/Dnone", "release").status_code == 404
    page = office["owner"].get(there).text
    assert "called them" in page
    assert "to be decided" in page


def test_a_confirmed_copy_warns_on_its_page(world, client, office):
    copied(world)
    decide(office["owner"], address_of(world), "reverse")
    assert "it was copied" in client.get(path(world)).text


def test_nothing_to_look_at_is_told(world, office):
    for state in ("open", "reported", "confirmed", "cleared", "nonsense"):
        assert "No code here" in office["owner"].get(f"/office/doubts?state={state}&page=x").text


def test_a_reported_code_is_listed_apart(world, client, office):
    report(client, world)
    with reading(world.engine) as db:
        assert db.scalar(select(func.count()).select_from(Doubt)) == 1
    assert "A report, no evidence of its scans" in office["owner"].get("/office/doubts?state=reported").text
    assert "No code here" in office["owner"].get("/office/doubts").text
