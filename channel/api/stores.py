"""The API's stores. Knows stores.sales, stores.shelves, stores.cadence."""

from flask import Blueprint
from pydantic import Field

from channel import access, providers
from channel.api.shapes import DayOut, FactOut, OverdueOut, OverduesOut
from channel.calls import Day, Limit, OutsideId, Query, call
from stores.cadence import overdue
from stores.sales import check_span, sell_through
from stores.shelves import shelf_history

READERS = ("owner", "finance", "auditor", "api", "dealer", "franchisee", "keeper", "guide")

api = Blueprint("stores", __name__)


class Span(Query):
    """The first and the last day asked for."""

    first_day: Day = Field(alias="from")
    last_day: Day = Field(alias="to")


DAYS = {200: list[DayOut]}


@call(api, "GET", "/stores/<id:store_id>/sell-through", roles=READERS, query=Span, answers=DAYS, problems=("bad-span",))
def get_sell_through(store_id: str, query: Span) -> list[DayOut]:
    """Tell what a store sold on each day of a span beside what a normal day would have been."""
    with providers.reading() as db:
        days = sell_through(
            db, store_id=store_id, first_day=query.first_day, last_day=query.last_day, scope=access.scope(db)
        )
    return [DayOut.model_validate(day, from_attributes=True) for day in days]


# Of every party's stores, hence the owner's own people only.
PLANNERS = ("owner", "finance", "auditor", "api")


class DueOn(Query):
    """The day asked for, and the last store of the page before."""

    day: Day
    after: OutsideId | None = None
    limit: Limit = 100


@call(api, "GET", "/overdue", roles=PLANNERS, query=DueOn, answers={200: OverduesOut})
def get_overdue(query: DueOn) -> OverduesOut:
    """Tell the stores that fall due by a day, by the cadence planned for their class."""
    with providers.reading() as db:
        late = sorted(overdue(db, day=query.day), key=lambda one: one.store_id)
    rows = [one for one in late if one.store_id > (query.after or "")]
    told = [OverdueOut.model_validate(one, from_attributes=True) for one in rows[: query.limit]]
    return OverduesOut(stores=told, next=told[-1].store_id if len(rows) > query.limit else None)


MOST_FACTS = 1000


@call(
    api,
    "GET",
    "/stores/<id:store_id>/shelf",
    roles=PLANNERS,
    query=Span,
    answers={200: list[FactOut]},
    problems=("bad-span", "not-found"),
)
def get_shelf(store_id: str, query: Span) -> list[FactOut]:
    """Tell what was seen of each product on the shelf of a store, the latest first; at most a thousand facts."""
    check_span(query.first_day, query.last_day)
    days = (query.last_day - query.first_day).days
    with providers.reading() as db:
        scope = access.scope(db)
        lines = shelf_history(db, store_id=store_id, scope=scope, until=query.last_day, days=days, limit=MOST_FACTS)
    return [FactOut.model_validate({**line._asdict(), **line.shelf._asdict()}, from_attributes=True) for line in lines]
