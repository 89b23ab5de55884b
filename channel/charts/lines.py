"""Charts, part 2: lines over time. Pure: no word, no database."""

from collections.abc import Sequence
from typing import NamedTuple

from markupsafe import Markup

from channel.charts.svg import (
    Format,
    Frame,
    area,
    grid,
    line,
    picture,
    spread,
    stretched,
    symbol,
    tag,
    text,
    ticks,
)

DIAMOND = "M0-6 6 0 0 6-6 0z"
BAND_HEIGHT = 220
SPARK_WIDTH, SPARK_HEIGHT = 104, 36


class BandDay(NamedTuple):
    """One day in its band: what came, what was expected, and the words for it; `flag` is the class of its mark."""

    label: str
    came: float
    expected: float | None = None
    low: float | None = None
    high: float | None = None
    flag: str | None = None
    note: str = ""


def sparkline(frame: Frame, values: Sequence[float], *, tone: str = "accent", expected: float | None = None) -> Markup:
    """Return a line of fixed small size that ends in a dot; `expected` draws the level it is measured against."""
    top = max([*values, expected or 0, 1e-9])
    wide, high = SPARK_WIDTH - 8, SPARK_HEIGHT - 8
    step = wide / max(len(values) - 1, 1)
    points = [(4 + step * index, 4 + high - value / top * high) for index, value in enumerate(values)]
    marks: list[Markup] = []
    if expected is not None:
        y = 4 + high - expected / top * high
        marks.append(tag("line", x1=0, x2=SPARK_WIDTH, y1=y, y2=y, class_="grid dashed"))
    if points:
        base = [(points[-1][0], SPARK_HEIGHT - 4.0), (points[0][0], SPARK_HEIGHT - 4.0)]
        marks.append(area([*points, *base], class_=f"wash {tone}"))
        marks.append(line(points, class_=f"line {tone}"))
        marks.append(tag("circle", cx=points[-1][0], cy=points[-1][1], r=3, class_=f"dot {tone}"))
    return picture(frame, *marks, kind="spark", height=SPARK_HEIGHT, view_box=f"0 0 {SPARK_WIDTH} {SPARK_HEIGHT}")


def band_marks(days: Sequence[BandDay], *, fmt: Format) -> list[Markup]:
    """Return what came against the band of what was to be expected, day by day; flagged days carry a diamond."""
    marks = ticks(max([1.0, *(max(day.came, day.high or 0) for day in days)]))
    top = marks[-1]
    parts: list[Markup] = [grid(marks, top=top, height=BAND_HEIGHT, fmt=fmt)]
    parts.append(stretched(*_band(days, top), _came(days, top), width=len(days) - 1.0, height=BAND_HEIGHT))
    parts += [_dot(index, day, len(days), top) for index, day in enumerate(days) if day.flag or len(days) == 1]
    parts += [
        text(days[index].label, x=_x(index, len(days)), y=BAND_HEIGHT + 20, anchor=_anchor(index, len(days)))
        for index in spread(len(days))
    ]
    return parts


def _band(days: Sequence[BandDay], top: float) -> list[Markup]:
    """Draw each unbroken stretch of known expectation."""
    parts, run = [], list[tuple[int, BandDay]]()
    for index, day in [*enumerate(days), (-1, BandDay("", 0))]:
        if day.high is not None and day.low is not None:
            run.append((index, day))
        elif run:
            parts += _stretch(run, top)
            run = []
    return parts


def _stretch(run: Sequence[tuple[int, BandDay]], top: float) -> list[Markup]:
    upper = [(float(index), _y(day.high or 0, top)) for index, day in run]
    lower = [(float(index), _y(day.low or 0, top)) for index, day in run]
    middle = [(float(index), _y(day.expected, top)) for index, day in run if day.expected is not None]
    return [area([*upper, *reversed(lower)], class_="band"), line(middle, class_="line muted dashed")]


def _came(days: Sequence[BandDay], top: float) -> Markup:
    return line([(float(index), _y(day.came, top)) for index, day in enumerate(days)], class_="line accent")


def _dot(index: int, day: BandDay, count: int, top: float) -> Markup:
    said = f"{day.label}: {day.came:g} {day.note}".strip()
    return symbol(DIAMOND, x=_x(index, count), y=_y(day.came, top), class_=f"dot {day.flag or 'accent'}", title=said)


def _x(index: int, count: int) -> float:
    return 100 * index / max(count - 1, 1)


def _y(value: float, top: float) -> float:
    return BAND_HEIGHT - value / top * BAND_HEIGHT


def _anchor(index: int, count: int) -> str:
    return "end" if index == count - 1 and count > 1 else "middle"
