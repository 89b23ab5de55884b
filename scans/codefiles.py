"""Stage 2, print: the codes of a batch as a file for a printer, streamed. Knows nobody.

Rows are made as arrays and never one by one: ten million of them are a matter of seconds, and memory stays constant.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO, Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from scans import marks
from scans.catalogue import IssuedBatch
from scans.marks import Texts
from scans.packing import OUTER, pack_size

CHUNK = 131_072
_DECIMALS = np.frombuffer("".join(f"{number:04}" for number in range(10_000)).encode(), dtype="<u4")
_SCHEMA = pa.schema(
    [
        ("position", pa.int32()),
        ("level", pa.string()),
        ("serial", pa.string()),
        ("uri", pa.string()),
        ("parent_serial", pa.string()),
    ]
)

Progress = Callable[[int, int], None]
OutFile = IO[bytes] | Any  # whatever takes bytes: pyarrow too asks for no more
Prefixes = Mapping[str, str]
Writer = Callable[[OutFile, Iterator["Rows"], Prefixes], None]


class CodeFileError(ValueError):
    """Codes like these are not written, or not to a file of this kind."""


class Stretch(NamedTuple):
    """Codes of one level of a batch, from a first to a last position: 1-based, both included."""

    level: str
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class CodeRun:
    """What goes into a file: stretches of a batch, in this order."""

    batch: IssuedBatch
    secret: bytes = field(repr=False)
    base_url: str
    stretches: tuple[Stretch, ...]

    @property
    def size(self) -> int:
        """How many codes that is."""
        return sum(stretch.last - stretch.first + 1 for stretch in self.stretches)


class Rows(NamedTuple):
    """Codes of one level in the order of their positions; `parents` are those of the cases or pallets around them.

    Pallets may have an SSCC in place of a serial.

    Shapes: (n,) int64, (n,) S16 or S18, (n,) S16 or S18.
    """

    level: str
    positions: NDArray[np.int64]
    serials: Texts
    parents: Texts | None


def choose(
    batch: IssuedBatch, *, level: str | None = None, first: int = 1, last: int | None = None
) -> tuple[Stretch, ...]:
    """Return the stretches that are asked for: all levels of a batch, or positions of one level.

    Raises: CodeFileError if the batch has no such codes.
    """
    if level is None:
        if first != 1 or last is not None:
            raise CodeFileError("positions are of one level: say which")
        return tuple(Stretch(span.level, 1, span.size) for span in batch.spans)
    size = batch.span(level).size
    chosen = Stretch(level, first, size if last is None else last)
    if not 1 <= chosen.first <= chosen.last <= size:
        raise CodeFileError(f"batch {batch.batch_id} has {size} codes of level {level}, counted from 1")
    return (chosen,)


def write_codes(file: OutFile, *, form: str, run: CodeRun, progress: Progress) -> None:
    """Write the codes of a run in one of FORMS.

    Raises: CodeFileError for another form, LinkError if the base URL cannot be printed.
    """
    if form not in FORMS:
        raise CodeFileError(f"codes are written as one of {', '.join(FORMS)}")
    levels = {stretch.level for stretch in run.stretches}
    prefixes = {level: marks.prefix(run.batch, level=level, base_url=run.base_url) for level in levels}
    FORMS[form](file, code_rows(run, progress=progress), prefixes)


def code_rows(run: CodeRun, *, progress: Progress) -> Iterator[Rows]:
    """Yield the codes of a run in chunks, and say after each how many of all are done."""
    done, total = 0, run.size
    for level, first, last in run.stretches:
        for rows in level_rows(run.batch, secret=run.secret, level=level, first=first, last=last):
            yield rows
            done += len(rows.positions)
            progress(done, total)


def level_rows(batch: IssuedBatch, *, secret: bytes, level: str, first: int, last: int) -> Iterator[Rows]:
    """Yield the codes of one level from a first to a last position (1-based, both included) in chunks."""
    for start in range(first, last + 1, CHUNK):
        positions = np.arange(start, min(start + CHUNK, last + 1))
        texts = marks.texts(batch, secret=secret, level=level, positions=positions)
        yield Rows(level, positions, texts, _parents(batch, secret, level, positions))


def _parents(batch: IssuedBatch, secret: bytes, level: str, positions: NDArray[np.int64]) -> Texts | None:
    outer = OUTER.get(level, "")
    size = pack_size(batch, outer)
    if size is None:
        return None
    places = (positions - 1) // size
    around = np.arange(places[0], places[-1] + 1) + 1
    made: Texts = marks.texts(batch, secret=secret, level=outer, positions=around)[places - places[0]]
    return made


def _write_csv(file: OutFile, chunks: Iterator[Rows], prefixes: Prefixes) -> None:
    file.write(",".join(_SCHEMA.names).encode() + b"\n")
    for rows in chunks:
        start, first = 0, int(rows.positions[0])
        while start < len(rows.positions):
            # Up to the next power of ten all rows of a level are of one length.
            width = len(str(first + start))
            part = slice(start, min(len(rows.positions), 10**width - first))
            file.write(_csv_lines(rows, part, width, prefixes[rows.level]).data.cast("B"))
            start = part.stop


def _csv_lines(rows: Rows, part: slice, width: int, prefix: str) -> NDArray[np.uint8]:
    texts = rows.serials[part]
    end = [b",\n"] if rows.parents is None else [b",", rows.parents[part], b"\n"]
    level, uri = f",{rows.level},".encode(), f",{prefix}".encode()
    return _laid(len(texts), [_decimal(rows.positions[part], width), level, texts, uri, texts, *end])


def _write_text(file: OutFile, chunks: Iterator[Rows], prefixes: Prefixes) -> None:
    for rows in chunks:
        file.write(_laid(len(rows.serials), [prefixes[rows.level].encode(), rows.serials, b"\n"]).data.cast("B"))


def _laid(n: int, pieces: Sequence[bytes | NDArray[np.bytes_]]) -> NDArray[np.uint8]:
    """Return n lines of pieces: those of one line are of one length, so that all lines are one array."""
    sizes = [len(piece) if isinstance(piece, bytes) else piece.itemsize for piece in pieces]
    lines = np.empty(n, dtype=[(f"piece{place}", f"S{size}") for place, size in enumerate(sizes)])
    for name, piece in zip(lines.dtype.names or (), pieces, strict=True):
        lines[name] = piece
    return lines.view(np.uint8)


def _decimal(numbers: NDArray[np.int64], width: int) -> NDArray[np.bytes_]:
    groups = np.empty((len(numbers), 3), dtype="<u4")
    for place, power in enumerate((10**8, 10**4, 1)):
        groups[:, place] = _DECIMALS[numbers // power % 10_000]
    digits = groups.view("S1")[:, 12 - width :]
    return np.ascontiguousarray(digits).view(f"S{width}")[:, 0]


def _write_parquet(file: OutFile, chunks: Iterator[Rows], prefixes: Prefixes) -> None:
    # Lengths are told once for a page and not before each text: what is left is serials, which zstd packs in 10 bytes.
    encodings = {
        "position": "DELTA_BINARY_PACKED",
        "serial": "DELTA_LENGTH_BYTE_ARRAY",
        "uri": "DELTA_BYTE_ARRAY",
    }
    with pq.ParquetWriter(
        file, _SCHEMA, compression="zstd", use_dictionary=["level", "parent_serial"], column_encoding=encodings
    ) as parquet:
        for rows in chunks:
            parquet.write_batch(_record_batch(rows, prefixes[rows.level]))


def _record_batch(rows: Rows, prefix: str) -> pa.RecordBatch:
    n, length = len(rows.positions), rows.serials.itemsize
    uris = np.empty(n, dtype=[("prefix", f"S{len(prefix)}"), ("serial", f"S{length}")])
    uris["prefix"], uris["serial"] = prefix.encode(), rows.serials
    columns = [
        pa.array(rows.positions.astype(np.int32)),
        pa.repeat(rows.level, n),
        _strings(rows.serials),
        _strings(uris.view(f"S{len(prefix) + length}")),
        pa.nulls(n, pa.string()) if rows.parents is None else _strings(rows.parents),
    ]
    return pa.RecordBatch.from_arrays(columns, schema=_SCHEMA)


def _strings(texts: NDArray[np.bytes_]) -> pa.StringArray:
    offsets = np.arange(len(texts) + 1, dtype=np.int32) * np.int32(texts.itemsize)
    return pa.StringArray.from_buffers(len(texts), pa.py_buffer(offsets), pa.py_buffer(np.ascontiguousarray(texts)))


FORMS: dict[str, Writer] = {"csv": _write_csv, "parquet": _write_parquet, "txt": _write_text}
