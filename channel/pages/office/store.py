"""One store in the office: what it sold against what was normal, what came in, what its flags rest on."""

from collections.abc import Sequence
from datetime import date, timedelta

from flask import Response, render_template

from channel import access, providers, words
from channel.charts import BandDay, Chart
from channel.pages import stock
from channel.pages.office.door import READERS, asked_days, look_back, midnight, page, zone
from channel.words import gettext as _
from stores import overview
from stores.directory import store
from stores.learning import usual_for
from stores.notice import days_to_notice, usual_sales
from stores.overview import FlagLine, Handed, Stopped
from stores.sales import DayRow, sell_through
from stores.stocked import StockDay, stock_lines, stock_of_store

SPANS = (30, 90, 180)


@page.get("/stores/<store_id>")
@access.allow(*READERS)
def show_store(store_id: str) -> str:
    """Show one store."""
    days, ask = asked_days(SPANS, usual=SPANS[1]), stock.asked()
    first, last = look_back(days)
    with providers.reading() as db:
        scope = access.scope(db)
        known = store(db, scope=scope, store_id=store_id)
        sold = sell_through(db, store_id=store_id, first_day=first, last_day=last, scope=scope)
        end = midnight(last + timedelta(days=1))
        handed = overview.handed_to(db, store_id=store_id, start=midnight(first), end=end)
        flags = overview.flag_list(db, since=first, limit=20, store_id=store_id)
        visits = overview.visits_to(db, store_id=store_id, first=first, last=last)
        goods = stock_of_store(db, store=known.key, first=first, last=last, learned=usual_for(db, scope=scope), ask=ask)
        usual = usual_sales(db, day=last, store_ids=[store_id]).get(store_id)
    return render_template(
        "office/store.html",
        store=known,
        first=first,
        last=last,
        days=days,
        spans=SPANS,
        chart=picture(sold, goods.days, handed, flags, visits),
        sold=sum(day.count for day in sold),
        expected=_expected(sold),
        handed=handed,
        flags=flags,
        visits=visits,
        goods=goods,
        ask=ask,
        noticed=words.noticed(usual, days_to_notice(usual) if usual else None),
    )


@page.get("/stores/<store_id>/stock.<any(csv, xlsx):kind>")
@access.allow(*READERS)
def store_stock(store_id: str, kind: str) -> Response:
    """Give what is in one store as a file."""
    with providers.reading() as db:
        scope = access.scope(db)
        key, (_first, last) = store(db, scope=scope, store_id=store_id).key, look_back()
        lines = stock_lines(db, stores=[key], day=last, learned=usual_for(db, scope=scope), ask=stock.asked())
    return stock.stock_file(lines, kind=kind, name=f"stock-{store_id}-{last}")


def picture(
    sold: Sequence[DayRow],
    goods: Sequence[StockDay],
    handed: Sequence[Handed],
    flags: Sequence[FlagLine],
    visits: Sequence[Stopped],
) -> Chart:
    """Return what a store sold against the band of normal days, its stock, deliveries and visits on one time axis."""
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
            note=_note(day, flags),
        )
        for day in sold
    ]
    said = {day: _("delivered: %(what)s", what=", ".join(what)) for day, what in came.items()}
    return stock.supply(days, goods, came=said, visits={one.day: one.rep for one in visits})


def _note(day: DayRow, flags: Sequence[FlagLine]) -> str:
    return "; ".join(words.flag_reason(flag.why) for flag in flags if flag.first_day <= day.day <= flag.last_day)


def _expected(sold: Sequence[DayRow]) -> float | None:
    known = [day.expected for day in sold if day.expected is not None]
    return sum(known) if known else None
