"""The API's other calls: what each answers, and to whom."""

from datetime import timedelta

import pytest
from openapi_spec_validator import validate

from channel.calls import CALLS
from channel.database import transaction
from channel.journey import NewScan, PlaceTold, take_scan
from channel.night import close_days
from stores.directory import scope_of
from stores.ledger import trial_balance
from stores.sales import sell_through
from tests import make, worlds

DAY = make.TODAY


@pytest.fixture
def world(engine, config):
    world = worlds.small(engine, config)
    with transaction(engine) as db:
        make.rep(db, rep_id="R1", region="East")
        for item in range(1, 9):
            place = PlaceTold(*worlds.PLACE, 20.0, "wgs84")
            at = make.NOW + timedelta(minutes=item)
            scan = NewScan(uri=world.uri(item), key="k", position=place, consumer=f"c{item}")
            take_scan(db, config=config, ring=world.ring, scan=scan, now=at)
    return world


@pytest.fixture
def client(world, config, new_app):
    return new_app(config).test_client()


def test_the_document_is_valid_and_names_every_call(client):
    document = client.get("/openapi.json").json
    validate(document)
    assert document["openapi"].startswith("3.1")
    operations = [told for path in document["paths"].values() for told in path.values()]
    assert len(operations) == len(CALLS)
    assert {told["operationId"] for told in operations} == {call.name for call in CALLS}


def test_the_document_names_no_host(client):
    assert "://" not in client.get("/openapi.json").text


def test_sell_through_is_a_row_for_each_day(client, bearer):
    answer = client.get(f"/api/v1/stores/S-near/sell-through?from={DAY - timedelta(days=1)}&to={DAY}", headers=bearer())
    assert [(row["day"], row["count"]) for row in answer.json] == [("2026-06-14", 0), ("2026-06-15", 8)]
    assert answer.json[0].keys() == {"day", "count", "expected", "low", "high", "flag"}


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("", "nothing asked"),
        ("from=2026-06-15", "no end"),
        ("from=2026-06-15&to=2026-02-30", "no such day"),
        ("from=2026-06-15&to=1781481600", "seconds"),
        ("from=2026-06-15&to=2026-06-15T00:00:00", "an instant"),
        ("from=2026-06-15&to=2026-06-15&more=1", "unknown"),
        ("from=2026-06-15&from=2026-06-14&to=2026-06-15", "twice"),
        ("from=0001-01-01&to=0001-01-02", "before all time"),
        ("from=2026-06-15&to=9999-12-31", "after all time"),
        ("from=2000-01-01&to=2026-06-15", "too long"),
        ("from=%00&to=%ff", "no text"),
    ],
)
def test_a_span_that_cannot_be_is_422(client, bearer, query, why):
    answer = client.get(f"/api/v1/stores/S-near/sell-through?{query}", headers=bearer())
    assert (answer.status_code, answer.mimetype) == (422, "application/problem+json")


def test_a_statement_names_every_part_and_its_sums_are_the_ledgers(engine, client, bearer):
    answer = client.get("/api/v1/parties/F1/statement", headers=bearer()).json
    assert answer["opening_cents"] == 0
    assert answer["closing_cents"] == sum(line["part_cents"] for line in answer["lines"]) == 8 * 100
    assert answer["lines"][0].keys() == {"scan_id", "at", "store_id", "evidence", "plan", "part_cents", "state"}
    assert answer["next"] is None


def test_a_statement_in_pages_is_the_same_statement(client, bearer):
    token = bearer()
    whole = client.get("/api/v1/parties/F1/statement", headers=token).json["lines"]
    lines, after = [], ""
    for _ in whole:
        page = client.get(f"/api/v1/parties/F1/statement?limit=3{after}", headers=token).json
        lines += page["lines"]
        if page["next"] is None:
            break
        after = f"&after={page['next']}"
    assert lines == whole


def test_the_trial_balance_is_zero(engine, client, bearer):
    with transaction(engine) as db:
        told = trial_balance(db)
    answer = client.get("/api/v1/ledger/trial-balance", headers=bearer("auditor")).json
    assert answer == {
        "debit_cents": told.debit_cents,
        "credit_cents": told.credit_cents,
        "difference_cents": 0,
    }


FOREIGN = [
    ("/api/v1/parties/F2/statement", "/api/v1/parties/F9/statement"),
    ("/api/v1/parties/owner/statement", "/api/v1/parties/F9/statement"),
    (
        f"/api/v1/stores/S-far/sell-through?from={DAY}&to={DAY}",
        f"/api/v1/stores/S-none/sell-through?from={DAY}&to={DAY}",
    ),
]


@pytest.mark.parametrize(("foreign", "missing"), FOREIGN)
def test_what_is_foreign_is_as_if_it_were_missing(client, bearer, foreign, missing):
    token = bearer("franchisee", "F1")
    answers = [client.get(path, headers=token) for path in (foreign, missing)]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].data == answers[1].data


def test_a_franchisee_sees_its_own(client, bearer):
    token = bearer("franchisee", "F1")
    assert client.get("/api/v1/parties/F1/statement", headers=token).status_code == 200
    days = client.get(f"/api/v1/stores/S-near/sell-through?from={DAY}&to={DAY}", headers=token)
    assert days.json[0]["count"] == 8


@pytest.mark.parametrize("path", ["/api/v1/flags?day=2026-06-15", "/api/v1/ledger/trial-balance"])
def test_a_franchisee_has_no_business_with_the_radar_and_the_books(client, bearer, path):
    assert client.get(path, headers=bearer("franchisee", "F1")).status_code == 403


def test_a_rep_sees_their_own_list_only(engine, client, bearer):
    with transaction(engine) as db:
        make.rep(db, rep_id="R2", region="West")
    token = bearer("rep", "R1")
    mine = client.get(f"/api/v1/visits?rep=R1&day={DAY}", headers=token)
    assert mine.json == {"visits": []}
    others = [client.get(f"/api/v1/visits?rep={rep}&day={DAY}", headers=token) for rep in ("R2", "R9")]
    assert [answer.status_code for answer in others] == [404, 404]
    assert others[0].data == others[1].data


def test_ids_that_cannot_be_are_not_found(client, bearer):
    token = bearer()
    for name in ("%00", "a%2Fb", "%ED%A0%80", "x" * 65, "%E7%A0%81", "'--"):
        assert client.get(f"/api/v1/parties/{name}/statement", headers=token).status_code == 404


def test_a_closed_day_shows_through(engine, config, client, bearer):
    close_days(engine, config=config, days=[DAY], now=make.NOW + timedelta(days=1))
    with transaction(engine) as db:
        scope = scope_of(db, party_id=None, day=DAY)
        rows = sell_through(db, store_id="S-near", first_day=DAY, last_day=DAY, scope=scope)
    answer = client.get(f"/api/v1/stores/S-near/sell-through?from={DAY}&to={DAY}", headers=bearer()).json
    assert answer[0]["count"] == rows[0].count == 8
    assert client.get(f"/api/v1/flags?day={DAY}", headers=bearer()).json == {"flags": [], "next": None}


def test_a_return_is_told_once_and_answered_the_same_again(client, bearer, world):
    body = {"id": "RT-1", "uri": world.uri(3), "why": "leaks"}
    first = client.post("/api/v1/returns", json=body, headers=bearer("api"))
    again = client.post("/api/v1/returns", json=body, headers=bearer("api"))
    assert (first.status_code, again.status_code, first.json) == (201, 200, again.json)
    assert (first.json["id"], first.json["state"], first.json["position"]) == ("RT-1", "returned", 3)
    other = client.post("/api/v1/returns", json=body | {"id": "RT-2"}, headers=bearer("api"))
    assert (other.status_code, other.json["type"].rsplit("/", 1)[1]) == (409, "return-exists")
    unknown = client.post("/api/v1/returns", json=body | {"uri": body["uri"][:-16] + "0" * 16}, headers=bearer("api"))
    assert unknown.status_code == 404
    assert client.post("/api/v1/returns", json=body, headers=bearer("rep", "R1")).status_code == 403
    assert client.post("/api/v1/returns", json=body).status_code == 401
