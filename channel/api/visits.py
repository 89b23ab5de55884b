"""The API's visits: a rep's list of a day, and what was found. Knows stores.stops, stores.visits."""

from flask import Blueprint
from pydantic import Field

from channel import access, providers
from channel.api.shapes import OutcomeOut, VisitOut, VisitsOut
from channel.calls import Day, OutsideId, Query, Strict, call
from stores.directory import UnknownPartyError
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
