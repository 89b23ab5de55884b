"""Stage 2, print: which link an address of a product leads to, by the rules of GS1's resolvers. Knows the links.

Pure but for `linked`, which reads one product. Source: GS1-Conformant Resolver Standard, release 1.1; RFC 9264.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import groupby
from operator import attrgetter
from typing import Any, NamedTuple
from urllib.parse import quote

from sqlalchemy.orm import Session

from scans.gs1 import DigitalLink, GtinError, LinkError, clean_serial, read_link
from scans.linktypes import DEFAULT, DEFAULTS, LinkTypeError, iri, read_link_type
from scans.targets import TargetRow, named_targets

HEADER_CHARS = 1000
FOR_PEOPLE = {"text/html", "application/xhtml+xml", "text/*", "*/*"}
_QUALITY = re.compile(r"q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)")


class NoDigitalLinkError(ValueError):
    """The address is no GS1 Digital Link."""


class Address(NamedTuple):
    """What a request's address names; the serial is as it was printed, lot and serial are empty where there is none."""

    link: DigitalLink
    lot: str
    serial: str


class Wish(NamedTuple):
    """What a request says it would like: the type as it was told, the rest most wanted first."""

    link_type: str = ""
    languages: tuple[str, ...] = ()
    media_types: tuple[str, ...] = ()
    contexts: tuple[str, ...] = ()


class Offer(NamedTuple):
    """A link with what requests are held against, in small letters; `tongues` are its languages without countries."""

    row: TargetRow
    contexts: frozenset[str]
    languages: frozenset[str]
    tongues: frozenset[str]
    media_types: frozenset[str]


class Level(NamedTuple):
    """The links of a product, of a lot or of a serial: its path, all by type, and the default if it has one."""

    path: str
    by_type: Mapping[str, tuple[Offer, ...]]
    default: TargetRow | None


class Linked(NamedTuple):
    """A product with what its addresses lead to; the key of a level is its lot and its serial."""

    gtin: str
    name: str
    levels: Mapping[tuple[str, str], Level]

    def way_up(self, *, lot: str, serial: str) -> list[Level]:
        """Return the levels that an address walks up, from the serial to the lot to the product."""
        keys = [("", serial)] * bool(serial) + [(lot, "")] * bool(lot) + [("", "")]
        return [self.levels[key] for key in keys if key in self.levels]


def read_address(uri: str) -> Address:
    """Read the address of a request.

    Raises: NoDigitalLinkError.
    """
    try:
        link = read_link(uri)
        serial = link.get("21")
        return Address(link, link.get("10") or "", clean_serial(serial) if serial else "")
    except (LinkError, GtinError) as error:
        raise NoDigitalLinkError(str(error)) from error


def linked(db: Session, *, gtin: str) -> Linked:
    """Return a product with its links.

    Raises: UnknownProductError.
    """
    name, rows = named_targets(db, gtin=gtin)
    by_level = groupby(rows, key=attrgetter("lot", "serial"))
    return Linked(gtin, name, {key: _level(list(group)) for key, group in by_level})


def choose(levels: Sequence[Level], wish: Wish) -> tuple[TargetRow, ...]:
    """Return the link that a request is led to; several where nothing tells which is meant, none without a default.

    A type is looked for on the lowest level that has one. Without a type, the default is followed unless a link of its
    type and level fits the request better.

    Raises: LinkTypeError if a type is told of which there is no link.
    """
    wanted = read_link_type(wish.link_type) if wish.link_type else DEFAULT
    if wanted in {DEFAULT, DEFAULTS}:
        level, default = next(((level, level.default) for level in levels if level.default), (None, None))
        if level is None or default is None:
            if wish.link_type:
                raise LinkTypeError("this has no default link")
            return ()
        found = _narrow(level.by_type[default.link_type], wish)
        return found if len(found) == 1 else (default,)
    offers = next((level.by_type[wanted] for level in levels if wanted in level.by_type), ())
    if not offers:
        raise LinkTypeError(f"this has no link of the type {wanted}")
    return _best(offers, wish)


def offered(levels: Sequence[Level], wish: Wish) -> list[TargetRow]:
    """Return of each type of link the one that fits a request best, those of the lowest level first."""
    by_type: dict[str, tuple[Offer, ...]] = {}
    for level in levels:
        by_type = by_type | {kind: offers for kind, offers in level.by_type.items() if kind not in by_type}
    return [_best(offers, wish)[0] for offers in by_type.values()]


def _best(offers: Sequence[Offer], wish: Wish) -> tuple[TargetRow, ...]:
    found = _narrow(offers, wish)
    return tuple(row for row in found if row.is_default) or found


def forward(target: TargetRow, query: str) -> str:
    """Return where a request is sent: the link's address and, unless the link says no, all that the request asked."""
    if not query or not target.forwards_query:
        return target.href
    address, sharp, fragment = target.href.partition("#")
    return f"{address}{'&' if '?' in address else '?'}{query}{sharp}{fragment}"


def linkset(linked: Linked, levels: Sequence[Level], *, base_url: str) -> dict[str, Any]:
    """Return the links of all levels as RFC 9264 and GS1's schema tell them, the lowest level first."""
    shown = levels or [Level(f"/01/{linked.gtin}", {}, None)]
    return {"linkset": [_context(linked, level, base_url) for level in shown]}


def choices(linked: Linked, targets: Sequence[TargetRow], *, base_url: str) -> dict[str, Any]:
    """Return the links among which a request does not tell which is meant."""
    return linkset(linked, [_level(list(targets))._replace(default=None)], base_url=base_url)


@lru_cache(maxsize=4096)
def read_preferences(header: str) -> tuple[str, ...]:
    """Return what an Accept or Accept-Language header lists, most wanted first, in small letters."""
    wanted = []
    for part in header[:HEADER_CHARS].lower().split(","):
        word, *parameters = (piece.strip() for piece in part.split(";"))
        told = (_QUALITY.fullmatch(parameter) for parameter in parameters)
        quality = next((float(found[1]) for found in told if found), 1.0)
        if word and quality > 0:
            wanted.append((quality, word))
    return tuple(word for _, word in sorted(wanted, key=lambda one: -one[0]))


def _level(rows: list[TargetRow]) -> Level:
    first = rows[0]
    path = f"/01/{first.gtin}" + "".join(
        f"/{ai}/{quote(value, safe='')}" for ai, value in (("10", first.lot), ("21", first.serial)) if value
    )
    by_type: dict[str, tuple[Offer, ...]] = {}
    for row in rows:
        by_type[row.link_type] = (*by_type.get(row.link_type, ()), _offer(row))
    return Level(path, by_type, next((row for row in rows if row.is_default), None))


def _offer(row: TargetRow) -> Offer:
    media = row.media_type
    return Offer(
        row,
        frozenset(context.lower() for context in row.contexts),
        frozenset(language.lower() for language in row.languages),
        frozenset(language[:2] for language in row.languages),
        frozenset({media, media.partition("/")[0] + "/*", "*/*"} if media else ()),
    )


def _narrow(offers: Sequence[Offer], wish: Wish) -> tuple[TargetRow, ...]:
    """Return the links that fit best: by context, then by language, then by media type."""
    if len(offers) > 1:
        offers = _prefer(offers, wish.contexts, "contexts")
    if len(offers) > 1:
        offers = _prefer(offers, wish.languages, "languages")
    if len(offers) > 1:
        offers = _prefer(offers, wish.media_types, "media_types")
    return tuple(offer.row for offer in offers)


def _prefer(offers: Sequence[Offer], wanted: Iterable[str], told: str) -> Sequence[Offer]:
    """Return the offers that the first wish fits that fits any; else those that say nothing of this, else all."""
    place = Offer._fields.index(told)
    for wish in wanted:
        found = [offer for offer in offers if wish in offer[place]]
        if not found and told == "languages":  # rather the language of another country than another language
            found = [offer for offer in offers if wish[:2] in offer.tongues and not wish[2:3].isalpha()]
        if found:
            return found
    return [offer for offer in offers if not offer[place]] or offers


def _context(linked: Linked, level: Level, base_url: str) -> dict[str, Any]:
    told: dict[str, Any] = {"anchor": base_url.rstrip("/") + level.path, "itemDescription": linked.name}
    if level.default is not None:
        told[iri(DEFAULT)] = [{"href": level.default.href, "title": level.default.title}]
        alike = level.by_type[level.default.link_type]
        if len(alike) > 1:
            told[iri(DEFAULTS)] = [_link(offer.row) for offer in alike]
    return told | {iri(of): [_link(offer.row) for offer in offers] for of, offers in level.by_type.items()}


def _link(row: TargetRow) -> dict[str, Any]:
    told: dict[str, Any] = {"href": row.href, "title": row.title}
    if row.languages:
        told["hreflang"] = list(row.languages)
    if row.media_type:
        told["type"] = row.media_type
    if row.contexts:
        told["context"] = list(row.contexts)
    return told if row.forwards_query else told | {"fwqs": False}
