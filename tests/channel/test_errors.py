"""Every error is told once, in one table, and never as a trace."""

import json
import re

import pytest
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException

from channel import access
from channel.api.openapi import meanings
from channel.errors import BUGS, HTTP_SLUGS, STATUS, problem_of
from tests.house import ROOT

SLUG = re.compile(r"[a-z]+(-[a-z]+)*")


def test_law_nothing_is_listed_as_both():
    assert set(STATUS).isdisjoint(BUGS)


@pytest.mark.parametrize(
    "told", sorted({*STATUS.values(), *HTTP_SLUGS.values()}, key=lambda told: told.slug), ids=lambda told: told.slug
)
def test_law_a_slug_is_stable_to_read_and_has_one_status(told):
    assert SLUG.fullmatch(told.slug)
    everything = (*STATUS.values(), *HTTP_SLUGS.values())
    assert {other.status for other in everything if other.slug == told.slug} == {told.status}
    assert 400 <= told.status < 600


def test_the_document_of_problems_is_the_table():
    lines = (ROOT / "docs/problems.md").read_text(encoding="utf-8").splitlines()
    told = ((slug, *text.split(" ", 1)) for slug, text in meanings().items())
    rows = [f"| `{slug}` | {status} | {sentence} |" for slug, status, sentence in told]
    assert [line for line in lines if line.startswith("| `")] == rows


@pytest.fixture
def failing(app, client):
    """Let an address raise what a test says."""

    def fail_with(error):
        @app.get("/api/fails")
        @access.public
        def fails():
            raise error

        @app.get("/fails")
        @access.public
        def fails_for_people():
            raise error

        return client

    app._got_first_request = False
    return fail_with


def test_a_bug_is_500_and_its_message_is_told_to_nobody(failing, capsys):
    client = failing(KeyError("7K2M9Q4XT8ZC5RWD at 31.2304"))
    capsys.readouterr()
    answer = client.get("/api/fails")
    assert answer.status_code == 500
    assert answer.json["type"] == "/problems/bug"
    assert answer.headers["X-Request-Id"] in answer.json["detail"]
    written = capsys.readouterr().err
    assert "7K2M9Q4XT8ZC5RWD" not in answer.text + written
    bug = next(line for line in map(json.loads, written.splitlines()) if line["event"] == "bug")
    assert bug["error"] == "KeyError"
    assert bug["request_id"] == answer.headers["X-Request-Id"]


def test_a_bug_is_a_page_for_people(failing):
    answer = failing(KeyError("secret")).get("/fails", headers={"Accept": "text/html"})
    assert (answer.status_code, answer.mimetype) == (500, "text/html")
    assert "secret" not in answer.text


def test_a_database_that_is_away_is_503_and_says_when_to_come_back(failing):
    answer = failing(OperationalError("SELECT secret", {}, ValueError())).get("/api/fails")
    assert (answer.status_code, answer.json["type"]) == (503, "/problems/database-unavailable")
    assert "Retry-After" in answer.headers
    assert "secret" not in answer.text


def test_an_error_is_told_by_its_nearest_ancestor_in_the_table():
    class NarrowError(access.RoleError):
        pass

    assert problem_of(NarrowError("no"))[:2] == STATUS[access.RoleError]
    assert problem_of(KeyError("x")) is None
    assert problem_of(HTTPException()) is None


@pytest.mark.parametrize(
    ("accept", "mimetype"),
    [
        (None, "text/html"),
        ("*/*", "text/html"),
        ("text/html,application/xhtml+xml,*/*;q=0.8", "text/html"),
        ("application/json", "application/problem+json"),
        ("application/problem+json", "application/problem+json"),
        ("application/json; charset=utf-8", "application/problem+json"),
        ("application/json, text/plain, */*", "application/problem+json"),
        ("application/*", "application/problem+json"),
        ("application/ld+json", "application/problem+json"),
        ("application/json;q=0.5, text/html", "text/html"),
        ("application/json;q=0", "text/html"),
        ("image/png", "text/html"),
    ],
)
def test_people_get_a_page_and_programs_json(client, accept, mimetype):
    answer = client.get("/nowhere", headers={"Accept": accept} if accept else {})
    assert (answer.status_code, answer.mimetype) == (404, mimetype)


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "PATCH"])
def test_under_api_everything_is_problem_json(client, method):
    for path in ("/api/v1/nowhere", "/api/v1/scans"):
        answer = client.open(path, method=method)
        if method == "POST" and path.endswith("scans"):
            continue
        assert answer.mimetype == "application/problem+json"
        assert answer.json["status"] == answer.status_code


def test_405_names_what_is_allowed(client):
    assert set(client.put("/api/v1/scans").headers["Allow"].split(", ")) == {"OPTIONS", "POST"}


def test_a_foreign_host_is_refused_as_text_and_as_json(client):
    page = client.get("/healthz", headers={"Host": "evil.example"})
    assert (page.status_code, page.mimetype) == (400, "text/plain")
    answer = client.get("/api/v1/scans", headers={"Host": "evil.example"})
    assert (answer.status_code, answer.json["type"]) == (400, "/problems/foreign-host")
