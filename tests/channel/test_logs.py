"""The log helps whoever runs the house and tells nothing about anybody."""

import json

import pytest

from channel.logs import masked
from tests import worlds

pytestmark = pytest.mark.sqlite_only
PLACE = {"lat_deg": 31.230416, "lon_deg": 121.473701, "accuracy_m": 20, "datum": "wgs84"}


@pytest.mark.parametrize(
    ("path", "written"),
    [
        ("/01/09506000134352/21/7K2M9Q4XT8ZC5RWD", "/01/*/21/*"),
        ("/01/x/21/short/more", "/01/x/21/*/more"),
        ("/wp-login.php", "/wp-login.php"),
        ("/gb_LJ8yzN3-QpZr9TjF0Q1lAAAAAAAAAAAAAAAAAAAAAAA", "/gb_LJ8yzN3-*"),
    ],
)
def test_a_path_is_written_without_what_could_be_a_serial_or_a_token(path, written):
    assert masked(path) == written


def test_a_request_is_told_by_its_route(engine, config, new_app, capsys):
    world = worlds.small(engine, config)
    client = new_app(config).test_client()
    serial = world.uri().rpartition("/")[2]
    body = {"key": "key-of-a-phone", "uri": world.uri(), "consumer": "phone-of-li", "position": PLACE}
    capsys.readouterr()
    client.post("/api/v1/scans", json=body, headers={"Authorization": "Bearer gb_secret", "X-Request-Id": "mine-1"})
    client.post("/api/v1/scans", json=body)
    client.get(f"/01/{world.batch.gtin}/21/{serial}")
    client.get(f"/elsewhere/{serial}?lat=31.230416")
    written = capsys.readouterr().err
    for secret in (serial, "31.2304", "121.4737", "gb_secret", "key-of-a-phone", "phone-of-li", "127.0.0.1"):
        assert secret not in written
    told = [json.loads(line) for line in written.splitlines()]
    assert [line["status"] for line in told] == [401, 201, 200, 404]
    assert told[0]["request_id"] == "mine-1"
    assert told[2]["path"] == "/01/<gtin>/21/<serial>"


def test_an_id_that_could_break_a_line_is_not_taken_over(client, capsys):
    answer = client.get("/healthz", headers={"X-Request-Id": "x y"})
    assert answer.headers["X-Request-Id"] != "x y"


def test_the_figures_are_about_nobody(engine, config, new_app):
    world = worlds.small(engine, config)
    client = new_app(config).test_client()
    client.post("/api/v1/scans", json={"key": "k", "uri": world.uri(), "consumer": "phone-of-li"})
    client.get(f"/nowhere/{world.uri().rpartition('/')[2]}")
    figures = client.get("/metrics")
    assert figures.mimetype == "text/plain"
    assert 'glassbox_scans_total{verdict="claimed"} 1.0' in figures.text
    assert 'route="none"' in figures.text
    assert world.uri().rpartition("/")[2] not in figures.text
    assert "phone-of-li" not in figures.text


def test_readiness_asks_the_database(client):
    assert client.get("/readyz").text == "ready\n"
    assert client.get("/healthz").text == "ok\n"
