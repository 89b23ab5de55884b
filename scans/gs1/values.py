"""Stage 2, print: what the value of an application identifier may look like. Knows the table of them.

Source: GS1 General Specifications, section 7.9 (check digits), section 7.11 (sets of characters).
"""

import re
from calendar import monthrange
from collections.abc import Callable
from datetime import date
from functools import cache, lru_cache

from scans.gs1.table import FORMATS

CHARACTERS_82 = "!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"
_CHARACTERS_32 = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
_CLASSES = {
    "N": "[0-9]",
    "X": f"[{re.escape(CHARACTERS_82)}]",
    "Y": "[#\\-/0-9A-Z]",
    "Z": "[0-9A-Za-z_\\-]",
}
_PRIMES = (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83)
_COMPONENT = re.compile(r"(\[?)([NXYZ])(\.\.)?(\d+)\]?((?:,\w+)*)")

Rule = Callable[[str], object]


class LinkError(ValueError):
    """The text is not the address that was asked for."""


class ElementError(LinkError):
    """The value is none that its application identifier may have."""


class GtinError(ValueError):
    """The text is not a GTIN."""


def check_digit(digits: str) -> str:
    """Return the digit that completes a key of GS1 of any length: GTIN, SSCC, GLN, ..."""
    return str(-_weighted(digits + "0") % 10)


def check_pair(text: str) -> str:
    """Return the two characters that complete a GMN: those before them weighted by primes from right to left."""
    total = sum(CHARACTERS_82.index(sign) * prime for sign, prime in zip(reversed(text), _PRIMES, strict=False)) % 1021
    return _CHARACTERS_32[total >> 5] + _CHARACTERS_32[total & 31]


@lru_cache(maxsize=1024)  # every scan says one, and a brand has few
def check_gtin(text: str) -> str:
    """Return a GTIN of 8, 12, 13 or 14 digits as 14 digits.

    Raises: GtinError if it is of another length, has anything but digits or a wrong check digit.
    """
    if len(text) not in (8, 12, 13, 14) or not (text.isascii() and text.isdigit()):
        raise GtinError("a GTIN has 8, 12, 13 or 14 digits")
    if _weighted(text) % 10:
        raise GtinError("the check digit of this GTIN is wrong")
    return text.zfill(14)


def check_value(ai: str, value: str) -> str:
    """Return the value of an application identifier as it is kept: a GTIN has 14 digits, all others are as they came.

    Raises: ElementError, GtinError.
    """
    if ai == "01":
        return check_gtin(value)
    if ai not in FORMATS:
        raise ElementError(f"there is no application identifier {ai[:8]}")
    pattern, rules = _compiled(FORMATS[ai])
    found = pattern.fullmatch(value)
    if not found:
        raise ElementError(f"this is no value of the application identifier {ai}")
    for group, name in rules:
        if found[group] is not None and not RULES[name](found[group]):
            raise ElementError(f"the value of the application identifier {ai} fails its rule {name}")
    return value


def read_date(text: str, *, today: date) -> date:
    """Return the day that the six digits of an AI such as 17 mean, in the century around `today`; day 00 is the last.

    Raises: ElementError.
    Source: GS1 General Specifications, section 7.12: 49 years back, 50 years ahead.
    """
    check_value("17", text)
    ahead = (int(text[:2]) - today.year + 49) % 100 - 49
    year, month, day = today.year + ahead, int(text[2:4]), int(text[4:])
    last = monthrange(year, month)[1]
    return date(year, month, min(day, last) or last)


@cache
def _compiled(format_: str) -> tuple[re.Pattern[str], tuple[tuple[int, str], ...]]:
    pattern, rules = "", []
    for group, component in enumerate(format_.split(), start=1):
        found = _COMPONENT.fullmatch(component)
        assert found is not None
        optional, kind, up_to, length, names = found.groups()
        pattern += f"({_CLASSES[kind]}{{{'1,' if up_to else ''}{length}}}){'?' if optional else ''}"
        rules += [(group, name) for name in names.split(",") if name]
    return re.compile(pattern), tuple(rules)


def _weighted(digits: str) -> int:
    # The character codes are summed as they are; what they exceed the digits by is taken off at the end.
    codes = digits.encode()
    odd, even = codes[-2::-2], codes[::-2]
    return 3 * sum(odd) + sum(even) - 48 * (3 * len(odd) + len(even))


def _is_date(text: str) -> bool:
    # Of the years that yy may mean, those of the same century are leap years together, 2000 among them.
    year, month, day = 2000 + int(text[-6:-4]), int(text[-4:-2]), int(text[-2:])
    return 1 <= month <= 12 and 1 <= day <= monthrange(year, month)[1]


def _is_long_date(text: str) -> bool:
    year, month, day = int(text[:4]), int(text[4:6]), int(text[6:])
    return year > 0 and 1 <= month <= 12 and 1 <= day <= monthrange(year, month)[1]


def _is_iban(text: str) -> bool:
    # ISO 13616: country, two check digits, the account; letters count from 10 on, the whole leaves 1 modulo 97.
    if not re.fullmatch(r"[A-Z]{2}[0-9]{2}[0-9A-Z]{7,30}", text):
        return False
    return int("".join(str(int(sign, 36)) for sign in text[4:] + text[:4])) % 97 == 1


def _is_place_in_row(text: str) -> bool:
    found = re.fullmatch(r"([1-9])/([1-9])", text)
    return found is not None and found[1] <= found[2]


RULES: dict[str, Rule] = {
    "csum": lambda text: _weighted(text) % 10 == 0,
    "csumalpha": lambda text: len(text) >= 3 and text[-2:] == check_pair(text[:-2]),
    "gcppos1": re.compile(r"[0-9]{4}.*").fullmatch,  # a company's prefix has at least four digits
    "hasnondigit": lambda text: not text.isdigit(),
    "nozeroprefix": lambda text: text == "0" or text[0] != "0",
    "zero": lambda text: not int(text),
    "nonzero": int,
    "yymmdd": _is_date,
    "yymmd0": lambda text: _is_date(text[:4] + "01" if text.endswith("00") else text),  # day 00: the month's last
    "yyyymmdd": _is_long_date,
    "hhmi": re.compile(r"([01][0-9]|2[0-3])[0-5][0-9]").fullmatch,
    "hh": re.compile(r"[01][0-9]|2[0-3]").fullmatch,
    "mi": re.compile(r"[0-5][0-9]").fullmatch,
    "ss": re.compile(r"[0-5][0-9]").fullmatch,
    "pieceoftotal": lambda text: 0 < int(text[:2]) <= int(text[2:]),
    "posinseqslash": _is_place_in_row,
    "latitude": lambda text: int(text) <= 1_800_000_000,  # 10^-7 degrees from the South Pole
    "longitude": lambda text: int(text) <= 3_600_000_000,
    "yesno": re.compile("[01]").fullmatch,
    "winding": re.compile("[019]").fullmatch,
    "iso5218": re.compile("[0129]").fullmatch,
    "mediatype": re.compile("0[1-9]|10|[89][0-9]").fullmatch,
    "hyphen": re.compile("-").fullmatch,
    "importeridx": re.compile("[-0-9A-Z_a-z]").fullmatch,
    "iban": _is_iban,
    "pcenc": re.compile("([^%]|%[0-9A-Fa-f]{2})*").fullmatch,
}
