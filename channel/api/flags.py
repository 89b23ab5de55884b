"""The API's radar: what was not normal on a day. Knows stores.flags."""

from flask import Blueprint

from channel import access, providers
from channel.api.shapes import FlagOut, FlagsOut
from channel.calls import Day, Limit, OutsideId, Query, call
from stores.flags import flags_on

# Not those who may be what was not normal.
READERS = ("owner", "finance", "auditor", "api")

api = Blueprint("flags", __name__)


class OnDay(Query):
    """The day asked for, and the last flag of the page before."""

    day: Day
    after: OutsideId | None = None
    limit: Limit = 100


@call(api, "GET", "/flags", roles=READERS, query=OnDay, answers={200: FlagsOut})
def get_flags(query: OnDay) -> FlagsOut:
    """Tell the flags that cover a day, the greatest stake first."""
    with providers.reading() as db:
        rows = flags_on(db, day=query.day, scope=access.scope(db), after=query.after or "", limit=query.limit + 1)
    flags = [FlagOut.model_validate(row, from_attributes=True) for row in rows[: query.limit]]
    return FlagsOut(flags=flags, next=flags[-1].flag_id if len(rows) > query.limit else None)
