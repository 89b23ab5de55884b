"""The API's stores. Knows stores.sales."""

from flask import Blueprint
from pydantic import Field

from channel import access, providers
from channel.api.shapes import DayOut
from channel.calls import Day, Query, call
from stores.sales import sell_through

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
