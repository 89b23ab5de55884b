"""Stage 2, print: a label as a picture of its own, SVG or PNG, many at once. Knows nobody.

A picture is as wide as its symbol with the quiet zone; lines of text are below.
"""

import struct
import zlib
from collections.abc import Callable, Iterator

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
PIXELS = 1 << 26  # at a time: memory stays constant, however large a label is
PACKING = 1

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
    ground = f'</title><path fill="#fff" d="M0 0H{side}V{height:.3f}H0z"/>{_svg_words(face)}<path d="'.encode()
    between, letters = _svg_letters(face)
    runs = _svg_runs(face.size)

    def draw(symbols: Packed, texts: Texts) -> Iterator[bytes]:
        ends, which = _find_runs(symbols, face.size)
        paths, start = runs[which].tolist(), 0
        for text, end in zip(texts.tolist(), ends.tolist(), strict=True):
            below = [row[char] for row, char in zip(letters, text, strict=False)]
            yield b"".join((head, text, ground, *paths[start:end], between, *below, b'"/></svg>\n'))
            start = end

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


def _svg_runs(size: int) -> NDArray[np.object_]:
    """Return the path of each run of modules there can be, by line, first column and length."""
    paths = [
        f"M{x + QUIET} {y + QUIET}h{length}v1h-{length}z".encode()
        for y in range(size)
        for x in range(size)
        for length in range(size + 1)
    ]
    return np.array(paths, dtype=object)


def _find_runs(symbols: Packed, size: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return where in the list of all runs those of each symbol end, and the list, as rows of `_svg_runs`."""
    modules = np.unpackbits(symbols, axis=2, count=size)
    edges = np.diff(modules, axis=2, prepend=0, append=0).ravel().nonzero()[0]
    first, last = edges[::2], edges[1::2]
    line, x = np.divmod(first, size + 1)
    ends = np.bincount(line // size, minlength=len(symbols)).cumsum()
    return ends, (line % size * size + x) * (size + 1) + (last - first)


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
    """Cut so many labels of so many pixels into pieces that memory has room for."""
    together = max(1, PIXELS // pixels)
    return (slice(start, start + together) for start in range(0, count, together))


def _png_symbols(symbols: Packed, module_px: int) -> NDArray[np.uint8]:
    """Return the lines of symbols as PNG has them: a filter, and eight pixels a byte, light is 1."""
    packed = np.packbits(unpack(symbols).repeat(module_px, axis=2) ^ 1, axis=2)
    lines = np.zeros((*packed.shape[:2], module_px, 1 + packed.shape[2]), dtype=np.uint8)
    lines[:, :, 0, 1:] = packed
    lines[:, :, 1:, 0] = 2  # the filter of a line: nothing has changed since the one above
    return lines


def _png_text(face: Face, width_px: int) -> Callable[[Texts], NDArray[np.uint8]]:
    """Return what draws the lines of text, in the form of `_png_symbols`."""
    line_px, em_px = _line_px(face), FONT_SHARE * face.layout.text_mm / DOT_MM
    still = np.zeros((len(face.lines), line_px, width_px), dtype=np.bool_)
    for number, line in enumerate(face.lines):
        if line:
            text, scale = fitted(line, room_em=width_px / em_px)
            still[number] = picture(text, WORDS_FONT, size_px=em_px * scale, shape=(line_px, width_px))
    cell_px = min(round(em_px * SERIAL_EM), width_px // face.chars)
    letters = serial_pictures(cell_px / SERIAL_EM, (line_px, cell_px))
    left = (width_px - face.chars * cell_px) // 2

    def draw(texts: Texts) -> NDArray[np.uint8]:
        dark = np.repeat(still[None], len(texts), axis=0)
        if face.shows_serial:
            chars = np.ascontiguousarray(texts).view(np.uint8).reshape(len(texts), -1)
            serials = letters[chars].transpose(0, 2, 1, 3).reshape(len(texts), line_px, -1)
            dark[:, face.lines.index(None), :, left : left + serials.shape[2]] = serials
        packed = np.packbits(~dark, axis=3)
        return np.pad(packed, ((0, 0), (0, 0), (0, 0), (1, 0)))

    return draw


def _line_px(face: Face) -> int:
    return round(face.layout.text_mm / DOT_MM)


def _png_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(data, zlib.crc32(kind)))


_PNG_END = _png_chunk(b"IEND", b"")
