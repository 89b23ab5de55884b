"""Stage 2, print: the codes of a batch as a file for a printer, streamed, whole or not at all. Knows nobody.

Rows are made as arrays and never one by one: ten million of them are a matter of seconds, and memory stays constant.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from scans.catalogue import IssuedBatch
from scans.codes import LENGTH, Serials, serials
from scans.gs1 import print_uri
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
Writer = Callable[[BinaryIO, Iterator["Rows"], str], None]


class CodeFileError(ValueError):
    """Codes are not written to a file of this kind."""


class Rows(NamedTuple):
    """Codes of one level in the order of their positions; `parents` are those of the cases or pallets around them.

    Shapes: (n,) int64, (n,) S16, (n,) S16.
    """

    level: str
    positions: NDArray[np.int64]
    serials: Serials
    parents: Serials | None


def write_codes(path: Path, *, batch: IssuedBatch, secret: bytes, base_url: str, progress: Progress) -> None:
    """Write all codes of a batch (items, then cases, then pallets) to a `.csv` or `.parquet` file.

    Raises: CodeFileError for another kind of file, LinkError if the base URL cannot be printed.
    """
    writer = WRITERS.get(path.suffix.lower())
    if writer is None:
        raise CodeFileError(f"codes are written to {' or '.join(WRITERS)}")
    with whole_file(path) as file:
        writer(file, code_rows(batch, secret=secret, progress=progress), print_uri(base_url, batch.gtin, ""))


def code_rows(batch: IssuedBatch, *, secret: bytes, progress: Progress) -> Iterator[Rows]:
    """Yield all codes of a batch level by level in chunks, and say after each how many of all are done."""
    done, total = 0, sum(span.size for span in batch.spans)
    for span in batch.spans:
        for rows in level_rows(batch, secret=secret, level=span.level, first=1, last=span.size):
            yield rows
            done += len(rows.positions)
            progress(done, total)


def level_rows(batch: IssuedBatch, *, secret: bytes, level: str, first: int, last: int) -> Iterator[Rows]:
    """Yield the codes of one level from a first to a last position (1-based, both included) in chunks."""
    first_no = batch.span(level).first_no
    for start in range(first, last + 1, CHUNK):
        positions = np.arange(start, min(start + CHUNK, last + 1))
        texts = serials(secret, (positions + (first_no - 1)).astype(np.uint64))
        yield Rows(level, positions, texts, _parents(batch, secret, level, positions))


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """Open a file that appears under its name only when it is complete, for its owner only."""
    part = path.with_name(path.name + ".part")
    try:
        with open(os.open(part, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "wb") as file:  # noqa: PTH123
            yield file
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _parents(batch: IssuedBatch, secret: bytes, level: str, positions: NDArray[np.int64]) -> Serials | None:
    outer = OUTER.get(level, "")
    size = pack_size(batch, outer)
    if size is None:
        return None
    places = (positions - 1) // size
    around = np.arange(places[0], places[-1] + 1) + batch.span(outer).first_no
    made: Serials = serials(secret, around.astype(np.uint64))[places - places[0]]
    return made


def _write_csv(file: BinaryIO, chunks: Iterator[Rows], prefix: str) -> None:
    file.write(",".join(_SCHEMA.names).encode() + b"\n")
    for rows in chunks:
        start, first = 0, int(rows.positions[0])
        while start < len(rows.positions):
            # Up to the next power of ten all rows of a level are of one length.
            width = len(str(first + start))
            part = slice(start, min(len(rows.positions), 10**width - first))
            file.write(_csv_lines(rows, part, width, prefix).data.cast("B"))
            start = part.stop


def _csv_lines(rows: Rows, part: slice, width: int, prefix: str) -> NDArray[np.uint8]:
    texts = rows.serials[part]
    end = [b",\n"] if rows.parents is None else [b",", rows.parents[part], b"\n"]
    level, uri = f",{rows.level},".encode(), f",{prefix}".encode()
    pieces = [_decimal(rows.positions[part], width), level, texts, uri, texts, *end]
    sizes = [len(piece) if isinstance(piece, bytes) else piece.itemsize for piece in pieces]
    lines = np.empty(len(texts), dtype=[(f"piece{place}", f"S{size}") for place, size in enumerate(sizes)])
    for name, piece in zip(lines.dtype.names or (), pieces, strict=True):
        lines[name] = piece
    return lines.view(np.uint8)


def _decimal(numbers: NDArray[np.int64], width: int) -> NDArray[np.bytes_]:
    groups = np.empty((len(numbers), 3), dtype="<u4")
    for place, power in enumerate((10**8, 10**4, 1)):
        groups[:, place] = _DECIMALS[numbers // power % 10_000]
    digits = groups.view("S1")[:, 12 - width :]
    return np.ascontiguousarray(digits).view(f"S{width}")[:, 0]


def _write_parquet(file: BinaryIO, chunks: Iterator[Rows], prefix: str) -> None:
    dictionaries, encodings = ["level", "parent_serial"], {"position": "DELTA_BINARY_PACKED"}
    with pq.ParquetWriter(
        file, _SCHEMA, compression="zstd", use_dictionary=dictionaries, column_encoding=encodings
    ) as parquet:
        for rows in chunks:
            parquet.write_batch(_record_batch(rows, prefix))


def _record_batch(rows: Rows, prefix: str) -> pa.RecordBatch:
    n = len(rows.positions)
    uris = np.empty(n, dtype=[("prefix", f"S{len(prefix)}"), ("serial", f"S{LENGTH}")])
    uris["prefix"], uris["serial"] = prefix.encode(), rows.serials
    columns = [
        pa.array(rows.positions.astype(np.int32)),
        pa.repeat(rows.level, n),
        _strings(rows.serials),
        _strings(uris.view(f"S{len(prefix) + LENGTH}")),
        pa.nulls(n, pa.string()) if rows.parents is None else _strings(rows.parents),
    ]
    return pa.RecordBatch.from_arrays(columns, schema=_SCHEMA)


def _strings(texts: NDArray[np.bytes_]) -> pa.StringArray:
    offsets = np.arange(len(texts) + 1, dtype=np.int32) * np.int32(texts.itemsize)
    return pa.StringArray.from_buffers(len(texts), pa.py_buffer(offsets), pa.py_buffer(np.ascontiguousarray(texts)))


WRITERS: dict[str, Writer] = {".csv": _write_csv, ".parquet": _write_parquet}
