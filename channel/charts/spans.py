"""Charts, part 9: numbers with their intervals, below each other, with zero always in sight. Pure."""

from collections.abc import Sequence
from typing import NamedTuple

from markupsafe import Markup

from channel.charts.svg import Chart, Format, Frame, percent, picture, tag, text

SPAN_HEIGHT = 48


class Span(NamedTuple):
    """A number with what it may be, and the words for it."""

    label: str
    mean: float
    low: float
    high: float
    said: str
    tone: str = "accent"


def spans(frame: Frame, rows: Sequence[Span], *, fmt: Format) -> Chart:
    """Return each row's interval as a line with its number as a dot; all rows share one scale, which holds zero."""
    low, high = min([0.0, *(row.low for row in rows)]), max([0.0, *(row.high for row in rows)])
    wide, height = high - low or 1.0, max(1, len(rows)) * SPAN_HEIGHT

    def place(value: float) -> str:
        return percent(100 * (value - low) / wide)

    parts: list[Markup] = [tag("line", x1=place(0), x2=place(0), y1=0, y2=height, class_="grid")]
    parts.append(text(fmt(0), x=place(0), y=height + 16))
    for index, row in enumerate(rows):
        y = float(index * SPAN_HEIGHT)
        named = tag("title", f"{row.label}: {row.said}")
        parts.append(text(row.label, x=0, y=y + 16, anchor="start", class_="label strong"))
        parts.append(text(row.said, x=100, y=y + 16, anchor="end"))
        ends = {"x1": place(row.low), "x2": place(row.high), "y1": y + 32, "y2": y + 32}
        parts.append(tag("line", named, class_=f"line {row.tone} span", **ends))
        parts.append(tag("circle", named, cx=place(row.mean), cy=y + 32, r=5, class_=f"dot {row.tone}"))
    told = [[row.label, row.said] for row in rows]
    return Chart(picture(frame, *parts, kind="spans", height=height), frame.head, told)
