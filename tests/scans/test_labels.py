"""Print runs: what is written, what is refused, and that nothing is offered which does not read back."""

import io
import re
import subprocess
import sys
import zipfile
from dataclasses import replace
from itertools import pairwise

import pytest
from PIL import Image

from scans import labels, proofs
from scans.catalogue import IssuedBatch, Span
from scans.codes import serial
from scans.fonts import FontError
from scans.gs1 import LinkError
from scans.labels import FORMS, LabelError, PrintRun, face_of, module_mm, write_labels
from scans.layouts import LAYOUTS, LayoutError, layout_from
from scans.proofs import ProofError, prove, sample
from scans.sscc import sscc
from tests.reading import READERS, need, words

SECRET = bytes(range(16))
GTIN = "09506000134352"
BASE = "https://id.brand.cn"
BATCH = IssuedBatch(
    1, "B-1", 1, GTIN, 0, "issued", "k", 100, 12, None, (Span("item", 1, 100), Span("case", 101, 109)), None
)
SHEET = LAYOUTS["a4-24"]


def run(first=1, last=100, level="item", base_url=BASE, **words):
    return PrintRun(BATCH, SECRET, base_url, level, first, last, **words)


def write(path, form, told, layout=SHEET, progress=lambda done, total: None):
    write_labels(path, run=told, form=form, layout=layout, progress=progress)
    return path


def addresses(first_no, last_no, base_url=BASE):
    return [f"{base_url.upper()}/01/{GTIN}/21/{serial(SECRET, no)}" for no in range(first_no, last_no + 1)]


def layout_of(side, **told):
    sides = {f"{what}_{way}_mm": side for what in ("page", "label") for way in ("width", "height")}
    return layout_from(sides | told, name="x")


def test_the_fonts_of_a_sheet_are_embedded(tmp_path):
    pdf = write(tmp_path / "roll.pdf", "pdf", run(1, 3, name="绿茶 500ml"), LAYOUTS["roll-60x40"])
    told = subprocess.run([need("pdffonts"), pdf], check=True, capture_output=True, text=True).stdout.splitlines()
    assert re.search(r"TrueType +WinAnsi +yes no", told[2])
    assert re.search(r"CID Type 0C +Identity-H +yes yes yes", told[3])


def test_words_stand_on_labels_in_chinese_and_english(tmp_path):
    pdf = write(tmp_path / "roll.pdf", "pdf", run(1, 2, name="绿茶 Green tea", lot="L-1 (甲)"), LAYOUTS["roll-60x40"])
    for page in words(pdf):
        assert [word for _, _, word in page][:3] == ["绿茶", "Green", "tea"]
        assert [word for _, _, word in page][-3:] == ["LOT", "L-1", "(甲)"]


def test_a_name_that_is_too_long_is_cut_and_stays_on_its_label(tmp_path):
    pdf = write(tmp_path / "roll.pdf", "pdf", run(1, 1, name="很长的名称" * 30), LAYOUTS["roll-60x40"])
    (page,) = words(pdf)
    assert page[0][2].endswith("…")
    assert 5 < len(page[0][2]) < 60


def test_letters_that_no_font_has_are_refused(tmp_path):
    with pytest.raises(FontError, match="😀"):
        write(tmp_path / "a.pdf", "pdf", run(name="tea 😀"))
    with pytest.raises(FontError, match="200"):
        write(tmp_path / "a.pdf", "pdf", run(name="t" * 201))
    assert list(tmp_path.iterdir()) == []


def test_a_label_of_a_sheet_takes_few_bytes(tmp_path):
    fixed = write(tmp_path / "one.pdf", "pdf", run(1, 1)).stat().st_size
    many = write(tmp_path / "all.pdf", "pdf", run()).stat().st_size
    assert (many - fixed) / 99 < 230


@pytest.mark.parametrize("form", sorted(set(FORMS) - {"pdf"}))
def test_files_are_named_by_level_and_position(tmp_path, form):
    folder = write(tmp_path / "codes", form, run(3, 12))
    assert sorted(file.name for file in folder.iterdir()) == [f"item-{position:08}.{form}" for position in range(3, 13)]


def test_a_folder_that_is_there_keeps_what_is_in_it(tmp_path):
    folder = write(tmp_path / "codes", "svg", run(1, 3))
    write(folder, "svg", run(3, 5))
    assert len(list(folder.iterdir())) == 5
    assert list(tmp_path.iterdir()) == [folder]


def test_a_label_of_zpl_is_one_format_of_the_size_of_the_label(tmp_path):
    folder = write(tmp_path / "codes", "zpl", run(1, 1), LAYOUTS["roll-40x30"])
    label = (folder / "item-00000001.zpl").read_text()
    assert label.startswith("^XA^PW320^LL240^FO")
    assert label.endswith(f"^FD{serial(SECRET, 1)}^FS^XZ\n")


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


def test_a_pallet_may_carry_an_sscc(tmp_path):
    spans = (*BATCH.spans, Span("pallet", 110, 112))
    numbered = replace(BATCH, spans=spans, cases_per_pallet=4, sscc_prefix="4012345", first_sscc_no=7)
    pallets = PrintRun(numbered, SECRET, BASE, "pallet", 1, 3)
    for form in FORMS:
        write(tmp_path / f"{form}.zip", form, pallets, LAYOUTS["roll-100x150"])
    folder = write(tmp_path / "codes", "png", pallets, LAYOUTS["roll-100x150"])
    with Image.open(folder / "pallet-00000001.png") as image:
        assert image.info["Title"] == sscc("4012345", 7)
        assert READERS["zbar"](image) == [f"HTTPS://ID.BRAND.CN/00/{sscc('4012345', 7)}"]


def test_cases_carry_the_gtin_of_their_items(tmp_path):
    folder = write(tmp_path / "codes", "png", run(1, 9, level="case"))
    with Image.open(folder / "case-00000009.png") as image:
        assert READERS["zxing-cpp"](image) == addresses(109, 109)


def test_progress_counts_labels(tmp_path, monkeypatch):
    monkeypatch.setattr(labels, "TOGETHER", 2)
    told = []
    write(tmp_path / "codes.pdf", "pdf", run(11, 13), progress=lambda done, total: told.append((done, total)))
    assert told == [(2, 3), (3, 3)]


def test_a_run_is_told_with_its_proof(tmp_path):
    printed = write_labels(tmp_path / "a.pdf", run=run(), form="pdf", layout=SHEET, progress=lambda done, total: None)
    assert (printed.version, printed.correction, printed.layout, printed.form) == (3, "M", "a4-24", "pdf")
    assert printed.module_mm == pytest.approx(0.677, abs=0.001)
    assert printed.proof == (32, ("zxing-cpp", "zbar"))
    assert len(printed.sha256) == 64


@pytest.mark.parametrize("count", [1, 2, 31, 32, 33, 1_000, 1_000_000])
def test_a_sample_is_spread_over_the_run(count):
    places = sample(count)
    assert (places[0], places[-1], len(places)) == (0, count - 1, min(count, 32))
    assert max((after - before for before, after in pairwise(places)), default=1) <= count / 31 + 1


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", ["codes.zip", "codes"])
def test_what_does_not_read_back_is_not_offered(tmp_path, monkeypatch, form, name):
    monkeypatch.setattr("zxingcpp.read_barcodes", lambda *told, **more: [])
    with pytest.raises(ProofError, match="zxing-cpp does not read HTTPS://ID"):
        write(tmp_path / name, form, run(1, 5))
    assert list(tmp_path.iterdir()) == []


def test_a_proof_tells_a_wrong_symbol_from_a_wrong_text(tmp_path):
    folder = write(tmp_path / "codes", "png", run(1, 2))
    seen = [proofs.see_png(path.read_bytes()) for path in sorted(folder.iterdir())]
    uris, texts = addresses(1, 2), [serial(SECRET, 1), serial(SECRET, 2)]
    assert prove(seen, uris=uris, texts=texts).sampled == 2
    assert prove(seen, uris=uris, texts=None).sampled == 2
    with pytest.raises(ProofError, match="does not read"):
        prove(seen, uris=uris[::-1], texts=texts)
    with pytest.raises(ProofError, match="the text below"):
        prove(seen, uris=uris, texts=texts[::-1])


def test_where_zbar_is_not_there_the_proof_says_so(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyzbar", None)
    told = write_labels(tmp_path / "a.pdf", run=run(1, 2), form="pdf", layout=SHEET, progress=lambda done, total: None)
    assert told.proof.readers == ("zxing-cpp",)
    assert set(proofs.readers()) == {"zxing-cpp"}


def test_a_layout_without_the_serial_is_proofed_too(tmp_path):
    bare = layout_of(20, text=[])
    for form in FORMS:
        write(tmp_path / f"{form}.zip", form, run(1, 3), bare)


def test_a_symbol_without_room_is_refused_before_anything_is_written(tmp_path):
    tiny = layout_of(10)
    for form in FORMS:
        with pytest.raises(LayoutError, match="no room"):
            write(tmp_path / "a.zip", form, run(1, 3), tiny)
    assert list(tmp_path.iterdir()) == []


def test_a_label_printer_places_modules_on_its_own_dots():
    face = face_of(run(), LAYOUTS["roll-30x20"])
    assert module_mm(face, "pdf") == pytest.approx(4 * 25.4 / 300)
    assert module_mm(face, "zpl") == pytest.approx(3 / 8)


def test_a_picture_keeps_its_quiet_zone(tmp_path):
    folder = write(tmp_path / "codes", "png", run(1, 1))
    image = Image.open(io.BytesIO((folder / "item-00000001.png").read_bytes()))
    assert (image.mode, image.width) == ("1", 296)
    assert image.info["dpi"] == pytest.approx((300, 300), abs=0.1)
    assert image.convert("L").crop((0, 0, 296, 32)).getextrema() == (255, 255)
    assert image.convert("L").crop((0, 0, 32, 296)).getextrema() == (255, 255)


@pytest.mark.parametrize(
    ("first", "last", "level"), [(0, 1, "item"), (1, 101, "item"), (5, 4, "item"), (1, 1, "pallet"), (1, 1, "box")]
)
def test_codes_that_are_not_there_are_not_printed(first, last, level):
    with pytest.raises(LabelError):
        run(first, last, level)


def test_what_cannot_be_printed_leaves_no_file(tmp_path):
    with pytest.raises(LabelError, match="pdf, svg, png, zpl"):
        write(tmp_path / "a", "gif", run())
    with pytest.raises(LinkError):
        write(tmp_path / "a", "pdf", run(base_url="http://[::1]"))
    assert list(tmp_path.iterdir()) == []
