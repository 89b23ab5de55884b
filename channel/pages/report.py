"""Where whoever holds an item tells the office that something is wrong with it: a few words, and a photo if they like.

A plain form: it needs no JavaScript and no sign-in. What is kept of a photo is its pixels.
"""

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from channel import access, journey, limits, providers
from channel.pages.consumer import refusals_counted, this_device
from channel.pages.forms import random_key, told_id
from scans.doubts import MOST_SAID
from scans.photos import MOST_BYTES, PhotoError, clean_photo
from scans.reports import ReportError
from stores.directory import brand

page = Blueprint("report", __name__, url_prefix="/01/<gtin>/21/<serial>/report")


@page.url_value_preprocessor
def _let_photos_in(endpoint: str | None, _values: dict[str, object] | None) -> None:
    # Before anything reads the body: pages of text keep the small limit of the house.
    if endpoint == "report.send":
        request.max_content_length = MOST_BYTES + 64 * 1024


@page.get("")
@access.public
def form(gtin: str, serial: str) -> str:
    """Ask what is wrong."""
    return _form(gtin, serial)


@page.post("")
@access.public
def send(gtin: str, serial: str) -> ResponseReturnValue:
    """Keep the report of this form; sent twice it is one."""
    told, sent = request.form, request.files.get("photo")
    with refusals_counted(), providers.reading() as db:
        known = journey.look_at(db, ring=providers.ring(), gtin=gtin, serial=serial, day=providers.today())
    limits.allow(limits.REPORTS_OF_ADDRESS, who=limits.address())
    limits.allow(limits.REPORTS_OF_CODE, who=f"{known.batch_id} {serial.upper()}")
    data = sent.read() if sent is not None and sent.filename else b""
    try:
        photo = clean_photo(data) if data else None
        with providers.transaction() as db:
            journey.report_code(
                db,
                ring=providers.ring(),
                gtin=gtin,
                serial=serial,
                key=told_id(told.get("key", "")),
                device=this_device(),
                said=told.get("said", ""),
                photo=photo,
                now=providers.now(),
            )
    except (PhotoError, ReportError) as refused:
        return _form(gtin, serial, bad="photo" if isinstance(refused, PhotoError) else "said"), 422
    return redirect(url_for("consumer.look", gtin=gtin, serial=serial, reported=1), 303)


def _form(gtin: str, serial: str, bad: str | None = None) -> str:
    with refusals_counted(), providers.reading() as db:
        known = journey.look_at(db, ring=providers.ring(), gtin=gtin, serial=serial, day=providers.today())
        owner = brand(db)
    return render_template(
        "consumer/report.html",
        gtin=gtin,
        serial=serial,
        look=known,
        brand=owner,
        key=random_key(),
        written=request.form.get("said", "")[:MOST_SAID],
        bad=bad,
        most_said=MOST_SAID,
        most_mb=MOST_BYTES // 2**20,
        keep_days=providers.config().position_keep_days,
    )
