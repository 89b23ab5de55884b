"""What browsers are told, and what is refused before anything reads it."""

from dataclasses import replace

import pytest
from flask import request

from channel import headers

PLAIN = "http://127.0.0.1:8000"


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    "path", ["/", "/healthz", "/metrics", "/openapi.json", "/nowhere", "/api/v1/nowhere", "/static/x"]
)
def test_law_every_answer_carries_the_headers(client, path):
    answer = client.get(path)
    for name, value in headers.HEADERS.items():
        assert answer.headers.getlist(name) == [value]


@pytest.mark.sqlite_only
def test_the_policy_lets_nothing_in_from_outside_and_nothing_inline(client):
    policy = client.get("/").headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")
    assert not {"unsafe-inline", "unsafe-eval", "http", "data:", "*"} & set(policy.replace("'", " ").split())


@pytest.mark.sqlite_only
def test_only_the_page_of_the_api_may_set_styles(client):
    policy = client.get("/docs").headers["Content-Security-Policy"]
    assert "script-src 'self';" in policy
    assert "style-src 'self' 'unsafe-inline';" in policy


@pytest.mark.sqlite_only
@pytest.mark.parametrize(("base_url", "secure"), [("https://id.brand.cn", True), (PLAIN, False)])
def test_https_is_insisted_on_where_there_is_https(new_app, config, base_url, secure):
    app = new_app(replace(config, base_url=base_url, trusted_hosts=("localhost",)))
    assert ("Strict-Transport-Security" in app.test_client().get("/healthz").headers) is secure
    assert app.config["SESSION_COOKIE_SECURE"] is secure
    assert app.config["SESSION_COOKIE_NAME"].startswith("__Host-") is secure
    assert app.config["SESSION_COOKIE_HTTPONLY"]


@pytest.mark.sqlite_only
def test_an_address_is_believed_from_as_many_proxies_as_are_named(new_app, config):
    told = {"X-Forwarded-For": "203.0.113.7"}
    for proxies, believed in ((0, "127.0.0.1"), (1, "203.0.113.7")):
        app = new_app(replace(config, proxies=proxies))
        seen = []
        app.before_request(lambda seen=seen: seen.append(request.remote_addr))
        app.test_client().get("/healthz", headers=told)
        assert seen == [believed]


@pytest.mark.sqlite_only
@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_of_ten_megabytes_is_refused(client, chunked):
    more = {"wsgi.input_terminated": True} if chunked else {}
    for path in ("/api/v1/scans", "/api/v1/scans:batch"):
        body = b'{"key":"' + b"x" * 10_000_000 + b'"}'
        answer = client.post(path, data=body, content_type="application/json", environ_overrides=more)
        assert (answer.status_code, answer.json["type"]) == (413, "/problems/content-too-large")
