"""Imports of what the addresses of products lead to."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy.orm import Session

from channel.imports.cells import CellError, Check, flag, gtin, outside_id, words
from channel.imports.kind import Cells, Door, Kind, Name, blank, given, needed, optional
from scans.gs1 import LinkError
from scans.linktypes import LINK_TYPES, PREFIX, LinkTypeError, read_link_type
from scans.resolver import NoDigitalLinkError, read_address
from scans.targets import (
    TITLE_CHARS,
    TargetError,
    TargetRow,
    check_context,
    check_href,
    check_language,
    check_level,
    check_media_type,
    check_words,
    put_targets,
)
from scans.upserts import Put

COLUMN_OF = {"default": "is_default", "context": "contexts", "forward_query": "forwards_query"}


def _cell(check: Callable[[str], Any]) -> Check:
    def read(cell: str) -> Any:
        try:
            return check(cell)
        except TargetError as error:
            raise CellError(str(error)) from error

    return read


def _several(check: Callable[[str], str]) -> Check:
    return _cell(lambda cell: check_words(cell, check))


def _link_type(cell: str) -> str:
    try:
        link_type = read_link_type(cell if ":" in cell else PREFIX + cell)
    except LinkTypeError as error:
        raise CellError(str(error)) from error
    if link_type not in LINK_TYPES:
        raise CellError("GS1's vocabulary has no link type of this name")
    return link_type


def _link(cells: Cells, door: Door) -> TargetRow:
    told = {COLUMN_OF.get(name, name): value for name, value in given(cells).items()}
    try:
        told["lot"], told["serial"] = check_level(cells["lot"] or "", cells["serial"] or "")
    except (TargetError, LinkError) as error:
        raise CellError(str(error), "serial" if cells["serial"] else "lot") from error
    if _leads_back(cells["href"], door.config.base_url):
        raise CellError("leads back to an address of our own products", "href")
    return TargetRow(target_id=told.pop("id"), **told)


def _leads_back(href: str, base_url: str) -> bool:
    # A redirect to what redirects here: a browser would go round until it gives up.
    if (urlsplit(href).hostname or "").removesuffix(".") != urlsplit(base_url).hostname:
        return False
    try:
        read_address(href)
    except NoDigitalLinkError:
        return False
    return True


def _put_links(db: Session, rows: Sequence[TargetRow], door: Door) -> Put:
    return put_targets(db, rows=rows, keep={COLUMN_OF.get(name, name) for name in door.keep})


def _names(row: TargetRow) -> Iterable[Name]:
    yield "id", row.target_id
    if row.is_default:
        yield "default", row.level


LINKS = Kind(
    columns={
        "id": needed(outside_id, "L-1"),
        "gtin": needed(gtin, "06901234567892"),
        "lot": blank(words(20)),
        "serial": blank(words(20)),
        "link_type": needed(_link_type, "gs1:pip"),
        "title": needed(words(TITLE_CHARS), "关于这款茶"),
        "href": needed(_cell(check_href), "https://brand.example/tea"),
        "default": blank(flag, "yes"),
        "languages": optional(_several(check_language), "zh;zh-CN"),
        "media_type": optional(_cell(check_media_type), "text/html"),
        "context": optional(_several(check_context)),
        "forward_query": optional(flag, "yes"),
    },
    record=_link,
    put=_put_links,
    names=_names,
)
