"""EPCIS, the way out: what is known of goods as events of the standard. Knows names."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from channel.epcis.hashing import event_hash

CONTEXT = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
Event = dict[str, Any]


def document(events: Sequence[Event], *, now: datetime) -> dict[str, Any]:
    """Return events as a document."""
    return {
        "@context": [CONTEXT],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": instant(now),
        "epcisBody": {"eventList": list(events)},
    }


def object_event(*, at: datetime, zone: ZoneInfo, action: str, step: str, disposition: str, **said: Any) -> Event:
    """Return what happened to codes, named by its own hash."""
    return _named("ObjectEvent", at, zone, {"action": action, "bizStep": step, "disposition": disposition, **said})


def aggregation_event(*, at: datetime, zone: ZoneInfo, parent: str | None, **said: Any) -> Event:
    """Return what was put into a case or onto a pallet (ADD), or taken out of one (DELETE), named by its own hash."""
    step = {"ADD": "packing", "DELETE": "unpacking"}[said["action"]]
    outer = {} if parent is None else {"parentID": parent}
    return _named("AggregationEvent", at, zone, {"bizStep": step, "disposition": "in_progress", **outer, **said})


def instant(at: datetime) -> str:
    """Write an instant as the standard does."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _named(kind: str, at: datetime, zone: ZoneInfo, said: Event) -> Event:
    offset = at.astimezone(zone).strftime("%z")
    event = {"type": kind, "eventTime": instant(at), "eventTimeZoneOffset": f"{offset[:3]}:{offset[3:5]}", **said}
    return {"eventID": event_hash(event), **event}
