"""Stage 2, print: GS1 Digital Links, read and written. Knows the values of application identifiers.

`read_link` is strict and reads any Digital Link; `parse_link` reads the address of an item as scanners and people hand
it on, and is lenient with its serial. Source: GS1 Digital Link Standard: URI Syntax, release 1.6.
"""

import re
from itertools import combinations
from typing import NamedTuple
from urllib.parse import quote, unquote, unquote_plus

from scans.gs1.table import ATTRIBUTES, FORMATS, KEYS
from scans.gs1.values import LinkError, check_gtin, check_value

MAX_URI = 2000
# What an item's address mostly looks like: read in one step, for it is read at every scan.
_ITEM = re.compile(r"(?:https?://[^/?#\s]+)?(?:/[^?#\s]*?)?/01/([^/?#\s]+)/21/([^/?#\s]+)/?(?:[?#]\S*)?", re.IGNORECASE)
# RFC 3986: the signs of an address; a host without a name or a word before `@` that would pass for it.
_URI = re.compile(
    r"(?:[Hh][Tt][Tt][Pp][Ss]?://[\w.\-~:\[\]]+)?"
    r"(/[\w.\-~:/!$&'()*+,;=@%]*)(?:\?([\w.\-~:/!$&'()*+,;=@%?\[\]]*))?(?:#[\x21-\x7e]*)?",
    re.ASCII,
)
_HALF_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
# A serial as item addresses carry it: AI 21, with what people add when they copy it.
_SERIAL = re.compile(r"[!\"%&'()*+,\-./0-9:;<=>?A-Z_a-z]{1,20}")
_ALPHANUMERIC = re.compile(r"[0-9A-Z $%*+\-./:]+")
_TYPED = str.maketrans("ILO", "110", "- ")


def _orders(key: str) -> set[tuple[str, ...]]:
    """Return every run of qualifiers that may follow a key: any of them may be left out, none may change its place."""
    rows = KEYS[key] or ((),)
    return {chosen for row in rows for count in range(len(row) + 1) for chosen in combinations(row, count)}


_ORDERS = {key: _orders(key) for key in KEYS}
_QUALIFIERS = {ai for rows in KEYS.values() for row in rows for ai in row}


class Element(NamedTuple):
    """An application identifier and its value, percent-encoding undone."""

    ai: str
    value: str


class ItemLink(NamedTuple):
    """Which product (14 digits) and which serial (as printed) an address names."""

    gtin: str
    serial: str


class DigitalLink(NamedTuple):
    """What an address names: a key, what qualifies it, and what the query adds; `others` are no elements of GS1's."""

    key: Element
    qualifiers: tuple[Element, ...] = ()
    attributes: tuple[Element, ...] = ()
    others: tuple[tuple[str, str], ...] = ()

    def get(self, ai: str) -> str | None:
        """Return the value of an application identifier; `None` if the address has none."""
        for told, value in (self.key, *self.qualifiers, *self.attributes):
            if told == ai:
                return value
        return None

    @property
    def path(self) -> str:
        """Return the path in its one canonical spelling: no prefix, a GTIN of 14 digits, percent-encoded."""
        return "".join(f"/{ai}/{quote(value, safe='')}" for ai, value in (self.key, *self.qualifiers))


def read_link(uri: str) -> DigitalLink:
    """Read a Digital Link: a whole address of any host and path prefix, or a path with its query.

    The right-most key of the path is the key; a scheme in capitals and a last slash are fine.

    Raises: LinkError if it is none, ElementError or GtinError if one of its values cannot be.
    """
    if len(uri) > MAX_URI:
        raise LinkError("this address is too long")
    found = _URI.fullmatch(uri)
    if not found or ("%" in uri and _HALF_ESCAPE.search(uri)):
        raise LinkError("this is not an address of http or https")
    path = _read_path(found[1])
    attributes, others = _read_query(found[2], path=path) if found[2] else ((), ())
    return DigitalLink(path[0], tuple(path[1:]), attributes, others)


def _read_path(path: str) -> list[Element]:
    segments = path.removesuffix("/").split("/")
    start = len(segments) - 2
    while start > 0 and segments[start] not in KEYS:
        start = start - 2 if segments[start] in FORMATS else 0
    if start <= 0:
        raise LinkError("this address names no key of GS1: .../01/GTIN, .../00/SSCC, ...")
    ais, values = segments[start::2], segments[start + 1 :: 2]
    if tuple(ais[1:]) not in _ORDERS[ais[0]]:
        raise LinkError(f"the qualifiers of this key are not in order: {'/'.join(ais)}")
    return [Element(ai, check_value(ai, _decode(value))) for ai, value in zip(ais, values, strict=True)]


def _read_query(query: str, *, path: list[Element]) -> tuple[tuple[Element, ...], tuple[tuple[str, str], ...]]:
    attributes: dict[str, str] = {}
    others = []
    for pair in query.split("&"):
        name, equals, text = pair.partition("=")
        if not name.isdigit() or not equals:
            others += [(unquote_plus(name), unquote_plus(text))] if name else []
            continue
        if name not in ATTRIBUTES or _belongs_in_path(name, path):
            raise LinkError(f"{name[:8]} cannot stand in the query of this address")
        if name in attributes:
            raise LinkError(f"{name} stands twice in the query of this address")
        attributes[name] = check_value(name, _decode(text.replace("+", "%20")))
    return tuple(Element(ai, value) for ai, value in attributes.items()), tuple(others)


def _belongs_in_path(name: str, path: list[Element]) -> bool:
    """Tell whether the path has this AI already, or would still be in order with it."""
    key, *qualifiers = [ai for ai, _ in path]
    if name not in _QUALIFIERS:
        return name == key
    return name in qualifiers or any({*qualifiers, name} == set(order) for order in _ORDERS[key])


def _decode(text: str) -> str:
    return unquote(text) if "%" in text else text


def clean_serial(text: str) -> str:
    """Return a serial as it was printed: in capitals, I, L, O read as 1, 1, 0, hyphens and blanks left out.

    Raises: LinkError if no GS1 serial looks like this.
    """
    serial = text.upper().translate(_TYPED)
    if not _SERIAL.fullmatch(serial):
        raise LinkError("a serial has 1 to 20 letters, digits or signs")
    return serial


def item_link(gtin: str, serial: str) -> ItemLink:
    """Read a product's number and a serial as they stand in an item's address.

    Raises: GtinError, LinkError.
    """
    return ItemLink(check_gtin(gtin), clean_serial(serial))


def parse_link(uri: str) -> ItemLink:
    """Read the address of an item in either case, whatever its host, path prefix, other qualifiers, query and fragment.

    Raises: LinkError, GtinError.
    """
    if len(uri) > MAX_URI:
        raise LinkError("this address is too long")
    found = _ITEM.fullmatch(uri)
    if found:
        return item_link(unquote(found[1]), unquote(found[2]))
    link = read_link(uri) if "/21/" in uri else None
    serial = link and link.get("21")
    if link is None or serial is None or link.key.ai != "01":
        raise LinkError("this is not the address of an item: .../01/GTIN/21/SERIAL")
    return item_link(link.key.value, serial)


def print_uri(base_url: str, gtin: str, serial: str) -> str:
    """Return the text of an item's symbol, see `print_element`."""
    return print_path(base_url, f"/01/{gtin}/21/{serial}")


def print_path(base_url: str, path: str) -> str:
    """Return the text of a symbol, upper case so that it stays in QR's alphanumeric mode.

    Raises: LinkError if the base URL has a character that this mode has not, such as `_`, `~` or `[`.
    """
    uri = f"{base_url.rstrip('/')}{path}".upper()
    if not _ALPHANUMERIC.fullmatch(uri):
        raise LinkError("an address that is printed has letters, digits and - . / : only")
    return uri
