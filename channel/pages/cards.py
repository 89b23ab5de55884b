"""What a stop of a rep's list looks like: its sales in small, the way to it, what may have been found there."""

from typing import NamedTuple

from markupsafe import Markup

from channel import charts as draw
from channel.charts import Frame, Stop
from channel.pages.forms import random_key
from channel.pages.maps import map_of
from channel.words import gettext as _
from scans.places import Position
from stores.directory import RepRow
from stores.routes import way_m
from stores.stocksums import StoreSum
from stores.stops import VisitStop
from stores.visits import CAUSES


class Card(NamedTuple):
    """One stop as it is shown."""

    stop: VisitStop
    spark: Markup
    navigate: str
    causes: list[str]
    key: str
    stock: StoreSum | None


def card_of(stop: VisitStop, stock: StoreSum | None) -> Card:
    """Return a stop with what its card shows."""
    counts = [count or 0 for count in stop.counts]
    known = [expected for expected in stop.expected if expected is not None]
    tone = {"too_bad": "bad", "too_good": "warn"}.get(stop.direction or "", "accent")
    said = _("Sold per day in the last four weeks: %(counts)s.", counts=", ".join(map(str, counts)))
    usual = sum(known) / len(known) if known else None
    spark = draw.sparkline(Frame(stop.store_name, said, ()), counts, tone=tone, expected=usual)
    causes = [cause for cause, explains in CAUSES.items() if stop.direction in (explains, None) or explains == "either"]
    return Card(stop, spark, map_of(stop.lat_deg, stop.lon_deg, name=stop.store_name), causes, random_key(), stock)


def way_of_day(who: RepRow, stops: list[VisitStop]) -> float:
    """Return about how long the way over all stops and back is."""
    base = Position(who.base_lat_deg, who.base_lon_deg, None)
    return way_m([base, *(Position(stop.lat_deg, stop.lon_deg, None) for stop in stops), base] if stops else [])


def route_of_day(who: RepRow, stops: list[VisitStop]) -> Markup:
    """Draw the way by bearing and distance."""
    names = ", ".join(f"{stop.rank} {stop.store_name}" for stop in stops)
    frame = Frame(_("The way of the day"), _("By bearing and distance, without a map: %(names)s.", names=names), ())
    base = Stop(_("S"), who.name, who.base_lat_deg, who.base_lon_deg)
    marks = [Stop(str(stop.rank), stop.store_name, stop.lat_deg, stop.lon_deg, stop.state == "done") for stop in stops]
    return draw.route(frame, base, marks)
