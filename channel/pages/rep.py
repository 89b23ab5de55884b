"""The page of a rep on the way: the stops of a day in the order of the way, and what was found and done at each.

All are plain forms; with scripts a phone keeps what is filled in, and the list, and sends it when there is a network.
"""

import re
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Annotated, Any, Literal

from flask import Blueprint, Response, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from pydantic import Field, TypeAdapter
from sqlalchemy.orm import Session

from channel import access, providers, words
from channel.calls import BodyError, OutsideId, Strict, read_body
from channel.errors import problem_of
from channel.pages import phone
from channel.pages.acts import REFUSALS, Act, perform
from channel.pages.cards import card_of, route_of_day, way_of_day
from channel.pages.forms import is_id, told_day, told_id
from channel.pages.phone import ago
from scans.photos import MOST_BYTES, PhotoError
from scans.places import ROUGH_M
from stores.directory import rep
from stores.instore import keys_of_stores
from stores.learning import usual_on
from stores.pins import PinError
from stores.seen import TooManyPhotosError, goods_to_see
from stores.shelf import WHYS, ShelfError
from stores.stocked import stock_lines
from stores.stocksums import StoreSum, sums_of
from stores.stops import VisitStop, visit_list
from stores.visits import ACTIONS, NEAR_M, TooFarError

MOST = 50
MOST_FIELDS, LONGEST_FIELD = 60, 1000
INSIDE = ("ask.js", "outbox.js", "acts.js")
SCRIPTS = (*INSIDE, "sending.js", "rep.js")

page = Blueprint("rep", __name__, url_prefix="/rep")


Text = Annotated[str, Field(max_length=LONGEST_FIELD)]


class Told(Strict):
    """One act, and how long ago it was: a phone's clock may be wrong, its stop-watch is not."""

    key: OutsideId
    kind: Literal["check-in", "outcome", "shelf", "pin"]
    visit: OutsideId
    fields: Annotated[dict[Text, Text], Field(max_length=MOST_FIELDS)]
    age_s: Annotated[int, Field(ge=0, le=10**10)]


class Sent(Strict):
    """What a phone sends, as whom it was done."""

    who: Annotated[str, Field(max_length=64)]
    acts: Annotated[list[Told], Field(min_length=1, max_length=MOST)]


_SENT = TypeAdapter(Sent)


@page.get("")
@access.allow("rep")
def show() -> Response:
    """Show the stops of a day."""
    return _shown()


@page.get("/state")
@access.allow("rep")
def state() -> Response:
    """Tell a phone who it is, and give it the list of a day to keep."""
    told = _list()
    return access.tell_who(
        jsonify(
            who=access.principal().tag,
            csrf=access.csrf_token(),
            day=told["shown"].isoformat(),
            is_today=told["shown"] == told["today"],
            html=render_template("rep/list.html", kept=True, **told),
        )
    )


@page.post("/visits/<id:visit_id>/<any('check-in', outcome, shelf, photo, pin):kind>")
@access.allow("rep")
def tell(visit_id: str, kind: str) -> ResponseReturnValue:
    """Do what a form says; what cannot be is said above the list."""
    sent = request.files.get("photo")
    photo = sent.read() if sent is not None else b""
    act = Act(kind, told_id(request.form.get("key", "")), visit_id, request.form, photo, providers.now(), _rep_id())
    try:
        perform(act)
    except TooFarError:
        return redirect(url_for(".show", day=_day(), far=visit_id, _anchor=f"v-{visit_id}"), 303)
    except (ShelfError, PinError, PhotoError, TooManyPhotosError) as refused:
        return _shown(bad=_said(refused), status=422)
    return redirect(url_for(".show", day=_day(), _anchor=f"v-{visit_id}"), 303)


@page.post("/acts")
@access.allow("rep")
def send() -> Response:
    """Do what a phone kept, one after the other, and say of each what became of it."""
    sent: Sent = read_body(_SENT)
    _check_who(sent.who)
    now, rep_id = providers.now(), _rep_id()
    acts = [Act(one.kind, one.key, one.visit, one.fields, b"", ago(now, one.age_s), rep_id) for one in sent.acts]
    return jsonify(answers=[_answer(act) for act in acts])


@page.post("/photos")
@access.allow("rep")
def send_photo() -> Response:
    """Keep a photo that a phone kept."""
    form, sent = request.form, request.files.get("photo")
    _check_who(form.get("who", ""))
    key, visit_id, age = form.get("key", ""), form.get("visit", ""), form.get("age_s", "")
    if not is_id(key) or not is_id(visit_id) or not re.fullmatch("[0-9]{1,10}", age) or sent is None:
        raise BodyError([{"pointer": "", "reason": "a photo comes with a key, a visit and its age"}])
    at = ago(providers.now(), int(age))
    return jsonify(answers=[_answer(Act("photo", key, visit_id, form, sent.read(), at, _rep_id()))])


@page.get("/shell")
@access.public
def keep() -> Response:
    """Show the page with nobody's list."""
    return phone.shell("rep", reads=False)


@page.get("/worker.js")
@access.public
def worker() -> Response:
    """Give the worker that opens the page without a network."""
    return phone.worker("rep", scripts=SCRIPTS, inside=INSIDE, reads=False)


@page.url_value_preprocessor
def _let_photos_in(endpoint: str | None, values: dict[str, object] | None) -> None:
    # Before anything reads the body: pages of text keep the small limit of the house.
    if endpoint == "rep.send_photo" or (endpoint == "rep.tell" and (values or {}).get("kind") == "photo"):
        request.max_content_length = MOST_BYTES + 64 * 1024


def _shown(*, bad: str = "", status: int = 200) -> Response:
    return phone.shown("rep", status=status, reads=False, bad=bad, kept=False, **_list())


def _list() -> dict[str, Any]:
    """Return what the list of a day is rendered from."""
    day, rep_id = _day(), _rep_id()
    with providers.reading() as db:
        who = rep(db, rep_id=rep_id)
        stops = visit_list(db, rep_id=rep_id, day=day)
        goods, stock = goods_to_see(db), _stock(db, stops)
    return {
        "who": who,
        "shown": day,
        "today": providers.today(),
        "yesterday": day - timedelta(days=1),
        "tomorrow": day + timedelta(days=1),
        "cards": [card_of(stop, stock.get(stop.store_id)) for stop in stops],
        "done": sum(stop.state == "done" for stop in stops),
        "way_m": way_of_day(who, stops),
        "route": route_of_day(who, stops) if stops else None,
        "actions": list(ACTIONS),
        "whys": list(WHYS),
        "goods": goods,
        "far": request.args.get("far"),
        "near_m": NEAR_M,
        "rough_m": ROUGH_M,
    }


def _stock(db: Session, stops: Sequence[VisitStop]) -> dict[str, StoreSum]:
    """Return what is in the stores of a day's stops now."""
    today = providers.today()
    keys = keys_of_stores(db, store_ids=[stop.store_id for stop in stops])
    return sums_of(stock_lines(db, stores=keys, day=today, learned=usual_on(db, day=today))) if keys else {}


def _answer(act: Act) -> dict[str, str]:
    try:
        perform(act)
    except REFUSALS as refused:
        return {"key": act.key, "state": "refused", "note": _said(refused)}
    return {"key": act.key, "state": "kept", "note": ""}


def _said(refused: Exception) -> str:
    problem = problem_of(refused)
    assert problem is not None, "these are in the table"
    return words.said(words.PROBLEMS, problem.slug)


def _check_who(tag: str) -> None:
    if tag != access.principal().tag:
        raise access.ForgedError("this was done by somebody else")


def _rep_id() -> str:
    party_id = access.principal().party_id
    assert party_id is not None, "a rep is a party"
    return party_id


def _day() -> date:
    return told_day(request.values, "day") or providers.today()
