"""The page of whoever checks codes on the way: batches are put on the phone, and a code is answered without a network.

What lies on the phone is a filter and the recalls: never a key, and nothing that a code could be made from.
"""

import hashlib
import secrets
from functools import reduce
from threading import BoundedSemaphore
from typing import Annotated, Any

from flask import Blueprint, Response, jsonify, request
from pydantic import Field, TypeAdapter

from channel import access, providers, words
from channel.calls import Strict, read_body
from channel.errors import problem_of
from channel.journey import Look, inspect
from channel.pages import phone
from channel.pages.forms import is_id
from channel.words import gettext as _
from channel.words import ngettext
from scans.batches import catalogue
from scans.catalogue import UnknownCodeError
from scans.filters import MAX_CODES, Carried, all_codes, carried, filter_bytes, make_filter, recalled_codes
from scans.gs1 import MAX_URI, GtinError, LinkError

ROLES = ("auditor", "rep", "owner")
LISTED = 50
NAMED = 100
SCRIPTS = ("ask.js", "filter.js", "inspector.js")
TONES = {"claimable": "good", "claimed": "", "recalled": "bad", "suspect": "bad"}

# A filter takes 16 bytes a code while it is made: one at a time.
_making = BoundedSemaphore(1)

page = Blueprint("inspector", __name__, url_prefix="/inspector")


class Asked(Strict):
    """A code that was scanned or typed."""

    code: Annotated[str, Field(min_length=1, max_length=MAX_URI)]


_ASKED = TypeAdapter(Asked)


@page.get("")
@access.allow(*ROLES)
def show() -> Response:
    """Show the form, and which batches may be put on the phone."""
    return phone.shown("inspector", answer=None, code="")


@page.post("")
@access.allow(*ROLES)
def type_in() -> Response:
    """Answer one code that was typed; reads only."""
    code = request.form.get("code", "").strip()[:MAX_URI]
    return phone.shown("inspector", answer=_answer(code), code=code)


@page.post("/check")
@access.allow(*ROLES)
def check() -> Response:
    """Tell what the house knows of a code; reads only."""
    asked: Asked = read_body(_ASKED)
    return jsonify(_answer(asked.code))


@page.get("/batches")
@access.allow(*ROLES)
def batches() -> Response:
    """Tell which batches there are to carry, how they stand and how large their filters are."""
    wanted = {one for one in request.args.getlist("on") + request.args.getlist("named") if is_id(one)}
    with providers.reading() as db:
        told = [_row(one) for one in carried(db, batch_ids=sorted(wanted)[:NAMED], limit=LISTED)]
    as_of = words.at(providers.now())
    who = access.principal().tag
    return access.tell_who(jsonify(who=who, csrf=access.csrf_token(), as_of=as_of, batches=told))


@page.get("/filters/<id:batch_id>")
@access.allow(*ROLES)
def load(batch_id: str) -> Response:
    """Give the filter of a batch, or of what was recalled of it (`?of=recalled`); salted anew each time."""
    with providers.reading() as db:
        batch = catalogue(db).batch(batch_id)
    ranges = recalled_codes(batch) if request.args.get("of") == "recalled" else all_codes(batch)
    secret = providers.ring().key(batch.key_id).secret
    with _making:
        made = make_filter(ranges, secret=secret, salt=secrets.randbits(32))
    response = Response(made.chunks(), content_type="application/octet-stream")
    response.content_length = filter_bytes(len(made.bits))
    return response


@page.get("/shell")
@access.public
def keep() -> Response:
    """Show the page with nobody's figures."""
    return phone.shell("inspector")


@page.get("/worker.js")
@access.public
def worker() -> Response:
    """Give the worker that opens the page without a network."""
    return phone.worker("inspector", scripts=SCRIPTS, inside=("filter.js",))


def _row(one: Carried) -> dict[str, Any]:
    batch, parts = one.batch, recalled_codes(one.batch)
    count = sum(map(len, all_codes(batch)))
    lost = providers.ring().key(batch.key_id).state == "revoked"
    notes = [_("The key of these codes was lost: others can make them.")] if lost else []
    if batch.expires_on:
        notes.append(_("Last day: %(day)s", day=words.day(batch.expires_on)))
    return {
        "id": batch.batch_id,
        "product": one.product,
        "gtins": sorted({batch.gtin, batch.case_gtin or batch.gtin}),
        "said": words.said(words.BATCH_STATES, batch.state),
        "recalled": batch.state == "recalled",
        "why": one.why or "",
        "part": hashlib.sha256(repr(parts).encode()).hexdigest()[:16] if parts else "",
        "expires": batch.expires_on.isoformat() if batch.expires_on else "",
        "note": reduce(words.after, notes, ""),
        "counted": ngettext("one code", "%(codes)s codes", count, codes=words.number(count)),
        "bytes": filter_bytes(count),
        "fits": count <= MAX_CODES,
    }


def _answer(code: str) -> dict[str, Any]:
    """Return in words what the house knows of a code."""
    try:
        with providers.reading() as db:
            look = inspect(db, ring=providers.ring(), text=code, day=providers.today())
    except (LinkError, GtinError, UnknownCodeError) as error:
        problem = problem_of(error)
        assert problem is not None, "these are in the table"
        return {"tone": "bad", "heading": words.said(words.PROBLEMS, problem.slug), "lines": []}
    return {
        "tone": TONES.get(look.state, "warn"),
        "heading": words.said(words.STATES, look.state),
        "lines": _lines(look),
    }


def _lines(look: Look) -> list[str]:
    lines = [f"{look.product} · {look.batch_id} · {words.said(words.LEVELS, look.level)}"]
    if look.first_scanned_at:
        at = words.at(look.first_scanned_at)
        lines.append(
            _(
                "First scan %(at)s, %(scans)s scans by %(devices)s phones in all.",
                at=at,
                scans=look.scan_count,
                devices=look.devices,
            )
        )
    else:
        lines.append(_("No scan yet."))
    if look.expires_on:
        lines.append(_("Last day: %(day)s", day=words.day(look.expires_on)))
    return lines
