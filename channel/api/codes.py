"""The API's codes: where one has been, and what was packed with it. Knows stores.trace."""

from flask import Blueprint
from pydantic import Field

from channel import providers
from channel.api.goods import BoxOut, ChildOut, CodeOut, SeenOut, StepOut, TraceOut, WhereOut
from channel.calls import Query, call
from scans.batches import catalogue
from scans.catalogue import Found, find_printed
from scans.packing import goods
from stores.trace import Box, Step, trace, whereabouts

# A code's way names everybody on it: no party reads it, not even of its own goods.
READERS = ("owner", "finance", "auditor", "api")

api = Blueprint("codes", __name__)


class Asked(Query):
    """What is printed or scanned: an address, a serial or an SSCC."""

    uri: str = Field(min_length=1, max_length=2000)


@call(
    api,
    "GET",
    "/codes/trace",
    roles=READERS,
    query=Asked,
    answers={200: TraceOut},
    problems=("unknown-code", "bad-uri", "bad-gtin"),
)
def get_code_trace(query: Asked) -> TraceOut:
    """Tell where a code has been, what it is in, and where the rest of that is; codes are told without serials."""
    with providers.reading() as db:
        found = goods(find_printed(catalogue(db), providers.ring(), text=query.uri))
        told = trace(db, found=found, reach_m=providers.config().reach_m, now=providers.now())
    return TraceOut(
        code=_code(found),
        state=found.state,
        steps=[_step(step) for step in told.steps],
        around=[_code(holding.outer) for holding in told.around],
        scans=SeenOut.model_validate(told.seen, from_attributes=True) if told.seen else None,
        box=_box(told.box) if told.box else None,
    )


def _code(found: Found) -> CodeOut:
    return CodeOut(batch=found.batch.batch_id, level=found.level, position=found.position)


def _step(step: Step) -> StepOut:
    return StepOut(at=step.at, kind=step.kind, outer=_code(step.outer) if step.outer else None, about=dict(step.about))


def _box(box: Box) -> BoxOut:
    return BoxOut(
        code=_code(box.outer),
        children=[
            ChildOut(
                code=_code(child.found),
                since=child.since,
                until=child.until,
                items=child.items,
                claimed=child.claimed,
                place=child.place.to_id if child.place else None,
            )
            for child in box.children
        ],
        more=box.more,
        where=[
            WhereOut(place=hop.to_id if hop else None, items=items, claimed=claimed)
            for hop, items, claimed in whereabouts(box)
        ],
    )
