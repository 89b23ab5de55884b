"""Imports, the file: lines of text cells out of CSV or XLSX, and the file of what was refused. Knows no stage.

CSV is UTF-8 or, as Excel in China writes it, GB18030. Lines are counted from 1, which is the header's.
"""

import codecs
import csv
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from io import TextIOWrapper
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, TextIO

BLOCK = 1 << 20
MAX_UNPACKED = 1 << 30
ENCODINGS = ("utf-8-sig", "gb18030")
UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
XLSX = b"PK\3\4"
OLD_EXCEL = bytes.fromhex("d0cf11e0a1b11ae1")
MAX_VALUE = 200
MOST_CELLS = 50_000_000
# A row or a cell of a sheet, and where it says that it lies.
_PLACE = re.compile(rb"""<(?:\w+:)?(c|row)(?=[\s/>])(?:[^<>]*?\sr\s*=\s*["']([^"']*))?""")
_LONGEST_TAG = 4096


class ImportFileError(ValueError):
    """The file as a whole cannot be imported."""


class Line(NamedTuple):
    """A line of the file with its stripped cells; `fault` says why it cannot be read, if so."""

    no: int
    cells: list[str]
    fault: str = ""


class Table(NamedTuple):
    """The header of a file, its further lines and about how many there are."""

    header: list[str]
    lines: Iterator[Line]
    total: int


class BadRow(NamedTuple):
    """A row that was refused."""

    line: int
    column: str
    value: str
    reason: str


@contextmanager
def open_table(path: Path) -> Iterator[Table]:
    """Open a CSV or XLSX file, told apart by what is in it.

    Raises: ImportFileError.
    """
    try:
        with path.open("rb") as file:
            start = file.read(8)
            if start == OLD_EXCEL:
                raise ImportFileError("this is an old Excel file or one with a password: save it as XLSX or CSV")
            file.seek(0)
            with _read_xlsx(path) if start.startswith(XLSX) else _read_csv(file) as table:
                yield table
    except OSError as error:
        raise ImportFileError(f"the file cannot be read: {error.strerror}") from error


@contextmanager
def error_file(path: Path) -> Iterator[Callable[[BadRow], None]]:
    """Give a function that writes a refused row to `path`; where nothing is refused, no file is left from before.

    Raises: ImportFileError if it cannot be written.
    """
    opened: list[TextIO] = []

    def refuse(row: BadRow) -> None:
        if not opened:
            opened.append(path.open("w", encoding="utf-8-sig", newline=""))
            csv.writer(opened[0]).writerow(BadRow._fields)
        csv.writer(opened[0]).writerow([row.line, row.column, _harmless(row.value[:MAX_VALUE]), row.reason])

    try:
        path.unlink(missing_ok=True)
        yield refuse
    except OSError as error:
        raise ImportFileError(f"{path.name} cannot be written: {error.strerror}") from error
    finally:
        for file in opened:
            file.close()


def _harmless(value: str) -> str:
    """Return text that a spreadsheet does not take for a formula."""
    return f"'{value}" if value[:1] in {"=", "+", "-", "@", "\t", "\r"} else value


def _encoding(file: BinaryIO) -> tuple[str, int]:
    """Return what the file is encoded in and how many lines follow its header."""
    decoders = {name: codecs.getincrementaldecoder(name)() for name in ENCODINGS}
    total, block = 0, b""
    for block in iter(lambda: file.read(BLOCK), b""):
        total += block.count(b"\n")
        if b"\0" in block or (block[:2] in UTF16_MARKS and not total):
            raise ImportFileError("the file is neither XLSX nor CSV in UTF-8 or GB18030")
        decoders = {name: decoder for name, decoder in decoders.items() if _decodes(decoder, block)}
    decoders = {name: decoder for name, decoder in decoders.items() if _decodes(decoder, b"", final=True)}
    if not decoders:
        raise ImportFileError("the file is neither XLSX nor CSV in UTF-8 or GB18030")
    return next(iter(decoders)), total


def _decodes(decoder: codecs.IncrementalDecoder, block: bytes, *, final: bool = False) -> bool:
    try:
        decoder.decode(block, final)
    except UnicodeDecodeError:
        return False
    return True


@contextmanager
def _read_csv(file: BinaryIO) -> Iterator[Table]:
    encoding, total = _encoding(file)
    file.seek(0)
    with TextIOWrapper(file, encoding=encoding, newline="") as text:
        lines = _csv_lines(text)
        header = next(lines, None)
        if header is None:
            raise ImportFileError("the file is empty")
        if header.fault:
            raise ImportFileError(f"line 1: {header.fault}")
        yield Table(header.cells, lines, max(total - 1, 0))


def _csv_lines(text: TextIO) -> Iterator[Line]:
    reader = csv.reader(text, strict=True)
    while True:
        no = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield Line(no, [], f"neither this line nor what follows can be read as CSV: {error}")
            return
        yield Line(no, [cell.strip() for cell in cells])


@contextmanager
def _read_xlsx(path: Path) -> Iterator[Table]:
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        with zipfile.ZipFile(path) as packed:
            _check_size(packed)
        book = CalamineWorkbook.from_path(str(path))
        sheets = [sheet for name in book.sheet_names if (sheet := book.get_sheet_by_name(name)).height]
    except (CalamineError, zipfile.BadZipFile, zlib.error, EOFError, RuntimeError) as error:
        raise ImportFileError(f"the file cannot be read as XLSX: {error}") from error
    if len(sheets) != 1:
        raise ImportFileError(f"the file must have one sheet with something in it, not {len(sheets)}")
    rows = sheets[0].iter_rows()
    lines = (Line(no, [_text(cell) for cell in row]) for no, row in enumerate(rows, start=1))
    yield Table(next(lines).cells, lines, sheets[0].total_height - 1)


def _check_size(packed: zipfile.ZipFile) -> None:
    # Calamine takes memory for every cell between the first and the last one, and ends the process where there is none.
    if sum(part.file_size for part in packed.infolist()) > MAX_UNPACKED:
        raise ImportFileError("the file is too large when unpacked")
    if "xl/workbook.xml" not in map(str.lower, packed.namelist()):
        raise ImportFileError("the file cannot be read as XLSX: it holds no workbook")
    if sum(_spanned(packed, name) for name in packed.namelist()) > MOST_CELLS:
        raise ImportFileError("a cell lies too far from the others: delete the empty rows and columns between them")


def _spanned(packed: zipfile.ZipFile, name: str) -> int:
    """Return how many cells a sheet spans, empty ones too; 0 for a part of the file that is no sheet."""
    row = column = rows = columns = 0
    for kind, told in _places(packed, name):
        letters = told.rstrip(b"0123456789")
        if len(letters) > 3 or len(told) - len(letters) > 7:
            raise ImportFileError("the file cannot be read as XLSX: it has a cell where none can be")
        if kind == b"row":
            row, column = int(told) if told.isdigit() else row + 1, 0
        else:
            column = _column(letters) or column + 1
            rows, columns = max(rows, row, int(told[len(letters) :] or 0)), max(columns, column)
    return rows * columns


def _places(packed: zipfile.ZipFile, name: str) -> Iterator[tuple[bytes, bytes]]:
    rest = b""
    with packed.open(name) as part:
        for block in iter(lambda: part.read(BLOCK), b""):
            told = rest + block
            cut = max(told.rfind(b"<"), 0)
            yield from _PLACE.findall(told[:cut])
            rest = told[cut : cut + _LONGEST_TAG]
    yield from _PLACE.findall(rest)


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = 26 * number + letter - 64
    return number


def _text(cell: Any) -> str:
    """Return a cell of a spreadsheet as a person would have written it into CSV."""
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    if isinstance(cell, datetime | date):
        return cell.isoformat()
    return str(cell).strip()
