"""Stage 2, print: what stands in a symbol, a GTIN and a serial in a GS1 Digital Link. Knows nobody.

Only item links (`/01/{gtin}/21/{serial}`) are read so far.
"""

import re
from typing import NamedTuple
from urllib.parse import unquote

MAX_URI = 2000
_LINK = re.compile(r"(?:https?://[^/?#\s]+)?(?:/[^?#\s]*?)?/01/([^/?#\s]+)/21/([^/?#\s]+)/?(?:[?#]\S*)?", re.IGNORECASE)
# The 82 characters that AI 21 may have (GS1 General Specifications, figure 7.11-1), at most 20 of them.
_SERIAL = re.compile(r"[!\"%&'()*+,\-./0-9:;<=>?A-Z_a-z]{1,20}")
_ALPHANUMERIC = re.compile(r"[0-9A-Z $%*+\-./:]+")
_TYPED = str.maketrans("ILO", "110", "- ")


class GtinError(ValueError):
    """The text is not a GTIN."""


class LinkError(ValueError):
    """The text is not the address of an item."""


class ItemLink(NamedTuple):
    """Which product (14 digits) and which serial (as printed) an address names."""

    gtin: str
    serial: str


def check_gtin(text: str) -> str:
    """Return a GTIN of 8, 12, 13 or 14 digits as 14 digits.

    Raises: GtinError if it is of another length, has anything but digits or a wrong check digit.
    Source: GS1 General Specifications, section 7.9.
    """
    if len(text) not in (8, 12, 13, 14) or not (text.isascii() and text.isdigit()):
        raise GtinError("a GTIN has 8, 12, 13 or 14 digits")
    padded = text.zfill(14)
    digits = [int(digit) for digit in padded]
    if (3 * sum(digits[::2]) + sum(digits[1::2])) % 10:
        raise GtinError("the check digit of this GTIN is wrong")
    return padded


def clean_serial(text: str) -> str:
    """Return a serial as it was printed: in capitals, I, L, O read as 1, 1, 0, hyphens and blanks left out.

    Raises: LinkError if no GS1 serial looks like this.
    """
    serial = text.upper().translate(_TYPED)
    if not _SERIAL.fullmatch(serial):
        raise LinkError("a serial has 1 to 20 letters, digits or signs")
    return serial


def item_link(gtin: str, serial: str) -> ItemLink:
    """Read the two path segments of an item's address.

    Raises: GtinError, LinkError.
    """
    return ItemLink(check_gtin(gtin), clean_serial(serial))


def parse_link(uri: str) -> ItemLink:
    """Read the address of an item in either case, whatever its host, path prefix, query and fragment.

    Raises: LinkError, GtinError.
    Source: GS1 Digital Link Standard: URI Syntax, release 1.6.
    """
    if len(uri) > MAX_URI:
        raise LinkError("this address is too long")
    match = _LINK.fullmatch(uri)
    if not match:
        raise LinkError("this is not the address of an item: .../01/GTIN/21/SERIAL")
    return item_link(unquote(match[1]), unquote(match[2]))


def print_uri(base_url: str, gtin: str, serial: str) -> str:
    """Return the text of a symbol, upper case so that it stays in QR's alphanumeric mode.

    Raises: LinkError if the base URL has a character that this mode has not, such as `_`, `~` or `[`.
    """
    uri = f"{base_url.rstrip('/')}/01/{gtin}/21/{serial}".upper()
    if not _ALPHANUMERIC.fullmatch(uri):
        raise LinkError("an address that is printed has letters, digits and - . / : only")
    return uri
