"""A franchisee, a keeper and a dealer get the same answers, byte for byte, whatever others sell, earn and are called.

Whoever signs in walks through every page, file and answer of the API that there is, in two worlds. What rests on a
region's aggregate is left out, and only that: `docs/isolation.md`.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from sqlalchemy import func, select
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Rule

from channel import access, providers
from scans.tables import Consumer
from tests import make
from tests.isolated import FIRST, LOUD, PASSWORD, PRINCIPALS, QUIET, TODAY, World, world_of

# Answers that rest on what is normal in a region: told only where five stores of three owners make it, never compared.
AGGREGATES = {"api.stores.get_sell_through": ("expected", "low", "high", "flag")}
# How the machine does: requests and seconds.
OF_THE_MACHINE = {"health.figures"}

OWN = {"store_id": ("S1", "S2", "S3"), "party_id": ("D1", "F1", "K1")}
RIVALS = {"store_id": ("R1", "R4"), "party_id": ("D2", "F2", "F3", "OWNER", "REP")}
MISSING = {"store_id": ("NOBODY",), "party_id": ("NOBODY",)}
OTHERS = {
    "kind": ("csv", "xlsx", "products", "parties", "stores", "reps"), "slug": ("not-found",), "batch_id": ("B-1",),
    "filename": ("glassbox.css",), "name": ("swagger-ui.css",),
    "sscc": ("106901234567890000",), "task_id": ("1",), "doubt_id": ("1",), "report_id": ("1",), "case_id": ("1",),
    "photo_id": ("1",), "position": (1,), "title": ("x",), "level": ("item",), "number": (1,), "file_id": ("1",),
    "gtin": (make.gtin(1),),
    "_rest": (make.gtin(1), f"{make.gtin(1)}/10/LOT", "1"),
}  # fmt: skip
SPAN = f"from={FIRST}&to={TODAY}"
QUERIES = {
    "resolver.resolve": ("", "linkType=linkset"),
    "api.stores.get_sell_through": (SPAN,), "api.parties.get_statement": ("", "limit=7", SPAN),
    "api.flags.get_flags": (f"day={TODAY}",), "api.visits.get_visits": (f"rep=REP&day={TODAY}",),
    "api.stores.get_shelf": (SPAN,),
    "franchise.show": ("", SPAN, "page=2", "store=S1", "store=R1", "state=held"),
    "franchise.download": ("", "store=R1"),
}  # fmt: skip
LINK = re.compile(r'(?:href|src|action)="([^"#]+)')
CHANCE = re.compile(rb'(name="(?:key|device)" value=")[^"]+')
CLOCK = re.compile(r"\w{3}, \d{2} \w{3} \d{4} [\d:]{8} GMT")
LEAK = "/franchise/leak"
OF_A_KIND = 2
Headers = list[tuple[str, str]]


@dataclass(frozen=True)
class Answer:
    """What came back, less what is not compared."""

    endpoint: str
    status: int
    headers: Headers
    body: bytes


class Walk:
    """Somebody who signs in, and walks through all there is."""

    def __init__(self, world: World, app: Flask, party: str) -> None:
        self.world, self.app, self.browser = world, app, app.test_client()
        self.headers = {"X-Request-Id": "same", "Accept-Language": "en"}
        self.bearer = {"Authorization": f"Bearer {world.tokens[party]}"}
        assert self.browser.post("/", data={"name": party, "password": PASSWORD}).status_code == 303
        with self.browser.session_transaction() as session:
            session["csrf"] = "same"

    def get(self, address: str) -> Answer:
        """Ask once."""
        headers = self.headers | (self.bearer if address.startswith("/api/") else {})
        answer = self.browser.get(address, headers=headers)
        endpoint = ""
        with suppress(HTTPException):
            endpoint = self.app.url_map.bind("localhost").match(address.partition("?")[0])[0]
        told = Answer(endpoint, answer.status_code, *comparable(endpoint, list(answer.headers), answer.data))
        answer.close()
        return told

    def all(self) -> dict[str, Answer]:
        """Ask for every route with every id, and for what the pages lead to: of each kind of link some."""
        seen: dict[str, Answer] = {}
        kinds: Counter[tuple[str, ...]] = Counter()
        left = [address for ids in (OWN, RIVALS, MISSING) for address in self.addresses(ids)]
        while left:
            if (address := left.pop(0)) not in seen:
                seen[address] = self.get(address)
                for link in links(address, seen[address]):
                    path, _, query = link.partition("?")
                    kinds[kind := (path, *sorted(parse_qs(query, keep_blank_values=True)))] += 1
                    left += [link] if kinds[kind] <= OF_A_KIND else []
        return seen

    def addresses(self, ids: dict[str, tuple[str, ...]]) -> Iterator[str]:
        """List all that can be got, with each combination of ids."""
        adapter = self.app.url_map.bind("localhost")
        for rule in gettable(self.app):
            names = sorted(rule.arguments)
            if names == ["gtin", "serial"]:
                continue
            for values in product(*((ids | OTHERS)[name] for name in names)):
                with suppress(ValueError):  # not one of the words that this route knows
                    path = adapter.build(rule.endpoint, dict(zip(names, values, strict=True)))
                    yield from (f"{path}?{query}".rstrip("?") for query in QUERIES.get(rule.endpoint, ("",)))
        for uri in self.world.items:
            yield from (urlsplit(uri).path, f"{urlsplit(uri).path}/stores")


def gettable(app: Flask) -> list[Rule]:
    """List the routes that can be got."""
    return [rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())]


def links(address: str, answer: Answer) -> list[str]:
    """Return where a page leads to on this site."""
    if answer.body[:15].lower() != b"<!doctype html>":
        return []
    told = [link.replace("&amp;", "&") for link in LINK.findall(answer.body.decode())]
    return [address.partition("?")[0] * (link[0] == "?") + link for link in told if re.match(r"[?]|/(?!/)", link)]


def comparable(endpoint: str, headers: Headers, body: bytes) -> tuple[Headers, bytes]:
    """Leave out what rests on a region's aggregate, the clock, and what a page makes up for its form; nothing else."""
    if endpoint in OF_THE_MACHINE:
        return [], b""
    if endpoint in AGGREGATES and body[:1] == b"[":
        rows: list[dict[str, Any]] = json.loads(body)
        left = [{name: value for name, value in row.items() if name not in AGGREGATES[endpoint]} for row in rows]
        headers, body = [header for header in headers if header[0] != "Content-Length"], json.dumps(left).encode()
    return [(name, CLOCK.sub("", value)) for name, value in headers], CHANCE.sub(rb"\1", body)


@access.allow(*(role for role, _ in PRINCIPALS))
def leak() -> str:
    """Tell how many consumers there are: a leak that is planted in both worlds, to be found by every walk."""
    with providers.reading() as db:
        return str(db.scalar(select(func.count()).select_from(Consumer)))


@pytest.fixture(scope="module")
def worlds(databases, tmp_path_factory) -> Iterator[list[tuple[World, Flask]]]:
    """Make both worlds, each with an application on it."""
    home = tmp_path_factory.mktemp("isolation")
    with ExitStack() as stack:
        made = []
        for rivals in (QUIET, LOUD):
            url = stack.enter_context(databases()).render_as_string(hide_password=False)
            world = world_of(url, home / rivals.name, rivals, keys=home / "keys.json")
            app = world.app()
            app.add_url_rule(LEAK, "leak", leak)
            stack.callback(providers.house(app).engine.dispose)
            made.append((world, app))
        yield made


@pytest.fixture(scope="module")
def walks(worlds) -> Callable[[str], list[dict[str, Answer]]]:
    """Let a party walk through both worlds, once."""
    return cache(lambda party: [Walk(*world, party).all() for world in worlds])


@pytest.mark.parametrize(("role", "party"), PRINCIPALS)
def test_every_answer_is_the_same_in_both_worlds_but_a_planted_leak(walks, role, party):
    one, other = walks(party)
    assert [address for address in one.keys() | other.keys() if one.get(address) != other.get(address)] == [LEAK]


@pytest.mark.parametrize(("role", "party"), PRINCIPALS)
def test_the_walk_meets_every_route_that_the_role_may_use(worlds, walks, role, party):
    _, app = worlds[1]
    met = {answer.endpoint for answer in walks(party)[1].values() if answer.status == 200}
    policies = {rule.endpoint: app.view_functions[rule.endpoint].policy for rule in gettable(app)}
    allowed = {endpoint for endpoint, policy in policies.items() if policy and role in policy}
    assert len(allowed) > 3
    assert allowed <= met


@pytest.mark.parametrize(("role", "party"), PRINCIPALS)
def test_what_is_others_is_as_if_it_did_not_exist(worlds, role, party):
    walk = Walk(*worlds[1], party)
    foreign = re.compile(rf"/({'|'.join(one for some in RIVALS.values() for one in some)})(?=[/?&\"]|$)")
    asked = [address for address in walk.addresses(RIVALS) if foreign.search(address)]
    assert len(asked) > 10
    for address in asked:
        theirs, nobodys = walk.get(address), walk.get(foreign.sub("/NOBODY", address))
        assert theirs.status == nobodys.status in {403, 404}, address
        assert foreign.sub("/NOBODY", theirs.body.decode()) == nobodys.body.decode(), address


def test_what_is_normal_is_told_only_where_enough_stores_and_owners_make_it(worlds):
    def told(world, store_id):
        walk = Walk(*world, "F1")
        body = walk.browser.get(f"/api/v1/stores/{store_id}/sell-through?{SPAN}", headers=walk.bearer).data
        return body, [row["expected"] for row in json.loads(body)]

    east = [told(world, "S1") for world in worlds]
    assert any(east[0][1])
    assert east[0] != east[1], "the worlds should differ in what is left out of the comparison"
    west = [told(world, "S3") for world in worlds]
    assert set(west[0][1]) == {None}, "two stores of two owners: what is normal there would tell of one another"
    assert west[0] == west[1]
