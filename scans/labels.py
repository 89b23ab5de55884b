"""Stage 2, print: every printed symbol reads back as its own address by readers we did not write. Knows nobody.

One run prints the codes of one level of a batch, from a first to a last position: sheets, or a file a label.
"""

import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path

import numpy as np

from scans.catalogue import IssuedBatch
from scans.codefiles import Progress, level_rows
from scans.gs1 import print_uri
from scans.outfiles import whole_file
from scans.sheets import LAYOUTS, Label, write_pdf
from scans.symbols import Matrix, png, svg, symbols, unpack

MODULE_MM, MODULE_PX = 0.5, 8
ZPL_DOTS, ZPL_MARGIN = 4, 16  # the commonest label printers have 8 dots a millimetre


class LabelError(ValueError):
    """Labels like these cannot be printed."""


@dataclass(frozen=True, slots=True)
class PrintRun:
    """What is to be printed: positions are 1-based, both included.

    Raises: LabelError if the batch has no such codes.
    """

    batch: IssuedBatch
    secret: bytes = field(repr=False)
    base_url: str
    level: str
    first: int
    last: int

    def __post_init__(self) -> None:
        size = self.batch.span(self.level).size
        if not 1 <= self.first <= self.last <= size:
            raise LabelError(f"batch {self.batch.batch_id} has {size} codes of level {self.level}, counted from 1")


Draw = Callable[[Matrix, str], bytes]
Write = Callable[[Path, PrintRun, str, Progress], None]


def write_labels(path: Path, *, run: PrintRun, form: str, layout: str, progress: Progress) -> None:
    """Print a run in one of FORMS: `pdf` to a file, others to a `.zip` archive or into a folder, a file a label.

    Raises: LabelError for an unknown form or layout, LinkError if the base URL cannot be printed.
    """
    if form not in FORMS:
        raise LabelError(f"labels are printed as one of {', '.join(FORMS)}")
    if layout not in LAYOUTS:
        raise LabelError(f"a layout is one of {', '.join(LAYOUTS)}")
    print_uri(run.base_url, run.batch.gtin, "")
    FORMS[form](path, run, layout, progress)


def zpl(modules: Matrix, text: str) -> bytes:
    """Draw a label for a Zebra printer, the symbol as raster: a `^BQ` would be laid out by the printer, not by us."""
    dots = np.packbits(modules.repeat(ZPL_DOTS, axis=0).repeat(ZPL_DOTS, axis=1), axis=1)
    side = len(dots)
    return (
        f"^XA^FO{ZPL_MARGIN},{ZPL_MARGIN}^GFA,{dots.size},{dots.size},{dots.shape[1]},{dots.tobytes().hex().upper()}^FS\n"
        f"^FO0,{ZPL_MARGIN + side}^FB{side + 2 * ZPL_MARGIN},1,0,C^A0N,20,18^FD{text}^FS^XZ\n"
    ).encode()


def _labels(run: PrintRun, progress: Progress) -> Iterator[tuple[int, Label]]:
    prefix = print_uri(run.base_url, run.batch.gtin, "")
    total = run.last - run.first + 1
    for chunk in level_rows(run.batch, secret=run.secret, level=run.level, first=run.first, last=run.last):
        drawn = symbols(prefix, chunk.serials)
        for position, text, symbol in zip(chunk.positions.tolist(), chunk.serials.tolist(), drawn, strict=True):
            yield position, Label(symbol, text.decode())
            progress(position - run.first + 1, total)


def _write_sheets(path: Path, run: PrintRun, layout: str, progress: Progress) -> None:
    labels = (label for _, label in _labels(run, progress))
    per_page = LAYOUTS[layout].per_page
    with whole_file(path) as file:
        write_pdf(file, pages=iter(lambda: list(islice(labels, per_page)), []), layout=LAYOUTS[layout])


def _write_files(draw: Draw, suffix: str, path: Path, run: PrintRun, _layout: str, progress: Progress) -> None:
    files = (
        (f"{run.level}-{position:08}.{suffix}", draw(unpack(label.symbol), label.text))
        for position, label in _labels(run, progress)
    )
    if path.suffix.lower() == ".zip":
        _write_archive(path, files)
    else:
        path.mkdir(parents=True, exist_ok=True)
        for name, data in files:
            (path / name).write_bytes(data)


def _write_archive(path: Path, files: Iterator[tuple[str, bytes]]) -> None:
    with whole_file(path) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files:
            entry = zipfile.ZipInfo(name)  # dated 1980, so that the same run gives the same archive
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, data)


def _draw_svg(modules: Matrix, _text: str) -> bytes:
    return svg(modules, module_mm=MODULE_MM)


def _draw_png(modules: Matrix, _text: str) -> bytes:
    return png(modules, module_px=MODULE_PX)


FORMS: dict[str, Write] = {
    "pdf": _write_sheets,
    "svg": partial(_write_files, _draw_svg, "svg"),
    "png": partial(_write_files, _draw_png, "png"),
    "zpl": partial(_write_files, zpl, "zpl"),
}
