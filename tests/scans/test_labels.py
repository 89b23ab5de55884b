"""Labels of every form, rendered and read back by two readers that are not ours."""

import re
import shutil
import subprocess
import zipfile

import numpy as np
import pytest
import zxingcpp
from PIL import Image
from pyzbar import pyzbar

from scans.catalogue import IssuedBatch, Span
from scans.codes import serial
from scans.gs1 import LinkError
from scans.labels import FORMS, LabelError, PrintRun, write_labels
from scans.sheets import LAYOUTS

SECRET = bytes(range(16))
GTIN = "09506000134352"
BASE = "https://id.brand.cn"
BATCH = IssuedBatch(
    1, "B-1", 1, GTIN, 0, "issued", "k", 100, 12, None, (Span("item", 1, 100), Span("case", 101, 109)), None
)
READERS = {
    "zxing": lambda image: [code.text for code in zxingcpp.read_barcodes(image, formats=zxingcpp.BarcodeFormat.QRCode)],
    "zbar": lambda image: [code.data.decode() for code in pyzbar.decode(image, [pyzbar.ZBarSymbol.QRCODE])],
}


def run(first=1, last=100, level="item", base_url=BASE):
    return PrintRun(BATCH, SECRET, base_url, level, first, last)


def write(path, form, labels, progress=lambda done, total: None):
    write_labels(path, run=labels, form=form, layout="a4-24", progress=progress)
    return path


def addresses(first_no, last_no, base_url=BASE):
    return [f"{base_url.upper()}/01/{GTIN}/21/{serial(SECRET, no)}" for no in range(first_no, last_no + 1)]


def render(pdf, dpi=300):
    subprocess.run(["pdftoppm", "-r", str(dpi), "-gray", "-png", pdf, pdf.with_suffix("")], check=True)
    for page in sorted(pdf.parent.glob(f"{pdf.stem}-*.png")):
        with Image.open(page) as image:
            yield image.copy()


def graphic(label):
    """Return what the ^GFA of a label puts on paper, with the paper around it."""
    total, _, row_bytes, data = re.search(r"\^GFA,(\d+),(\d+),(\d+),([0-9A-F]+)\^FS", label).groups()
    dots = np.unpackbits(np.frombuffer(bytes.fromhex(data), dtype=np.uint8).reshape(-1, int(row_bytes)), axis=1)
    assert len(data) == 2 * int(total)
    return Image.fromarray(np.where(dots, 0, 255).astype(np.uint8))


needs_poppler = pytest.mark.skipif(shutil.which("pdftoppm") is None, reason="needs poppler-utils")


@needs_poppler
@pytest.mark.parametrize("base_url", [BASE, "https://a.rather.long.name.example/of/a/brand"])
def test_every_symbol_of_a_sheet_reads_back(tmp_path, base_url):
    pages = list(render(write(tmp_path / "sheet.pdf", "pdf", run(1, 30, base_url=base_url))))
    assert len(pages) == 2
    for reader in READERS.values():
        read = [text for page in pages for text in reader(page)]
        assert sorted(read) == sorted(addresses(1, 30, base_url))


@needs_poppler
def test_the_text_below_a_symbol_is_its_serial(tmp_path):
    pdf = write(tmp_path / "sheet.pdf", "pdf", run(1, 30))
    text = subprocess.run(["pdftotext", "-layout", pdf, "-"], check=True, capture_output=True, text=True).stdout
    assert text.split() == [serial(SECRET, no) for no in range(1, 31)]
    fonts = subprocess.run(["pdffonts", pdf], check=True, capture_output=True, text=True).stdout.splitlines()
    assert re.search(r"TrueType +WinAnsi +yes", fonts[2])  # embedded


@needs_poppler
def test_labels_stay_in_their_places(tmp_path):
    layout = LAYOUTS["a4-24"]
    (page,) = render(write(tmp_path / "sheet.pdf", "pdf", run(1, 24)))
    found = {code.text: code.position for code in zxingcpp.read_barcodes(page)}
    for place, address in enumerate(addresses(1, 24)):
        corner = found[address].top_left
        column, row = corner.x / 300 * 25.4 / layout.label_width_mm, corner.y / 300 * 25.4 / layout.label_height_mm
        assert (int(row), int(column)) == divmod(place, 3)


def test_a_label_of_a_sheet_takes_few_bytes(tmp_path):
    fixed = write(tmp_path / "one.pdf", "pdf", run(1, 1)).stat().st_size
    many = write(tmp_path / "all.pdf", "pdf", run()).stat().st_size
    assert (many - fixed) / 99 < 230


@pytest.mark.parametrize("reader", READERS.values(), ids=READERS)
def test_every_png_reads_back(tmp_path, reader):
    folder = write(tmp_path / "codes", "png", run(3, 12))
    names = sorted(file.name for file in folder.iterdir())
    assert names == [f"item-{position:08}.png" for position in range(3, 13)]
    for name, address in zip(names, addresses(3, 12), strict=True):
        with Image.open(folder / name) as image:
            assert reader(image) == [address]


@pytest.mark.parametrize("reader", READERS.values(), ids=READERS)
def test_every_zpl_graphic_reads_back_and_has_its_serial_below(tmp_path, reader):
    folder = write(tmp_path / "codes", "zpl", run(1, 10))
    for position, address in enumerate(addresses(1, 10), start=1):
        label = (folder / f"item-{position:08}.zpl").read_text()
        assert reader(graphic(label)) == [address]
        assert label.startswith("^XA")
        assert f"^FD{address[-16:]}^FS^XZ" in label


@pytest.mark.parametrize("form", sorted(set(FORMS) - {"pdf"}))
def test_an_archive_has_the_same_files_as_a_folder_and_nothing_else(tmp_path, form):
    folder = write(tmp_path / "codes", form, run(1, 5))
    with zipfile.ZipFile(write(tmp_path / "codes.ZIP", form, run(1, 5))) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == {
            file.name: file.read_bytes() for file in folder.iterdir()
        }


@pytest.mark.parametrize("form", FORMS)
def test_printing_again_changes_nothing(tmp_path, form):
    path = tmp_path / ("codes.pdf" if form == "pdf" else "codes.zip")
    first = write(path, form, run(1, 5)).read_bytes()
    assert write(path, form, run(1, 5)).read_bytes() == first


def test_cases_carry_the_gtin_of_their_items(tmp_path):
    folder = write(tmp_path / "codes", "png", run(1, 9, level="case"))
    with Image.open(folder / "case-00000009.png") as image:
        assert READERS["zxing"](image) == addresses(109, 109)


def test_progress_counts_labels(tmp_path):
    told = []
    write(tmp_path / "codes.pdf", "pdf", run(11, 13), lambda done, total: told.append((done, total)))
    assert told == [(1, 3), (2, 3), (3, 3)]


@pytest.mark.parametrize(
    ("first", "last", "level"), [(0, 1, "item"), (1, 101, "item"), (5, 4, "item"), (1, 1, "pallet"), (1, 1, "box")]
)
def test_codes_that_are_not_there_are_not_printed(first, last, level):
    with pytest.raises(LabelError):
        run(first, last, level)


def test_what_cannot_be_printed_leaves_no_file(tmp_path):
    with pytest.raises(LabelError, match="pdf, svg, png, zpl"):
        write(tmp_path / "a", "gif", run())
    with pytest.raises(LabelError, match="a4-24"):
        write_labels(tmp_path / "a", run=run(), form="pdf", layout="a5", progress=lambda done, total: None)
    with pytest.raises(LinkError):
        write(tmp_path / "a", "pdf", run(base_url="http://[::1]"))
    assert list(tmp_path.iterdir()) == []
