"""The API's EPCIS 2.0: what happened to goods, out and in. Knows channel.epcis."""

from typing import Annotated, Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, request
from pydantic import Field, JsonValue
from pydantic_core import to_json

from channel import providers
from channel.api.goods import CaptureOut, EpcisDocumentOut
from channel.calls import JSON, BodyError, Instant, Limit, Query, call
from channel.epcis import Cursor, EventError, capture_event, document, event_page

READERS = ("owner", "auditor", "api")
TELLERS = ("owner", "api")
MAX_EVENTS = 1000
MAX_BYTES = 2 * 1024 * 1024

api = Blueprint("epcis", __name__)


class Period(Query):
    """From an instant until, not at, another; `after` is the cursor of the page before."""

    since: Instant = Field(alias="from")
    until: Instant = Field(alias="to")
    after: str | None = Field(default=None, pattern=r"^[0-9]{1,16}\.[0-4]\.[0-9]{1,15}$")
    limit: Limit = 100


Told = dict[str, JsonValue]
EventsIn = Annotated[Told | Annotated[list[Told], Field(max_length=MAX_EVENTS)], Field(union_mode="left_to_right")]


@call(api, "GET", "/epcis/events", roles=READERS, query=Period, answers={200: EpcisDocumentOut})
def get_epcis_events(query: Period) -> Response:
    """Tell what happened to goods as an EPCISDocument; a header Link names the next page."""
    config = providers.config()
    with providers.reading() as db:
        events, more = event_page(
            db,
            ring=providers.ring(),
            base_url=config.base_url,
            zone=ZoneInfo(config.zone),
            since=query.since,
            until=query.until,
            after=Cursor.read(query.after) if query.after else None,
            limit=query.limit,
        )
    told = Response(to_json(document(events, now=providers.now())), content_type=JSON)
    if more is not None:
        pairs = {**request.args.to_dict(), "after": str(more)}
        told.headers["Link"] = f'<{request.path}?{urlencode(pairs)}>; rel="next"'
    return told


@call(api, "POST", "/epcis/capture", roles=TELLERS, body=EventsIn, answers={200: CaptureOut}, max_body=MAX_BYTES)
def post_epcis_capture(body: Told | list[Told]) -> CaptureOut:
    """Take an event, a list of them or a document: each as a whole or not at all, and only once."""
    events = [_capture(event) for event in _events(body)]
    states = [event["state"] for event in events]
    counts = {state: states.count(state) for state in ("captured", "repeated", "refused")}
    return CaptureOut.model_validate({**counts, "events": events})


def _events(body: Told | list[Told]) -> list[Any]:
    """Return the events of a body: a document has them in a list inside."""
    if isinstance(body, list):
        return body
    if body.get("type") != "EPCISDocument":
        return [body]
    inside = body.get("epcisBody")
    listed = inside.get("eventList") if isinstance(inside, dict) else None
    if not isinstance(listed, list):
        raise BodyError([{"pointer": "/epcisBody/eventList", "reason": "a document has a list of events"}])
    if len(listed) > MAX_EVENTS:
        raise BodyError([{"pointer": "/epcisBody/eventList", "reason": f"at most {MAX_EVENTS} events at once"}])
    context = body.get("@context")
    return [{"@context": context, **event} if isinstance(event, dict) and context else event for event in listed]


def _capture(event: Any) -> dict[str, Any]:
    try:
        if not isinstance(event, dict):
            raise EventError({"pointer": "", "reason": "an event is an object"})
        with providers.transaction() as db:
            told = capture_event(db, config=providers.config(), ring=providers.ring(), event=event, now=providers.now())
    except EventError as error:
        return {"event_id": None, "state": "refused", "problems": error.problems}
    return {"event_id": told.event_id, "state": "captured" if told.fresh else "repeated", "problems": []}
