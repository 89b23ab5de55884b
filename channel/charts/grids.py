"""Charts, part 5: cells shaded by their number: a calendar, hours of the week, provinces as tiles, a matrix. Pure."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from markupsafe import Markup

from channel.charts.provinces import TILES
from channel.charts.svg import Chart, Frame, percent, picture, spread, tag, text

SHADES = 6
CALENDAR_HEIGHT, HOUR_HEIGHT, TILE_HEIGHT, MATRIX_HEIGHT = 30, 36, 46, 30
MOST_COLUMN_NAMES = 6


class Cell(NamedTuple):
    """A number, the words for it, and what to print inside of its cell."""

    value: float
    said: str
    inside: str = ""


def shade(value: float, top: float) -> int:
    """Return how dark a cell is: 0 for nothing, then 1 to `SHADES` in equal steps."""
    if value <= 0 or top <= 0:
        return 0
    return min(SHADES, 1 + int(value / top * SHADES * 0.999999))


def tiles(frame: Frame, cells: Mapping[str, Cell], *, latin: bool) -> Chart:
    """Return the provinces as tiles, shaded by their number; those without one stay pale."""
    top = max((cell.value for cell in cells.values()), default=0.0)
    wide, rows = 100 / 9, max(tile.row for tile in TILES.values()) + 1
    parts: list[Markup] = []
    for code, tile in TILES.items():
        cell = cells.get(code, Cell(0, ""))
        class_ = f"h{shade(cell.value, top)}"
        x, y = wide * tile.column, float(TILE_HEIGHT * tile.row)
        name = code if latin else tile.short
        parts.append(
            _cell(
                x + 0.35,
                y + 2,
                wide - 0.7,
                TILE_HEIGHT - 4,
                class_,
                cell.said or (tile.english if latin else tile.name),
            )
        )
        parts.append(text(name, x=x + wide / 2, y=y + (19 if cell.inside else 28), class_=f"label tile t-{class_}"))
        if cell.inside:
            parts.append(text(cell.inside, x=x + wide / 2, y=y + 36, class_=f"label small t-{class_}"))
    named = sorted(
        ((TILES[code].english if latin else TILES[code].name, cell) for code, cell in cells.items()),
        key=lambda pair: -pair[1].value,
    )
    told = [[name, cell.said] for name, cell in named]
    return Chart(picture(frame, *parts, kind="tiles", height=rows * TILE_HEIGHT), frame.head, told)


def calendar(frame: Frame, cells: Mapping[date, Cell], *, weekdays: Sequence[str], months: Sequence[str]) -> Chart:
    """Return the days of some weeks, a row a week from Monday on, each month before its first row."""
    if not cells:
        return Chart(picture(frame, kind="calendar", height=CALENDAR_HEIGHT), frame.head, [])
    first, last, top = min(cells), max(cells), max(cell.value for cell in cells.values())
    monday, wide = first - timedelta(days=first.weekday()), 100 / 7
    parts = [text(name, x=wide * (index + 0.5), y=-8) for index, name in enumerate(weekdays)]
    month = 0
    for day, cell in sorted(cells.items()):
        row = (day - monday).days // 7
        x, y, class_ = wide * day.weekday(), float(row * CALENDAR_HEIGHT), f"h{shade(cell.value, top)}"
        parts.append(_cell(x + 0.3, y + 1.5, wide - 0.6, CALENDAR_HEIGHT - 3, class_, cell.said))
        parts.append(text(cell.inside, x=x + wide / 2, y=y + 20, class_=f"label small t-{class_}"))
        if day == first or (day.weekday() == 0 and day.month != month):
            month = day.month
            parts.append(text(months[day.month - 1], x="-8", y=y + 20, anchor="end"))
    weeks = (last - monday).days // 7 + 1
    told = [[day.isoformat(), cell.said.split(": ", 1)[-1]] for day, cell in sorted(cells.items())]
    return Chart(picture(frame, *parts, kind="calendar", height=weeks * CALENDAR_HEIGHT), frame.head, told)


def hours(frame: Frame, counts: Sequence[Sequence[int]], *, weekdays: Sequence[str]) -> Chart:
    """Return the week as seven rows of 24 hours.

    Shapes: counts (7, 24), Monday first.
    """
    top, wide = max(max(row) for row in counts), 100 / 24
    parts: list[Markup] = []
    for day, row in enumerate(counts):
        y = float(day * HOUR_HEIGHT)
        parts.append(text(weekdays[day], x="-8", y=y + 22, anchor="end"))
        for hour, count in enumerate(row):
            said = f"{weekdays[day]} {hour:02}:00: {count}"
            parts.append(_cell(wide * hour + 0.1, y + 1, wide - 0.2, HOUR_HEIGHT - 2, f"h{shade(count, top)}", said))
    parts += [text(str(hour), x=wide * (hour + 0.5), y=7 * HOUR_HEIGHT + 18) for hour in range(0, 24, 3)]
    told = [[name, *(str(count) for count in row)] for name, row in zip(weekdays, counts, strict=True)]
    return Chart(picture(frame, *parts, kind="hours", height=7 * HOUR_HEIGHT), frame.head, told)


def matrix(frame: Frame, names: tuple[Sequence[str], Sequence[str]], cells: Mapping[tuple[int, int], Cell]) -> Chart:
    """Return rows and columns of cells shaded by their number, the names of the columns below; what is odd has an edge.

    A cell whose `inside` is not empty is odd.
    """
    rows, columns = names
    top, wide = max((cell.value for cell in cells.values()), default=0.0), 100 / max(1, len(columns))
    parts: list[Markup] = []
    for row, name in enumerate(rows):
        y = float(row * MATRIX_HEIGHT)
        parts.append(text(name, x="-8", y=y + 19, anchor="end"))
        for column in range(len(columns)):
            cell = cells.get((row, column), Cell(0, ""))
            class_, odd = f"h{shade(cell.value, top)}", " odd" if cell.inside else ""
            parts.append(_cell(wide * column + 0.2, y + 1.5, wide - 0.4, MATRIX_HEIGHT - 3, class_ + odd, cell.said))
            if cell.inside:
                parts.append(text(cell.inside, x=wide * (column + 0.5), y=y + 19, class_=f"label small t-{class_}"))
    below, named = len(rows) * MATRIX_HEIGHT + 16, spread(len(columns), about=MOST_COLUMN_NAMES)
    parts += [text(columns[column], x=wide * (column + 0.5), y=below) for column in named]
    told = [[rows[row], columns[column], cell.said] for (row, column), cell in sorted(cells.items())]
    return Chart(picture(frame, *parts, kind="matrix", height=len(rows) * MATRIX_HEIGHT), frame.head, told)


def _cell(x: float, y: float, width: float, height: float, class_: str, said: str) -> Markup:
    place = {"x": percent(x), "width": percent(width), "y": y, "height": height}
    return tag("rect", tag("title", said), rx=4, class_=class_, **place)
