"""Stage 2, print: labels on the pages of a PDF, written page by page with nothing kept. Knows nobody.

A symbol is an inline picture of one bit a module: symbols drawn as rectangles have seams that readers stumble over.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import BinaryIO, NamedTuple

import numpy as np

from scans.faces import FONT_SHARE, Face
from scans.fonts import BASE_SHARE, WORDS_FONT, Subset, fitted, serial_widths, subset_words, width_em
from scans.pdf import PAGES_NO, Objects, put_serial_font, put_words_font, stream
from scans.symbols import Packed, Texts

POINTS_PER_MM = 72 / 25.4
PAGES_A_NODE = 500  # in a tree of two levels viewers find one page of a million at once

Chunk = tuple[Packed, Texts]


class Label(NamedTuple):
    """A symbol in hexadecimal, and the text below it with its width in heights of its font."""

    symbol: str
    text: str
    width_em: float


def write_pdf(file: BinaryIO, *, face: Face, chunks: Iterable[Chunk]) -> None:
    """Write the labels of one run, as many on a page as the layout has."""
    objects, layout = Objects(file), face.layout
    words = "".join(line for line in face.lines if line)
    font = subset_words(f"{words}…") if words else None
    fonts = f"/F {put_serial_font(objects)} 0 R"
    if font:
        fonts += f"/G {put_words_font(objects, font)} 0 R"
    labels = (label for symbols, texts in chunks for label in _labels(symbols, texts))
    draws = [_drawing(face, place, font) for place in range(layout.per_page)]
    pages = iter(lambda: list(islice(labels, layout.per_page)), [])
    nodes, count = [], 0
    while some := list(islice(pages, PAGES_A_NODE)):
        nodes.append(_put_pages(objects, some, draws))
        count += len(some)
    box = f"[0 0 {_points(layout.page_width_mm)} {_points(layout.page_height_mm)}]"
    kids = " ".join(f"{node} 0 R" for node in nodes)
    objects.end(f"<</Type/Pages/Count {count}/Kids[{kids}]/MediaBox{box}/Resources<</Font<<{fonts}>>>>>>".encode())


def _labels(symbols: Packed, texts: Texts) -> Iterator[Label]:
    chars = np.ascontiguousarray(texts).view(np.uint8).reshape(len(texts), -1)
    pictures, digits = symbols.tobytes().hex(), 2 * symbols[0].size
    cut = (pictures[start : start + digits] for start in range(0, len(pictures), digits))
    return map(Label, cut, map(bytes.decode, texts.tolist()), serial_widths()[chars].sum(axis=1).tolist())


def _put_pages(objects: Objects, pages: list[list[Label]], draws: list[Callable[[Label], str]]) -> int:
    """Write pages and the node of the tree that holds them; return its number."""
    node_no, kids = objects.next_no + 2 * len(pages), []
    for labels in pages:
        content = "".join(draw(label) for draw, label in zip(draws, labels, strict=False))
        content_no = objects.put(stream(content.encode()))
        kids.append(objects.put(b"<</Type/Page/Parent %d 0 R/Contents %d 0 R>>" % (node_no, content_no)))
    told = " ".join(f"{kid} 0 R" for kid in kids)
    return objects.put(f"<</Type/Pages/Parent {PAGES_NO} 0 R/Count {len(kids)}/Kids[{told}]>>".encode())


def _drawing(face: Face, place: int, font: Subset | None) -> Callable[[Label], str]:
    """Return what draws a label at one place of a page; lengths are points from the left and from the bottom."""
    layout, size = face.layout, face.size
    left_mm, top_mm = layout.place_mm(place)
    symbol_left_mm, symbol_top_mm = face.symbol_mm()
    side_mm, middle_mm = size * face.module_mm(), left_mm + layout.label_width_mm / 2
    side, left = _points(side_mm), _points(left_mm + symbol_left_mm)
    bottom = _points(layout.page_height_mm - top_mm - symbol_top_mm - side_mm)
    # In hexadecimal no byte of the picture can be taken for its end; packing makes up for it.
    head = f"q {side} 0 0 {side} {left} {bottom} cm BI/W {size}/H {size}/IM true/D[1 0]/F/AHx ID "
    words, serial_y = "", None
    for number, line in enumerate(face.lines):
        base_mm = top_mm + face.line_mm(number) + BASE_SHARE * layout.text_mm
        y = _points(layout.page_height_mm - base_mm)
        if line is None:
            serial_y = y
        elif line and font:
            words += _draw_words(face, line, font, middle_mm=middle_mm, y=y)
    tail, middle, em = f"> EI Q\n{words}", middle_mm * POINTS_PER_MM, face.serial_em_mm * POINTS_PER_MM
    if serial_y is None:
        return lambda label: f"{head}{label.symbol}{tail}"

    def draw(label: Label) -> str:
        left = middle - label.width_em * em / 2
        return f"{head}{label.symbol}{tail}BT/F {em:.2f} Tf {left:.2f} {serial_y} Td({label.text})Tj ET\n"

    return draw


def _draw_words(face: Face, line: str, font: Subset, *, middle_mm: float, y: str) -> str:
    em_mm = FONT_SHARE * face.layout.text_mm
    text, scale = fitted(line, room_em=face.layout.room_mm / em_mm)
    left = _points(middle_mm - width_em(text, WORDS_FONT) * scale * em_mm / 2)
    return f"BT/G {_points(em_mm * scale)} Tf {left} {y} Td<{font.code(text)}>Tj ET\n"


def _points(length_mm: float) -> str:
    return f"{length_mm * POINTS_PER_MM:.2f}"
