"""The API's returns: items that came back. Knows the journeys."""

import json

from flask import Blueprint, Response
from pydantic import Field

from channel import providers
from channel.api.shapes import ReturnOut
from channel.calls import JSON, Instant, OutsideId, Strict, call
from channel.journey import take_return
from scans.returns import MAX_WHY, ReturnRow, return_list

WRITERS = ("owner", "api")
REFUSED = ("unknown-code", "bad-uri", "bad-gtin", "bad-return", "not-claimed", "return-exists")

api = Blueprint("returns", __name__)


class ReturnIn(Strict):
    """An item that came back. The id is the client's own: sent again, it gets the same answer."""

    id: OutsideId
    uri: str = Field(min_length=1, max_length=2048)
    returned_at: Instant | None = None
    why: str | None = Field(default=None, max_length=MAX_WHY, pattern=r"^[^\x00]*$")


@call(api, "POST", "/returns", roles=WRITERS, body=ReturnIn, answers={201: ReturnOut, 200: ReturnOut}, problems=REFUSED)
def post_return(body: ReturnIn) -> Response:
    """Take an item back: 201, and 200 when it is told again. Its sale, shares and prize are reversed."""
    row = ReturnRow(body.id, body.uri, body.returned_at, body.why)
    config, ring, now = providers.config(), providers.ring(), providers.now()
    with providers.transaction() as db:
        fresh = take_return(db, config=config, ring=ring, row=row, now=now)
        line = return_list(db, return_id=body.id, limit=1)[0]
    told = ReturnOut(
        id=line.return_id, state=line.state, returned_at=line.returned_at, batch=line.batch_id, position=line.position
    )
    return Response(json.dumps(told.model_dump(mode="json")), 201 if fresh else 200, content_type=JSON)
