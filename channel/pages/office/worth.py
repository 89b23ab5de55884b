"""What visits are worth, by the stores that waited; who waits and until when; the rule by which lots are drawn."""

import math
from collections.abc import Iterator, Sequence

from flask import Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from channel import access, providers, words
from channel import charts as draw
from channel.charts import Chart, Frame, Span
from channel.pages.downloads import Cell, as_file
from channel.pages.office.door import EDITORS, READERS, page, whole
from channel.words import gettext as _
from stores.effects import Case, Estimate, Worth, cases, worth, worth_by_reason, worth_over_time
from stores.holdout import HoldOutError, Rule, held_out, put_rule, rule

WEEKS_DRAWN = 13


@page.get("/worth")
@access.allow(*READERS)
def visits_worth() -> str:
    """Show what being listed at once is worth against waiting, with its interval, over time and by reason."""
    with providers.reading() as db:
        found, known, waiting = cases(db), rule(db), held_out(db, day=providers.today())
    return render_template(
        "office/worth.html",
        worth=worth(found),
        over_time=over_time(found),
        by_reason=by_reason(found),
        rule=known,
        waiting=waiting,
    )


@page.post("/worth")
@access.allow(*EDITORS)
def change_hold_out() -> ResponseReturnValue:
    """Say what is held out from the next list on.

    Raises: HoldOutError.
    """
    share, days, stake = whole("share_pct"), whole("days"), whole("severe")
    try:
        p_value = float(request.form.get("severe_p", ""))
    except ValueError:
        p_value = math.nan
    if share is None or days is None or stake is None or math.isnan(p_value):
        raise HoldOutError("at most half of the stores, for 2 to 28 days")
    with providers.transaction() as db:
        put_rule(db, Rule(share * 100, days, stake * 100, p_value))
    return redirect(url_for("office.visits_worth"), 303)


@page.get("/worth.<any(csv, xlsx):kind>")
@access.allow(*READERS)
def worth_file(kind: str) -> Response:
    """Give the estimates as a file: of all, by reason, and as they were known at the end of each week."""
    with providers.reading() as db:
        found = cases(db)
    head = (
        _("Of"), _("Listed at once"), _("Waited"), _("Seen, of those listed"), _("Items a day"), _("from"), _("to"),
        _("Cents a day"), _("from"), _("to"),
    )  # fmt: skip
    return as_file(head, list(_rows(found)), name=f"worth-of-visits-{providers.today()}", kind=kind)


def over_time(found: Sequence[Case]) -> Chart:
    """Return what was known at the end of each of the last weeks."""
    told = [(words.day(end), one) for end, one in worth_over_time(found)][-WEEKS_DRAWN:]
    return _chart(_("What visits were known to be worth"), _("Week up to"), told)


def by_reason(found: Sequence[Case]) -> Chart:
    """Return what visits are worth for each reason that is known well enough."""
    told = [(str(words.said(words.FLAG_REASONS, code)), one) for (_by, code), one in worth_by_reason(found).items()]
    return _chart(_("Worth of visits by reason"), _("Reason"), told)


def _said(one: Estimate) -> str:
    mean, low, high = (words.number(value, digits=2) for value in one)
    return _("%(mean)s (%(low)s to %(high)s)", mean=mean, low=low, high=high)


def _chart(title: str, what: str, told: Sequence[tuple[str, Worth]]) -> Chart:
    rows = [
        Span(label, *one.items, _said(one.items), "good" if one.items.low > 0 else "muted")
        for label, one in told
        if one.items is not None
    ]
    desc = _("Items a day that stores came back by, listed at once against waiting, with the 95 per cent interval.")
    return draw.spans(Frame(title, desc, (what, _("Items a day"))), rows, fmt=words.number)


def _rows(found: Sequence[Case]) -> Iterator[Sequence[Cell]]:
    yield _row(_("all"), worth(found))
    for (_detector, code), one in worth_by_reason(found).items():
        yield _row(str(words.said(words.FLAG_REASONS, code)), one)
    for end, one in worth_over_time(found):
        yield _row(_("up to %(day)s", day=words.day(end)), one)


def _row(of: str, one: Worth) -> Sequence[Cell]:
    empty = (None, None, None)
    items = empty if one.items is None else tuple(round(value, 3) for value in one.items)
    cents = empty if one.cents is None else tuple(round(value, 1) for value in one.cents)
    return (of, one.at_once, one.held, round(one.visited, 3), *items, *cents)
