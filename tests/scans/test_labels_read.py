"""Labels of each form and layout, rendered by tools and read by readers that are not ours: all, with their own text.

A few of each form in every run; 1,000 of each form and layout among the slow tests, of ZPL only with GLASSBOX_DEEP=1,
since its renderer draws ten a second.
"""

import io
import os
import re

import pytest
from PIL import Image

from scans.catalogue import IssuedBatch, Span
from scans.codes import serial
from scans.labels import FORMS, PrintRun, write_labels
from scans.layouts import LAYOUTS
from tests.reading import READERS, from_svg, from_zpl, pages, words, zxing_places

SECRET = bytes(range(16))
GTIN = "09506000134352"
BASE = "https://id.brand.cn"
MANY = 1_000
BATCH = IssuedBatch(1, "B-1", 1, GTIN, 0, "issued", "k", MANY, None, None, (Span("item", 1, MANY),), None)
DEEP = bool(os.environ.get("GLASSBOX_DEEP"))
SERIALS = [serial(SECRET, no) for no in range(1, MANY + 1)]
POINTS_PER_MM = 72 / 25.4


def printed(path, form, layout, count):
    run = PrintRun(BATCH, SECRET, BASE, "item", 1, count, "绿茶 500ml Green tea", "L2026-06/A")
    write_labels(path, run=run, form=form, layout=layout, progress=lambda done, total: None)
    return path


def dpi(layout):
    """Half the usual where modules are large: harder to read, and four times as quick."""
    return 150 if layout.module_mm > 0.7 and layout.label_height_mm > 50 else 300


def addresses(count):
    return [f"{BASE.upper()}/01/{GTIN}/21/{text}" for text in SERIALS[:count]]


def files(tmp_path, form, layout, count):
    folder = printed(tmp_path / form, form, layout, count)
    return [path.read_bytes() for path in sorted(folder.iterdir())]


def see_pdf(tmp_path, layout, count):
    """Read the pages of a PDF: every symbol stands on its own label, with its own serial, in the order of positions."""
    pdf = printed(tmp_path / "labels.pdf", "pdf", layout, count)
    begun = 0
    for image, texts in zip(pages(pdf, dpi=dpi(layout)), words(pdf), strict=True):
        expected = addresses(count)[begun : begun + layout.per_page]
        per_mm = dpi(layout) / 25.4
        places = {where(layout, x / per_mm, y / per_mm): uri for uri, x, y in zxing_places(image)}
        assert places == dict(enumerate(expected))
        below = {where(layout, x / POINTS_PER_MM, y / POINTS_PER_MM): text for x, y, text in texts if len(text) == 16}
        assert below == {place: uri[-16:] for place, uri in places.items()}
        yield image, expected
        begun += len(expected)
    assert begun == count


def where(layout, x_mm, y_mm):
    """Return which label of a page has this point."""
    for place in range(layout.per_page):
        left, top = layout.place_mm(place)
        if left <= x_mm < left + layout.label_width_mm and top <= y_mm < top + layout.label_height_mm:
            return place
    raise AssertionError(f"no label has the point {x_mm}, {y_mm}")


def see_svg(tmp_path, layout, count):
    for data, uri in zip(files(tmp_path, "svg", layout, count), addresses(count), strict=True):
        assert f"<title>{uri[-16:]}</title>" in data.decode()
        yield from_svg(data, dpi=dpi(layout)), [uri]


def see_png(tmp_path, layout, count):
    for data, uri in zip(files(tmp_path, "png", layout, count), addresses(count), strict=True):
        with Image.open(io.BytesIO(data)) as image:
            assert image.info["Title"] == uri[-16:]
            yield image.convert("L"), [uri]


def see_zpl(tmp_path, layout, count):
    labels = [data.decode() for data in files(tmp_path, "zpl", layout, count)]
    told = {"width_mm": layout.label_width_mm, "height_mm": layout.label_height_mm, "dots_per_mm": layout.dots_per_mm}
    for label, image, uri in zip(labels, from_zpl(labels, **told), addresses(count), strict=True):
        assert re.findall(r"\^FD([^^]*)\^FS", label) == [uri[-16:]]
        yield image, [uri]


SEE = {"pdf": see_pdf, "svg": see_svg, "png": see_png, "zpl": see_zpl}


def read_all(form, layout, count, folder):
    """Read every label with every reader; the order on a page is nobody's promise."""
    for image, expected in SEE[form](folder, layout, count):
        for name, read in READERS.items():
            assert sorted(read(image)) == sorted(expected), name


def test_law_every_form_is_read():
    assert SEE.keys() == FORMS.keys()


@pytest.mark.parametrize("name", ["a4-24", "a4-65", "roll-60x40"])
@pytest.mark.parametrize("form", SEE)
def test_labels_read_back_with_their_own_text(tmp_path, form, name):
    read_all(form, LAYOUTS[name], 30 if form == "pdf" else 8, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("name", LAYOUTS)
@pytest.mark.parametrize("form", SEE)
def test_a_thousand_labels_read_back_with_their_own_text(tmp_path, form, name):
    read_all(form, LAYOUTS[name], MANY if form != "zpl" or DEEP else 20, tmp_path)
