"""Stage 2, print: every printed symbol reads back as its own address by readers we did not write. Knows nobody.

One run prints the codes of one level of a batch, from a first to a last position: sheets, or a file a label. A sample
of it is read back from the file that was made before that file takes its name.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

from scans import marks
from scans.archives import read_entry, write_archive
from scans.catalogue import IssuedBatch
from scans.codefiles import Progress
from scans.faces import Face
from scans.fonts import check_words
from scans.layouts import Layout
from scans.outfiles import digest_of, whole_file, whole_folder
from scans.pictures import Draw, png_drawing, svg_drawing
from scans.proofs import SEE, Proof, Seen, prove, sample, see_pdf
from scans.sheets import Chunk, write_pdf
from scans.symbols import LEVEL, Texts, symbol_version, symbols
from scans.zpl import zpl_drawing

TOGETHER = 16_384


class LabelError(ValueError):
    """Labels like these cannot be printed."""


@dataclass(frozen=True, slots=True)
class PrintRun:
    """What is to be printed: positions are 1-based, both included; `name` and `lot` where the layout shows them.

    Raises: LabelError if the batch has no such codes.
    """

    batch: IssuedBatch
    secret: bytes = field(repr=False)
    base_url: str
    level: str
    first: int
    last: int
    name: str = ""
    lot: str = ""

    def __post_init__(self) -> None:
        size = self.batch.span(self.level).size
        if not 1 <= self.first <= self.last <= size:
            raise LabelError(f"batch {self.batch.batch_id} has {size} codes of level {self.level}, counted from 1")

    @property
    def count(self) -> int:
        """How many labels there are."""
        return self.last - self.first + 1

    @property
    def prefix(self) -> str:
        """What all symbols of the run begin with."""
        return marks.prefix(self.batch, level=self.level, base_url=self.base_url)


class Printed(NamedTuple):
    """A run that was printed and proofed; `version` and `correction` are the symbols', see ISO/IEC 18004."""

    run: PrintRun
    form: str
    layout: str
    version: int
    correction: str
    module_mm: float
    proof: Proof
    sha256: str | None


Write = Callable[[Path, PrintRun, Face, Progress], Proof]


def face_of(run: PrintRun, layout: Layout) -> Face:
    """Return what the labels of a run share.

    Raises: LinkError if the base URL cannot be printed, FontError if the words cannot.
    """
    text = _text(run, run.first)
    size = 17 + 4 * symbol_version(run.prefix + text)
    return Face(layout, size, len(text), check_words(run.name), check_words(f"LOT {run.lot}" if run.lot else ""))


def module_mm(face: Face, form: str) -> float:
    """Return how large a module comes out: label printers place theirs on dots of their own.

    Raises: LayoutError if the symbol has no room.
    """
    return face.module_mm(dot_mm=1 / face.layout.dots_per_mm) if form == "zpl" else face.module_mm()


def write_labels(path: Path, *, run: PrintRun, form: str, layout: Layout, progress: Progress) -> Printed:
    """Print a run in one of FORMS: `pdf` to a file, others to a `.zip` archive or into a folder, a file a label.

    Raises: LabelError for an unknown form, LayoutError if the symbols have no room, ProofError if they do not
    read back, and those of `face_of`.
    """
    if form not in FORMS:
        raise LabelError(f"labels are printed as one of {', '.join(FORMS)}")
    face = face_of(run, layout)
    module = module_mm(face, form)
    proof = FORMS[form](path, run, face, progress)
    sha256 = digest_of(path) if path.is_file() else None
    return Printed(run, form, layout.name, (face.size - 17) // 4, LEVEL, module, proof, sha256)


def _write_sheets(path: Path, run: PrintRun, face: Face, progress: Progress) -> Proof:
    with whole_file(path) as file:
        write_pdf(file, face=face, chunks=_chunks(run, progress))
        return _proof(run, face, see_pdf(file, face=face, places=sample(run.count)))


def _write_files(
    drawing: Callable[[Face], Draw], form: str, path: Path, run: PrintRun, face: Face, progress: Progress
) -> Proof:
    def name(position: int) -> str:
        return f"{run.level}-{position:08}.{form}"

    draw, wanted = drawing(face), [name(run.first + place) for place in sample(run.count)]
    drawn = (data for chunk in _chunks(run, progress) for data in draw(*chunk))
    files = ((name(position), data) for position, data in enumerate(drawn, start=run.first))
    if path.suffix.lower() == ".zip":
        with whole_file(path) as file:
            found = write_archive(file, files, packed=form == "png", wanted=frozenset(wanted))
            seen = (SEE[form](read_entry(file, found[one])) for one in wanted)
            return _proof(run, face, seen)
    with whole_folder(path) as folder:
        for one, data in files:
            (folder / one).write_bytes(data)
        return _proof(run, face, (SEE[form]((folder / one).read_bytes()) for one in wanted))


def _chunks(run: PrintRun, progress: Progress) -> Iterator[Chunk]:
    done, prefix = 0, run.prefix
    for texts in _texts(run, run.first, run.last):
        yield symbols(prefix, texts), texts
        done += len(texts)
        progress(done, run.count)


def _texts(run: PrintRun, first: int, last: int) -> Iterator[Texts]:
    for start in range(first, last + 1, TOGETHER):
        positions = np.arange(start, min(start + TOGETHER, last + 1))
        yield marks.texts(run.batch, secret=run.secret, level=run.level, positions=positions)


def _text(run: PrintRun, position: int) -> str:
    (text,) = next(_texts(run, position, position)).tolist()
    return str(text, "ascii")


def _proof(run: PrintRun, face: Face, seen: Iterator[Seen]) -> Proof:
    texts = [_text(run, run.first + place) for place in sample(run.count)]
    return prove(seen, uris=[run.prefix + text for text in texts], texts=texts if face.shows_serial else None)


FORMS: dict[str, Write] = {
    "pdf": _write_sheets,
    "svg": partial(_write_files, svg_drawing, "svg"),
    "png": partial(_write_files, png_drawing, "png"),
    "zpl": partial(_write_files, zpl_drawing, "zpl"),
}
