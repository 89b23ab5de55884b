"""Charts, part 3: bars, standing, lying and falling. Pure: no word, no database."""

from collections.abc import Sequence
from typing import NamedTuple

from markupsafe import Markup

from channel.charts.svg import Chart, Format, Frame, grid, percent, picture, spread, tag, text, ticks

COLUMN_HEIGHT = 180
FALL_HEIGHT = 220
ROW_HEIGHT = 58
NEAR_HEIGHT = 26


class Bar(NamedTuple):
    """One bar: its label, how long it is, and the words for its value."""

    label: str
    value: float
    said: str
    tone: str = "accent"


class Step(NamedTuple):
    """One step of a waterfall: a `total` stands on the ground, any other goes on from where the last one ended."""

    label: str
    value: float
    said: str
    total: bool = False


def columns(frame: Frame, bars: Sequence[Bar], *, fmt: Format) -> Chart:
    """Return bars side by side, one a day."""
    marks = ticks(max([0.0, *(bar.value for bar in bars)]), about=3)
    parts: list[Markup] = [grid(marks, top=marks[-1], height=COLUMN_HEIGHT, fmt=fmt)]
    slot = 100 / max(len(bars), 1)
    for index, bar in enumerate(bars):
        high = bar.value / marks[-1] * COLUMN_HEIGHT
        parts.append(_block(slot * (index + 0.12), COLUMN_HEIGHT - high, slot * 0.76, high, bar))
    parts += [text(bars[at].label, x=slot * (at + 0.5), y=COLUMN_HEIGHT + 20) for at in spread(len(bars))]
    rows = [[bar.label, bar.said] for bar in bars]
    return Chart(picture(frame, *parts, kind="columns", height=COLUMN_HEIGHT), frame.head, rows)


def bars(frame: Frame, rows: Sequence[Bar]) -> Chart:
    """Return bars below each other, each with its label before it and its value behind it."""
    top = max([bar.value for bar in rows if bar.value > 0], default=1.0)
    parts: list[Markup] = []
    for index, bar in enumerate(rows):
        y, wide = float(index * ROW_HEIGHT), 100 * bar.value / top
        parts.append(text(bar.label, x="-10", y=y + 33, anchor="end", class_="label strong"))
        parts.append(tag("rect", x=0, y=y + 13, width="100%", height=32, rx=4, class_="rail"))
        parts.append(_block(0, y + 13, wide, 32, bar))
        parts.append(text(bar.said, x="100%", y=y + 33, dx=10, anchor="start"))
    told = [[bar.label, bar.said] for bar in rows]
    return Chart(picture(frame, *parts, kind="bars", height=ROW_HEIGHT * len(rows)), frame.head, told)


def waterfall(frame: Frame, steps: Sequence[Step], *, fmt: Format) -> Chart:
    """Return how an amount comes about: totals stand on the ground, what is added or taken hangs between them."""
    ends = _ends(steps)
    marks = ticks(max([0.0, *(max(pair) for pair in ends)]), about=4)
    top = marks[-1]
    parts: list[Markup] = [grid(marks, top=top, height=FALL_HEIGHT, fmt=fmt)]
    slot = 100 / max(len(steps), 1)
    for index, (step, (start, end)) in enumerate(zip(steps, ends, strict=True)):
        y, high = FALL_HEIGHT * (1 - max(start, end) / top), FALL_HEIGHT * abs(end - start) / top
        tone = "accent" if step.total else "good" if end >= start else "bad"
        parts.append(_block(slot * (index + 0.18), y, slot * 0.64, max(high, 1.0), Bar(step.label, 0, step.said, tone)))
        parts.append(text(step.said, x=slot * (index + 0.5), y=y - 7, class_="label strong"))
        parts.append(text(step.label, x=slot * (index + 0.5), y=FALL_HEIGHT + 20))
        if index + 1 < len(steps):
            level = FALL_HEIGHT * (1 - end / top)
            ahead = percent(slot * (index + 1.18))
            parts.append(tag("line", x1=percent(slot * (index + 0.82)), x2=ahead, y1=level, y2=level, class_="grid"))
    rows = [[step.label, step.said] for step in steps]
    return Chart(picture(frame, *parts, kind="waterfall", height=FALL_HEIGHT), frame.head, rows)


def nearness(frame: Frame, rows: Sequence[Bar], *, accuracy_m: float | None) -> Chart:
    """Return distances from a position as bars, over the band in which its inaccuracy puts the nearest.

    Units: metres.
    """
    top = max([bar.value + (accuracy_m or 0) for bar in rows], default=1.0) * 1.05 or 1.0
    height = NEAR_HEIGHT * len(rows)
    parts: list[Markup] = []
    if accuracy_m and rows:
        left, right = max(0.0, rows[0].value - accuracy_m), rows[0].value + accuracy_m
        wide = percent(100 * (right - left) / top)
        parts.append(tag("rect", x=percent(100 * left / top), y=0, width=wide, height=height, class_="doubt"))
    for index, bar in enumerate(rows):
        y = float(index * NEAR_HEIGHT)
        parts.append(text(bar.label, x="-8", y=y + 17, anchor="end"))
        parts.append(_block(0, y + 6, 100 * bar.value / top, NEAR_HEIGHT - 12, bar))
        parts.append(text(bar.said, x=100 * bar.value / top, y=y + 17, dx=6, anchor="start", class_="label strong"))
    told = [[bar.label, bar.said] for bar in rows]
    return Chart(picture(frame, *parts, kind="near", height=height), frame.head, told)


def _ends(steps: Sequence[Step]) -> list[tuple[float, float]]:
    """Return where each step starts and ends."""
    ends, level = [], 0.0
    for step in steps:
        start, level = (0.0, step.value) if step.total else (level, level + step.value)
        ends.append((start, level))
    return ends


def _block(x: float, y: float, width: float, height: float, bar: Bar) -> Markup:
    named = tag("title", f"{bar.label}: {bar.said}")
    place = {"x": percent(x), "width": percent(width), "y": y, "height": height}
    return tag("rect", named, rx=3, class_=f"fill {bar.tone}", **place)
