"""The office's first page: the counts that matter with their trend, where, when, how far, and what to look at."""

from datetime import date, timedelta
from typing import Any

from flask import render_template

from channel import access, providers
from channel.pages.office import figures
from channel.pages.office.door import READERS, look_back, midnight, page
from stores import overview

FLAGS_OF_A_KIND = 4
FLAG_DAYS = 7
MOST_STORES = 1500
DIRECTIONS = ("too_bad", "too_good")


@page.get("")
@access.allow(*READERS)
def board() -> str:
    """Show how the whole stands."""
    first, last = look_back()
    before = first - timedelta(days=(last - first).days + 1)
    week = last - timedelta(days=FLAG_DAYS - 1)
    with providers.reading() as db:
        there = overview.begun(db)
        days = overview.counts_per_day(db, first=before, last=last)
        hours = overview.scans_per_hour(db, start=midnight(before), end=midnight(last + timedelta(days=2)))
        shared = overview.shared_per_day(db, first=before, last=last)
        regions = overview.claims_per_region(db, first=first, last=last)
        way = overview.way_of_codes(db)
        stores = overview.sums_of_stores(db, first=week, last=last, limit=MOST_STORES)
        flags = [
            flag
            for direction in DIRECTIONS
            for flag in overview.flag_list(db, since=week, limit=FLAGS_OF_A_KIND, direction=direction)
        ]
        odd = _odd(db, week, last)
    told = figures.Told(first, last, days, hours, shared, odd)
    return render_template(
        "office/board.html",
        there=there,
        first=first,
        last=last,
        figures=figures.figures(told),
        charts=figures.charts(told, regions, way, stores),
        elsewhere=figures.elsewhere(regions),
        flags=flags,
    )


def _odd(db: Any, week: date, last: date) -> tuple[int, int]:
    now = overview.flag_count(db, first=week, last=last)
    earlier = week - timedelta(days=FLAG_DAYS)
    return now, overview.flag_count(db, first=earlier, last=week - timedelta(days=1))
