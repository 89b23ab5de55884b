"""The API's visits: a rep's list of a day, and what was found. Knows stops, visits, seen."""

from typing import Annotated

from flask import Blueprint
from pydantic import Field

from channel import access, providers
from channel.api.shapes import OutcomeOut, SeenOut, VisitOut, VisitsOut
from channel.calls import WHOLE, Day, OutsideId, Query, Strict, call
from stores.directory import UnknownPartyError
from stores.seen import id_under, see_shelf
from stores.shelf import (
    LONGEST_RIVAL,
    MOST_CENTS,
    MOST_DISPLAYED,
    MOST_FACINGS,
    MOST_RIVALS,
    MOST_SHELVES,
    WHYS,
    Rival,
    Shelf,
)
from stores.stock import MAX_STOCK
from stores.stops import visit_list
from stores.visits import ACTIONS, CAUSES, MAX_NOTE, record_outcome

READERS = ("owner", "auditor", "api", "rep")
WRITERS = ("owner", "api", "rep")

api = Blueprint("visits", __name__)


class ListOf(Query):
    """Whose list, and of which day."""

    rep: OutsideId
    day: Day


class OutcomeIn(Strict):
    """What a visit found and what was done. The key is the client's own: sent again, it gets the same answer."""

    key: OutsideId
    was_real: bool
    cause: str = Field(json_schema_extra={"enum": list(CAUSES)})
    action: str = Field(json_schema_extra={"enum": list(ACTIONS)})
    note: str | None = Field(default=None, max_length=MAX_NOTE, pattern=r"^[^\x00]*$")


@call(api, "GET", "/visits", roles=READERS, query=ListOf, answers={200: VisitsOut}, problems=("not-found",))
def get_visits(query: ListOf) -> VisitsOut:
    """Tell a rep's stops of a day in their order; a rep's own only."""
    if _own_rep() not in {None, query.rep}:
        raise UnknownPartyError("there is no such rep")
    with providers.reading() as db:
        stops = visit_list(db, rep_id=query.rep, day=query.day)
    return VisitsOut(visits=[VisitOut.model_validate(stop, from_attributes=True) for stop in stops])


Count = Annotated[int, Field(ge=0, le=MAX_STOCK), WHOLE]
Facings = Annotated[int, Field(ge=0, le=MOST_FACINGS), WHOLE]
Price = Annotated[int, Field(ge=0, le=MOST_CENTS), WHOLE]


class RivalIn(Strict):
    """Another brand's goods beside ours; what was not looked at is null."""

    name: Annotated[str, Field(min_length=1, max_length=LONGEST_RIVAL, pattern=r"^[^\x00]*$")]
    facings: Facings | None = None
    price_cents: Price | None = None


class ShelfIn(Strict):
    """What a visit saw of a product; what was not looked at is null. The key is the client's own."""

    key: OutsideId
    gtin: Annotated[str, Field(pattern=r"^[0-9]{14}$")]
    shelves: Annotated[int, Field(ge=0, le=MOST_SHELVES), WHOLE] | None = None
    facings: Facings | None = None
    displayed: Annotated[int, Field(ge=0, le=MOST_DISPLAYED), WHOLE] | None = None
    price_cents: Price | None = None
    stock: Count | None = None
    rivals: Annotated[tuple[RivalIn, ...], Field(max_length=MOST_RIVALS)] = ()
    elsewhere_percent: Annotated[int, Field(ge=0, le=100), WHOLE] | None = None
    elsewhere_why: str | None = Field(default=None, json_schema_extra={"enum": [*WHYS, None]})

    def shelf(self) -> Shelf:
        """Return what was seen."""
        rivals = tuple(Rival(one.name, one.facings, one.price_cents) for one in self.rivals)
        return Shelf(**self.model_dump(exclude={"key", "gtin", "rivals"}), rivals=rivals)


@call(
    api,
    "POST",
    "/visits/<id:visit_id>/shelf",
    roles=WRITERS,
    body=ShelfIn,
    answers={200: SeenOut},
    problems=("bad-shelf", "key-reused"),
)
def post_shelf(visit_id: str, body: ShelfIn) -> SeenOut:
    """Keep what a visit saw of a product, and the stock that it counted."""
    with providers.transaction() as db:
        told = body.shelf()
        see_shelf(
            db, visit_id=visit_id, key=body.key, gtin=body.gtin, shelf=told, now=providers.now(), rep_id=_own_rep()
        )
    return SeenOut(fact_id=id_under("V", visit_id=visit_id, key=body.key))


OUTCOME_PROBLEMS = ("bad-outcome", "key-reused", "outcome-exists")


@call(
    api,
    "POST",
    "/visits/<id:visit_id>/outcome",
    roles=WRITERS,
    body=OutcomeIn,
    answers={200: OutcomeOut},
    problems=OUTCOME_PROBLEMS,
)
def post_outcome(visit_id: str, body: OutcomeIn) -> OutcomeOut:
    """Note what a visit found and what was done."""
    with providers.transaction() as db:
        row = record_outcome(db, visit_id=visit_id, rep_id=_own_rep(), now=providers.now(), **body.model_dump())
    return OutcomeOut.model_validate(row, from_attributes=True)


def _own_rep() -> str | None:
    """Return the rep who asks; `None` for those who may see every rep's visits."""
    principal = access.principal()
    return principal.party_id if principal.role == "rep" else None
