"""Doubted codes in the office: the evidence laid out, what waits for each, and the word that lets it go on or back."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from flask import Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from channel import access, journey, providers, words
from channel import charts as draw
from channel.charts import Chart, Frame, Leg, Mark
from channel.pages.forms import page_number
from channel.pages.office.door import READERS, page, zone
from channel.words import gettext as _
from scans.batches import catalogue
from scans.codes import serial
from scans.doubts import MOST_SAID, DecisionError, DoubtDecidedError, add_note
from scans.reports import photo_of, reports_about
from stores.dossiers import Seen, dossier, dossier_counts, dossier_list, seen_of, steps_of
from stores.doubted import doubted_shares

DECIDERS = ("owner", "finance")
A_PAGE, MOST_LANES = 30, 14
STATES = ("open", "reported", "confirmed", "cleared")


@page.get("/doubts")
@access.allow(*READERS)
def doubts() -> str:
    """List codes by how it stands with them, the latest first."""
    at_page = page_number(request.args)
    state = request.args.get("state", "")
    state = state if state in STATES else STATES[0]
    with providers.reading() as db:
        found = dossier_list(db, states=[state], limit=A_PAGE + 1, offset=A_PAGE * (at_page - 1))
        counts = dossier_counts(db)
        tails = {one.doubt_id: _tail(db, one.code_no) for one in found}
    return render_template(
        "office/doubts.html",
        dossiers=found[:A_PAGE],
        tails=tails,
        counts=counts,
        states=STATES,
        state=state,
        more=len(found) > A_PAGE,
        at_page=at_page,
    )


@page.get("/doubts/<doubt_id>")
@access.allow(*READERS)
def doubt(doubt_id: str) -> str:
    """Lay out one dossier."""
    return _dossier(doubt_id)


@page.post("/doubts/<doubt_id>")
@access.allow(*DECIDERS)
def decide(doubt_id: str) -> ResponseReturnValue:
    """Take the office's word, or a note; the same word again changes nothing."""
    act, said = request.form.get("act", ""), request.form.get("said", "")
    who = access.principal().name
    try:
        with providers.transaction() as db:
            if act == "note":
                known = dossier(db, doubt_id=doubt_id)
                add_note(db, code_no=known.code_no, who=who, said=said, now=providers.now())
            elif act in ("release", "reverse"):
                journey.decide_doubt(
                    db, config=providers.config(), doubt_id=doubt_id, act=act, who=who, said=said, now=providers.now()
                )
    except (DecisionError, DoubtDecidedError) as refused:
        bad = "bad-decision" if isinstance(refused, DecisionError) else "decided-otherwise"
        return _dossier(doubt_id, bad=bad), 422 if bad == "bad-decision" else 409
    return redirect(url_for("office.doubt", doubt_id=doubt_id), 303)


@page.get("/doubts/<doubt_id>/photos/<report_id>")
@access.allow(*READERS)
def photo(doubt_id: str, report_id: str) -> Response:
    """Show the photo of a report."""
    with providers.reading() as db:
        body = photo_of(db, doubt_id=doubt_id, report_id=report_id)
    return Response(body, content_type="image/jpeg")


def timeline(seen: Sequence[Seen]) -> Chart:
    """Return the scans of a code over time, a lane for each phone, with the ways that no plane explains."""
    lanes = [*dict.fromkeys(one.phone for one in seen)]
    shown = lanes if len(lanes) <= MOST_LANES else [*lanes[: MOST_LANES - 1], 0]
    first, last = seen[0].at, seen[-1].at
    whole = max((last - first).total_seconds(), 1.0)
    marks = [
        Mark(
            (one.at - first).total_seconds() / whole if len(seen) > 1 else 0.5,
            shown.index(one.phone) if one.phone in shown else len(shown) - 1,
            f"{words.at(one.at)} · {_phone(one.phone)} · {words.away(one.km)}",
            "bad" if one.leapt_from is not None else "good" if one.claims else "accent",
            one.claims,
        )
        for one in seen
    ]
    legs = [Leg(one.leapt_from, number) for number, one in enumerate(seen) if one.leapt_from is not None]
    rows = [
        [
            words.at(one.at),
            _phone(one.phone),
            words.away(one.km),
            words.said(words.VERDICTS, one.verdict),
            _("no plane flies that fast") if one.leapt_from is not None else "",
        ]
        for one in seen
    ]
    head = (_("When"), _("Which phone"), _("From the first place"), _("Answer"), _("Remark"))
    frame = Frame(_("Scans of this code"), _("A lane is a phone, a mark a scan, the diamond the first scan."), head)
    names = [_phone(one) for one in shown]
    return draw.lanes(frame, names, marks, legs, ends=_ends(first, last), rows=rows)


def _dossier(doubt_id: str, bad: str | None = None) -> str:
    with providers.reading() as db:
        known = dossier(db, doubt_id=doubt_id)
        found = catalogue(db).find(known.code_no)
        seen = seen_of(db, code_no=known.code_no, product_id=found.batch.product_id)
        shares = doubted_shares(db, code_no=known.code_no)
        steps = steps_of(db, code_no=known.code_no)
        reports = reports_about(db, code_no=known.code_no)
        tail = _tail(db, known.code_no)
    return render_template(
        "office/doubt.html",
        dossier=known,
        tail=tail,
        batch=found.batch,
        chart=timeline(seen) if seen else None,
        scans=len(seen),
        phones=len({one.phone for one in seen if one.phone}),
        shares=shares,
        steps=steps,
        reports=reports,
        bad=bad,
        written=request.form.get("said", "")[:MOST_SAID],
        most_said=MOST_SAID,
        may_decide=access.principal().role in DECIDERS,
    )


def _tail(db: Any, code_no: int) -> str:
    batch = catalogue(db).find(code_no).batch
    return serial(providers.ring().key(batch.key_id).secret, code_no)[-4:]


def _ends(first: datetime, last: datetime) -> tuple[str, str]:
    """Return what stands at both ends of the time: days, or the time of day within one."""
    days = first.astimezone(zone()).date(), last.astimezone(zone()).date()
    if days[0] == days[1]:
        return words.clock(first), words.clock(last)
    return words.day(days[0], short=True), words.day(days[1], short=True)


def _phone(number: int | None) -> str:
    if number is None:
        return _("no name")
    return _("Phone %(number)s", number=number) if number else _("others")
