"""What became of reps' lists: missed, done, late, by rep and day; days and regions in which nobody was."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from flask import Response, render_template
from sqlalchemy.orm import Session

from channel import access, providers, words
from channel import charts as draw
from channel.charts import Cell, Chart, Frame
from channel.pages.downloads import as_file
from channel.pages.office.door import READERS, asked_days, page, zone
from channel.words import gettext as _
from stores.directory import rep
from stores.rounds import RegionDark, Round, Stop, dark_regions, reported, reps, rounds, stops, tally

SPANS = (7, 28, 91)
MOST_DAYS_DRAWN = 28
SHOWN = 100


@page.get("/visits")
@access.allow(*READERS)
def visits() -> str:
    """Show what every rep's lists of the last weeks came to."""
    first, last, days = _span()
    with providers.reading() as db:
        told, regions, made = _rounds(db, first, last)
    return render_template(
        "office/visits.html",
        rounds=told[:SHOWN],
        count=len(told),
        regions=regions[:SHOWN],
        chart=board(told, made, first=max(first, last - timedelta(days=MOST_DAYS_DRAWN - 1)), last=last),
        first=first,
        last=last,
        days=days,
        spans=SPANS,
    )


@page.get("/visits/reps/<id:party_id>")
@access.allow(*READERS)
def rep_visits(party_id: str) -> str:
    """Show the lists of one rep, stop by stop, the latest day first."""
    first, last, days = _span()
    with providers.reading() as db:
        whose = rep(db, rep_id=party_id)
        made = stops(db, first=first, last=last, zone=zone(), rep_id=party_id)
    by_day: dict[date, list[Stop]] = {}
    for stop in reversed(made):
        by_day.setdefault(stop.day, []).insert(0, stop)
    return render_template(
        "office/rep_visits.html",
        rep_id=party_id,
        name=whose.name,
        region=whose.region,
        by_day=by_day,
        today=providers.today(),
        days=days,
        spans=SPANS,
    )


@page.get("/visits/rounds.<any(csv, xlsx):kind>")
@access.allow(*READERS)
def rounds_file(kind: str) -> Response:
    """Give every stop of the last weeks with what became of it."""
    first, last, _days = _span()
    with providers.reading() as db:
        made = stops(db, first=first, last=last, zone=zone())
    head = (
        _("Day"), _("Rep"), _("Name"), _("Store"), _("Store's name"), _("Region"), _("Purpose"), _("State"),
        _("Reported on"), _("At stake a month"), _("Cause"),
    )  # fmt: skip
    today = providers.today()
    rows = [
        (
            words.day(one.day), one.rep_id, one.rep, one.store_id, one.store, one.region,
            str(words.said(words.PURPOSES, one.purpose)), str(words.said(words.STOP_STATES, one.state(today))),
            words.day(one.reported_on) if one.reported_on else "", one.stake_cents / 100,
            str(words.said(words.CAUSES, one.cause)) if one.cause else "",
        )
        for one in made
    ]  # fmt: skip
    return as_file(head, rows, name=f"visits-{first}-{last}", kind=kind)


@page.get("/visits/dark.<any(csv, xlsx):kind>")
@access.allow(*READERS)
def dark_file(kind: str) -> Response:
    """Give every working day on which a rep reported nothing, a row each."""
    first, last, _days = _span()
    with providers.reading() as db:
        told, _regions, _made = _rounds(db, first, last)
    rows = [(one.rep_id, one.rep, one.region, words.day(day)) for one in told for day in one.dark]
    return as_file((_("Rep"), _("Name"), _("Region"), _("Dark day")), rows, name=f"dark-{first}-{last}", kind=kind)


def board(told: Sequence[Round], made: Sequence[Stop], *, first: date, last: date) -> Chart:
    """Return reps by days, standing out the more of the list was missed; an edge marks days with a missed stop."""
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    some = [one for one in told if one.listed][:SHOWN]
    counted = tally(made, today=providers.today())
    cells = {
        (row, column): _cell(counted[one.rep_id, day])
        for row, one in enumerate(some)
        for column, day in enumerate(days)
        if (one.rep_id, day) in counted
    }
    head = (_("Rep"), _("Day"), _("Stops"))
    note = _("The more a day stands out, the more was missed; the number is missed stops.")
    frame = Frame(_("Lists by rep and day"), note, head)
    return draw.matrix(frame, ([one.rep for one in some], [words.day(day, short=True) for day in days]), cells)


def _cell(count: Mapping[str, int]) -> Cell:
    said = _(
        "%(done)s done, %(late)s late, %(missed)s missed, %(open)s open",
        **{state: words.number(number) for state, number in count.items()},
    )
    return Cell(count["missed"], said, str(count["missed"]) if count["missed"] else "")


def _rounds(db: Session, first: date, last: date) -> tuple[list[Round], list[RegionDark], list[Stop]]:
    today = providers.today()
    by_rep, by_region = reported(db, first=first, last=last, zone=zone())
    made = stops(db, first=first, last=last, zone=zone())
    told = rounds(reps(db), made, reported=by_rep, first=first, last=last, today=today)
    return told, dark_regions(db, seen=by_region, first=first, last=last, today=today), made


def _span() -> tuple[date, date, int]:
    days = asked_days(SPANS, usual=SPANS[1])
    today = providers.today()
    return today - timedelta(days=days - 1), today, days
