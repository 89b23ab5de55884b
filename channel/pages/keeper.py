"""The page of a store's keeper: cases, pallets and items are scanned as they come in, with or without a network.

A phone keeps what it scanned and sends it when it can; without scripts one code at a time is typed into a form.
"""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, jsonify, redirect, request, url_for
from flask.typing import ResponseReturnValue
from pydantic import Field, TypeAdapter
from sqlalchemy.orm import Session

from channel import access, providers, words
from channel.calls import OutsideId, Strict, read_body
from channel.journey import take_arrivals
from channel.pages import phone
from channel.pages.forms import random_key, told_id
from channel.words import gettext as _
from channel.words import ngettext
from scans.gs1 import MAX_URI
from scans.products import product_names
from stores.arrivals import Arrival, NewArrival, arrivals_of, item_counts
from stores.directory import Scope, StoreLine, UnknownStoreError, store, store_list

ROLES = ("keeper", "franchisee")
MOST = 50
LISTED = 200
INSIDE = ("ask.js", "outbox.js", "arrivals.js")
SCRIPTS = (*INSIDE, "sending.js", "keeper.js")

page = Blueprint("keeper", __name__, url_prefix="/keeper")


class Scanned(Strict):
    """One code, and how long ago it was scanned: a phone's clock may be wrong, its stop-watch is not."""

    key: OutsideId
    code: Annotated[str, Field(min_length=1, max_length=MAX_URI)]
    age_s: Annotated[int, Field(ge=0, le=10**10)]


class Sent(Strict):
    """What a phone sends for one store, as whom it was scanned."""

    who: Annotated[str, Field(max_length=64)]
    store: OutsideId
    arrivals: Annotated[list[Scanned], Field(min_length=1, max_length=MOST)]


_SENT = TypeAdapter(Sent)


@page.get("")
@access.allow(*ROLES)
def show() -> Response:
    """Show what arrived today, and the form."""
    return _shown(request.args.get("store", ""))


@page.post("")
@access.allow(*ROLES)
def type_in() -> ResponseReturnValue:
    """Record one code that was typed; what is refused is said above the form."""
    form, store_id = request.form, request.form.get("store", "")
    code = form.get("code", "").strip()[:MAX_URI]
    told = [NewArrival(told_id(form.get("key", "")), code, providers.now())]
    with providers.transaction() as db:
        answers = _take(db, store_id, told)
        said = _rows(db, answers)[0]
    if answers[0].state == "recorded":
        return redirect(url_for(".show", store=store_id, _anchor="arrived"), 303)
    return _shown(store_id, said_now=said, code=code, status=200 if answers[0].state == "here" else 422)


@page.get("/state")
@access.allow(*ROLES)
def state() -> Response:
    """Tell a phone who it is, for which stores it may scan, and what arrived today at one of them."""
    with providers.reading() as db:
        told = _day(db, access.scope(db), request.args.get("store", ""))
    return access.tell_who(jsonify(who=access.principal().tag, csrf=access.csrf_token(), **told))


@page.post("/arrivals")
@access.allow(*ROLES)
def send() -> Response:
    """Record what a phone scanned, and say of each code what became of it."""
    sent: Sent = read_body(_SENT)
    if sent.who != access.principal().tag:
        raise access.ForgedError("this was scanned by somebody else")
    now = providers.now()
    told = [NewArrival(one.key, one.code, _ago(now, one.age_s)) for one in sent.arrivals]
    with providers.transaction() as db:
        return jsonify(answers=_rows(db, _take(db, sent.store, told)))


@page.get("/shell")
@access.public
def keep() -> Response:
    """Show the page with nobody's figures."""
    return phone.shell("keeper")


@page.get("/worker.js")
@access.public
def worker() -> Response:
    """Give the worker that opens the page without a network."""
    return phone.worker("keeper", scripts=SCRIPTS, inside=INSIDE)


def _shown(store_id: str, *, status: int = 200, said_now: Any = None, code: str = "") -> Response:
    with providers.reading() as db:
        told = _day(db, access.scope(db), store_id)
    return phone.shown("keeper", status=status, said_now=said_now, code=code, key=random_key(), **told)


def _take(db: Session, store_id: str, told: Sequence[NewArrival]) -> list[Arrival]:
    config, ring, now = providers.config(), providers.ring(), providers.now()
    scope = access.scope(db)
    return take_arrivals(db, config=config, ring=ring, scope=scope, store_id=store_id, arrivals=told, now=now)


def _day(db: Session, scope: Scope, store_id: str) -> dict[str, Any]:
    """Return the stores to choose from, the one that is meant, and what arrived there today."""
    stores = store_list(db, scope=scope, limit=LISTED)
    try:
        chosen = store(db, scope=scope, store_id=store_id) if store_id or not stores else stores[0]
    except UnknownStoreError:
        if store_id:
            raise
        return {"stores": [], "store": None, "arrivals": []}
    if chosen.store_id not in {one.store_id for one in stores}:
        stores = [chosen, *stores]
    names = [{"id": one.store_id, "name": one.name} for one in stores]
    return {"stores": names, "store": chosen.store_id, "arrivals": _rows(db, _today(db, chosen))}


def _today(db: Session, chosen: StoreLine) -> list[Arrival]:
    zone = ZoneInfo(chosen.zone)
    since = datetime.combine(providers.now().astimezone(zone).date(), time(), zone)
    tomorrow = datetime.combine(since.date() + timedelta(days=1), time(), zone)
    return arrivals_of(db, store_key=chosen.key, since=since, until=tomorrow, limit=LISTED)


def _ago(now: datetime, age_s: int) -> datetime:
    try:
        return now - timedelta(seconds=age_s)
    except OverflowError:
        return now - timedelta(days=10_000)


def _rows(db: Session, arrivals: Sequence[Arrival]) -> list[dict[str, Any]]:
    found = [one.found for one in arrivals if one.found]
    names = product_names(db, gtins={one.batch.gtin for one in found})
    counts = item_counts(db, found=found, at=providers.now())
    return [_row(one, names, counts) for one in arrivals]


def _row(one: Arrival, names: dict[str, str], counts: dict[int, int]) -> dict[str, Any]:
    """Return an arrival in words: what it is, how much, when, and what there is to say of it."""
    found, note = one.found, words.said(words.ARRIVAL_WHYS, one.why) if one.why else ""
    if found and found.life == "recalled":
        note = _("Recalled: do not sell it.")
    how = ""
    if found:
        count = ngettext("one item", "%(num)s items", counts[found.code_no])
        how = f"{words.said(words.LEVELS, found.level)} · {count}"
    return {
        "key": one.key,
        "state": one.state,
        "said": words.said(words.ARRIVAL_STATES, one.state),
        "what": names.get(found.batch.gtin, "") if found else "",
        "how": how,
        "clock": words.clock(one.at) if one.at else "",
        "note": note,
        "arrival": one.delivery_id,
    }
