"""Who may come in, what they may do, and what is never written down."""

import re
from datetime import timedelta

import pytest
from flask import Blueprint
from sqlalchemy import select

from channel import access
from channel.access.accounts import check_password, token_principal
from channel.access.policies import PolicyError
from channel.calls import CALLS
from channel.database import transaction
from channel.tables import ROLES, Token, User
from tests import make
from tests.house import ROOT


@pytest.fixture
def doors(app):
    """Add doors for the owner: one to look in, one to send a form through."""
    blueprint = Blueprint("doors", __name__)

    @blueprint.get("/door")
    @access.allow("owner")
    def look():
        return access.principal().role

    @blueprint.get("/door/token")
    @access.allow("owner")
    def token():
        return access.csrf_token()

    @blueprint.post("/door")
    @access.allow("owner")
    def send():
        return "sent"

    app.register_blueprint(blueprint)


def test_law_every_route_has_a_policy_of_known_roles(app):
    for view in app.view_functions.values():
        assert view.policy is None or view.policy <= set(ROLES)


def test_an_app_with_an_undecided_route_does_not_start(app):
    app.add_url_rule("/undecided", view_func=lambda: "open to whom?", endpoint="undecided")
    with pytest.raises(PolicyError, match="undecided"):
        access.require_policies(app)


def test_a_policy_of_unknown_roles_is_a_bug():
    with pytest.raises(PolicyError):
        access.allow("king")
    with pytest.raises(PolicyError):
        access.allow()


def test_a_person_proves_who_they_are_by_a_password_that_is_stored_as_argon2id(db):
    password = access.add_user(db, name="li@brand.cn", role="owner", now=make.NOW)
    assert check_password(db, name="li@brand.cn", password=password).name == "li@brand.cn"
    assert db.scalars(select(User.password_hash)).one().startswith("$argon2id$")


@pytest.mark.parametrize("name", ["li", "nobody", "li\0", ""])
def test_a_wrong_password_and_an_unknown_name_are_refused_alike(db, name):
    access.add_user(db, name="li", role="owner", now=make.NOW)
    with pytest.raises(access.SignInError, match="the name or the password is wrong"):
        check_password(db, name=name, password="wrong")


def test_adding_a_known_person_again_gives_a_role_and_no_new_password(db):
    make.party(db, party_id="F1")
    assert access.add_user(db, name="li", role="owner", now=make.NOW)
    assert access.add_user(db, name="li", role="franchisee", party="F1", now=make.NOW) is None
    assert access.add_user(db, name="li", role="franchisee", party="F1", now=make.NOW) is None
    user = db.scalars(select(User)).one()
    assert [role.role for role in access.accounts.memberships(db, user_id=user.id)] == ["owner", "franchisee"]


@pytest.mark.parametrize(
    ("role", "party", "why"),
    [
        ("king", None, "no such role"),
        ("franchisee", None, "a franchisee without a party would see nothing, or everything"),
        ("owner", "F1", "the owner's people see everything"),
        ("rep", "F1", "a franchisee is no rep"),
        ("franchisee", "F9", "no such party"),
    ],
)
def test_a_role_that_cannot_be_is_refused(db, role, party, why):
    make.party(db, party_id="F1")
    with pytest.raises(access.RoleError):
        access.add_user(db, name="li", role=role, party=party, now=make.NOW)
    with pytest.raises(access.RoleError):
        access.add_token(db, name="till", role=role, party=party, now=make.NOW)


def test_a_token_stands_for_its_role_until_it_expires_and_only_its_hash_is_kept(db):
    make.party(db, party_id="F1")
    text = access.add_token(db, name="till", role="franchisee", party="F1", now=make.NOW, days=2)
    assert text.startswith("gb_")
    assert len(text) == 46
    assert token_principal(db, text=text, now=make.NOW).party_id == "F1"
    assert text.encode() not in db.scalars(select(Token.token_hash)).one()
    for shown, now in ((text, make.NOW + timedelta(days=2)), (text + "x", make.NOW), ("", make.NOW)):
        with pytest.raises(access.BadTokenError):
            token_principal(db, text=shown, now=now)


@pytest.mark.parametrize("shown", ["", "Bearer", "Bearer nonsense", "Basic eDp5", "Bearer " + "x" * 5000, "Bearer 码"])
def test_what_is_no_token_is_401(client, shown):
    answer = client.get("/api/v1/ledger/trial-balance", headers={"Authorization": shown.encode().decode("latin-1")})
    assert (answer.status_code, answer.json["type"]) == (401, "/problems/bad-token")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_role_that_may_not_is_403(client, bearer, db_party):
    answer = client.get("/api/v1/ledger/trial-balance", headers=bearer("franchisee", "F1"))
    assert (answer.status_code, answer.json["type"]) == (403, "/problems/role-refused")


@pytest.fixture
def db_party(engine):
    with transaction(engine) as db:
        make.party(db, party_id="F1")


def test_whoever_has_not_signed_in_is_led_to_the_door(client, doors):
    answer = client.get("/door", headers={"Accept": "text/html"})
    assert (answer.status_code, answer.location) == (302, "/")


def test_a_session_is_worth_nothing_under_api(signed_in):
    assert signed_in().get("/api/v1/ledger/trial-balance").status_code == 401


def test_the_session_cookie_is_kept_from_scripts_and_other_sites(signed_in):
    cookie = signed_in().get_cookie("session")
    assert cookie.http_only
    assert cookie.same_site == "Lax"


def test_a_form_needs_the_token_of_its_session(doors, signed_in):
    client = signed_in()
    assert client.get("/door").text == "owner"
    token = client.get("/door/token").text
    assert client.post("/door", data={"csrf_token": token}).text == "sent"
    assert client.post("/door", headers={"X-CSRF-Token": token}).text == "sent"
    for forged in ({}, {"csrf_token": "x"}, {"csrf_token": "码"}):
        assert client.post("/door", data=forged).status_code == 403


@pytest.mark.parametrize(
    ("told", "status", "why"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, 401, "our own page; but the password is wrong"),
        ({"Origin": "http://localhost"}, 401, "our own page in an old browser"),
        ({}, 401, "no browser: it carries nobody's cookie"),
        ({"Sec-Fetch-Site": "cross-site"}, 403, "another site signs somebody in as the attacker"),
        ({"Sec-Fetch-Site": "same-site"}, 403, "a neighbour under the same domain"),
        ({"Origin": "https://evil.example"}, 403, "another site in an old browser"),
        ({"Origin": "null"}, 403, "a frame in a sandbox"),
    ],
)
def test_a_form_of_another_site_is_refused(client, told, status, why):
    assert client.post("/", data={"name": "li", "password": "x"}, headers=told).status_code == status


def test_a_new_password_signs_out_everywhere(engine, doors, signed_in):
    client = signed_in()
    with transaction(engine) as db:
        access.set_password(db, name="somebody")
    assert client.get("/door", headers={"Accept": "text/html"}).status_code == 302


def test_a_session_ends_after_half_a_day(app, doors, signed_in):
    assert app.permanent_session_lifetime == timedelta(hours=12)


def test_one_role_at_a_time_is_worn(engine, app, db_party, signed_in):
    client = signed_in()
    with transaction(engine) as db:
        access.add_user(db, name="somebody", role="franchisee", party="F1", now=make.NOW)
        user_id = db.scalars(select(User.id)).one()
        roles = access.accounts.memberships(db, user_id=user_id)
        stranger = access.add_user(db, name="other", role="owner", now=make.NOW)
    assert stranger
    with client.session_transaction() as held:
        token = held["csrf"]
    client.post("/roles", data={"membership": str(roles[1].membership_id), "csrf_token": token})
    with client.session_transaction() as held:
        assert held["membership"] == roles[1].membership_id
    answer = client.post("/roles", data={"membership": str(roles[1].membership_id + 1), "csrf_token": token})
    assert answer.status_code == 401


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.name)
def test_who_may_call_what_is_written_down(call):
    path = re.sub("<id:.*?>", "{id}", call.path)
    text = (ROOT / "docs/access.md").read_text(encoding="utf-8")
    row = next(line for line in text.splitlines() if line.startswith("| `") and f"`{call.method} {path}`" in line)
    told = row.split("|")[2]
    if call.roles is None:
        assert "anybody" in told
    elif "all" not in told:
        named = {role for role in ROLES if role in re.findall(r"\w+", told)}
        assert named == call.roles
