"""A key is lost while the server runs: its codes are answered and earn nothing, and work goes on with a new one."""

import json
from contextlib import closing

from sqlalchemy import func, select

from channel.database import reading
from scans.tables import Claim
from stores.tables import Posting
from tests import worlds
from tests.server import Client, command, serving


def scan(client, uri, key):
    status, body = client.post("/api/v1/scans", {"key": key, "uri": uri, "consumer": f"phone-{key}", "position": None})
    assert status == 201, body
    told = json.loads(body)
    return told["verdict"], told["claim"], told["reward"] is not None


def money(engine):
    with reading(engine) as db:
        return db.execute(select(func.count(), func.sum(Posting.amount_cents))).one()


def keys(config, *arguments):
    done = command(config, "keys", *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_a_lost_key_earns_nothing_and_stops_nothing(engine, config):
    world = worlds.small(engine, config)
    lost, gtin, out = world.batch.key_id, world.batch.gtin, config.home / "codes.txt"
    with serving(config) as server, closing(Client(server.port)) as client:
        assert scan(client, world.uri(1), "a") == ("claimed", True, True)
        (rotated,) = keys(config, "rotate")
        assert scan(client, world.uri(2), "b") == ("claimed", True, True)  # the older key still reads and earns
        before = money(engine)
        keys(config, "revoke", lost, "--why", "a laptop was stolen")
        for position, key in ((1, "c"), (3, "d"), (4, "e")):
            assert scan(client, world.uri(position), key) == ("inactive", False, False)
        assert money(engine) == before
        issued = command(config, "issue", "--gtin", gtin, "--count", "3", "--out", str(out))
        assert command(config, "activate", issued.stdout.split()[-1]).returncode == 0
        assert scan(client, out.read_text().split()[0], "f") == ("claimed", True, True)
        with reading(engine) as db:
            assert db.scalar(select(func.count()).select_from(Claim)) == 3
    told = {line.split()[0]: line.split()[1:] for line in keys(config) if line.split()[1] == "code"}
    assert (told[rotated][1], told[rotated][3]) == ("active", "1")
    assert (told[lost][1], told[lost][3], " ".join(told[lost][5:])) == ("revoked", "1", "a laptop was stolen")


def test_a_lost_prize_key_pays_nothing_for_items_that_are_claimed_all_the_same(engine, config):
    world = worlds.small(engine, config)
    prize = world.ring.newest("prize").id
    with serving(config) as server, closing(Client(server.port)) as client:
        keys(config, "revoke", prize, "--why", "leaked")
        assert scan(client, world.uri(1), "a") == ("claimed", True, False)
