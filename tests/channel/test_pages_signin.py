"""The door: `/` asks who it is, and leads everyone to the page of the role they wear."""

import re

import pytest

from channel import access
from channel.database import transaction
from tests import make


@pytest.mark.parametrize(
    ("role", "kind", "home"),
    [
        ("owner", None, "/office"),
        ("finance", None, "/office"),
        ("auditor", None, "/office"),
        ("rep", "rep", "/rep"),
        ("dealer", "dealer", "/franchise"),
        ("franchisee", "franchisee", "/franchise"),
        ("keeper", "keeper", "/franchise"),
        ("guide", "guide", "/franchise"),
    ],
)
def test_everyone_is_led_to_the_page_of_their_role(engine, signed_in, role, kind, home):
    with transaction(engine) as db:
        if kind == "rep":
            make.rep(db, rep_id="P")
        elif kind:
            make.party(db, party_id="P", kind=kind)
    client = signed_in(role, "P" if kind else None)
    assert client.get("/").location == home
    assert client.get(home).status_code == 200


def test_a_wrong_password_is_said_beside_the_form(client):
    answer = client.post("/", data={"name": "nobody", "password": "wrong"})
    assert answer.status_code == 401
    assert "The name or the password is wrong." in answer.text
    assert 'value="nobody"' in answer.text


def test_who_has_several_roles_chooses_one(engine, client):
    with transaction(engine) as db:
        make.party(db, party_id="F")
        make.rep(db, rep_id="R")
        password = access.add_user(db, name="lin", role="franchisee", party="F", now=make.NOW)
        access.add_user(db, name="lin", role="rep", party="R", now=make.NOW)
    assert client.post("/", data={"name": "lin", "password": password}).location == "/roles"
    page = client.get("/roles").text
    roles = re.findall(r'name="membership" value="(\d+)"', page)
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)[1]
    assert len(roles) == 2
    assert client.post("/roles", data={"membership": roles[1], "csrf_token": token}).location == "/rep"
    assert client.get("/").location == "/rep"
    assert client.post("/roles", data={"membership": "x", "csrf_token": token}).status_code == 401


def test_signing_out_ends_the_session(signed_in):
    client = signed_in("owner")
    assert client.post("/signout").location == "/"
    assert client.get("/office").location == "/"


@pytest.mark.parametrize(
    ("role", "pages"),
    [("rep", ["/office", "/franchise"]), ("franchisee", ["/office", "/rep"]), ("finance", ["/rep", "/office/import"])],
)
def test_a_page_of_another_role_is_refused(engine, signed_in, role, pages):
    with transaction(engine) as db:
        make.rep(db, rep_id="R")
        make.party(db, party_id="F")
    client = signed_in(role, {"rep": "R", "franchisee": "F"}.get(role))
    assert [client.get(page).status_code for page in pages] == [403] * len(pages)
