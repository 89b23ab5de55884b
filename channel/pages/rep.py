"""The page of a rep on the way: the stops of a day, worst loss first, and what was found and done at each.

A check-in and an outcome are plain forms. An outcome is three taps: was it real, what was the cause, what was done.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import Any, NamedTuple
from urllib.parse import quote

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from channel import access, providers, words
from channel import charts as draw
from channel.charts import Frame, Stop
from channel.pages.forms import random_key, told_id, told_position
from channel.words import gettext as _
from scans.places import Position, distance_m, from_wgs84, read_position
from stores.directory import RepRow, rep
from stores.instore import keys_of_stores
from stores.learning import usual_on
from stores.notice import days_to_notice
from stores.stocked import stock_lines
from stores.stocksums import StoreSum, sums_of
from stores.stops import VisitStop, visit_list
from stores.visits import ACTIONS, CAUSES, TooFarError, check_in, record_outcome

page = Blueprint("rep", __name__, url_prefix="/rep")


class Card(NamedTuple):
    """One stop as it is shown."""

    stop: VisitStop
    spark: Markup
    noticed: str
    navigate: str
    causes: list[str]
    key: str
    stock: StoreSum | None


@page.get("")
@access.allow("rep")
def show() -> str:
    """Show the stops of a day."""
    day, rep_id = _day(), _rep_id()
    with providers.reading() as db:
        who = rep(db, rep_id=rep_id)
        stops = visit_list(db, rep_id=rep_id, day=day)
        goods = _goods(db, stops)
    return render_template(
        "rep/show.html",
        who=who,
        shown=day,
        today=providers.today(),
        yesterday=day - timedelta(days=1),
        tomorrow=day + timedelta(days=1),
        cards=[_card(stop, goods.get(stop.store_id)) for stop in stops],
        done=sum(stop.state == "done" for stop in stops),
        way_m=_way_m(who, stops),
        route=_route(who, stops) if stops else None,
        actions=list(ACTIONS),
        far=request.args.get("far"),
    )


@page.post("/visits/<visit_id>/check-in")
@access.allow("rep")
def arrive(visit_id: str) -> ResponseReturnValue:
    """Note the arrival; one that neither a position nor a reason speaks for is asked for a reason."""
    told = told_position(request.form)
    position = read_position(told.lat_deg, told.lon_deg, told.accuracy_m, told.datum) if told else None
    reason = request.form.get("reason", "").strip()[:200] or None
    far = None
    try:
        with providers.transaction() as db:
            check_in(db, visit_id=visit_id, position=position, reason=reason, now=providers.now(), rep_id=_rep_id())
    except TooFarError:
        far = visit_id
    return redirect(url_for(".show", day=_day(), far=far, _anchor=f"v-{visit_id}"), 303)


@page.post("/visits/<visit_id>/outcome")
@access.allow("rep")
def tell(visit_id: str) -> ResponseReturnValue:
    """Note what was found and done; sent twice it is one outcome."""
    form = request.form
    with providers.transaction() as db:
        record_outcome(
            db,
            visit_id=visit_id,
            key=told_id(form.get("key", "")),
            was_real=form.get("was_real") == "yes",
            cause=form.get("cause", ""),
            action=form.get("action", ""),
            note=form.get("note", "").strip()[:1000] or None,
            now=providers.now(),
            rep_id=_rep_id(),
        )
    return redirect(url_for(".show", day=_day(), _anchor=f"v-{visit_id}"), 303)


def _rep_id() -> str:
    party_id = access.principal().party_id
    assert party_id is not None, "a rep is a party"
    return party_id


def _day() -> date:
    try:
        return date.fromisoformat(request.values.get("day", ""))
    except ValueError:
        return providers.today()


def _card(stop: VisitStop, stock: StoreSum | None) -> Card:
    counts = [count or 0 for count in stop.counts]
    known = [expected for expected in stop.expected if expected is not None]
    tone = {"too_bad": "bad", "too_good": "warn"}.get(stop.direction or "", "accent")
    said = _("Sold per day in the last four weeks: %(counts)s.", counts=", ".join(map(str, counts)))
    usual = sum(known) / len(known) if known else None
    spark = draw.sparkline(Frame(stop.store_name, said, ()), counts, tone=tone, expected=usual)
    causes = [cause for cause, explains in CAUSES.items() if stop.direction in (explains, None) or explains == "either"]
    normal = [value for value in known if value > 0]
    daily = sum(normal) / len(normal) if normal else None
    noticed = words.noticed(daily, days_to_notice(daily) if daily else None)
    return Card(stop, spark, noticed, _navigate(stop), causes, random_key(), stock)


def _goods(db: Any, stops: Sequence[VisitStop]) -> dict[str, StoreSum]:
    """Return what is in the stores of a day's stops now."""
    today = providers.today()
    keys = keys_of_stores(db, store_ids=[stop.store_id for stop in stops])
    return sums_of(stock_lines(db, stores=keys, day=today, learned=usual_on(db, day=today))) if keys else {}


def _navigate(stop: VisitStop) -> str:
    """Return what opens a map: an app's page in Chinese, in its own datum, else the phone's choice."""
    if words.language() == "zh":
        lat_deg, lon_deg = from_wgs84(stop.lat_deg, stop.lon_deg, "gcj02")
        place = f"position={lon_deg:.6f},{lat_deg:.6f}&name={quote(stop.store_name)}"
        return f"https://uri.amap.com/marker?{place}&coordinate=gaode&callnative=1"
    place = f"{stop.lat_deg:.6f},{stop.lon_deg:.6f}"
    return f"geo:{place}?q={place}({quote(stop.store_name)})"


def _way_m(who: RepRow, stops: list[VisitStop]) -> float:
    places = [Position(who.base_lat_deg, who.base_lon_deg, None)]
    places += [Position(stop.lat_deg, stop.lon_deg, None) for stop in stops]
    return sum(distance_m(one, other) for one, other in pairwise(places))


def _route(who: RepRow, stops: list[VisitStop]) -> Markup:
    names = ", ".join(f"{stop.rank} {stop.store_name}" for stop in stops)
    frame = Frame(_("The way of the day"), _("By bearing and distance, without a map: %(names)s.", names=names), ())
    base = Stop(_("S"), who.name, who.base_lat_deg, who.base_lon_deg)
    marks = [Stop(str(stop.rank), stop.store_name, stop.lat_deg, stop.lon_deg, stop.state == "done") for stop in stops]
    return draw.route(frame, base, marks)
