"""The API's stock. Knows stores.stocked."""

from datetime import date

from flask import Blueprint
from pydantic import BaseModel, Field

from channel import access, providers
from channel.api.stores import READERS
from channel.calls import Query, call
from stores.directory import store
from stores.estimates import Ask
from stores.learning import usual_for
from stores.safety import LEAD_DAYS, SERVICE
from stores.stocked import stock_lines

api = Blueprint("stock", __name__)


class StockOut(BaseModel):
    """A product in a store today; null: not known. `low`, `high` and `next_from`, `next_to` hold 80 %.

    `share`: what part of its sales is scanned; `lasts_days`: days of cover; `order_at`, `safety`: items, for the lead
    time and service asked for; `near`, `over`: items close to and past their last day; `pressed`: more comes in than
    goes out, and scans do not rise.
    """

    gtin: str
    product: str
    counted_on: date | None
    since: date | None
    stock: float | None
    low: int | None
    high: int | None
    sold_a_day: float
    lasts_days: float | None
    share: float
    next_on: date | None
    next_from: date | None
    next_to: date | None
    next_items: int | None
    order_at: int
    safety: int
    old_days: int | None
    near: int
    over: int
    pressed: bool


class Supply(Query):
    """For which lead time and service level a safety stock is wanted."""

    lead_days: float = Field(LEAD_DAYS, ge=0, le=180, allow_inf_nan=False)
    service: float = Field(SERVICE, ge=0.5, le=0.999, allow_inf_nan=False)


@call(api, "GET", "/stores/<id:store_id>/stock", roles=READERS, query=Supply, answers={200: list[StockOut]})
def get_stock(store_id: str, query: Supply) -> list[StockOut]:
    """Tell what is in a store of each product today, what part of its sales is scanned and when it orders next."""
    ask = Ask(lead_days=query.lead_days, service=query.service)
    with providers.reading() as db:
        scope = access.scope(db)
        key = store(db, scope=scope, store_id=store_id).key
        lines = stock_lines(db, stores=[key], day=scope.day, learned=usual_for(db, scope=scope), ask=ask)
    return [StockOut.model_validate(line, from_attributes=True) for line in lines]
