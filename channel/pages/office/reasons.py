"""Which reason for a flag cries wolf: how often visits found each to be real, and what that does to its rank."""

from collections.abc import Sequence

from flask import Response, render_template

from channel import access, providers, words
from channel import charts as draw
from channel.charts import Chart, Frame, Span
from channel.pages.downloads import as_file
from channel.pages.office.door import READERS, page
from channel.words import gettext as _
from stores.precisions import Precision, precisions
from stores.teaching import open_lessons

SHOWN = 20


@page.get("/reasons")
@access.allow(*READERS)
def reasons() -> str:
    """Show the precision of every reason with its interval."""
    with providers.reading() as db:
        found, taught = precisions(db), open_lessons(db)
    return render_template("office/reasons.html", found=found, chart=chart(found), lessons=taught[:SHOWN])


@page.get("/reasons.<any(csv, xlsx):kind>")
@access.allow(*READERS)
def reasons_file(kind: str) -> Response:
    """Give the same as a file."""
    with providers.reading() as db:
        found = precisions(db)
    head = (
        _("Detector"), _("Reason"), _("Visits"), _("Found real"), _("Precision"), _("from"), _("to"),
        _("Weight in lists"),
    )  # fmt: skip
    rows = [
        (
            one.detector, words.said(words.FLAG_REASONS, one.code), one.visits, one.real,
            round(one.mean, 4), round(one.low, 4), round(one.high, 4), round(one.weight, 4),
        )
        for one in found
    ]  # fmt: skip
    return as_file(head, rows, name=f"reasons-{providers.today()}", kind=kind)


@page.get("/lessons.<any(csv, xlsx):kind>")
@access.allow(*READERS)
def lessons_file(kind: str) -> Response:
    """Give every open flag with what a visit would teach."""
    with providers.reading() as db:
        taught = open_lessons(db)
    head = (
        _("Store"), _("Store's name"), _("Region"), _("Reason"), _("At stake a month"),
        _("Of this store"), _("Of the reason"),
        _("Together"),
    )  # fmt: skip
    rows = [
        (
            one.question.store_id, one.question.store, one.question.region,
            words.said(words.FLAG_REASONS, one.question.reason[1]),
            one.question.stake_cents / 100, round(one.own_cents / 100, 2), round(one.reason_cents / 100, 2),
            round(one.cents / 100, 2),
        )
        for one in taught
    ]  # fmt: skip
    return as_file(head, rows, name=f"lessons-{providers.today()}", kind=kind)


def chart(found: Sequence[Precision]) -> Chart:
    """Return the share of real ones among each reason's flags, with its interval."""
    rows = [
        Span(
            str(words.said(words.FLAG_REASONS, one.code)),
            100 * one.mean,
            100 * one.low,
            100 * one.high,
            _share(one),
            "bad" if one.cries_wolf else "accent",
        )
        for one in found
    ]
    frame = Frame(
        _("How often a reason is real"), _("Per cent of visits, with the 95 per cent interval."), (_("Reason"), "%")
    )
    return draw.spans(frame, rows, fmt=words.number)


def _share(one: Precision) -> str:
    mean, low, high = (words.percent(share, digits=0) for share in (one.mean, one.low, one.high))
    return f"{mean} ({low}–{high})"
