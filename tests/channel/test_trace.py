"""Where a code has been, on a page and in the API: its whole life, the rest of its case, no serial, no position."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine

from channel.config import Config
from channel.database import reading, transaction
from channel.journey import NewScan, PlaceTold, take_deliveries, take_packings, take_scan
from channel.journey.returning import scrap_items, take_return
from scans.packing import at
from scans.packings import PackingRow
from scans.returns import ReturnRow
from stores.deliveries import DeliveryRow
from stores.trace import box_of, hops, trace, whereabouts
from tests import make, worlds

START = make.NOW - timedelta(days=3)


@pytest.fixture
def world(engine: Engine, config: Config) -> worlds.World:
    """Send case 1 over a dealer to S-near, where item 2 is taken out and put into case 2, which goes to S-far."""
    world = worlds.small(engine, config)
    with transaction(engine) as db:
        make.party(db, party_id="D1", kind="dealer", parent_id="owner")
        rows = [
            DeliveryRow("1", world.uri(1, "pallet"), "owner", "D1", START),
            DeliveryRow("2", world.uri(1, "case"), "D1", "S-near", START + timedelta(hours=2)),
            DeliveryRow("3", world.uri(2, "case"), "owner", "S-far", START + timedelta(hours=6)),
        ]
        take_deliveries(db, config=config, ring=world.ring, rows=rows, now=make.NOW)
        moves = [
            PackingRow("1", world.uri(2), None, START + timedelta(hours=3)),
            PackingRow("2", world.uri(2), world.uri(2, "case"), START + timedelta(hours=4)),
        ]
        take_packings(db, config=config, ring=world.ring, rows=moves, now=make.NOW)
        for position, consumer in ((1, "c1"), (1, "c2"), (2, "c3")):
            place = PlaceTold(*worlds.PLACE, 20.0, "wgs84")
            scan = NewScan(uri=world.uri(position), key=consumer, position=place, consumer=consumer)
            take_scan(db, config=config, ring=world.ring, scan=scan, now=make.NOW)
    return world


@pytest.fixture
def client(world: worlds.World, config: Config, new_app: Any) -> FlaskClient:
    client: FlaskClient = new_app(config).test_client()
    return client


def test_the_life_of_an_item_is_told_in_order(world: worlds.World) -> None:
    with reading(world.engine) as db:
        told = trace(db, found=at(world.batch, "item", 2), reach_m=3000, now=make.NOW)
    kinds = [step.kind for step in told.steps]
    assert kinds == ["delivered", "delivered", "unpacked", "packed", "delivered", "issued", "activated", "claimed"]
    assert [step.about["to"] for step in told.steps if step.kind == "delivered"] == ["D1", "S-near", "S-far"]
    assert [step.about["gap"] for step in told.steps if step.kind == "delivered"] == [False, False, True]
    assert [(one.outer.level, one.outer.position) for one in told.around] == [("case", 2), ("pallet", 1)]
    assert told.steps[-1].about["to"] == "S-far"
    assert told.seen is not None
    assert (told.seen.scans, told.seen.devices, told.seen.regions) == (1, 1, ("East",))


def test_what_came_back_and_what_became_of_it_is_told(world: worlds.World) -> None:
    with transaction(world.engine) as db:
        take_return(db, config=world.config, ring=world.ring, row=ReturnRow("R1", world.uri(1)), now=make.NOW)
        scrap_items(db, ring=world.ring, texts=[world.uri(1)], now=make.NOW + timedelta(hours=1))
    with reading(world.engine) as db:
        told = trace(db, found=at(world.batch, "item", 1), reach_m=3000, now=make.NOW)
    assert [step.kind for step in told.steps][-3:] == ["claimed", "returned", "scrapped"]


def test_a_box_tells_what_is_and_was_in_it_and_where_that_went(world: worlds.World) -> None:
    with reading(world.engine) as db:
        first, second = (box_of(db, outer=at(world.batch, "case", no), now=make.NOW) for no in (1, 2))
        pallet = box_of(db, outer=at(world.batch, "pallet", 1), now=make.NOW)
        few = box_of(db, outer=at(world.batch, "case", 2), now=make.NOW, most=3)
    inside = {child.found.position: child.is_inside for child in first.children}
    assert inside == {1: True, 2: False, 3: True, 4: True, 5: True, 6: True}
    assert [(hop and hop.to_id, *rest) for hop, *rest in whereabouts(first)] == [("S-near", 5, 1), ("S-far", 1, 1)]
    assert [child.found.position for child in second.children] == [7, 8, 9, 10, 11, 12, 2]
    assert [(child.found.position, child.items, child.claimed) for child in pallet.children] == [(1, 5, 1), (2, 7, 1)]
    assert (len(few.children), few.more) == (3, 4)


def test_an_item_that_left_has_no_part_in_later_deliveries(world: worlds.World) -> None:
    items = [at(world.batch, "item", position) for position in (1, 2, 7)]
    with reading(world.engine) as db:
        told = hops(db, found=items)
    assert [[hop.to_id for hop in line] for line in told.values()] == [
        ["D1", "S-near"],
        ["D1", "S-near", "S-far"],
        ["D1", "S-far"],
    ]


@pytest.mark.parametrize("printed", ["uri", "serial"])
def test_the_page_is_found_by_what_is_printed_and_shows_no_serial(
    world: worlds.World, signed_in: Callable[..., FlaskClient], printed: str
) -> None:
    browser = signed_in("auditor")
    token = browser.get("/office/trace").text.split('name="csrf_token" value="')[1].split('"')[0]
    text = world.uri(2) if printed == "uri" else world.uri(2).split("/")[-1]
    answer = browser.post("/office/trace", data={"code": text, "csrf_token": token})
    assert (answer.status_code, answer.location) == (303, f"/office/trace/{world.batch.batch_id}/item/2")
    page = browser.get(answer.location)
    assert page.status_code == 200
    for position in range(1, 13):
        assert world.uri(position).split("/")[-1] not in page.text
    assert "31.23" not in page.text
    rows = browser.get(f"/office/trace/{world.batch.batch_id}/case/1/inside.csv").text.splitlines()
    assert (len(rows), rows[0].count(",")) == (7, 5)
    refused = browser.post("/office/trace", data={"code": "nonsense", "csrf_token": token})
    assert refused.status_code == 422


@pytest.mark.parametrize("path", ["item/0", "item/999", "pallet/99", "crate/1", "item/1/inside.csv", "outer/1"])
def test_what_was_never_issued_has_no_page(
    world: worlds.World, signed_in: Callable[..., FlaskClient], path: str
) -> None:
    browser = signed_in("owner")
    assert browser.get(f"/office/trace/{world.batch.batch_id}/{path}").status_code == 404
    assert browser.get(f"/office/trace/B000/{path}").status_code == 404


def test_the_api_tells_the_same_to_the_house_alone(
    world: worlds.World, client: FlaskClient, bearer: Callable[..., dict[str, str]]
) -> None:
    def asked(role: str, party: str | None = None, uri: str = world.uri(2)) -> Any:
        return client.get("/api/v1/codes/trace", query_string={"uri": uri}, headers=bearer(role, party))

    told = asked("api").json
    assert told["code"] == {"batch": world.batch.batch_id, "level": "item", "position": 2}
    assert [step["kind"] for step in told["steps"]][-1] == "claimed"
    assert told["box"]["where"][0] == {"place": "S-far", "items": 7, "claimed": 1}
    assert asked("franchisee", "F1").status_code == 403
    assert asked("owner", uri=make.never_issued(world.uri(2))).status_code == 404
    assert asked("owner", uri="https://id.example.com/x").status_code == 422
