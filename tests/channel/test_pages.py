"""Every page that links lead to opens, and opens with what nobody means in its address: no answer is a bug."""

import html
import re
from collections import defaultdict
from contextlib import suppress
from itertools import product
from urllib.parse import urlencode, urljoin, urlsplit

import pytest
from flask import request
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.exceptions import HTTPException

from channel.database import transaction
from stores.tables import Flag
from tests import living

STARTS = {
    "boss": ("/office", "/inspector/batches"),
    "zhou": ("/rep", "/rep/state"),
    "xu": ("/franchise", "/franchise/stock", "/keeper"),
}
# Where calendars and numbers end, and what texts may hold.
ASKED = ("0001-01-01", "9999-12-31", "9" * 25, "-1", "²", "a\0b")
CALLED = ("9" * 25, "a\0b", "茶" * 99)
WHYS = ({"code": "stretch_low"}, {"code": "stretch_high", "neighbours": None}, {})
NAMES = defaultdict(set)  # which names each page looks for in its address
ASKS = re.compile(r"[?&](\w+)=")
ADDRESS = re.compile(r'(?:href|src|action)="(/[^"]*)"')


class Noted(ImmutableMultiDict):
    """What an address asks for; it is noted which names a page looks for."""

    def get(self, key, *arguments, **more):
        NAMES[request.endpoint].add(key)
        return super().get(key, *arguments, **more)

    def getlist(self, key, *arguments, **more):
        NAMES[request.endpoint].add(key)
        return super().getlist(key, *arguments, **more)


class Walk:
    """Somebody who opens addresses and remembers which of them were a bug."""

    def __init__(self, app, name):
        self.client, self.ways, self.bugs = app.test_client(), app.url_map.bind("localhost"), []
        self.client.post("/", data={"name": name, "password": living.PASSWORD})

    def open(self, address):
        answer = self.client.get(address)
        if answer.status_code >= 500:
            self.bugs.append(address[:200])
        return answer

    def follow(self, *starts, seen):
        """Follow links to what nobody has seen; an address with other ids is the same one again."""
        waiting, found = [*starts], {}
        for address in waiting:
            try:
                endpoint, ids = self.ways.match(urlsplit(address).path)
            except HTTPException:
                continue
            way = endpoint, *ASKS.findall(address)
            if endpoint == "static" or way in seen:
                continue
            answer = self.open(address)
            if answer.status_code != 403:
                seen.add(way)
                found[endpoint] = ids, urlsplit(address).path
            if answer.mimetype == "text/html":
                waiting += [urljoin(address, html.unescape(told)) for told in ADDRESS.findall(answer.text)]
        return found

    def mistake(self, endpoint, ids, path):
        """Ask for the same with what nobody means, in the query, then in the path."""
        names = NAMES[endpoint] - {"lang"}
        for told in ASKED if names else ():
            self.open(f"{path}?{urlencode(dict.fromkeys(names, told))}")
        for name, told in product(ids, CALLED):
            with suppress(ValueError):  # it is one of a few words
                self.open(self.ways.build(endpoint, {**ids, name: told}))


@pytest.fixture
def brand(engine, config, new_app, clock):
    """Make a brand that also has flags as earlier versions wrote them, with a reason of few words."""
    world = living.brand(engine, config)
    with transaction(engine) as db:
        flags = db.query(Flag).order_by(Flag.id).all()
        assert len(flags) >= len(WHYS)
        for flag, why in zip(flags, WHYS, strict=False):
            flag.why = why
    clock.now = living.NOW
    app = new_app(config)
    app.request_class = type("Request", (app.request_class,), {"parameter_storage_class": Noted})
    return world, app


def test_law_no_address_is_a_bug(brand):
    world, app = brand
    seen, bugs = set(), []
    for name, starts in STARTS.items():
        walk = Walk(app, name)
        for endpoint, (ids, path) in walk.follow(*starts, world.fresh, seen=seen).items():
            walk.mistake(endpoint, ids, path)
        bugs += walk.bugs
    assert bugs == []
    assert len(seen) > 60
