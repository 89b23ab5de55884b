"""What the office's first page shows, made of plain numbers: figures with their trend, and charts."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from markupsafe import Markup

from channel import charts as draw
from channel import words
from channel.charts import Bar, Cell, Chart, Frame, Point, province
from channel.pages.office.door import zone
from channel.words import gettext as _
from stores.overview import DayCounts, HourCounts, StoreSum, Way


class Told(NamedTuple):
    """What was read: two periods of the same length, the later one from `first` to `last`."""

    first: date
    last: date
    days: Sequence[DayCounts]
    hours: Mapping[datetime, HourCounts]
    shared: Mapping[date, int]
    flags: tuple[int, int]


class Figure(NamedTuple):
    """One number with its change against the period before."""

    label: str
    value: str
    change: str | None = None
    tone: str = "plain"
    spark: Markup | None = None
    note: str | None = None


def figures(told: Told) -> list[Figure]:
    """Return the counts that matter."""
    claims = {day.day: day.claims for day in told.days}
    placed = {day.day: day.with_store for day in told.days}
    now, before = told.flags
    return [
        _scans(told),
        _counted(_("First scans"), claims, told),
        _share(_("First scans that got a store"), placed, claims, told),
        _counted(_("Suspect scans"), _per_day(told, "suspects"), told, rising="bad"),
        Figure(
            _("Abnormal stores"),
            words.number(now),
            None if now == before else f"{'+' if now > before else '−'}{abs(now - before)}",
            "bad" if now > before else "good",
            note=_("in 7 days"),
        ),
        _counted(_("Shared with partners"), told.shared, told, money=True),
    ]


def charts(told: Told, regions: Mapping[str, int], way: Way, stores: Sequence[StoreSum]) -> dict[str, Chart]:
    """Return the pictures of the page."""
    return {
        "tiles": _tiles(regions),
        "way": _way(way),
        "scatter": scatter(stores),
        "hours": _hours(told),
    }


def elsewhere(regions: Mapping[str, int]) -> list[tuple[str, int]]:
    """Return the regions that are no province, the most claims first."""
    others = ((region, count) for region, count in regions.items() if province(region) is None)
    return sorted(others, key=lambda pair: (-pair[1], pair[0]))


def _counted(
    label: str, per_day: Mapping[date, int], told: Told, *, rising: str = "good", money: bool = False
) -> Figure:
    series = [per_day.get(day, 0) for day in _days(told)]
    now, before = sum(series), sum(per_day.values()) - sum(series)
    tone = rising if now >= before else {"good": "bad", "bad": "good"}[rising]
    spark = draw.sparkline(Frame(label, _("Per day"), ()), series)
    value = words.money(now, whole=True) if money else words.number(now)
    return Figure(label, value, words.signed_percent(now, before), tone, spark)


def _scans(told: Told) -> Figure:
    per_day = _per_day(told, "scans")
    today = per_day.pop(told.last + timedelta(days=1), 0)
    note = _("%(count)s today so far", count=words.number(today))
    return _counted(_("Scans"), per_day, told)._replace(note=note)


def _share(label: str, part: Mapping[date, int], whole: Mapping[date, int], told: Told) -> Figure:
    shown = set(_days(told))
    now, before = (_ratio(part, whole, {day for day in whole if (day in shown) == later}) for later in (True, False))
    series = [part.get(day, 0) / whole[day] if whole.get(day) else 0.0 for day in _days(told)]
    change = None
    if now is not None and before is not None:
        points = words.number(abs(now - before) * 100, digits=1)
        change = f"{'+' if now >= before else '−'}{points} {_('pt')}"
    tone = "good" if (now or 0) >= (before or 0) else "bad"
    return Figure(label, words.percent(now), change, tone, draw.sparkline(Frame(label, _("Per day"), ()), series))


def _ratio(part: Mapping[date, int], whole: Mapping[date, int], days: set[date]) -> float | None:
    below = sum(whole[day] for day in days)
    return sum(part[day] for day in days) / below if below else None


def _tiles(regions: Mapping[str, int]) -> Chart:
    sums: dict[str, int] = {}
    for region, count in regions.items():
        if code := province(region):
            sums[code] = sums.get(code, 0) + count
    latin = words.language() == "en"
    cells = {
        code: Cell(count, f"{draw.TILES[code].english if latin else draw.TILES[code].name}: {words.number(count)}",
                   words.number(count))
        for code, count in sums.items()
    }  # fmt: skip
    frame = Frame(
        _("First scans by province"), _("Tiles stand for provinces; no border is drawn."), (_("Province"), _("Count"))
    )
    return draw.tiles(frame, cells, latin=latin)


def _way(way: Way) -> Chart:
    steps = (
        (_("Issued"), way.issued, None),
        (_("Activated"), way.activated, way.issued),
        (_("Scanned"), way.claimed, way.activated),
        (_("Position given"), way.placed, way.claimed),
        (_("Got a store"), way.attributed, way.claimed),
        (_("Rewarded"), way.rewarded, way.claimed),
    )
    rows = [
        Bar(label, count, words.number(count) + (f" · {words.percent(count / whole)}" if whole else ""))
        for label, count, whole in steps
    ]
    frame = Frame(_("From ink to reward"), _("How many codes came how far."), (_("Step"), _("Codes")))
    return draw.bars(frame, rows)


def scatter(stores: Sequence[StoreSum]) -> Chart:
    """Return what stores sold over what was expected of them, flagged ones as diamonds."""
    points = [
        Point(
            store.name,
            store.expected,
            store.sold,
            {"too_bad": "bad", "too_good": "warn"}.get(store.direction or ""),
            (
                _("expected %(count)s", count=words.number(store.expected)),
                _("sold %(count)s", count=words.number(store.sold)),
            ),
        )
        for store in stores
    ]
    head = (_("Store"), _("Expected"), _("Sold"))
    frame = Frame(_("Stores: expected and sold"), _("One mark is one store; diamonds are flagged."), head)
    return draw.scatter(frame, points, axes=(_("expected"), _("sold")), fmt=words.number)


def _hours(told: Told) -> Chart:
    counts = [[0] * 24 for _ in range(7)]
    for hour, made in told.hours.items():
        local = hour.astimezone(zone())
        if told.first <= local.date() <= told.last:
            counts[local.weekday()][local.hour] += made.scans
    frame = Frame(
        _("When people scan"), _("The hours of the week, in the owner's zone."), (_("Day"), *map(str, range(24)))
    )
    return draw.hours(frame, counts, weekdays=words.weekdays())


def _per_day(told: Told, which: str) -> dict[date, int]:
    sums: dict[date, int] = {}
    for hour, counts in told.hours.items():
        day = hour.astimezone(zone()).date()
        sums[day] = sums.get(day, 0) + getattr(counts, which)
    return sums


def _days(told: Told) -> list[date]:
    return [told.first + timedelta(days=number) for number in range((told.last - told.first).days + 1)]
