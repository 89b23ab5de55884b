"""Stage 2, print: label sheets as PDF, written page by page with nothing kept. Knows nobody.

A symbol is an inline picture of one bit a module: symbols drawn as rectangles have seams that readers stumble over.
"""

import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import BinaryIO, NamedTuple

import reportlab
from reportlab.pdfbase.ttfonts import TTFontFile

from scans.symbols import QUIET, Packed

POINTS_PER_MM = 72 / 25.4
TEXT_POINTS, TEXT_MM = 7, 3
# Objects that others point to have numbers of their own, since the tree of pages can only be written at the end.
FONT_NO, CATALOG_NO, PAGES_NO = 1, 4, 5
FONT = Path(reportlab.__file__).parent / "fonts" / "VeraBd.ttf"  # free to embed, and part of a package we have anyway


@dataclass(frozen=True, slots=True)
class Layout:
    """Labels on a page, counted from the top left. A module of 0.677 mm is 8 dots at 300 dpi.

    Units: millimetres.
    """

    page_width_mm: float
    page_height_mm: float
    columns: int
    rows: int
    left_mm: float
    top_mm: float
    label_width_mm: float
    label_height_mm: float
    module_mm: float = 0.677

    @property
    def per_page(self) -> int:
        """How many labels a page has."""
        return self.columns * self.rows


LAYOUTS = {"a4-24": Layout(210, 297, columns=3, rows=8, left_mm=0, top_mm=0.5, label_width_mm=70, label_height_mm=37)}


class Label(NamedTuple):
    """A symbol, packed, and the text below it."""

    symbol: Packed
    text: str


def write_pdf(file: BinaryIO, *, pages: Iterable[Sequence[Label]], layout: Layout) -> None:
    """Write a sheet for each group of labels."""
    offsets: dict[int, int] = {}

    def put(number: int, body: bytes) -> None:
        offsets[number] = file.tell()
        file.write(b"%d 0 obj\n%b\nendobj\n" % (number, body))

    file.write(b"%PDF-1.5\n%\xe2\xe3\xcf\xd3\n")
    for number, body in enumerate(_font_objects(), start=FONT_NO):
        put(number, body)
    kids: list[bytes] = []
    for labels in pages:
        page_no = PAGES_NO + 1 + 2 * len(kids)
        content = "".join(_draw_label(label, layout, place) for place, label in enumerate(labels))
        put(page_no, b"<</Type/Page/Parent %d 0 R/Contents %d 0 R>>" % (PAGES_NO, page_no + 1))
        put(page_no + 1, _stream(content.encode()))
        kids.append(b"%d 0 R" % page_no)
    box = f"[0 0 {_points(layout.page_width_mm)} {_points(layout.page_height_mm)}]".encode()
    resources = b"<</Font<</F %d 0 R>>>>" % FONT_NO
    tree = b"<</Type/Pages/Count %d/Kids[%b]/MediaBox%b/Resources%b>>"
    put(CATALOG_NO, b"<</Type/Catalog/Pages %d 0 R>>" % PAGES_NO)
    put(PAGES_NO, tree % (len(kids), b" ".join(kids), box, resources))
    _write_end(file, offsets)


def _draw_label(label: Label, layout: Layout, place: int) -> str:
    size = len(label.symbol)
    placed, middle, text_y = _geometry(layout, size, place)
    text_x = middle - sum(map(_widths().__getitem__, label.text)) * TEXT_POINTS / 2000
    # In hexadecimal no byte of the picture can be taken for its end; packing makes up for it.
    return (
        f"q {placed} cm BI/W {size}/H {size}/IM true/D[1 0]/F/AHx ID {label.symbol.tobytes().hex()}> EI Q\n"
        f"BT/F {TEXT_POINTS} Tf {text_x:.2f} {text_y} Td({label.text})Tj ET\n"
    )


@lru_cache(maxsize=1000)
def _geometry(layout: Layout, size: int, place: int) -> tuple[str, float, str]:
    """Return where on a page a symbol goes (as PDF wants it), the middle of its label and the line of its text.

    Units: points from the left and from the bottom.
    """
    row, column = divmod(place, layout.columns)
    module_mm = min(layout.module_mm, (layout.label_height_mm - TEXT_MM) / (size + 2 * QUIET))
    side_mm, quiet_mm = size * module_mm, QUIET * module_mm
    spare_mm = layout.label_height_mm - side_mm - 2 * quiet_mm - TEXT_MM
    middle_mm = layout.left_mm + (column + 0.5) * layout.label_width_mm
    bottom_mm = layout.top_mm + row * layout.label_height_mm + spare_mm / 2 + quiet_mm + side_mm
    x, y, side = _points(middle_mm - side_mm / 2), _points(layout.page_height_mm - bottom_mm), _points(side_mm)
    text_y = _points(layout.page_height_mm - bottom_mm - quiet_mm - TEXT_MM)
    return f"{side} 0 0 {side} {x} {y}", middle_mm * POINTS_PER_MM, text_y


@cache
def _widths() -> dict[str, float]:
    return {chr(char): _font().charWidths[char] for char in range(32, 127)}


@cache
def _font() -> TTFontFile:
    return TTFontFile(str(FONT))


def _font_objects() -> Iterator[bytes]:
    font = _font()
    box = " ".join(f"{edge:.0f}" for edge in font.bbox)
    widths = " ".join(f"{width:.0f}" for width in _widths().values())
    yield (
        f"<</Type/Font/Subtype/TrueType/BaseFont/{font.name.decode()}/Encoding/WinAnsiEncoding"
        f"/FirstChar 32/LastChar 126/Widths[{widths}]/FontDescriptor {FONT_NO + 1} 0 R>>"
    ).encode()
    yield (
        f"<</Type/FontDescriptor/FontName/{font.name.decode()}/Flags 32/FontBBox[{box}]/ItalicAngle 0"
        f"/Ascent {font.ascent:.0f}/Descent {font.descent:.0f}/CapHeight {font.capHeight:.0f}/StemV {font.stemV}"
        f"/FontFile2 {FONT_NO + 2} 0 R>>"
    ).encode()
    program = FONT.read_bytes()
    yield _stream(program, b"/Length1 %d" % len(program))


def _stream(data: bytes, more: bytes = b"") -> bytes:
    packed = zlib.compress(data, 6)
    return b"<</Filter/FlateDecode/Length %d%b>>stream\n%b\nendstream" % (len(packed), more, packed)


def _write_end(file: BinaryIO, offsets: dict[int, int]) -> None:
    start, count = file.tell(), len(offsets) + 1
    file.write(b"xref\n0 %d\n0000000000 65535 f \n" % count)
    file.writelines(b"%010d 00000 n \n" % offsets[number] for number in range(1, count))
    file.write(b"trailer<</Size %d/Root %d 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (count, CATALOG_NO, start))


def _points(length_mm: float) -> str:
    return f"{length_mm * POINTS_PER_MM:.2f}"
