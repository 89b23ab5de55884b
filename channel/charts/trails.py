"""Charts, part 7: a way told from top to bottom, and a box with all that is in it. Pure: no word, no database."""

from collections.abc import Sequence
from typing import NamedTuple

from markupsafe import Markup

from channel.charts.svg import Chart, Frame, percent, picture, tag, text

STEP_HEIGHT = 66
TEXT_PX = 270  # what a phone has beside the rail
RAIL_X = 12
CELL_HEIGHT = 26
MOST_CELLS = 400


class Halt(NamedTuple):
    """A step of a way: when, what and where; `tone` colours its dot, `is_gap` breaks the line that leads to it."""

    when: str
    what: str
    more: str
    tone: str = "accent"
    is_gap: bool = False


class Slot(NamedTuple):
    """A thing in a box: its number, what became of it, the colour of that; `said` is its row of the table."""

    mark: str
    label: str
    tone: str
    said: Sequence[str]


def trail(frame: Frame, halts: Sequence[Halt]) -> Chart:
    """Return steps from the first down to the last, as high as they are many."""
    parts: list[Markup] = []
    for index, halt in enumerate(halts):
        y = index * STEP_HEIGHT + 16
        if index:
            class_ = "line warn dashed" if halt.is_gap else "line muted"
            parts.append(tag("line", x1=RAIL_X, x2=RAIL_X, y1=y - STEP_HEIGHT + 9, y2=y - 9, class_=class_))
        parts.append(tag("circle", cx=RAIL_X, cy=y, r=6, class_=f"dot {halt.tone}"))
        parts.append(text(halt.what, x="30", y=y + 4, class_="label strong", anchor="start"))
        parts.append(text(halt.when, x="30", y=y + 21, anchor="start"))
        parts.append(text(_fitting(halt.more), x="30", y=y + 37, anchor="start"))
    height = max(1, len(halts)) * STEP_HEIGHT
    rows = [[halt.when, halt.what, halt.more] for halt in halts]
    return Chart(picture(frame, *parts, kind="trail", height=height), frame.head, rows)


def _fitting(words: str) -> str:
    """Return as much of a text as fits on a phone; the table has all of it."""
    taken = 0.0
    for place, letter in enumerate(words):
        taken += 12 if ord(letter) > 0x2E80 else 6.8
        if taken > TEXT_PX:
            return words[: place - 1] + "…"
    return words


def crate(frame: Frame, slots: Sequence[Slot], *, across: int) -> Chart:
    """Return a box of things in rows of `across`, each in the colour of what became of it; all are in the table."""
    shown = slots[:MOST_CELLS]
    wide = 100 / across
    parts = []
    for index, slot in enumerate(shown):
        x, y = index % across * wide, index // across * CELL_HEIGHT
        # Two colours alone would not do for everybody: what is claimed is filled, what is gone is only an edge.
        cell = tag(
            "rect",
            tag("title", slot.label),
            x=percent(x + 0.3),
            y=y + 1,
            width=percent(wide - 0.6),
            height=CELL_HEIGHT - 2,
            rx=4,
            class_=f"slot {slot.tone}",
        )
        parts += [cell, text(slot.mark, x=x + wide / 2, y=y + 17, class_=f"label slot-{slot.tone}")]
    height = max(1, -(-len(shown) // across)) * CELL_HEIGHT
    return Chart(picture(frame, *parts, kind="crate", height=height), frame.head, [slot.said for slot in slots])
