"""Print labels, side by side with what one would use instead: libqrencode, `qrcode`, Pillow and reportlab.

    python bench/bench_labels.py [--count 1000000]

All sides run in this one process, taking turns; a figure is the best of its rounds, of the processor's time, since
others may work on the machine. Then a run of the named size goes through `write_labels`, proof and all, and 1,000
labels of a sheet are rendered at 300 dpi by poppler and read by zxing-cpp and zbar.
"""

import argparse
import ctypes
import ctypes.util
import io
import resource
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

import numpy as np
import qrcode
import zxingcpp
from PIL import Image
from pyzbar import pyzbar
from qrcode.constants import ERROR_CORRECT_M
from qrcode.image.svg import SvgPathImage
from reportlab.lib.units import mm
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from scans.catalogue import IssuedBatch, Span
from scans.codes import serials
from scans.faces import Face
from scans.labels import FORMS, PrintRun, write_labels
from scans.layouts import LAYOUTS
from scans.pictures import Draw, png_drawing, svg_drawing
from scans.sheets import write_pdf
from scans.symbols import QUIET, symbols, unpack
from scans.zpl import zpl_drawing

SECRET, GTIN, BASE_URL = bytes(range(16)), "09506000134352", "https://id.brand.cn"
PREFIX = f"{BASE_URL.upper()}/01/{GTIN}/21/"
SHEET = LAYOUTS["a4-24"]
ROUNDS = 7
READ = 1_000
VERSION, LEVEL_M, BYTES = 3, 1, 2  # as libqrencode wants them

Work = tuple[Callable[[], object], int]


def in_turns(works: dict[str, Work]) -> dict[str, float]:
    """Return the best rate of each work, a second of the processor; they take turns, so that all have their chance."""
    best = dict.fromkeys(works, 0.0)
    for _ in range(ROUNDS):
        for name, (work, count) in works.items():
            start = time.process_time()
            work()
            best[name] = max(best[name], count / (time.process_time() - start))
    return best


def by_libqrencode(texts: list[bytes]) -> Callable[[], None] | None:
    """Return what makes symbols with libqrencode, which weighs the eight masks; None where it is not."""
    try:
        library = ctypes.CDLL(ctypes.util.find_library("qrencode") or "libqrencode.so.4")
    except OSError:
        return None
    library.QRcode_encodeString.restype = ctypes.c_void_p
    library.QRcode_free.argtypes = [ctypes.c_void_p]

    def make() -> None:
        for text in texts:
            library.QRcode_free(library.QRcode_encodeString(text, VERSION, LEVEL_M, BYTES, 1))

    return make


def by_qrcode(text: str, *, draw: Callable[[qrcode.QRCode], object]) -> None:
    """Make one symbol as the book of `qrcode` does."""
    code = qrcode.QRCode(error_correction=ERROR_CORRECT_M, border=QUIET, box_size=8)
    code.add_data(text)
    code.make(fit=True)
    draw(code)


def to_png(code: qrcode.QRCode) -> None:
    """Draw by Pillow."""
    code.make_image().save(io.BytesIO())


def to_svg(code: qrcode.QRCode) -> None:
    """Draw by `qrcode` itself: one path, its quickest way."""
    code.make_image(SvgPathImage).save(io.BytesIO())


def by_reportlab(pictures: list[Image.Image], texts: list[str]) -> bytes:
    """Draw the same labels on the same sheet, symbols and all ready made."""
    made = io.BytesIO()
    canvas = Canvas(made, pagesize=(210 * mm, 297 * mm), pageCompression=1)
    side = pictures[0].width / 300 * 72 * 8
    for number, (picture, text) in enumerate(zip(pictures, texts, strict=True)):
        if number and number % SHEET.per_page == 0:
            canvas.showPage()
        left, top = (length * mm for length in SHEET.place_mm(number % SHEET.per_page))
        middle = left + SHEET.label_width_mm * mm / 2
        canvas.drawImage(ImageReader(picture), middle - side / 2, 297 * mm - top - side - 4 * mm, side, side)
        canvas.setFont("Helvetica-Bold", 7)
        canvas.drawCentredString(middle, 297 * mm - top - side - 7 * mm, text)
    canvas.save()
    return made.getvalue()


def drawn(draw: Draw, count: int) -> Work:
    """Return the work of making symbols and drawing them as files in memory."""
    texts = serials(SECRET, np.arange(1, count + 1, dtype=np.uint64))
    return lambda: deque(draw(symbols(PREFIX, texts), texts), maxlen=0), count


def bench_drawing() -> None:
    """Compare symbols, pictures and sheets in memory."""
    many = serials(SECRET, np.arange(1, 131_073, dtype=np.uint64))
    few, face = [PREFIX + text.decode() for text in many[:30].tolist()], Face(SHEET, 29, 16)
    sheet = symbols(PREFIX, many[:2_400])
    pictures = [Image.fromarray(~modules.astype(np.bool_)) for modules in unpack(sheet)]
    labels = [text.decode() for text in many[:2_400].tolist()]
    works: dict[str, Work] = {
        "qrcode": (lambda: [by_qrcode(text, draw=qrcode.QRCode.get_matrix) for text in few], len(few)),
        "symbols": (lambda: symbols(PREFIX, many), len(many)),
        "qrcode + PIL": (lambda: [by_qrcode(text, draw=to_png) for text in few], len(few)),
        "PNG": drawn(png_drawing(face), 4_096),
        "qrcode as SVG": (lambda: [by_qrcode(text, draw=to_svg) for text in few], len(few)),
        "SVG": drawn(svg_drawing(face), 16_384),
        "reportlab, the same matrices": (lambda: by_reportlab(pictures, labels), len(labels)),
        "PDF": (
            lambda: write_pdf(io.BytesIO(), face=face, chunks=[(symbols(PREFIX, many[:24_000]), many[:24_000])]),
            24_000,
        ),
        "ZPL": drawn(zpl_drawing(face), 4_096),
    }
    if c_library := by_libqrencode([text.encode() for text in few * 100]):
        works["libqrencode"] = (c_library, len(few) * 100)
    rates = in_turns(works)
    print("In memory, a second of the processor")
    for name, rate in rates.items():
        print(f"  {name:<58}{rate:>12,.0f}")
    if c_library:
        goal("symbols: times libqrencode", rates["symbols"] / rates["libqrencode"], 500)
    else:
        print("  libqrencode is not on this machine: apt-get install libqrencode4")
    goal("symbols: times qrcode", rates["symbols"] / rates["qrcode"], 10_000)
    goal("PNG: times qrcode + PIL", rates["PNG"] / rates["qrcode + PIL"], 100)
    goal("SVG: times qrcode as SVG", rates["SVG"] / rates["qrcode as SVG"], 300)
    goal("PDF: times reportlab", rates["PDF"] / rates["reportlab, the same matrices"], 15)


def bench_runs(folder: Path, count: int) -> None:
    """Print runs of the named size into files, proof and all."""
    print(f"Runs of {count:,} labels, read back and with their SHA-256; a roll is a page a label")
    for form in FORMS:
        path = folder / f"labels.{'pdf' if form == 'pdf' else 'zip'}"
        started, seconds = time.process_time(), time.perf_counter()
        write_labels(path, run=a_run(count), form=form, layout=SHEET, progress=lambda _done, _total: None)
        seconds, cpu_s = time.perf_counter() - seconds, time.process_time() - started
        size = path.stat().st_size / count
        print(f"  {form}: {seconds:.1f} s ({cpu_s:.1f} s of the processor), {size:,.1f} bytes a label")
        if form == "pdf":
            goal("PDF: bytes a label", size, 160, at_most=True)
        path.unlink()
    print(f"  most memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


def bench_reading(folder: Path) -> None:
    """Render 1,000 labels at 300 dpi and count what two readers read, and whose quiet zone is light."""
    path = folder / "read.pdf"
    write_labels(path, run=a_run(READ), form="pdf", layout=SHEET, progress=lambda _done, _total: None)
    subprocess.run(["pdftoppm", "-r", "300", "-gray", path, folder / "page"], check=True)
    expected = {PREFIX + text.decode() for text in serials(SECRET, np.arange(1, READ + 1, dtype=np.uint64)).tolist()}
    zxing, zbar, quiet = set(), set(), 0
    for page in sorted(folder.glob("page-*.pgm")):
        with Image.open(page) as image:
            found = zxingcpp.read_barcodes(image)
            zxing |= {code.text for code in found}
            zbar |= {code.data.decode() for code in pyzbar.decode(image)}
            quiet += sum(has_quiet_zone(image, code) for code in found)
    print(f"{READ:,} labels of a sheet, rendered at 300 dpi")
    goal("read by zxing-cpp", len(zxing & expected), READ)
    goal("read by zbar", len(zbar & expected), READ)
    goal("with a light quiet zone of 4 modules", quiet, READ)


def has_quiet_zone(image: Image.Image, code: zxingcpp.Barcode) -> bool:
    """Tell whether the four modules around a symbol are light, but for a pixel on its edge."""
    corner, other = code.position.top_left, code.position.bottom_right
    quiet_px = round(QUIET * (other.x - corner.x) / 29) - 2
    around = np.asarray(image)[
        corner.y - quiet_px : other.y + quiet_px, corner.x - quiet_px : other.x + quiet_px
    ].copy()
    around[quiet_px - 3 : 3 - quiet_px, quiet_px - 3 : 3 - quiet_px] = 255
    return bool(around.min() > 127)


def a_run(count: int) -> PrintRun:
    """Return a run of the first labels of a batch."""
    batch = IssuedBatch(1, "B0", 1, GTIN, 0, "issued", "k", count, None, None, (Span("item", 1, count),), None)
    return PrintRun(batch, SECRET, BASE_URL, "item", 1, count)


def goal(name: str, value: float, wanted: float, *, at_most: bool = False) -> None:
    """Print one figure and whether it is as good as was wanted."""
    reached = value <= wanted if at_most else value >= wanted
    asked = f"goal {'at most' if at_most else 'at least'} {wanted:,}"
    print(f"  {name:<58}{value:>12,.1f}  {asked}{'' if reached else '  MISSED'}")


def main() -> None:
    """Run all parts and print a table each."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--count", type=int, default=1_000_000, help="labels of the large runs")
    count = parser.parse_args().count
    bench_drawing()
    with tempfile.TemporaryDirectory() as name:
        bench_runs(Path(name), count)
        bench_reading(Path(name))
    sys.stdout.flush()


if __name__ == "__main__":
    main()
