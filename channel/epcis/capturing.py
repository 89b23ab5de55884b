"""EPCIS, the way in: an event becomes packings or deliveries, all of it or nothing, and once. Knows the journeys."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from pydantic import ValidationError
from sqlalchemy.orm import Session

from channel.config import Config
from channel.epcis.hashing import VERSION, event_hash, web_word
from channel.epcis.shapes import EventIn, is_text, problems
from channel.epcis.uris import as_link, place_of
from channel.journey import take_deliveries, take_packings
from scans.keys import KeyRing
from scans.packings import PackingRow
from scans.upserts import Put, Refusal
from stores.captures import EventIdError, record_event
from stores.deliveries import DeliveryRow

MOST_PROBLEMS = 20
MARK = "~"  # no id of a file begins like this: what came as an event is told again as that event
STEPS = {web_word("BizStep", step): step for step in ("shipping", "receiving")}
FIELDS = {
    "child_uri": "childEPCs",
    "parent_uri": "parentID",
    "packed_at": "eventTime",
    "uri": "epcList",
    "delivered_at": "eventTime",
    "from_id": "sourceList",
    "to_id": "destinationList",
}
Problem = dict[str, str]


class EventError(ValueError):
    """An event that cannot be, or not like this; nothing of it was taken."""

    def __init__(self, *told: Problem) -> None:
        super().__init__("the event cannot be taken")
        self.problems = list(told)


class Captured(NamedTuple):
    """An event by its id, and whether it is new."""

    event_id: str
    fresh: bool


def capture_event(db: Session, *, config: Config, ring: KeyRing, event: dict[str, Any], now: datetime) -> Captured:
    """Take one event; again is harmless.

    Raises: EventError; then the transaction has to be rolled back.
    """
    read = _read(event)
    name = event_hash(event)
    told_as = read.event_id or name
    if told_as.startswith("ni:") and told_as.endswith(VERSION) and name.endswith(VERSION) and told_as != name:
        raise EventError(_problem("eventID", "this is the hash of another event"))
    body = event if any(":" in field for field in event) else {k: v for k, v in event.items() if k != "@context"}
    try:
        fresh = record_event(db, event_hash=name, event_id=told_as, event_at=read.at, body=body, now=now)
    except EventIdError as error:
        raise EventError(_problem("eventID", str(error))) from None
    if fresh:
        put = _pack if read.type == "AggregationEvent" else _deliver
        _check(put(db, config, ring, read, f"{MARK}{name[14:54]}", now))
    return Captured(told_as, fresh)


def _read(event: dict[str, Any]) -> EventIn:
    try:
        read = EventIn.model_validate(event)
    except ValidationError as error:
        raise EventError(*problems(error)) from None
    if None in event.values():
        raise EventError(_problem("", "what is not there is left out, not null"))
    if not is_text(event):
        raise EventError(_problem("", "this holds characters that are none"))
    listed = read.epcs or read.children
    if len(set(listed)) < len(listed):
        raise EventError(_problem("epcList" if read.epcs else "childEPCs", "an EPC stands there twice"))
    return read


def _pack(db: Session, config: Config, ring: KeyRing, read: EventIn, mark: str, now: datetime) -> Put:
    if read.action == "OBSERVE":
        raise EventError(_problem("action", "what was only seen together is not kept: ADD and DELETE are"))
    if not read.children:
        raise EventError(_problem("childEPCs", "name what was put in or taken out"))
    if not read.parent:
        raise EventError(_problem("parentID", "name the case or pallet"))
    outer = as_link(read.parent) if read.action == "ADD" else None
    rows = [PackingRow(f"{mark}{n}", as_link(child), outer, read.at) for n, child in enumerate(read.children)]
    return take_packings(db, config=config, ring=ring, rows=rows, now=now)


def _deliver(db: Session, config: Config, ring: KeyRing, read: EventIn, mark: str, now: datetime) -> Put:
    step = STEPS.get(web_word("BizStep", read.step))
    if step is None or read.action != "OBSERVE":
        raise EventError(_problem("bizStep", "of goods that move, shipping and receiving are taken, with OBSERVE"))
    if not read.epcs:
        raise EventError(_problem("epcList", "name what moved"))
    here = [place.id for place in (read.location, read.read_point) if place]
    came = _end([one.source for one in read.sources] + (here if step == "shipping" else []), "sourceList")
    went = _end(
        [one.destination for one in read.destinations] + (here if step == "receiving" else []), "destinationList"
    )
    rows = [DeliveryRow(f"{mark}{n}", as_link(epc), came, went, read.at) for n, epc in enumerate(read.epcs)]
    return take_deliveries(db, config=config, ring=ring, rows=rows, now=now)


def _end(names: Sequence[str], field: str) -> str:
    ours = next((outside_id for name in names if (outside_id := place_of(name)) is not None), None)
    if ours is None:
        raise EventError(_problem(field, "name a store or party of ours: https://.../places/ID"))
    return ours


def _check(put: Put) -> None:
    if put.refused:
        raise EventError(*(_problem(_place(one), one.reason) for one in put.refused[:MOST_PROBLEMS]))


def _place(refusal: Refusal) -> str:
    field = FIELDS.get(refusal.column, "eventID")
    return f"{field}/{refusal.index}" if field in ("epcList", "childEPCs") else field


def _problem(field: str, reason: str) -> Problem:
    return {"pointer": f"/{field}" if field else "", "reason": reason}
