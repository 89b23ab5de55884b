"""Stage 1, mint: the numbers of pallets as the whole of trade reads them, drawn one after the other. Knows nobody.

An SSCC is an extension digit, the company's prefix, a reference and a check digit: 18 digits. Extension digit and
reference are one number here, so that a prefix of nine digits has room for a hundred million pallets.
Source: GS1 General Specifications, section 2.2.1 (SSCC), 7.9 (check digits).
"""

import re

import numpy as np
from numpy.typing import NDArray

from scans.gs1 import check_digit

LENGTH = 18
_PREFIX = re.compile(r"[0-9]{4,12}")


class SsccPrefixError(ValueError):
    """The text is no prefix of a company, or not one that pallets can be numbered under."""


def check_prefix(text: str) -> str:
    """Return a company's prefix.

    Raises: SsccPrefixError.
    """
    if not _PREFIX.fullmatch(text):
        raise SsccPrefixError("a company's prefix has 4 to 12 digits")
    return text


def room(prefix: str) -> int:
    """Return how many pallets can be numbered under a prefix."""
    return int(10 ** (LENGTH - 1 - len(prefix)))


def sscc(prefix: str, number: int) -> str:
    """Return the SSCC of one number under a prefix."""
    extension, reference = divmod(number, room(prefix) // 10)
    body = f"{extension}{prefix}{reference:0{LENGTH - 2 - len(prefix)}}"
    return body + check_digit(body)


def number_of(prefix: str, text: str) -> int:
    """Return the number of an SSCC under its prefix."""
    return int(text[0] + text[1 + len(prefix) : LENGTH - 1])


def ssccs(prefix: str, numbers: NDArray[np.int64]) -> NDArray[np.bytes_]:
    """Return the SSCCs of many numbers under a prefix.

    Shapes: (n,) int64 -> (n,) S18.
    """
    extensions, references = np.divmod(numbers, room(prefix) // 10)
    bodies = extensions * 10 ** (LENGTH - 2) + int(prefix) * (room(prefix) // 10) + references
    digits = bodies[:, None] // 10 ** np.arange(LENGTH - 2, -1, -1) % 10
    weights = np.where(np.arange(LENGTH - 1) % 2, 1, 3)
    out = np.empty((len(numbers), LENGTH), dtype=np.uint8)
    out[:, :-1] = digits + ord("0")
    out[:, -1] = -(digits @ weights) % 10 + ord("0")
    return out.view(f"S{LENGTH}")[:, 0]
