"""One store in the office: what it sold against what was normal, what came in, what its flags rest on."""

from collections.abc import Sequence
from datetime import date, timedelta

from flask import render_template, request

from channel import access, providers, words
from channel import charts as draw
from channel.charts import BandDay, Chart, Frame
from channel.pages.office.door import READERS, look_back, midnight, page, zone
from channel.words import gettext as _
from stores import overview
from stores.directory import store
from stores.notice import days_to_notice, usual_sales
from stores.overview import FlagLine, Handed
from stores.sales import DayRow, sell_through
from stores.stock import last_counts

SPANS = (30, 90, 180)


@page.get("/stores/<store_id>")
@access.allow(*READERS)
def show_store(store_id: str) -> str:
    """Show one store."""
    told = request.args.get("days", "")
    days = int(told) if told in map(str, SPANS) else SPANS[1]
    first, last = look_back(days)
    with providers.reading() as db:
        scope = access.scope(db)
        known = store(db, scope=scope, store_id=store_id)
        sold = sell_through(db, store_id=store_id, first_day=first, last_day=last, scope=scope)
        end = midnight(last + timedelta(days=1))
        handed = overview.handed_to(db, store_id=store_id, start=midnight(first), end=end)
        flags = overview.flag_list(db, since=first, limit=20, store_id=store_id)
        visits = overview.visits_to(db, store_id=store_id, first=first, last=last)
        counted = last_counts(db, store_id=store_id)
        usual = usual_sales(db, day=last, store_ids=[store_id]).get(store_id)
    return render_template(
        "office/store.html",
        store=known,
        first=first,
        last=last,
        days=days,
        spans=SPANS,
        chart=band(sold, handed, flags),
        sold=sum(day.count for day in sold),
        expected=_expected(sold),
        handed=handed,
        flags=flags,
        visits=visits,
        counted=counted,
        usual=usual,
        noticed=words.noticed(usual, days_to_notice(usual) if usual else None),
    )


def band(sold: Sequence[DayRow], handed: Sequence[Handed], flags: Sequence[FlagLine]) -> Chart:
    """Return what a store sold against the band of normal days, with deliveries marked."""
    came: dict[date, list[str]] = {}
    for one in handed:
        came.setdefault(one.at.astimezone(zone()).date(), []).append(words.said(words.LEVELS, one.level))
    days = [
        BandDay(
            words.day(day.day, short=True),
            day.count,
            day.expected,
            day.low,
            day.high,
            {"too_bad": "bad", "too_good": "warn"}.get(day.flag or ""),
            _("delivered: %(what)s", what=", ".join(came[day.day])) if day.day in came else None,
            _note(day, flags),
        )
        for day in sold
    ]
    head = (_("Day"), _("Sold"), _("Expected"), _("Normal range"), _("Remark"))
    frame = Frame(_("Sold per day"), _("The line is what was sold, the band what normal days would have been."), head)
    return draw.band_chart(frame, days, fmt=lambda value: words.number(value, digits=1))


def _note(day: DayRow, flags: Sequence[FlagLine]) -> str:
    return "; ".join(words.flag_reason(flag.why) for flag in flags if flag.first_day <= day.day <= flag.last_day)


def _expected(sold: Sequence[DayRow]) -> float | None:
    known = [day.expected for day in sold if day.expected is not None]
    return sum(known) if known else None
