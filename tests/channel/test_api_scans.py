"""The API's scans: the answers of the contract, and a reason for whatever is refused."""

import json

import pytest

from tests import worlds

PLACE = {"lat_deg": worlds.PLACE[0], "lon_deg": worlds.PLACE[1], "accuracy_m": 20, "datum": "wgs84"}
TOLD = {"scan_id", "verdict", "claim", "first_scanned_at", "scan_count", "store", "evidence", "confidence", "reward"}
DEEP = "[" * 5000 + "]" * 5000


@pytest.fixture
def world(engine, config):
    return worlds.small(engine, config)


@pytest.fixture
def client(world, config, new_app):
    return new_app(config).test_client()


@pytest.fixture
def body(world):
    return {"key": "k", "uri": world.uri(), "consumer": "phone", "position": PLACE}


def post(client, body, path="/api/v1/scans", **more):
    text = body if isinstance(body, str | bytes) else json.dumps(body)
    return client.post(path, data=text, content_type="application/json", **more)


def test_a_first_scan_is_201_with_what_the_contract_names(client, body):
    answer = post(client, body)
    assert answer.status_code == 201
    assert answer.json.keys() >= TOLD
    assert answer.json["verdict"] == "claimed"
    assert answer.json["claim"] is True
    assert answer.json["store"] == {"id": "S-near", "name": "Near"}
    assert answer.json["reward"] == {"kind": "cash", "amount_cents": worlds.PRIZE_CENTS}


def test_the_same_key_again_is_200_with_the_same_body_and_with_another_422(client, body):
    first = post(client, body)
    again = post(client, body)
    assert (again.status_code, again.json) == (200, first.json)
    other = post(client, body | {"position": None})
    assert (other.status_code, other.json["type"]) == (422, "/problems/key-reused")


def test_what_may_be_left_out_may_be_null(client, world):
    bare = {"key": "k", "uri": world.uri(1)}
    assert post(client, bare).status_code == 201
    nulls = dict.fromkeys(("consumer", "scanned_at", "position", "source"))
    answer = post(client, bare | nulls | {"uri": world.uri(2)})
    assert answer.status_code == 201
    assert answer.json["store"] is None
    assert answer.json["evidence"] == "unknown"


BAD = [
    ({"uri": "https://x/01/09506000134352/21/7K2M9Q4XT8ZC5RWD"}, 404, "unknown-code", "never issued"),
    ({"uri": "not an address"}, 422, "bad-uri", "no link"),
    ({"uri": ""}, 422, "invalid-body", "nothing"),
    ({"uri": "x" * 3000}, 422, "invalid-body", "too long"),
    ({"key": "has space"}, 422, "invalid-body", "a key of other characters"),
    ({"key": "k" * 65}, 422, "invalid-body", "a key too long"),
    ({"key": 1}, 422, "invalid-body", "a number for a text"),
    ({"consumer": "a\0b"}, 422, "invalid-body", "NUL"),
    ({"consumer": ""}, 422, "invalid-body", "empty is not null"),
    ({"surprise": 1}, 422, "invalid-body", "unknown field"),
    ({"position": PLACE | {"lat_deg": 91}}, 422, "bad-position", "beyond the pole"),
    ({"position": PLACE | {"lat_deg": 121.4, "lon_deg": 31.2}}, 422, "bad-position", "swapped"),
    ({"position": PLACE | {"datum": "mars"}}, 422, "bad-position", "unknown datum"),
    ({"position": PLACE | {"accuracy_m": -1}}, 422, "bad-position", "negative accuracy"),
    ({"position": PLACE | {"lon_deg": False}}, 422, "invalid-body", "false is no longitude"),
    ({"position": PLACE | {"lat_deg": "31.2"}}, 422, "invalid-body", "a text for a number"),
    ({"position": {"lat_deg": 31.2, "datum": "wgs84"}}, 422, "invalid-body", "half a position"),
    ({"position": PLACE | {"alt_m": 5}}, 422, "invalid-body", "unknown field inside"),
    ({"scanned_at": "2026-06-15T12:00:00"}, 422, "invalid-body", "no zone"),
    ({"scanned_at": "2026-06-15"}, 422, "invalid-body", "a day"),
    ({"scanned_at": 1750000000}, 422, "invalid-body", "seconds"),
    ({"scanned_at": "1750000000"}, 422, "invalid-body", "seconds as text"),
    ({"scanned_at": "0001-01-01T00:00:00+14:00"}, 422, "invalid-body", "before all time"),
    ({"scanned_at": "9999-12-31T23:59:59-14:00"}, 422, "invalid-body", "after all time"),
    ({"scanned_at": "2026-06-15T25:00:00Z"}, 422, "invalid-body", "no such hour"),
    ({"scanned_at": "2026-07-15T00:00:00Z"}, 422, "bad-scanned-at", "the future"),
    ({"scanned_at": "2026-01-15T00:00:00Z"}, 422, "bad-scanned-at", "long past"),
]


@pytest.mark.parametrize(("change", "status", "slug", "why"), BAD, ids=[row[3] for row in BAD])
def test_what_cannot_be_is_refused_with_a_stable_type(client, body, change, status, slug, why):
    answer = post(client, body | change)
    assert (answer.status_code, answer.json["type"]) == (status, f"/problems/{slug}")
    assert answer.mimetype == "application/problem+json"
    assert "121.4" not in answer.text


RAW = [
    ("", 400, "malformed-json"),
    ("{", 400, "malformed-json"),
    (b"\xff\xfe", 400, "malformed-json"),
    ('{"key": "\\ud800"}', 400, "malformed-json"),
    ('{"key": ' + "9" * 5000 + "}", 400, "malformed-json"),
    (DEEP, 400, "malformed-json"),
    ("null", 422, "invalid-body"),
    ("[]", 422, "invalid-body"),
    ('{"position": {"lat_deg": NaN}}', 422, "invalid-body"),
    ('{"position": {"lat_deg": -Infinity}}', 422, "invalid-body"),
    ('{"position": {"lat_deg": 1e999}}', 422, "invalid-body"),
    ('{"position": {"lat_deg": ' + "9" * 400 + "}}", 422, "invalid-body"),
]


@pytest.mark.parametrize(("text", "status", "slug"), RAW, ids=[str(row[0])[:30] for row in RAW])
def test_what_is_not_our_json_is_refused(client, text, status, slug):
    for path in ("/api/v1/scans", "/api/v1/scans:batch"):
        answer = post(client, text, path)
        if (text, path) == ("[]", "/api/v1/scans:batch"):
            assert (answer.status_code, answer.json) == (200, [])
            continue
        assert (answer.status_code, answer.json["type"]) == (status, f"/problems/{slug}")


@pytest.mark.parametrize("given", ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", ""])
def test_another_content_type_is_415(client, body, given):
    answer = client.post("/api/v1/scans", data=json.dumps(body), content_type=given)
    assert (answer.status_code, answer.json["type"]) == (415, "/problems/unsupported-media-type")


def test_the_reason_names_the_place_and_never_what_came_in(client, body):
    answer = post(client, body | {"position": PLACE | {"lat_deg": "secret"}, "scanned_at": "secret"})
    assert [error["pointer"] for error in answer.json["errors"]] == ["/scanned_at", "/position/lat_deg"]
    assert "secret" not in answer.text


def test_a_batch_answers_each_in_its_order(client, world, body):
    scans = [
        body,
        body | {"uri": "nonsense"},
        {"key": "k"},
        "nonsense",
        body | {"uri": world.uri(2)},
        body,
        body | {"uri": "https://x/01/09506000134352/21/7K2M9Q4XT8ZC5RWD"},
    ]
    answer = post(client, scans, "/api/v1/scans:batch")
    assert answer.status_code == 200
    told = [one.get("verdict") or one["type"] for one in answer.json]
    assert told == [
        "claimed",
        "/problems/bad-uri",
        "/problems/invalid-body",
        "/problems/invalid-body",
        "claimed",
        "claimed",
        "/problems/unknown-code",
    ]
    assert answer.json[0] == answer.json[5]
    assert post(client, body).status_code == 200


def test_a_batch_has_at_most_a_thousand(client, world):
    scans = [{"key": f"k{number}", "uri": world.uri(1)} for number in range(1001)]
    assert post(client, scans, "/api/v1/scans:batch").status_code == 422
    answer = post(client, scans[:1000], "/api/v1/scans:batch")
    assert answer.status_code == 200
    assert [one["claim"] for one in answer.json].count(True) == 1


def test_an_uploader_vouches_for_times_that_a_phone_could_not(client, body, bearer):
    old = body | {"scanned_at": "2026-01-15T00:00:00+08:00"}
    assert post(client, old).status_code == 422
    answer = post(client, old, headers=bearer("api"))
    assert (answer.status_code, answer.json["first_scanned_at"]) == (201, "2026-01-14T16:00:00Z")


def test_a_token_that_is_none_is_refused_even_where_none_is_needed(client, body):
    assert post(client, body, headers={"Authorization": "Bearer nonsense"}).status_code == 401
