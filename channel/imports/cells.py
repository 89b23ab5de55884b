"""Imports, a single cell: plain functions from text to value, each with clear reasons to refuse. Knows no stage.

A cell arrives as stripped text, whatever file it came from, and is never empty here.
"""

import re
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from scans.gs1 import MAX_URI, GtinError, check_gtin

Check = Callable[[str], Any]

FIRST_DAY, LAST_DAY = date(1970, 1, 1), date(2100, 12, 31)
MAX_CENTS = 10**11
_ID = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_WHOLE = re.compile(r"-?[0-9]{1,18}")
_NUMBER = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,30})?(e-?[0-9]{1,2})?", re.IGNORECASE)
_PHONE = re.compile(r"\+?[0-9][0-9 ()/.-]{2,38}")
_EMAIL = re.compile(r"[^\s@,;<>]{1,64}@[^\s@,;<>]{1,189}")
# Excel in China writes 2026/6/1; a real date of XLSX arrives in ISO form with a midnight behind it.
_DAY = re.compile(r"([0-9]{4})([-/])([0-9]{1,2})\2([0-9]{1,2})(?:[T ]00:00(?::00)?)?")
_INSTANT = re.compile(
    r"([0-9]{4})([-/])([0-9]{1,2})\2([0-9]{1,2})"
    r"(?:[T ]([0-9]{1,2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]{1,6}))?)?(Z|[+-][0-9]{2}:?[0-9]{2})?)?"
)
_FLAGS = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}
_FORMULA = re.compile(r"[=@]|[+-].*[|!(]")


class CellError(ValueError):
    """A cell, or cells together, cannot be; `column` is where to look, if it is not the cell itself."""

    def __init__(self, reason: str, column: str = "") -> None:
        super().__init__(reason)
        self.column = column


def outside_id(cell: str) -> str:
    """Read an id of the outside."""
    if not _ID.fullmatch(cell):
        raise CellError("an id has 1-64 of A-Z a-z 0-9 _ . -")
    return cell


def words(longest: int) -> Check:
    """Read a line of text."""

    def check(cell: str) -> str:
        if len(cell) > longest:
            raise CellError(f"longer than {longest} characters")
        if not cell.isprintable():
            raise CellError("holds characters that cannot be printed")
        if _FORMULA.match(cell):
            raise CellError("looks like a formula; formulas are not taken")
        return cell

    return check


def one_of(allowed: Iterable[str]) -> Check:
    """Read one of the listed words."""
    listed = tuple(allowed)

    def check(cell: str) -> str:
        if cell not in listed:
            raise CellError(f"is not one of {', '.join(listed)}")
        return cell

    return check


def whole(least: int, most: int) -> Check:
    """Read a whole number within bounds; 500.0, as spreadsheets tell it, is one."""

    def check(cell: str) -> int:
        digits = cell.removesuffix(".0")
        if not _WHOLE.fullmatch(digits):
            raise CellError("is not a whole number")
        if not least <= int(digits) <= most:
            raise CellError(f"is not between {least} and {most}")
        return int(digits)

    return check


def cents(cell: str) -> int:
    """Read an amount of money in whole cents."""
    if re.fullmatch(r"-?[0-9]+\.[0-9]+", cell) and not cell.endswith(".0"):
        raise CellError("is not in whole cents: 3.50 is written 350")
    if cell.startswith("-"):
        raise CellError("is negative")
    amount: int = whole(0, MAX_CENTS)(cell)
    return amount


def number(cell: str) -> float:
    """Read a finite number."""
    if not _NUMBER.fullmatch(cell):
        raise CellError("is not a number")
    return float(cell)


def gtin(cell: str) -> str:
    """Read a GTIN, also one that a spreadsheet took for a number."""
    try:
        return check_gtin(cell.removesuffix(".0"))
    except GtinError as error:
        raise CellError(str(error)) from error


def day(cell: str) -> date:
    """Read a date: 2026-06-01 or 2026/6/1."""
    match = _DAY.fullmatch(cell)
    if not match:
        raise CellError("is not a date like 2026-06-01")
    return _day(match[1], match[3], match[4])


def instant(cell: str) -> datetime:
    """Read a date and time; without a zone it is naive, and the owner's zone is meant."""
    match = _INSTANT.fullmatch(cell)
    if not match:
        raise CellError("is not a time like 2026-06-01T10:30:00+08:00")
    on = _day(match[1], match[3], match[4])
    hour, minute, second = (int(match[group] or 0) for group in (5, 6, 7))
    try:
        at = datetime(on.year, on.month, on.day, hour, minute, second, int((match[8] or "0").ljust(6, "0")))  # noqa: DTZ001
        return at if match[9] is None else at.replace(tzinfo=_offset(match[9]))
    except ValueError as error:
        raise CellError("there is no such time") from error


def zone(cell: str) -> str:
    """Read the name of a time zone."""
    try:
        return ZoneInfo(cell).key
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise CellError("is not a zone like Asia/Shanghai") from error


def phone(cell: str) -> str:
    """Read a telephone number."""
    if not _PHONE.fullmatch(cell):
        raise CellError("is not a telephone number")
    return cell


def email(cell: str) -> str:
    """Read a mail address."""
    if not _EMAIL.fullmatch(cell) or not cell.isprintable():
        raise CellError("is not a mail address")
    return cell


def uri(cell: str) -> str:
    """Read what is printed on a code; what it marks is told later."""
    if len(cell) > MAX_URI or not cell.isprintable():
        raise CellError("is not the address of a code")
    return cell


def flag(cell: str) -> bool:
    """Read yes or no."""
    if cell.casefold() not in _FLAGS:
        raise CellError("is not yes or no")
    return _FLAGS[cell.casefold()]


def ids(cell: str) -> tuple[str, ...]:
    """Read ids between semicolons."""
    return tuple(dict.fromkeys(outside_id(part.strip()) for part in cell.split(";") if part.strip()))


def pairs(cell: str) -> dict[str, str]:
    """Read `name=value` pairs between semicolons."""
    read = words(200)
    found = [part.partition("=") for part in cell.split(";") if part.strip()]
    if not all(name.strip() and sign and value.strip() for name, sign, value in found):
        raise CellError("is not like colour=red;size=500ml")
    return {read(name.strip()): read(value.strip()) for name, _, value in found}


def _day(year: str, month: str, day: str) -> date:
    try:
        on = date(int(year), int(month), int(day))
    except ValueError as error:
        raise CellError("there is no such day") from error
    if not FIRST_DAY <= on <= LAST_DAY:
        raise CellError(f"is not between {FIRST_DAY} and {LAST_DAY}")
    return on


def _offset(text: str) -> Any:
    return UTC if text == "Z" else datetime.strptime(text, "%z").tzinfo
