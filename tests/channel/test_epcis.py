"""EPCIS 2.0: what goes out is valid, what comes in is taken once, in any order, or refused as a whole."""

import json
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from jsonschema import Draft7Validator, FormatChecker
from sqlalchemy import Engine, delete, func, select

from channel.config import Config
from channel.database import reading, transaction
from channel.epcis import event_hash
from channel.epcis.hashing import prehash
from channel.epcis.uris import as_link, canonical
from channel.journey import NewScan, PlaceTold, take_deliveries, take_packings, take_scan
from scans.catalogue import IssuedBatch
from scans.holdings import contents, surroundings
from scans.packing import at
from scans.packings import PackingRow
from scans.tables import Packing
from stores.deliveries import DeliveryRow, delivered_to
from stores.tables import CapturedEvent, Delivery
from tests import make, worlds

CASE_GTIN = make.gtin(77_000_002)
CONTEXT = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
Told = dict[str, Any]


class House(worlds.World):
    """A small world whose second batch has marks of every kind."""

    marked: IssuedBatch
    client: FlaskClient
    owner: dict[str, str]

    def code(self, level: str = "item", position: int = 1) -> str:
        """Return the name of a code."""
        return make.uri_at(self.marked, ring=self.ring, level=level, position=position).replace("HTTPS", "https")

    def capture(self, body: Any, **headers: str) -> Any:
        """Send events."""
        return self.client.post("/api/v1/epcis/capture", json=body, headers={**self.owner, **headers})

    def events(self, **query: Any) -> list[Told]:
        """Return all events, page by page."""
        asked: Told | None = {"from": "2026-01-01T00:00:00Z", "to": "2027-01-01T00:00:00Z"} | query
        address: str | None = "/api/v1/epcis/events"
        events: list[Told] = []
        while address:
            answer = self.client.get(address, query_string=asked, headers=self.owner)
            assert answer.status_code == 200, answer.text
            events += answer.json["epcisBody"]["eventList"]
            link = answer.headers.get("Link")
            address, asked = (link.split(">")[0][1:], None) if link else (None, None)
        return events

    def state(self) -> Any:
        """Return what is known of where everything is, whatever events said it."""
        with reading(self.engine) as db:
            moves = sorted(db.execute(select(Packing.child_no, Packing.parent_no, Packing.packed_at)).all(), key=str)
            told = select(Delivery.code_no, Delivery.from_id, Delivery.to_store_id, Delivery.delivered_at)
            items = [at(self.marked, "item", position) for position in range(1, 25)]
            lines = surroundings(db, found=items).items()
            around = {no: [one.outer.code_no for one in line if one.covers(make.NOW)] for no, line in lines}
            return moves, sorted(db.execute(told).all(), key=str), around, delivered_to(db, found=items)


@pytest.fixture
def house(engine: Engine, config: Config, new_app: Any, bearer: Callable[..., dict[str, str]]) -> House:
    made = worlds.small(engine, config)
    house = House(made.engine, made.config, made.ring, made.batch)
    with transaction(engine) as db:
        marked = make.batch(db, ring=made.ring, case_gtin=CASE_GTIN, sscc_prefix="690123456")
        make.party(db, party_id="D1", kind="dealer", parent_id="owner")
    for name, value in {"marked": marked, "client": new_app(config).test_client(), "owner": bearer("owner")}.items():
        object.__setattr__(house, name, value)
    return house


@pytest.fixture(scope="session")
def validator(test_data: Path) -> Draft7Validator:
    schema = json.loads((test_data / "gs1/epcis-json-schema.json").read_text(encoding="utf-8"))
    return Draft7Validator(schema, format_checker=FormatChecker())


def when(hours: float) -> str:
    return (make.NOW - timedelta(days=3) + timedelta(hours=hours)).astimezone(UTC).isoformat().replace("+00:00", "Z")


def packed(house: House, parent: str, *children: str, hours: float = 0, **said: Any) -> Told:
    told = {"type": "AggregationEvent", "eventTime": when(hours), "eventTimeZoneOffset": "+08:00", "action": "ADD"}
    return told | {"parentID": parent, "childEPCs": list(children), "bizStep": "packing"} | said


def moved(house: House, *epcs: str, came: str = "D1", went: str = "S-near", hours: float = 1, **said: Any) -> Told:
    told = {"type": "ObjectEvent", "eventTime": when(hours), "eventTimeZoneOffset": "+08:00", "action": "OBSERVE"}
    ends = [f"https://wms.example/places/{one}" for one in (came, went)]
    told |= {"epcList": list(epcs), "bizStep": "receiving", "readPoint": {"id": ends[1]}}
    told |= {"sourceList": [{"type": "location", "source": ends[0]}]}
    return told | {"destinationList": [{"type": "location", "destination": ends[1]}]} | said


def test_every_kind_of_event_is_told_and_every_page_is_valid(house: House, validator: Draft7Validator) -> None:
    ring, config = house.ring, house.config
    instant = datetime.fromisoformat(when(0))
    with transaction(house.engine) as db:
        rows = [PackingRow("1", house.code("item", 7), house.code("case", 1), instant)]
        rows.append(PackingRow("2", house.code("item", 7), None, instant + timedelta(hours=1)))
        take_packings(db, config=config, ring=ring, rows=rows, now=make.NOW)
        take_deliveries(
            db,
            config=config,
            ring=ring,
            rows=[DeliveryRow("1", house.code("pallet", 1), "D1", "S-near", instant + timedelta(hours=2))],
            now=make.NOW,
        )
        scan = NewScan(house.code("item", 2), "k", "phone-of-somebody", None, PlaceTold(*worlds.PLACE, 20.0, "wgs84"))
        take_scan(db, config=config, ring=ring, scan=scan, now=make.NOW)
    strange = packed(house, house.code("case", 2), house.code("item", 1), hours=3, **{"wms:shelf": {"row": 7}})
    document = {"@context": [CONTEXT, {"wms": "https://wms.example/"}], "type": "EPCISDocument", "schemaVersion": "2.0"}
    document |= {"creationDate": when(0), "epcisBody": {"eventList": [strange]}}
    assert house.capture(document).json["captured"] == 1

    whole = house.client.get(
        "/api/v1/epcis/events?from=2026-01-01T00:00:00Z&to=2027-01-01T00:00:00Z&limit=500", headers=house.owner
    )
    assert [error.message for error in validator.iter_errors(whole.json)] == []
    events = whole.json["epcisBody"]["eventList"]
    steps = [event["bizStep"] for event in events]
    counts = {step: steps.count(step) for step in dict.fromkeys(steps)}
    # A batch of 120 loose items in cases of 6 on pallets of 2, and one of 24; then what happened to them.
    ranged = 20 + 10 + 4 + 2
    assert counts == {"packing": ranged + 2, "unpacking": 1, "receiving": 1, "commissioning": 2, "retail_selling": 1}
    assert [event["eventTime"] for event in events] == sorted(event["eventTime"] for event in events)
    for limit in (1, 7):
        assert house.events(limit=limit) == events
    assert "phone-of-somebody" not in whole.text
    unpacked = next(event for event in events if event["bizStep"] == "unpacking")
    assert unpacked["action"] == "DELETE"
    assert unpacked["parentID"].split("/")[3:] == house.code("case", 1).split("/")[3:]
    again = next(
        event for event in events if event["eventTime"] == when(3).replace("Z", ".000Z") or "wms:shelf" in event
    )
    assert again["wms:shelf"] == {"row": 7}


def test_events_of_ranges_name_no_serial_of_an_item(house: House) -> None:
    events = house.events(to=(make.NOW + timedelta(seconds=1)).isoformat().replace("+00:00", "Z"))
    text = json.dumps(events)
    for position in range(1, 25):
        assert house.code("item", position).split("/")[-1] not in text
    assert f"/01/{CASE_GTIN}/21/" in text
    assert "/00/0690123456" in text


def test_a_batch_of_ten_million_is_told_a_page_at_a_time(house: House) -> None:
    with transaction(house.engine) as db:
        make.batch(db, ring=house.ring, count=10_000_000, items_per_case=100, cases_per_pallet=50)
    asked = {"from": "2026-01-01T00:00:00Z", "to": "2027-01-01T00:00:00Z", "limit": 100}
    answer = house.client.get("/api/v1/epcis/events", query_string=asked, headers=house.owner)
    for _ in range(2):
        answer = house.client.get(answer.headers["Link"].split(">")[0][1:], headers=house.owner)
        assert len(answer.json["epcisBody"]["eventList"]) == 100
    assert answer.json["epcisBody"]["eventList"][-1]["childQuantityList"][0]["quantity"] == 100


def test_repeated_and_out_of_order_events_leave_the_same_state(house: House) -> None:
    case, item = (lambda n: house.code("case", n)), (lambda n: house.code("item", n))
    events = [
        packed(house, case(1), item(7), item(8), hours=0),
        packed(house, house.code("pallet", 2), case(1), hours=1),
        moved(house, house.code("pallet", 2), came="owner", went="D1", hours=2, bizStep="shipping"),
        packed(house, case(1), item(8), action="DELETE", bizStep="unpacking", hours=3),
        moved(house, case(1), case(2), hours=4),
        packed(house, case(2), item(8), hours=5),
        moved(house, case(2), came="S-near", went="S-far", hours=6, bizStep="https://ref.gs1.org/cbv/BizStep-shipping"),
    ]
    states, chance = [], random.Random(4)
    for _ in range(4):
        with transaction(house.engine) as db:
            for table in (Packing, Delivery, CapturedEvent):
                db.execute(delete(table))
        told = events + chance.sample(events, 3)
        chance.shuffle(told)
        cut = chance.randrange(len(told))
        answers = [house.capture(told[:cut] or [events[0]]), house.capture(told[cut:])]
        assert all(answer.status_code == 200 and answer.json["refused"] == 0 for answer in answers)
        states.append(house.state())
    assert states[0] == states[1] == states[2] == states[3]
    with reading(house.engine) as db:
        near, far = (make.key_of(db, store_id=one) for one in ("S-near", "S-far"))
        found = [at(house.marked, "item", n) for n in (7, 8, 1)]
        assert [delivered_to(db, found=[one]).get(one.code_no) for one in found] == [near, far, near]
        assert list(contents(db, found=[at(house.marked, "case", 2)], at=make.NOW).values()) == [[range(*_span(house))]]
        assert db.scalar(select(func.count()).select_from(CapturedEvent)) == len(events)


def _span(house: House) -> tuple[int, int]:
    return at(house.marked, "item", 8).code_no, at(house.marked, "item", 12).code_no + 1


BROKEN: dict[str, tuple[Callable[[House], Told], str]] = {
    "no event": (lambda h: {"type": "TransformationEvent"}, "/type"),
    "no time": (lambda h: packed(h, h.code("case"), h.code(), eventTime="yesterday"), "/eventTime"),
    "no zone": (lambda h: packed(h, h.code("case"), h.code(), eventTime="2026-06-01T00:00:00"), "/eventTime"),
    "offset": (
        lambda h: packed(h, h.code("case"), h.code(), eventTimeZoneOffset="+25:00"), "/eventTimeZoneOffset"
    ),
    "future": (lambda h: packed(h, h.code("case"), h.code(), hours=73), "/eventTime"),
    "a code never issued": (lambda h: packed(h, h.code("case"), make.never_issued(h.code())), "/childEPCs/0"),
    "a code of others": (lambda h: packed(h, "urn:epc:id:sscc:4012345.1111111111", h.code()), "/parentID"),
    "a case in an item": (lambda h: packed(h, h.code(), h.code("case")), "/parentID"),
    "in itself": (lambda h: packed(h, h.code("case"), h.code("case")), "/parentID"),
    "one of two": (lambda h: packed(h, h.code("case"), h.code(), make.never_issued(h.code())), "/childEPCs/1"),
    "twice the same": (lambda h: packed(h, h.code("case"), h.code(), h.code()), "/childEPCs"),
    "all that is inside": (lambda h: packed(h, h.code("case"), action="DELETE"), "/childEPCs"),
    "no parent": (lambda h: {k: v for k, v in packed(h, "x:y", h.code()).items() if k != "parentID"}, "/parentID"),
    "seen only": (lambda h: packed(h, h.code("case"), h.code(), action="OBSERVE"), "/action"),
    "taken back": (lambda h: packed(h, h.code("case"), h.code(), errorDeclaration={}), ""),
    "quantities": (lambda h: moved(h, quantityList=[{"epcClass": "x:y"}]), ""),
    "a step we do not keep": (lambda h: moved(h, h.code("case"), bizStep="inspecting"), "/bizStep"),
    "no step at all": (lambda h: moved(h, h.code("case"), bizStep="flying"), "/bizStep"),
    "nobody": (lambda h: moved(h, h.code("case"), went="Z"), "/destinationList"),
    "nowhere of ours": (lambda h: moved(h, h.code("case"), sourceList=[]), "/sourceList"),
    "a field of nobody": (lambda h: moved(h, h.code("case"), shelf=7), ""),
    "fields of another type": (lambda h: moved(h, h.code("case"), parentID=h.code("pallet")), ""),
    "null": (lambda h: moved(h, h.code("case"), readPoint=None), ""),
    "a hash of another event": (
        lambda h: moved(h, h.code("case"), eventID=f"ni:///sha-256;{'0' * 64}?ver=CBV2.0"), "/eventID"
    ),
    "no text": (lambda h: moved(h, h.code("case"), **{"wms:x": "\x00"}), ""),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_event_is_refused_as_a_whole_and_the_others_are_taken(house: House, name: str) -> None:
    broken, pointer = BROKEN[name]
    before = house.state()
    answer = house.capture([broken(house)])
    assert (answer.status_code, answer.json["refused"]) == (200, 1), answer.text
    assert pointer in [problem["pointer"] for problem in answer.json["events"][0]["problems"]]
    assert house.state() == before
    with reading(house.engine) as db:
        assert db.scalar(select(func.count()).select_from(CapturedEvent)) == 0
    good = packed(house, house.code("case", 2), house.code())
    assert house.capture([broken(house), good]).json["captured"] == 1


def test_a_conflicting_event_is_refused_whole_and_an_id_means_one_event(house: House) -> None:
    first = packed(house, house.code("case", 2), house.code("item", 1), eventID="urn:uuid:1")
    assert house.capture(first).json["events"] == [{"event_id": "urn:uuid:1", "state": "captured", "problems": []}]
    elsewhere = packed(house, house.code("case", 3), house.code("item", 2), house.code("item", 1))
    refused = house.capture(elsewhere).json["events"][0]
    assert refused["problems"] == [{"pointer": "/eventTime", "reason": "at this instant it was packed elsewhere"}]
    other = packed(house, house.code("case", 2), house.code("item", 2), eventID="urn:uuid:1")
    assert house.capture(other).json["events"][0]["problems"][0]["pointer"] == "/eventID"
    renamed = {**first, "eventID": "urn:uuid:2", "recordTime": when(9)}
    assert house.capture([first, renamed]).json["repeated"] == 2


@pytest.mark.parametrize("body", [[], "x", 7, {"type": "EPCISDocument"}, {"type": "EPCISDocument", "epcisBody": []}])
def test_what_holds_no_events_is_no_bug(house: House, body: Any) -> None:
    assert house.capture(body).status_code in (200, 422)


def test_only_the_house_and_its_systems_may_ask_or_tell(house: House, bearer: Callable[..., dict[str, str]]) -> None:
    asked = "/api/v1/epcis/events?from=2026-01-01T00:00:00Z&to=2027-01-01T00:00:00Z"
    for role, party, reads, tells in (("dealer", "D1", 403, 403), ("auditor", None, 200, 403), ("api", None, 200, 200)):
        token = bearer(role, party)
        assert house.client.get(asked, headers=token).status_code == reads
        assert house.client.post("/api/v1/epcis/capture", json=[], headers=token).status_code == tells
    linked = {**house.owner, "Content-Type": "application/ld+json"}
    assert house.client.post("/api/v1/epcis/capture", data="[]", headers=linked).status_code == 200


def test_what_comes_in_as_a_good_event_is_valid_by_the_schema_too(house: House, validator: Draft7Validator) -> None:
    for event in (packed(house, house.code("case", 2), house.code()), moved(house, house.code("case"))):
        assert [error.message for error in validator.iter_errors({"@context": CONTEXT, **event})] == []


@pytest.mark.parametrize(
    ("uri", "name"),
    [
        ("urn:epc:id:sgtin:4012345.011122.987", "https://id.gs1.org/01/04012345111224/21/987"),
        ("urn:epc:id:sscc:4012345.1111111111", "https://id.gs1.org/00/140123451111111117"),
        ("urn:epc:id:sgln:4012345.00005.0", "https://id.gs1.org/414/4012345000054"),
        ("urn:epc:id:sgln:4012345.00005.7", "https://id.gs1.org/414/4012345000054/254/7"),
        ("urn:epc:id:pgln:4012345.00000", "https://id.gs1.org/417/4012345000009"),
        ("https://id.brand.cn/01/09506000134352/10/L1/21/A1?17=270101", "https://id.gs1.org/01/09506000134352/21/A1"),
        ("https://id.brand.cn/01/09506000134352/10/L1", "https://id.gs1.org/01/09506000134352/10/L1"),
        ("https://id.brand.cn/places/S-1", "https://id.brand.cn/places/S-1"),
        ("urn:epc:id:sscc:4012345.111", "urn:epc:id:sscc:4012345.111"),
    ],
)
def test_names_are_told_in_one_way(uri: str, name: str) -> None:
    assert canonical(uri) == name
    assert canonical(as_link(uri)) == name


def test_the_hash_is_that_of_other_implementations() -> None:
    event = {
        "type": "ObjectEvent",
        "eventTime": "2026-06-01T14:12:30+08:00",
        "eventTimeZoneOffset": "+00:00",
        "epcList": ["https://id.brand.cn/01/09506000134352/10/L1/21/A1", "https://id.brand.cn/01/09506000134352/10/L1"],
        "action": "OBSERVE",
        "bizStep": "shipping",
        "bizTransactionList": [
            {"type": "po", "bizTransaction": "urn:epcglobal:cbv:bt:0614141111114:12345"},
            {"bizTransaction": "urn:epcglobal:cbv:bt:0614141111114:1", "type": "desadv"},
        ],
        "sourceList": [{"type": "owning_party", "source": "urn:epc:id:pgln:4012345.00000"}],
    }
    digest = "e39fad83adcb96327cd0ff430e777a18a32e8e83d21fec9e7fff9ef0eb18f6e9"
    assert event_hash(event) == f"ni:///sha-256;{digest}?ver=CBV2.0"
    assert event_hash({**event, "recordTime": "2026-06-02T00:00:00Z", "eventID": "urn:uuid:1"}) == event_hash(event)
    assert not event_hash({**event, "wms:x": 1}).endswith("?ver=CBV2.0")
    assert event_hash({**event, "eventTime": "2026-06-01T06:12:30.0004Z"}) == event_hash(event)
    assert event_hash({**event, "eventTime": "2026-06-01T06:12:30.0005Z"}) != event_hash(event)


def test_the_parts_of_an_event_are_hashed_in_the_order_of_the_standard() -> None:
    party = "urn:epc:id:pgln:4012345.00000"
    event = {
        "destinationList": [{"type": "possessing_party", "destination": party}],
        "sourceList": [{"type": "possessing_party", "source": party}],
        "readPoint": {"id": "urn:epc:id:sgln:4012345.00022.0"},
        "bizStep": "departing",
        "action": "OBSERVE",
        "epcList": ["urn:epc:id:sscc:4012345.1111222333"],
        "eventTimeZoneOffset": "+01:00",
        "eventTime": "2020-02-20T11:50:00Z",
        "type": "ObjectEvent",
    }
    named = "https://id.gs1.org/417/4012345000009"
    assert prehash(event) == (
        "eventType=ObjectEventeventTime=2020-02-20T11:50:00.000ZeventTimeZoneOffset=+01:00"
        "epcListepc=https://id.gs1.org/00/140123451112223334"[:-1]
        + f"{canonical(event['epcList'][0])[-1]}"
        "action=OBSERVEbizStep=https://ref.gs1.org/cbv/BizStep-departing"
        "readPointid=https://id.gs1.org/414/4012345000221"
        f"sourceListtype=https://ref.gs1.org/cbv/SDT-possessing_partysource={named}"
        f"destinationListtype=https://ref.gs1.org/cbv/SDT-possessing_partydestination={named}"
    )
