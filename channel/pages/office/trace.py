"""Where a code has been: its life on one page, what is packed with it, and where the rest of that is.

A code is asked for by what is printed on it, and addressed by batch, level and position: a serial stands in no address,
and none is shown. An outer mark leads to the item it is on.
"""

from datetime import datetime

from flask import Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from channel import access, charts, providers, words
from channel.charts import Chart, Frame, Halt, Slot
from channel.pages.downloads import as_csv
from channel.pages.office.door import READERS, page
from channel.words import gettext as _
from channel.words import refusal
from scans.batches import catalogue
from scans.catalogue import Found, UnknownCodeError, find_printed
from scans.gs1 import MAX_URI, GtinError, LinkError
from scans.packing import at as code_at
from scans.packing import goods
from stores.trace import Box, Child, Step, Trace, box_of, trace, whereabouts

ACROSS = 12
MOST_ROWS = 20_000
TONES = {"recalled": "bad", "claimed": "good", "unpacked": "muted", "issued": "muted", "printed": "muted"}


@page.get("/trace")
@access.allow(*READERS)
def ask_trace() -> str:
    """Ask for a code."""
    return render_template("office/trace.html", asked="", refused=None, found=None)


@page.post("/trace")
@access.allow(*READERS)
def find_trace() -> ResponseReturnValue:
    """Find what is printed, and lead to its page."""
    asked = request.form.get("code", "").strip()[:MAX_URI]
    try:
        with providers.reading() as db:
            found = find_printed(catalogue(db), providers.ring(), text=asked)
    except (LinkError, GtinError, UnknownCodeError) as error:
        return render_template("office/trace.html", asked=asked, refused=refusal(str(error)), found=None), 422
    return redirect(address(goods(found)), 303)


@page.get("/trace/<batch_id>/<any(item, case, pallet):level>/<int:position>")
@access.allow(*READERS)
def show_trace(batch_id: str, level: str, position: int) -> str:
    """Show the life of a code."""
    with providers.reading() as db:
        found = _found(catalogue(db).batch(batch_id), level, position)
        told = trace(db, found=found, reach_m=providers.config().reach_m, now=providers.now())
    return render_template(
        "office/trace.html",
        asked="",
        refused=None,
        found=found,
        life=_life(told),
        around=[(name(one.outer), address(one.outer), one.since) for one in told.around],
        seen=told.seen,
        box=told.box,
        box_name=name(told.box.outer) if told.box else "",
        box_address=address(told.box.outer) if told.box else "",
        picture=_crate(told.box) if told.box else None,
        places=[(_place(hop), items, claimed) for hop, items, claimed in whereabouts(told.box)] if told.box else [],
        name=name(found),
    )


@page.get("/trace/<batch_id>/<any(case, pallet):level>/<int:position>/inside.csv")
@access.allow(*READERS)
def download_inside(batch_id: str, level: str, position: int) -> Response:
    """Give what is and was in a case or on a pallet as a file."""
    with providers.reading() as db:
        found = _found(catalogue(db).batch(batch_id), level, position)
        box = box_of(db, outer=found, now=providers.now(), most=MOST_ROWS)
    return as_csv(_head(), map(_row, box.children), name=f"glassbox-{batch_id}-{level}-{position}.csv")


def address(found: Found) -> str:
    """Return the address of a code's page."""
    return url_for("office.show_trace", batch_id=found.batch.batch_id, level=found.level, position=found.position)


def name(found: Found) -> str:
    """Return what a code is called: level, position, batch."""
    level = words.said(words.LEVELS, found.level)
    return _("%(level)s %(position)s of %(batch)s", level=level, position=found.position, batch=found.batch.batch_id)


def _found(batch: object, level: str, position: int) -> Found:
    found = code_at(batch, level, position)  # type: ignore[arg-type]
    if not 1 <= position <= found.batch.span(level).size:
        raise UnknownCodeError("this code was never issued")
    return found


def _life(told: Trace) -> Chart:
    head = (_("When"), _("What"), _("Where"))
    frame = Frame(
        _("Where it has been"), _("From its issue down to now; a dashed line is a gap in what is known."), head
    )
    halts = [
        Halt(
            words.at(step.at),
            words.said(words.STEPS, step.kind),
            _about(step, told.found),
            TONES.get(step.kind, "accent"),
            bool(step.about.get("gap")),
        )
        for step in told.steps
    ]
    return charts.trail(frame, halts)


def _about(step: Step, found: Found) -> str:
    about = step.about
    if step.kind == "exported":
        return about["receiver"] or _("for no one named")
    if step.kind == "claimed":
        return about["name"] or _("no store known")
    outer = "" if step.outer is None or step.outer.code_no == found.code_no else _beside(step.outer, found)
    if step.kind == "delivered":
        return f"{about['from']} → {about['name']}" + (f" · {outer}" if outer else "")
    return outer


def _beside(outer: Found, found: Found) -> str:
    """Return what a case or pallet is called beside a code: without the batch where it is the same."""
    if outer.batch.id != found.batch.id:
        return name(outer)
    return f"{words.said(words.LEVELS, outer.level)} {outer.position}"


def _crate(box: Box) -> Chart:
    frame = Frame(_("What was packed together"), _("Filled: claimed. Pale: not yet. Only an edge: taken out."), _head())
    slots = [
        Slot(str(child.found.position), " · ".join(_row(child)), _tone(child), _row(child)) for child in box.children
    ]
    return charts.crate(frame, slots, across=min(ACROSS, max(1, len(slots))))


def _tone(child: Child) -> str:
    if not child.is_inside:
        return "gone"
    return "full" if child.items and child.claimed == child.items else "part" if child.claimed else "none"


def _head() -> tuple[str, ...]:
    return (_("Code"), _("In it since"), _("Until"), _("Items"), _("Claimed"), _("Last delivered to"))


def _row(child: Child) -> list[str]:
    since, until = (_instant(one) for one in (child.since, child.until))
    place = child.place.to_name if child.place else "–"
    return [name(child.found), since or _("issue"), until or _("now"), str(child.items), str(child.claimed), place]


def _instant(at: datetime | None) -> str:
    return words.at(at) if at else ""


def _place(hop: object) -> str:
    return getattr(hop, "to_name", None) or _("not delivered")
