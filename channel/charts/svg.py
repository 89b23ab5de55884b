"""Charts, part 1: marks of an SVG picture and the scales that place them. Pure: no word, no database.

A picture fills the width it is given: x is in percent and y in pixels, so that text keeps its size on a phone. There is
no inline style (the content security policy forbids it): colours are classes of `static/charts.css`.
"""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

from markupsafe import Markup, escape

Format = Callable[[float], str]


class Chart(NamedTuple):
    """A picture and the table that says the same in text."""

    svg: Markup
    head: Sequence[str]
    rows: Sequence[Sequence[str]]


class Frame(NamedTuple):
    """What every picture says of itself: its name, what it shows, and the head of its table."""

    title: str
    desc: str
    head: Sequence[str]


def tag(name: str, *inside: object, **attributes: object) -> Markup:
    """Return an element; an attribute that is None is left out, `class_` is class and `stroke_width` stroke-width."""
    told = [
        Markup(' {}="{}"').format(_attribute(key), _value(value))
        for key, value in attributes.items()
        if value is not None
    ]
    content = Markup("").join(escape(part) for part in inside)
    return Markup("<{0}{1}>{2}</{0}>").format(Markup(name), Markup("").join(told), content)  # noqa: S704 - our own


def picture(frame: Frame, *marks: object, kind: str, height: int, view_box: str | None = None) -> Markup:
    """Return the element of a whole picture, named and described for who cannot see it."""
    return tag(
        "svg",
        tag("title", frame.title),
        tag("desc", frame.desc),
        *marks,
        role="img",
        class_=f"chart chart-{kind}",
        height=None if view_box else height,
        viewBox=view_box,
    )


def stretched(*marks: object, width: float, height: float) -> Markup:
    """Return marks in units of their own, stretched over the whole picture; their lines keep their thickness."""
    return tag(
        "svg",
        *marks,
        viewBox=f"0 0 {_value(max(width, 1))} {_value(height)}",
        preserveAspectRatio="none",
        width="100%",
        height=height,
        overflow="visible",
    )


def line(points: Sequence[tuple[float, float]], *, class_: str) -> Markup:
    """Return a line through points, for use inside `stretched`."""
    return tag("polyline", points=_points(points), class_=class_, fill="none", vector_effect="non-scaling-stroke")


def area(points: Sequence[tuple[float, float]], *, class_: str) -> Markup:
    """Return a filled shape, for use inside `stretched`."""
    return tag("polygon", points=_points(points), class_=class_)


def symbol(shape: str, *, x: float, y: float, class_: str, title: str | None = None) -> Markup:
    """Return a small fixed-size shape (a path around its own zero) at a percent and a pixel."""
    named = [tag("title", title)] if title else []
    return tag("svg", tag("path", *named, d=shape, class_=class_), x=percent(x), y=y, overflow="visible")


def text(
    words: str, *, x: float | str, y: float, class_: str = "label", anchor: str = "middle", dx: float = 0
) -> Markup:
    """Return a line of text; `x` is in percent unless it is given as text."""
    place = x if isinstance(x, str) else percent(x)
    return tag("text", words, x=place, y=y, dx=dx or None, text_anchor=anchor, class_=class_)


def grid(marks: Sequence[float], *, top: float, height: int, fmt: Format) -> Markup:
    """Return the horizontal lines of an axis, each with its number in the left margin."""
    parts = []
    for mark in marks:
        y = height - mark / top * height
        parts.append(tag("line", x1=0, x2="100%", y1=y, y2=y, class_="grid"))
        parts.append(text(fmt(mark), x="-8", y=y + 4, anchor="end"))
    return Markup("").join(parts)


def percent(share: float) -> str:
    """Write a number as a percentage."""
    return f"{_value(share)}%"


def ticks(top: float, *, about: int = 4) -> list[float]:
    """Return round numbers from zero to the first at or above `top`.

    Source: Heckbert, "Nice numbers for graph labels", Graphics Gems (1990).
    """
    rough = max(top, 1e-9) / about
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * nice for nice in (1, 2, 2.5, 5, 10) if power * nice >= rough * 0.999999)
    if step < 1 <= top:
        step = 1.0
    return [step * number for number in range(math.ceil(top / step - 1e-9) + 1)] if top > 0 else [0.0, 1.0]


def spread(count: int, *, about: int = 4) -> list[int]:
    """Return which of `count` things get a label: evenly spaced, the last one always."""
    if count <= 0:
        return []
    step = max(1, math.ceil(count / about))
    return list(range(count - 1, -1, -step))[::-1]


def _attribute(key: str) -> Markup:
    return Markup(key if key == "viewBox" else key.rstrip("_").replace("_", "-"))  # noqa: S704 - our own


def _value(value: object) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)


def _points(points: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{_value(x)},{_value(y)}" for x, y in points)
