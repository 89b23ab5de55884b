"""Charts, part 9: a store on one time axis: sales in their band, stock in its interval, what came, who came. Pure."""

from collections.abc import Sequence
from typing import NamedTuple

from markupsafe import Markup

from channel.charts.lines import BAND_HEIGHT, DIAMOND, BandDay, band_marks
from channel.charts.svg import (
    Chart,
    Format,
    Frame,
    area,
    grid,
    line,
    percent,
    picture,
    stretched,
    symbol,
    tag,
    text,
    ticks,
)

DROP = "M-5-9H5L0-1z"
STOCK_HEIGHT, LANE_HEIGHT, GAP = 120, 28, 34


class SupplyDay(NamedTuple):
    """One day: its sales, the stock at its end (None: not known), items counted, words for what and who came."""

    sales: BandDay
    stock: float | None = None
    low: float | None = None
    high: float | None = None
    counted: float | None = None
    came: str | None = None
    visit: str | None = None


def supply_chart(frame: Frame, days: Sequence[SupplyDay], *, lanes: tuple[str, str], stock: str, fmt: Format) -> Chart:
    """Return sales over stock over the lanes of deliveries and visits (named by `lanes`), all days in one column."""
    parts = [*band_marks([day.sales for day in days], fmt=fmt)]
    top = BAND_HEIGHT + GAP
    known = any(day.stock is not None or day.counted is not None for day in days)
    parts.append(text(stock if known else f"{stock}: –", x="0", y=top - 6, anchor="start"))
    if known:
        parts.append(_moved(_stock(days, fmt), top, STOCK_HEIGHT))
        top += STOCK_HEIGHT + GAP // 2
    for number, (name, shape, tone) in enumerate(((lanes[0], DROP, "muted"), (lanes[1], DIAMOND, "accent"))):
        y = top + number * LANE_HEIGHT + LANE_HEIGHT / 2
        parts.append(tag("line", x1=0, x2="100%", y1=y, y2=y, class_="grid"))
        parts.append(text(name, x="-8", y=y + 4, anchor="end"))
        for index, day in enumerate(days):
            if said := (day.came, day.visit)[number]:
                title = f"{day.sales.label}: {said}"
                parts.append(symbol(shape, x=_x(index, len(days)), y=y, class_=f"dot {tone}", title=title))
    rows = [_row(day, fmt) for day in days]
    return Chart(picture(frame, *parts, kind="supply", height=top + 2 * LANE_HEIGHT), frame.head, rows)


def _stock(days: Sequence[SupplyDay], fmt: Format) -> list[Markup]:
    marks = ticks(max([1.0, *(max(day.high or 0, day.counted or 0) for day in days)]), about=2)
    top, parts = marks[-1], list[Markup]()
    known = [(index, day) for index, day in enumerate(days) if day.stock is not None]
    upper = [(float(index), _y(day.high or 0, top)) for index, day in known]
    lower = [(float(index), _y(day.low or 0, top)) for index, day in known]
    middle = [(float(index), _y(day.stock or 0, top)) for index, day in known]
    drawn = [area([*upper, *reversed(lower)], class_="band"), line(middle, class_="line good")] if known else []
    parts += [grid(marks, top=top, height=STOCK_HEIGHT, fmt=fmt)]
    parts += [stretched(*drawn, width=len(days) - 1.0, height=STOCK_HEIGHT)]
    for index, day in enumerate(days):
        if day.counted is not None:
            dot = {"cx": percent(_x(index, len(days))), "cy": _y(day.counted, top), "r": 4, "class_": "dot good"}
            parts.append(tag("circle", tag("title", f"{day.sales.label}: {fmt(day.counted)}"), **dot))
    return parts


def _moved(parts: Sequence[Markup], y: int, height: int) -> Markup:
    return tag("svg", *parts, y=y, width="100%", height=height, overflow="visible")


def _row(day: SupplyDay, fmt: Format) -> list[str]:
    sales = day.sales
    normal = "–" if sales.low is None or sales.high is None else f"{fmt(sales.low)}–{fmt(sales.high)}"
    expected = "–" if sales.expected is None else fmt(round(sales.expected, 1))
    known = day.stock is not None and day.low is not None and day.high is not None
    stock = (
        [fmt(round(day.stock or 0)), f"{fmt(round(day.low or 0))}–{fmt(round(day.high or 0))}"] if known else ["–"] * 2
    )
    counted = "–" if day.counted is None else fmt(day.counted)
    told = (day.came or "", day.visit or "", sales.note)
    return [sales.label, fmt(sales.came), expected, normal, *stock, counted, *told]


def _x(index: int, count: int) -> float:
    return 100 * index / max(count - 1, 1)


def _y(value: float, top: float) -> float:
    return STOCK_HEIGHT - value / top * STOCK_HEIGHT
