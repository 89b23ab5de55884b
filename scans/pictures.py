"""Stage 2, print: a label as a picture of its own, SVG or PNG, many at once. Knows nobody.

A picture is as wide as its symbol with the quiet zone; lines of text are below.
"""

import re
import struct
import zlib
from collections.abc import Callable, Iterator
from functools import cache

import numpy as np
from isal import isal_zlib
from numpy.typing import NDArray

from scans.faces import FONT_SHARE, Face
from scans.fonts import (
    BASE_SHARE,
    OUTLINE_EM,
    SERIAL_EM,
    SERIAL_FONT,
    WORDS_FONT,
    fitted,
    outline,
    picture,
    serial_pictures,
    squeeze,
    width_em,
)
from scans.layouts import DOT_MM
from scans.symbols import ALPHANUMERIC, QUIET, Packed, Texts, unpack

DOTS_PER_M = 11_811  # 300 dpi
PIXELS = 1 << 24  # at a time: they stay near the processor, and memory stays constant however large a label is
PACKING = 1
TEN = 10  # modules whose part of a path is looked up at once: more would not stay near the processor

Draw = Callable[[Packed, Texts], Iterator[bytes]]


def svg_drawing(face: Face) -> Draw:
    """Return what draws labels as SVG; lengths inside are modules.

    A symbol is one path of its runs of dark modules. Rectangles of their own would leave seams that readers stumble
    over; inside one path there are none, since what is dark is decided for the whole.
    """
    side, module_mm = face.size + 2 * QUIET, face.module_mm()
    height = side + len(face.lines) * face.layout.text_mm / module_mm
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{side * module_mm:.4f}mm" height="{height * module_mm:.4f}mm" '
        f'viewBox="0 0 {side} {height:.3f}"><title>'
    ).encode()
    ground = f'</title><path fill="#fff" d="M0 0H{side}V{height:.3f}H0z"/>{_svg_words(face)}'.encode()
    begin = f'<path d="M{QUIET} {QUIET}'.encode()
    between, letters = _svg_letters(face)
    pieces_of_path = _svg_pieces(face.size)

    def draw(symbols: Packed, texts: Texts) -> Iterator[bytes]:
        for some in pieces(len(symbols), pixels=PIXELS // 256):
            paths = pieces_of_path[_svg_numbers(symbols[some])].tolist()
            for path, text in zip(paths, texts[some].tolist(), strict=True):
                below = [row[char] for row, char in zip(letters, text, strict=False)]
                yield b"".join([head, text, ground, begin, *path, between, *below, b'"/></svg>\n'])

    return draw


def _svg_words(face: Face) -> str:
    """Return the lines of words as paths."""
    side, em = face.size + 2 * QUIET, FONT_SHARE * face.layout.text_mm / face.module_mm()
    paths = ""
    for number, line in enumerate(face.lines):
        if line:
            text, scale = fitted(line, room_em=side / em)
            left = (side - width_em(text, WORDS_FONT) * scale * em) / 2
            placed = _svg_placed(face, number, left=left, em=em * scale)
            paths += f'<path transform="{placed}" d="{outline(text, WORDS_FONT)}"/>'
    return paths


def _svg_letters(face: Face) -> tuple[bytes, list[list[bytes]]]:
    """Return what leads from the symbol to its serial, and each letter (by its byte) at each place."""
    if not face.shows_serial:
        return b"", []
    side, cell = face.size + 2 * QUIET, SERIAL_EM * OUTLINE_EM
    em = min(FONT_SHARE * face.layout.text_mm / face.module_mm(), side / (SERIAL_EM * face.chars))
    placed = _svg_placed(face, face.lines.index(None), left=(side - face.chars * SERIAL_EM * em) / 2, em=em)
    letters = [[b""] * 128 for _ in range(face.chars)]
    for char in ALPHANUMERIC:
        spare = cell - width_em(char, SERIAL_FONT) * squeeze(char) * OUTLINE_EM
        for place, row in enumerate(letters):
            left = place * cell + spare / 2
            row[ord(char)] = outline(char, SERIAL_FONT, left=left, narrowed=squeeze(char)).encode()
    return f'"/><path transform="{placed}" d="'.encode(), letters


def _svg_placed(face: Face, number: int, *, left: float, em: float) -> str:
    line = face.layout.text_mm / face.module_mm()
    base = face.size + 2 * QUIET + (number + BASE_SHARE) * line
    return f"translate({left:.3f} {base:.3f})scale({em / OUTLINE_EM:.5f})"


def _svg_pieces(size: int) -> NDArray[np.object_]:
    """Return what each value of ten modules side by side adds to the path, for all tens of a line, one after the other.

    A piece begins where the one before has left off, at the top left of its ten.
    """
    return np.array(
        [_svg_piece(value, ten, size) for ten in range(_tens(size)) for value in range(1 << TEN)], dtype=object
    )


def _svg_piece(value: int, ten: int, size: int) -> bytes:
    path, at = "", 0
    for dark in re.finditer("1+", f"{value:0{TEN}b}"):
        start, length = dark.start(), dark.end() - dark.start()
        path += f"m{start - at} 0h{length}v1h-{length}z"
        at = start
    return f"{path}m{-TEN * ten - at} 1".encode() if ten + 1 == _tens(size) else f"{path}m{TEN - at} 0".encode()


def _svg_numbers(symbols: Packed) -> NDArray[np.int64]:
    """Return the rows of `_svg_pieces` that make up each symbol.

    Shapes: (n, size, ...) -> (n, size * tens)
    """
    count, size = symbols.shape[:2]
    modules = np.unpackbits(symbols, axis=2, count=size)
    tens = np.pad(modules, ((0, 0), (0, 0), (0, -size % TEN))).reshape(count, size, -1, TEN)
    values = np.packbits(tens, axis=3).view(">u2")[..., 0] >> (16 - TEN)
    return (values + (np.arange(values.shape[2]) << TEN)).reshape(count, -1)


def _tens(size: int) -> int:
    return -(-size // TEN)


def png_drawing(face: Face) -> Draw:
    """Return what draws labels as PNG of one bit a pixel at 300 dpi."""
    module_px = round(face.module_mm() / DOT_MM)
    width_px = (face.size + 2 * QUIET) * module_px
    text_below = _png_text(face, width_px)
    height_px = width_px + len(face.lines) * _line_px(face)
    head = b"\x89PNG\r\n\x1a\n" + _png_chunk(b"IHDR", struct.pack(">IIBBBBB", width_px, height_px, 1, 0, 0, 0, 0))
    head += _png_chunk(b"pHYs", struct.pack(">IIB", DOTS_PER_M, DOTS_PER_M, 1))

    def draw(symbols: Packed, texts: Texts) -> Iterator[bytes]:
        for some in pieces(len(symbols), pixels=width_px * height_px):
            above, below = _png_symbols(symbols[some], module_px), text_below(texts[some])
            for number, text in enumerate(texts[some].tolist()):
                title = _png_chunk(b"tEXt", b"Title\0" + text)
                data = isal_zlib.compress(above[number].tobytes() + below[number].tobytes(), PACKING)
                yield b"".join((head, title, _png_chunk(b"IDAT", data), _PNG_END))

    return draw


def pieces(count: int, *, pixels: int) -> Iterator[slice]:
    """Cut so many labels of so many pixels into pieces that stay near the processor."""
    together = max(1, PIXELS // pixels)
    return (slice(start, start + together) for start in range(0, count, together))


def _png_symbols(symbols: Packed, module_px: int) -> NDArray[np.uint8]:
    """Return the lines of symbols as PNG has them: a filter, and eight pixels a byte, light is 1."""
    modules = np.packbits(unpack(symbols) ^ 1, axis=2)
    side = symbols.shape[1] + 2 * QUIET
    packed = _widened(module_px)[modules].reshape(*modules.shape[:2], -1)[:, :, : -(-side * module_px // 8)]
    lines = np.zeros((*packed.shape[:2], module_px, 1 + packed.shape[2]), dtype=np.uint8)
    lines[:, :, 0, 1:] = packed
    lines[:, :, 1:, 0] = 2  # the filter of a line: nothing has changed since the one above
    return lines


@cache
def _widened(module_px: int) -> NDArray[np.uint8]:
    """Return for each eight modules, as a byte, the bytes they make where a module is so many pixels."""
    modules = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1)
    return np.packbits(modules.repeat(module_px, axis=1), axis=1)


def _png_text(face: Face, width_px: int) -> Callable[[Texts], NDArray[np.uint8]]:
    """Return what draws the lines of text, in the form of `_png_symbols`."""
    line_px, em_px = _line_px(face), FONT_SHARE * face.layout.text_mm / DOT_MM
    still = np.zeros((len(face.lines), line_px, 1 + -(-width_px // 8)), dtype=np.uint8)
    for number, line in enumerate(face.lines):
        text, scale = fitted(line or "", room_em=width_px / em_px)
        drawn = picture(text, WORDS_FONT, size_px=em_px * scale, shape=(line_px, width_px))
        still[number, :, 1:] = np.packbits(~drawn, axis=1)
    cell_px = min(round(em_px * SERIAL_EM), width_px // face.chars)
    letters = ~serial_pictures(cell_px / SERIAL_EM, (line_px, cell_px))
    room = slice((width_px - face.chars * cell_px) // 2, (width_px + face.chars * cell_px) // 2)

    def draw(texts: Texts) -> NDArray[np.uint8]:
        lines = np.repeat(still[None], len(texts), axis=0)
        if face.shows_serial:
            chars = np.ascontiguousarray(texts).view(np.uint8).reshape(len(texts), -1)
            light = np.ones((len(texts), line_px, width_px), dtype=np.bool_)
            cells = light[:, :, room].reshape(len(texts), line_px, face.chars, cell_px)
            cells[...] = letters[chars].transpose(0, 2, 1, 3)
            lines[:, face.lines.index(None), :, 1:] = np.packbits(light, axis=2)
        return lines

    return draw


def _line_px(face: Face) -> int:
    return round(face.layout.text_mm / DOT_MM)


def _png_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(data, zlib.crc32(kind)))


_PNG_END = _png_chunk(b"IEND", b"")
