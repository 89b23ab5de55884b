"""How the judge does: what stores sold beside what was expected, and whether its probabilities came true."""

from collections.abc import Sequence
from datetime import date

from flask import Response, render_template

from channel import access, providers, words
from channel import charts as draw
from channel.charts import Chart, Frame, Point
from channel.pages.downloads import as_file
from channel.pages.office.door import READERS, asked_days, look_back, page
from channel.pages.office.figures import scatter
from channel.words import gettext as _
from stores.overview import sums_of_stores
from stores.promises import Promise, promises

SPANS = (1, 7, 30, 90)
SHOWN, MOST_IN_A_FILE = 400, 50_000


@page.get("/judge")
@access.allow(*READERS)
def judge() -> str:
    """Show expected against sold, and promised against realised."""
    days, first, last = _span()
    with providers.reading() as db:
        stores = sums_of_stores(db, first=first, last=last, limit=SHOWN)
        kept = promises(db, first=first, last=last)
    return render_template(
        "office/judge.html",
        days=days,
        spans=SPANS,
        first=first,
        last=last,
        stores=stores,
        kept=kept,
        chart=scatter(stores),
        curve=curve(kept),
    )


@page.get("/judge/stores.<any(csv, xlsx):kind>")
@access.allow(*READERS)
def judged_file(kind: str) -> Response:
    """Give what every store sold and what was expected as a file."""
    _days, first, last = _span()
    with providers.reading() as db:
        stores = sums_of_stores(db, first=first, last=last, limit=MOST_IN_A_FILE)
    rows = [
        (
            one.store_id, one.name, round(one.expected, 3), one.sold,
            words.said(words.DIRECTIONS, one.direction) if one.direction else "",
        )
        for one in stores
    ]  # fmt: skip
    head = (_("Store"), _("Store's name"), _("Expected"), _("Sold"), _("Flag"))
    return as_file(head, rows, name=f"expected-{first}-{last}", kind=kind)


@page.get("/judge/promises.<any(csv, xlsx):kind>")
@access.allow(*READERS)
def promises_file(kind: str) -> Response:
    """Give promised and realised rates as a file."""
    _days, first, last = _span()
    with providers.reading() as db:
        kept = promises(db, first=first, last=last)
    rows = [(one.promised, one.realised, one.alarms, one.store_days) for one in kept]
    return as_file(_promise_head(), rows, name=f"promises-{first}-{last}", kind=kind)


def curve(kept: Sequence[Promise]) -> Chart:
    """Return the realised rate over the promised one; on the line a promise is kept."""
    rows = [
        (rate(one.promised), rate(one.realised), words.number(one.alarms), words.number(one.store_days)) for one in kept
    ]
    points = [
        Point(
            _("promised %(share)s", share=row[0]),
            one.promised,
            one.realised,
            None,
            (_("realised %(share)s", share=row[1]), _("%(count)s store-days", count=row[2])),
        )
        for one, row in zip(kept, rows, strict=True)
    ]
    frame = Frame(
        _("Promised and realised"), _("One mark is one promised rate; on the line it came true."), _promise_head()
    )
    drawn = draw.scatter(frame, points, axes=(_("promised"), _("realised")), fmt=rate)
    return drawn._replace(rows=[list(row) for row in rows])


def rate(share: float) -> str:
    """Write a small share with as many digits as it needs."""
    return words.percent(share, digits=2 if share < 0.01 else 1 if share < 0.1 else 0)


def _promise_head() -> tuple[str, ...]:
    return _("Promised at most"), _("Realised"), _("Store-days"), _("Of judged store-days")


def _span() -> tuple[int, date, date]:
    days = asked_days(SPANS, usual=SPANS[2])
    return days, *look_back(days)
