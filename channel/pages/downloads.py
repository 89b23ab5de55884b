"""Tables as files: CSV and XLSX. A cell that a spreadsheet would take for a formula is written as text."""

import csv
from collections.abc import Iterable, Sequence
from datetime import datetime
from io import BytesIO, StringIO

import xlsxwriter
from flask import Response

from channel import providers

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FORMULA = ("=", "+", "-", "@", "\t", "\r")
Cell = str | int | float | None


def as_file(head: Sequence[str], rows: Iterable[Sequence[Cell]], *, name: str, kind: str) -> Response:
    """Return rows as a file of this kind, which ends its name too: csv or xlsx."""
    named = f"{name}.{kind}"
    if kind == "csv":
        return as_csv(head, rows, name=named)
    return as_xlsx(head, rows, name=named, made_at=providers.now())


def as_csv(head: Sequence[str], rows: Iterable[Sequence[Cell]], *, name: str) -> Response:
    """Return rows as CSV that spreadsheets open with the right letters (a byte order mark leads)."""
    told = StringIO()
    writer = csv.writer(told)
    writer.writerow(head)
    writer.writerows([_tame(cell) for cell in row] for row in rows)
    return attachment(("\ufeff" + told.getvalue()).encode(), kind="text/csv; charset=utf-8", name=name)


def as_xlsx(head: Sequence[str], rows: Iterable[Sequence[Cell]], *, name: str, made_at: datetime) -> Response:
    """Return rows as one sheet whose head stays in sight; the same rows make the same bytes."""
    told = BytesIO()
    options = {"in_memory": True, "constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(told, options) as book:
        book.set_properties({"created": made_at.replace(tzinfo=None)})
        sheet, bold = book.add_worksheet(), book.add_format({"bold": True})
        sheet.freeze_panes(1, 0)
        sheet.set_column(0, len(head) - 1, 16)
        sheet.write_row(0, 0, head, bold)
        for number, row in enumerate(rows, start=1):
            sheet.write_row(number, 0, row)
    return attachment(told.getvalue(), kind=XLSX, name=name)


def attachment(body: bytes, *, kind: str, name: str) -> Response:
    """Return bytes as a file to be saved."""
    return Response(body, content_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})


def _tame(cell: Cell) -> Cell:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA) else cell
