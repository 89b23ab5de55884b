"""Stage 2, print: a label as ZPL for a printer of Zebra's kind, many at once. Knows nobody.

Symbols are raster: a `^BQ` would be laid out by the printer, not by us. So are words, since few printers have Chinese.
"""

from collections.abc import Iterator

import numpy as np

from scans.faces import FONT_SHARE, Face
from scans.fonts import WORDS_FONT, Matrix, fitted, picture
from scans.pictures import Draw, pieces
from scans.symbols import QUIET, Packed, Texts, unpack


def zpl_drawing(face: Face) -> Draw:
    """Return what draws labels as ZPL, of the size of the layout's label; lengths inside are dots of the printer."""
    layout, dot_mm = face.layout, 1 / face.layout.dots_per_mm
    module = round(face.module_mm(dot_mm=dot_mm) / dot_mm)
    left, top = (round(length_mm / dot_mm) - QUIET * module for length_mm in face.symbol_mm(dot_mm=dot_mm))
    width, height = round(layout.label_width_mm / dot_mm), round(layout.label_height_mm / dot_mm)
    head = f"^XA^PW{width}^LL{height}^FO{left},{top}"
    words, before_text = "^FS\n", ""
    for number, line in enumerate(face.lines):
        line_top = round(face.line_mm(number, dot_mm=dot_mm) / dot_mm)
        if line is None:
            em = round(face.serial_em_mm / dot_mm)
            text_top = line_top + (round(layout.text_mm / dot_mm) - em) // 2
            before_text = f"^FO0,{text_top}^FB{width},1,0,C^A0N,{em},{em}^FD"
        elif line:
            words += f"^FO{round(layout.margin_mm / dot_mm)},{line_top}{_words(face, line, dot_mm)}^FS\n"
    middle, shows_text = words + before_text, bool(before_text)
    end = "^FS^XZ\n" if shows_text else "^XZ\n"

    def draw(symbols: Packed, texts: Texts) -> Iterator[bytes]:
        for some in pieces(len(symbols), pixels=((face.size + 2 * QUIET) * module) ** 2):
            dots = unpack(symbols[some]).repeat(module, axis=1).repeat(module, axis=2)
            for graphic, text in zip(_graphics(dots), texts[some].tolist(), strict=True):
                yield f"{head}{graphic}{middle}{text.decode() if shows_text else ''}{end}".encode()

    return draw


def _graphics(dots: Packed | Matrix) -> Iterator[str]:
    """Return pictures as `^GFA` writes them: hexadecimal, each line in whole bytes."""
    packed = np.packbits(dots, axis=2)
    total, row = packed[0].size, packed.shape[2]
    digits = packed.tobytes().hex().upper()
    for start in range(0, len(digits), 2 * total):
        yield f"^GFA,{total},{total},{row},{digits[start : start + 2 * total]}"


def _words(face: Face, line: str, dot_mm: float) -> str:
    layout = face.layout
    em = FONT_SHARE * layout.text_mm / dot_mm
    text, scale = fitted(line, room_em=layout.room_mm / dot_mm / em)
    shape = round(layout.text_mm / dot_mm), round(layout.room_mm / dot_mm)
    return next(_graphics(picture(text, WORDS_FONT, size_px=em * scale, shape=shape)[None]))
