"""Stage 2, print: labels are rendered from the file that was made, and read by readers we did not write. Knows nobody.

What is not read is not offered. zxing-cpp always reads; zbar does where its library is on the machine.
"""

import io
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import BinaryIO, NamedTuple

import numpy as np
import pypdfium2
import resvg_py
import zxingcpp
from PIL import Image

from scans.faces import Face
from scans.layouts import DPI

SAMPLE = 32
_POINTS_PER_MM = 72 / 25.4
_PAPER = re.compile(rb"\^PW(\d+)\^LL(\d+)")
_GRAPHIC = re.compile(rb"\^FO(\d+),(\d+)\^GFA,\d+,\d+,(\d+),([0-9A-F]+)")
_FIELD = re.compile(rb"\^FD([^^]*)\^FS")
_TITLE = re.compile(rb"<title>([^<]*)</title>")

_QR = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)

Read = Callable[[Image.Image], list[str]]


class ProofError(RuntimeError):
    """A label that was printed is not read back as what it should say, so the run is not offered."""


class Seen(NamedTuple):
    """A label as it comes out of the printer, and its lines of text as far as a machine can tell."""

    picture: Image.Image
    lines: list[str]


class Proof(NamedTuple):
    """How many labels were read back, and by which readers."""

    sampled: int
    readers: tuple[str, ...]


def _zxing(picture: Image.Image) -> list[str]:
    return [code.text for code in zxingcpp.read_barcodes(picture, formats=_QR)]


def readers() -> dict[str, Read]:
    """Return the readers that this machine has."""
    found: dict[str, Read] = {"zxing-cpp": _zxing}
    try:
        from pyzbar import pyzbar
    except ImportError:  # its wheel does not carry the library
        return found

    def zbar(picture: Image.Image) -> list[str]:
        return [code.data.decode() for code in pyzbar.decode(picture, [pyzbar.ZBarSymbol.QRCODE])]

    return found | {"zbar": zbar}


def sample(count: int) -> list[int]:
    """Return which of so many labels are proofed, from 0, spread over all, the first and the last among them."""
    return sorted({round(place) for place in np.linspace(0, count - 1, min(count, SAMPLE))})


def prove(seen: Iterable[Seen], *, uris: Sequence[str], texts: Sequence[str] | None) -> Proof:
    """Read labels back: each must be its own address to every reader, and show its own text where there is one.

    Raises: ProofError.
    """
    known = readers()
    for number, (label, uri) in enumerate(zip(seen, uris, strict=True)):
        for name, read in known.items():
            if read(label.picture) != [uri]:
                raise ProofError(f"{name} does not read {uri}, so the labels are not offered")
        if texts and texts[number] not in label.lines:
            raise ProofError(f"the text below {uri} is another, so the labels are not offered")
    return Proof(len(uris), tuple(known))


def see_pdf(file: BinaryIO, *, face: Face, places: Iterable[int]) -> Iterator[Seen]:
    """Render labels of a run, counted from 0, each cut out of its page."""
    layout = face.layout
    with pypdfium2.PdfDocument(file) as document:
        for place in places:
            page = document[place // layout.per_page]
            left_mm, top_mm = layout.place_mm(place % layout.per_page)
            left, top = left_mm * _POINTS_PER_MM, page.get_height() - top_mm * _POINTS_PER_MM
            right, bottom = left + layout.label_width_mm * _POINTS_PER_MM, top - layout.label_height_mm * _POINTS_PER_MM
            around = tuple(max(0, edge) for edge in (left, bottom, page.get_width() - right, page.get_height() - top))
            picture = page.render(scale=DPI / 72, crop=around, grayscale=True).to_pil()
            text = page.get_textpage().get_text_bounded(left, bottom, right, top)
            yield Seen(picture, [line.strip() for line in text.splitlines()])


def see_svg(data: bytes) -> Seen:
    """Render a label of SVG."""
    drawn = resvg_py.svg_to_bytes(svg_string=data.decode(), dpi=DPI, skip_system_fonts=True)
    return Seen(_opened(drawn), [found.decode() for found in _TITLE.findall(data)])


def see_png(data: bytes) -> Seen:
    """Open a label of PNG."""
    picture = _opened(data)
    return Seen(picture, [picture.info["Title"]])


def see_zpl(data: bytes) -> Seen:
    """Put the graphics of a label of ZPL on paper."""
    width, height = (int(found) for found in _PAPER.findall(data)[0])
    paper = np.full((height, width), 255, dtype=np.uint8)
    for left, top, row_bytes, digits in _GRAPHIC.findall(data):
        packed = np.frombuffer(bytes.fromhex(digits.decode()), dtype=np.uint8).reshape(-1, int(row_bytes))
        dark = np.unpackbits(packed, axis=1) == 1
        room = paper[int(top) :, int(left) :][: len(dark), : dark.shape[1]]
        room[dark[: room.shape[0], : room.shape[1]]] = 0
    return Seen(Image.fromarray(paper), [found.decode() for found in _FIELD.findall(data)])


def _opened(data: bytes) -> Image.Image:
    with Image.open(io.BytesIO(data)) as picture:
        return picture.convert("L")


SEE: dict[str, Callable[[bytes], Seen]] = {"svg": see_svg, "png": see_png, "zpl": see_zpl}
