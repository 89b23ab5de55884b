"""Charts, part 6: points in a plane: stores expected against actual, and the way between stops. Pure."""

import math
from collections.abc import Sequence
from typing import NamedTuple

from markupsafe import Markup

from channel.charts.lines import DIAMOND
from channel.charts.svg import Chart, Format, Frame, line, percent, picture, stretched, symbol, tag, text

SCATTER_HEIGHT = 260
ROUTE_WIDTH, ROUTE_HEIGHT, ROUTE_EDGE = 360, 210, 26


class Point(NamedTuple):
    """A thing with an expected and an actual number; `tone` marks the odd ones."""

    label: str
    expected: float
    actual: float
    tone: str | None = None
    said: Sequence[str] = ()


class Stop(NamedTuple):
    """A place on the way, in WGS-84 degrees; `mark` is what stands in its circle."""

    mark: str
    label: str
    lat_deg: float
    lon_deg: float
    done: bool = False


Box = tuple[float, float, float, float]


def scatter(frame: Frame, points: Sequence[Point], *, axes: tuple[str, str], fmt: Format) -> Chart:
    """Return actual over expected, both by powers of ten, with the line on which they are the same."""
    low, high = _decades([value for point in points for value in point[1:3]])
    span = max(high - low, 1)

    def place(value: float) -> float:
        return (math.log10(max(value, 10.0**low)) - low) / span

    equal = line([(0, SCATTER_HEIGHT), (100, 0)], class_="line muted dashed")
    parts: list[Markup] = []
    for power in range(low, high + 1):
        y, x = SCATTER_HEIGHT * (1 - (power - low) / span), percent(100 * (power - low) / span)
        parts.append(tag("line", x1=0, x2="100%", y1=y, y2=y, class_="grid"))
        parts.append(tag("line", x1=x, x2=x, y1=0, y2=SCATTER_HEIGHT, class_="grid"))
        parts.append(text(fmt(10.0**power), x="-8", y=y + 4, anchor="end"))
        parts.append(text(fmt(10.0**power), x=x, y=SCATTER_HEIGHT + 18))
    parts.append(stretched(equal, width=100, height=SCATTER_HEIGHT))
    parts += [text(axes[0], x="100%", y=SCATTER_HEIGHT - 8, anchor="end"), text(axes[1], x="8", y=14, anchor="start")]
    for point in sorted(points, key=lambda point: point.tone is not None):
        parts.append(_point(point, 100 * place(point.expected), SCATTER_HEIGHT * (1 - place(point.actual))))
    rows = [[point.label, *point.said] for point in points if point.tone]
    return Chart(picture(frame, *parts, kind="scatter", height=SCATTER_HEIGHT), frame.head, rows)


def _decades(values: Sequence[float]) -> tuple[int, int]:
    some = [value for value in values if value > 0] or [1.0]
    low, high = math.floor(math.log10(min(some))), math.ceil(math.log10(max(some)))
    return max(low, high - 4), max(high, low + 1)


def _point(point: Point, x: float, y: float) -> Markup:
    said = f"{point.label}: {', '.join(point.said)}"
    if point.tone:
        return symbol(DIAMOND, x=x, y=y, class_=f"dot {point.tone}", title=said)
    return tag("circle", tag("title", said), cx=percent(x), cy=y, r=3.5, class_="dot faint")


def route(frame: Frame, start: Stop, stops: Sequence[Stop]) -> Markup:
    """Return stops by bearing and distance from each other, in their order; there is no map below.

    A name is left out where it would cover a circle or another name.
    """
    places = _project([start, *stops])
    parts: list[Markup] = [line(places, class_="line accent way")]
    taken: list[Box] = [(x - 13, y - 13, x + 13, y + 13) for x, y in places]
    for stop, (x, y) in zip([start, *stops], places, strict=True):
        label = _label(stop.label, x, y, taken)
        parts.append(label or Markup(""))
    for stop, (x, y) in zip([start, *stops], places, strict=True):
        class_ = "stop start" if stop is start else "stop done" if stop.done else "stop"
        parts.append(tag("circle", tag("title", stop.label), cx=x, cy=y, r=12, class_=class_))
        parts.append(tag("text", stop.mark, x=x, y=y + 4.5, text_anchor="middle", class_="label mark"))
    return picture(frame, *parts, kind="route", height=ROUTE_HEIGHT, view_box=f"0 0 {ROUTE_WIDTH} {ROUTE_HEIGHT}")


def _project(stops: Sequence[Stop]) -> list[tuple[float, float]]:
    """Return where stops are drawn: north is up, one scale for both directions."""
    squeeze = math.cos(math.radians(stops[0].lat_deg))
    east = [((stop.lon_deg - stops[0].lon_deg + 180) % 360 - 180) * squeeze for stop in stops]
    north = [stop.lat_deg - stops[0].lat_deg for stop in stops]
    wide, high = ROUTE_WIDTH - 2 * ROUTE_EDGE, ROUTE_HEIGHT - 2 * ROUTE_EDGE
    spans = (max(east) - min(east)) / wide, (max(north) - min(north)) / high
    scale = max(*spans, 1e-9)
    middle = (max(east) + min(east)) / 2, (max(north) + min(north)) / 2
    return [
        (ROUTE_WIDTH / 2 + (x - middle[0]) / scale, ROUTE_HEIGHT / 2 - (y - middle[1]) / scale)
        for x, y in zip(east, north, strict=True)
    ]


def _label(words: str, x: float, y: float, taken: list[Box]) -> Markup | None:
    wide = sum(12.5 if ord(letter) > 0x2E80 else 7 for letter in words)
    tries = (("start", x + 17, y + 4), ("end", x - 17, y + 4), ("middle", x, y - 18), ("middle", x, y + 26))
    for anchor, at, base in tries:
        left = {"start": at, "end": at - wide, "middle": at - wide / 2}[anchor]
        box = (left, base - 11, left + wide, base + 3)
        inside = box[0] >= 0 and box[2] <= ROUTE_WIDTH and box[1] >= 0 and box[3] <= ROUTE_HEIGHT
        if inside and not any(_overlap(box, other) for other in taken):
            taken.append(box)
            return tag("text", words, x=at, y=base, text_anchor=anchor, class_="label")
    return None


def _overlap(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
