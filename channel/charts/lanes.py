"""Charts, part 7: who did something when: a lane for each, a mark for each time. Pure: no word, no database."""

from collections.abc import Sequence
from typing import NamedTuple

from markupsafe import Markup

from channel.charts.lines import DIAMOND
from channel.charts.svg import Chart, Frame, percent, picture, symbol, tag, text

LANE_HEIGHT = 30


class Mark(NamedTuple):
    """One event: where between the first (0) and the last (1), in which lane, its words; `first` is a diamond."""

    at: float
    lane: int
    said: str
    tone: str = "accent"
    first: bool = False


class Leg(NamedTuple):
    """A way between two marks, by their numbers, that nothing explains."""

    start: int
    end: int


def lanes(
    frame: Frame,
    names: Sequence[str],
    marks: Sequence[Mark],
    legs: Sequence[Leg],
    *,
    ends: tuple[str, str],
    rows: Sequence[Sequence[str]],
) -> Chart:
    """Return marks over time, a lane below each other for each name, with the legs that nothing explains."""
    parts: list[Markup] = []
    for number, name in enumerate(names):
        y = _y(number)
        parts.append(tag("line", x1=0, x2="100%", y1=y, y2=y, class_="grid"))
        parts.append(text(name, x="-14", y=y + 4, anchor="end"))
    for leg in legs:
        one, other = marks[leg.start], marks[leg.end]
        ends_at = {"x1": percent(100 * one.at), "x2": percent(100 * other.at), "y1": _y(one.lane), "y2": _y(other.lane)}
        parts.append(tag("line", **ends_at, class_="line bad dashed"))
    for mark in marks:
        x, y, class_ = 100 * mark.at, _y(mark.lane), f"dot {mark.tone}"
        if mark.first:
            parts.append(symbol(DIAMOND, x=x, y=y, class_=class_, title=mark.said))
        else:
            parts.append(tag("circle", tag("title", mark.said), cx=percent(x), cy=y, r=5, class_=class_))
    height = LANE_HEIGHT * max(len(names), 1)
    parts.append(text(ends[0], x="0", y=height + 18, anchor="start"))
    parts.append(text(ends[1], x="100%", y=height + 18, anchor="end"))
    return Chart(picture(frame, *parts, kind="lanes", height=height), frame.head, [list(row) for row in rows])


def _y(lane: int) -> float:
    return (lane + 0.5) * LANE_HEIGHT
