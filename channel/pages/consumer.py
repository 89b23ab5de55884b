"""The page of one code, for whoever holds the item: a GET tells what is known and writes nothing, a POST claims.

Everything works without JavaScript; `static/position.js` only adds asking the phone for its position.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from pydantic import TypeAdapter

from channel import access, journey, limits, metrics, providers
from channel.errors import wants_json
from channel.pages import resolver
from channel.pages.forms import is_id, random_key, told_id, told_position
from scans.catalogue import UnknownCodeError
from scans.intake import KeyReusedError
from stores.directory import brand, scope_of, store_list

COOKIE = "device"
YEAR_S = 365 * 24 * 3600
FOUND = 20
OF_ITEMS = ("item", "outer")  # a case may carry a GTIN that is no product's

LOOK = TypeAdapter(journey.Look)  # instants as the API writes them; Flask writes those of HTTP's headers

page = Blueprint("consumer", __name__, url_prefix="/01/<gtin>/21/<serial>")


@page.after_request
def _varies(response: Response) -> Response:
    response.vary.add("Accept")
    return response


@page.get("")
@access.public
def look(gtin: str, serial: str) -> ResponseReturnValue:
    """Tell what is known of a code, and what this device was answered before; or lead to what it is linked to."""
    if resolver.asks_for_links():
        return resolver.answer()
    ring, device = providers.ring(), this_device()
    with refusals_counted(), providers.reading() as db:
        known = journey.look_at(db, ring=ring, gtin=gtin, serial=serial, day=providers.today())
        mine = journey.answer_for(db, ring=ring, gtin=gtin, serial=serial, consumer=device) if device else None
        bought = journey.bought_at(db, ring=ring, gtin=gtin, serial=serial, consumer=device) if device else None
        owner = brand(db)
    if wants_json():
        return Response(LOOK.dump_json(known), content_type="application/json")
    return render_template(
        "consumer/look.html",
        gtin=gtin,
        serial=serial,
        look=known,
        mine=mine.body if mine else None,
        bought=bought,
        brand=owner,
        links=resolver.links_about(known.gtin, lot=known.lot or "", serial=serial) if known.level in OF_ITEMS else [],
        key=random_key(),
        device=random_key(),
        keep_days=providers.config().position_keep_days,
    )


@page.post("")
@access.public
def claim(gtin: str, serial: str) -> ResponseReturnValue:
    """Take the scan of this form; sent twice it is one scan, since its key was made with the page."""
    limits.check_scans()
    form = request.form
    device = this_device() or told_id(form.get("device", ""))
    scan = journey.NewScan(
        uri=request.base_url,
        key=told_id(form.get("key", "")),
        consumer=device,
        position=told_position(form),
        consent="given" if form.get("place") == "position" else "refused",
    )
    try:
        with refusals_counted():
            taken = providers.writer().take(scan, now=providers.now())
        metrics.count_scan(taken.body["verdict"])
    except KeyReusedError:
        pass  # The other button of the same page was first: its answer is shown.
    answer = redirect(url_for(".look", gtin=gtin, serial=serial), 303)
    answer.set_cookie(COOKIE, device, max_age=YEAR_S, httponly=True, samesite="Lax", secure=request.is_secure)
    return answer


@page.get("/stores")
@access.public
def stores(gtin: str, serial: str) -> ResponseReturnValue:
    """Let the claimant look for the store by the name of a place."""
    ring, asked, day = providers.ring(), request.args.get("q", "").strip()[:64], providers.today()
    with refusals_counted(), providers.reading() as db:
        known = journey.look_at(db, ring=ring, gtin=gtin, serial=serial, day=day)
        bought = journey.bought_at(db, ring=ring, gtin=gtin, serial=serial, consumer=this_device() or "")
        scope = scope_of(db, party_id=None, day=day)
        found = store_list(db, scope=scope, search=asked, limit=FOUND) if asked else []
        owner = brand(db)
    shown = [one for one in found if one.closed_on is None or one.closed_on >= day]
    return render_template(
        "consumer/stores.html", gtin=gtin, serial=serial, look=known, bought=bought, brand=owner, q=asked, found=shown
    )


@page.post("/store")
@access.public
def choose(gtin: str, serial: str) -> ResponseReturnValue:
    """Take the claimant's word for where the item was bought."""
    with refusals_counted(), providers.transaction() as db:
        journey.choose_store(
            db,
            config=providers.config(),
            ring=providers.ring(),
            gtin=gtin,
            serial=serial,
            consumer=this_device() or "",
            store_id=request.form.get("store", ""),
            now=providers.now(),
        )
    return redirect(url_for(".look", gtin=gtin, serial=serial), 303)


@contextmanager
def refusals_counted() -> Iterator[None]:
    """Count unknown codes per address: who tries codes out is slowed down, who holds a real one never."""
    try:
        yield
    except UnknownCodeError:
        limits.refuse(limits.UNKNOWN_CODES, who=limits.address())
        raise


def this_device() -> str | None:
    """Return what this browser is called, if it has scanned anything before."""
    told = request.cookies.get(COOKIE, "")
    return told if is_id(told) else None
