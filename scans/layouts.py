"""Stage 2, print: how labels stand on a page or on a roll, and what is on them. Knows nobody.

All lengths are millimetres. A layout of one's own is a TOML file of the same keys as `Layout`.
"""

import tomllib
from dataclasses import MISSING, dataclass, fields
from math import floor
from pathlib import Path
from typing import Any

from scans.symbols import QUIET

DPI = 300
DOT_MM = 25.4 / DPI  # what office and label printers can place; a module is a whole number of dots
SMALL_MODULE_MM = 0.3  # under this, phones begin to fail on real paper
LEAST_MODULE_MM = 2 * DOT_MM  # under this, readers fail on a clean picture
MOST_BYTES = 65_536
ALL_LINES = ("name", "serial", "lot")
_EPSILON = 1e-6


class LayoutError(ValueError):
    """Labels cannot be laid out like this."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Labels on a page, counted from the top left, with what stands on each below its symbol.

    `module_mm` is the most that a module measures; it shrinks to what the label has room for. `text` lists lines from
    the top, of `ALL_LINES`; each takes `text_mm`. `dots_per_mm` is the printer's that ZPL is meant for (8 is 203 dpi).
    """

    name: str
    page_width_mm: float
    page_height_mm: float
    label_width_mm: float
    label_height_mm: float
    columns: int = 1
    rows: int = 1
    left_mm: float = 0
    top_mm: float = 0
    gap_x_mm: float = 0
    gap_y_mm: float = 0
    margin_mm: float = 1
    module_mm: float = 0.677
    text: tuple[str, ...] = ("serial",)
    text_mm: float = 3
    dots_per_mm: int = 8

    def __post_init__(self) -> None:
        for name, (least, most) in BOUNDS.items():
            if not least <= getattr(self, name) <= most:
                raise LayoutError(f"{name} is from {least} to {most}")
        if not set(self.text) <= set(ALL_LINES) or len(set(self.text)) < len(self.text):
            raise LayoutError(f"text lists some of {', '.join(ALL_LINES)}, each once")
        if self.dots_per_mm not in (6, 8, 12, 24):
            raise LayoutError("dots_per_mm is 6, 8, 12 or 24")
        for axis, page, end in (("width", self.page_width_mm, self._right), ("height", self.page_height_mm, self._end)):
            if end > page + _EPSILON:
                raise LayoutError(f"page_{axis}_mm is {page:g}, but the labels reach to {end:g}")

    @property
    def _right(self) -> float:
        return self.place_mm(self.columns - 1)[0] + self.label_width_mm

    @property
    def _end(self) -> float:
        return self.place_mm((self.rows - 1) * self.columns)[1] + self.label_height_mm

    @property
    def per_page(self) -> int:
        """How many labels a page has."""
        return self.columns * self.rows

    def place_mm(self, place: int) -> tuple[float, float]:
        """Return how far the left and the top of a label are from those of the page; places are counted from 0."""
        row, column = divmod(place, self.columns)
        left = self.left_mm + column * (self.label_width_mm + self.gap_x_mm)
        return left, self.top_mm + row * (self.label_height_mm + self.gap_y_mm)

    @property
    def room_mm(self) -> float:
        """How wide a line of text may be."""
        return self.label_width_mm - 2 * self.margin_mm

    def fitted_module_mm(self, size: int, *, dot_mm: float = DOT_MM) -> float:
        """Return the module of a symbol of so many modules, as large as there is room, in whole dots.

        Raises: LayoutError if it would be so small that no reader can read it.
        """
        height_mm = self.label_height_mm - 2 * self.margin_mm - len(self.text) * self.text_mm
        room = min(self.module_mm, min(self.room_mm, height_mm) / (size + 2 * QUIET))
        module = floor(room / dot_mm + 0.01) * dot_mm
        if module < LEAST_MODULE_MM - _EPSILON:
            raise LayoutError(f"a symbol of {size} modules has no room on this label: larger labels or less text")
        return module


BOUNDS: dict[str, tuple[float, float]] = {
    "page_width_mm": (10, 2000),
    "page_height_mm": (10, 2000),
    "label_width_mm": (5, 2000),
    "label_height_mm": (5, 2000),
    "columns": (1, 50),
    "rows": (1, 100),
    "left_mm": (0, 2000),
    "top_mm": (0, 2000),
    "gap_x_mm": (0, 200),
    "gap_y_mm": (0, 200),
    "margin_mm": (0, 100),
    "module_mm": (LEAST_MODULE_MM, 10),
    "text_mm": (1.5, 50),
}


def _a4(columns: int, rows: int, width: float, height: float, left: float, top: float, **more: Any) -> Layout:
    return Layout(f"a4-{columns * rows}", 210, 297, width, height, columns, rows, left, top, **more)


def _roll(width: float, height: float, **more: Any) -> Layout:
    return Layout(f"roll-{width}x{height}", width, height, width, height, **more)


# Sheets are named by their labels a page, rolls by their label; sizes as the makers of sheets print them on the box.
LAYOUTS = {
    layout.name: layout
    for layout in (
        _a4(3, 8, 70, 37, 0, 0.5),
        _a4(2, 2, 105, 148, 0, 0.5, module_mm=1.5, text=ALL_LINES, text_mm=6),
        _a4(2, 4, 99.1, 67.7, 4.65, 13.1, gap_x_mm=2.5, module_mm=1, text=ALL_LINES, text_mm=4),
        _a4(3, 4, 63.5, 72, 7.25, 4.5, gap_x_mm=2.5, module_mm=1, text=ALL_LINES, text_mm=4),
        _a4(3, 7, 63.5, 38.1, 7.25, 15.15, gap_x_mm=2.5),
        _a4(4, 10, 48.5, 25.4, 8, 21.5),
        _a4(4, 12, 45.7, 21.2, 9.85, 21.3, gap_x_mm=2.5),
        _a4(5, 13, 38.1, 21.2, 4.75, 10.7, gap_x_mm=2.5),
        _roll(30, 20, text_mm=2.5),
        _roll(40, 30, text=("name", "serial")),
        _roll(50, 30, text=("name", "serial")),
        _roll(60, 40, module_mm=1, text=ALL_LINES),
        _roll(100, 150, margin_mm=3, module_mm=2.5, text=ALL_LINES, text_mm=8),
    )
}


def built_in(name: str) -> Layout:
    """Return a layout by its name.

    Raises: LayoutError.
    """
    if name not in LAYOUTS:
        raise LayoutError(f"a layout is one of {', '.join(LAYOUTS)}, or a .toml file")
    return LAYOUTS[name]


def find_layout(told: str) -> Layout:
    """Return a built-in layout by its name, or one's own by the path of its file.

    Raises: LayoutError, OSError.
    """
    return read_layout(Path(told)) if told.lower().endswith(".toml") else built_in(told)


def read_layout(path: Path) -> Layout:
    """Read a layout of one's own.

    Raises: LayoutError naming the key that is wrong, OSError.
    """
    with path.open("rb") as file:
        data = file.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise LayoutError("a layout is a small file")
    try:
        told = tomllib.loads(data.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise LayoutError(f"this is not TOML: {error}") from error
    return layout_from(told, name=path.name[:64])


def layout_from(told: dict[str, Any], *, name: str) -> Layout:
    """Make a layout of what a TOML file says.

    Raises: LayoutError.
    """
    known = {field.name: field for field in fields(Layout) if field.name != "name"}
    for key in told:
        if key not in known:
            raise LayoutError(f"{key} is no key of a layout; there are {', '.join(known)}")
    for key, field in known.items():
        if field.default is MISSING and key not in told:
            raise LayoutError(f"{key} is missing")
    return Layout(name, **{key: _checked(key, value) for key, value in told.items()})


def _checked(key: str, value: Any) -> Any:
    if key == "text":
        if not isinstance(value, list) or not all(isinstance(line, str) for line in value):
            raise LayoutError('text is a list such as ["name", "serial"]')
        return tuple(value)
    whole = key in ("columns", "rows", "dots_per_mm")
    if isinstance(value, bool) or not isinstance(value, int if whole else int | float):
        raise LayoutError(f"{key} is a {'whole number' if whole else 'number'}")
    return value
