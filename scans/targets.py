"""Stage 2, print: what the addresses of products lead to: links by type, language and context. Knows products.

Whatever a redirect may lead to stands in this table and was checked here on its way in; nothing else is ever followed.
"""

import re
from collections.abc import Callable, Collection, Sequence
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from sqlalchemy import delete, select, tuple_, update
from sqlalchemy.orm import Session

from scans.gs1 import check_value, clean_serial
from scans.products import UnknownProductError
from scans.tables import HREF_CHARS, Product, Target
from scans.upserts import Put, Refusal, chunks, put_rows
from scans.versions import touch

TITLE_CHARS = 200
MOST_WORDS = 8
MOST_OF_PRODUCT = 1000
# A named host, in ASCII as it goes over the wire: no user, no number, nothing that looks like another host.
_LABEL = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_HOST = re.compile(rf"({_LABEL}\.)+[a-z]([a-z0-9-]{{0,61}}[a-z0-9])?", re.IGNORECASE)
_HREF = re.compile(
    r"(https?)://([A-Za-z0-9.-]{1,253})(:[0-9]{1,5})?"
    r"([/?#]([A-Za-z0-9._~:/?#@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*)?"
)
_LANGUAGE = re.compile(r"([A-Za-z]{2})(?:-([A-Za-z]{2}))?")
_MEDIA_TYPE = re.compile(r"(application|audio|font|image|message|model|text|video)/[a-z0-9][a-z0-9.+-]{0,60}")
_CONTEXT = re.compile(r"[A-Za-z0-9_.-]{1,64}")


class TargetError(ValueError):
    """A link that cannot be."""


class TargetRow(NamedTuple):
    """One link of a product, of one of its lots, or of one item (by its serial); `link_type` is GS1's bare name."""

    target_id: str
    gtin: str
    link_type: str
    title: str
    href: str
    lot: str = ""
    serial: str = ""
    languages: tuple[str, ...] = ()
    media_type: str = ""
    contexts: tuple[str, ...] = ()
    is_default: bool = False
    forwards_query: bool = True

    @property
    def level(self) -> tuple[str, str, str]:
        """Return what has at most one default."""
        return self.gtin, self.lot, self.serial


def check_href(text: str) -> str:
    """Return an address that a redirect may lead to.

    Raises: TargetError unless it is http or https, to a named host, in plain ASCII and without a user.
    """
    found = _HREF.fullmatch(text)
    if len(text) > HREF_CHARS or not found:
        raise TargetError("is not an address like https://brand.example/page")
    host = found[2].removesuffix(".")
    if not _HOST.fullmatch(host) or urlsplit(text).hostname != found[2].lower():
        raise TargetError("leads to no named host")
    return text


def check_language(text: str) -> str:
    """Return a language as links tell it: `zh`, or with its country `zh-CN`.

    Raises: TargetError. Source: GS1's schema of linksets, which has no scripts (`zh-Hans`).
    """
    found = _LANGUAGE.fullmatch(text)
    if not found:
        raise TargetError("is not a language like zh or zh-CN")
    return found[1].lower() + (f"-{found[2].upper()}" if found[2] else "")


def check_media_type(text: str) -> str:
    """Return a media type in small letters.

    Raises: TargetError.
    """
    if not _MEDIA_TYPE.fullmatch(text.lower()):
        raise TargetError("is not a media type like text/html")
    return text.lower()


def check_context(text: str) -> str:
    """Return a word that narrows where a link is meant, such as a country.

    Raises: TargetError.
    """
    if not _CONTEXT.fullmatch(text):
        raise TargetError("a context is 1-64 of A-Z a-z 0-9 _ . -")
    return text


def check_words(text: str, check: Callable[[str], str]) -> tuple[str, ...]:
    """Return words that stand between semicolons, each checked and once.

    Raises: TargetError.
    """
    found = tuple(dict.fromkeys(check(part.strip()) for part in text.split(";") if part.strip()))
    if len(found) > MOST_WORDS:
        raise TargetError(f"longer than {MOST_WORDS} words")
    return found


def check_level(lot: str, serial: str) -> tuple[str, str]:
    """Return a lot and a serial as they are compared.

    Raises: TargetError if both are told: a serial has one lot. LinkError if GS1 has no such lot or serial.
    """
    if lot and serial:
        raise TargetError("a link is of a lot or of one serial, not of both")
    return check_value("10", lot) if lot else "", clean_serial(serial) if serial else ""


def put_targets(db: Session, *, rows: Sequence[TargetRow], keep: Collection[str] = ()) -> Put:
    """Write links by their id; columns in `keep` stay as they are in links that exist.

    A new default takes the mark from the old one of its product, lot or serial.
    """
    keys = _lock_products(db, {row.gtin for row in rows})
    refused = _refuse(db, rows, keys)
    bad = {refusal.index for refusal in refused}
    good = [row for index, row in enumerate(rows) if index not in bad]
    _take_marks(db, [row for row in good if row.is_default], keys)
    written = put_rows(db, table=Target, key="target_id", rows=[_columns(row, keys) for row in good], keep=keep)
    if written.new or written.changed:
        touch(db, name="targets")
    return written.tally(count=len(rows), refused=refused)


def drop_target(db: Session, *, gtin: str, target_id: str) -> bool:
    """Take a link of a product away; say whether there was one."""
    product_id = select(Product.id).where(Product.gtin == gtin).scalar_subquery()
    gone = delete(Target).where(Target.target_id == target_id, Target.product_id == product_id).returning(Target.id)
    if db.execute(gone).first() is None:
        return False
    touch(db, name="targets")
    return True


def named_targets(db: Session, *, gtin: str) -> tuple[str, list[TargetRow]]:
    """Return the name of a product and all its links: those of the product, then of its lots and serials.

    Raises: UnknownProductError.
    """
    told = select(Product.name, *_TOLD).outerjoin(Target, Target.product_id == Product.id)
    ordered = told.where(Product.gtin == gtin).order_by(Target.lot, Target.serial, Target.link_type, Target.target_id)
    found = db.execute(ordered).all()
    if not found:
        raise UnknownProductError("no product has this GTIN")
    return found[0][0], [_row(row[1:]) for row in found if row[1] is not None]


_TOLD: tuple[Any, ...] = tuple(Product.gtin if name == "gtin" else getattr(Target, name) for name in TargetRow._fields)


def _row(told: Sequence[Any]) -> TargetRow:
    row = TargetRow(*told)
    return row._replace(languages=tuple(row.languages), contexts=tuple(row.contexts))


def _columns(row: TargetRow, keys: dict[str, int]) -> dict[str, Any]:
    told = row._asdict() | {"languages": list(row.languages), "contexts": list(row.contexts)}
    return {"product_id": keys[told.pop("gtin")]} | told


def _lock_products(db: Session, gtins: Collection[str]) -> dict[str, int]:
    """Return the products' keys; who else writes links of the same products waits."""
    return {
        gtin: key
        for chunk in chunks(sorted(gtins))
        for gtin, key in db.execute(
            select(Product.gtin, Product.id).where(Product.gtin.in_(chunk)).order_by(Product.id).with_for_update()
        )
    }


def _refuse(db: Session, rows: Sequence[TargetRow], keys: dict[str, int]) -> list[Refusal]:
    held = _held(db, keys)
    refused = []
    for index, row in enumerate(rows):
        ids = held.get(row.gtin)
        if ids is None:
            refused.append(Refusal(index, "gtin", f"no product has the GTIN {row.gtin}"))
        elif len(ids | {row.target_id}) > MOST_OF_PRODUCT:
            refused.append(Refusal(index, "gtin", f"a product has at most {MOST_OF_PRODUCT} links"))
        else:
            ids.add(row.target_id)
    return refused


def _held(db: Session, keys: dict[str, int]) -> dict[str, set[str]]:
    """Return the ids of the links that products have already."""
    held: dict[str, set[str]] = {gtin: set() for gtin in keys}
    told = select(Product.gtin, Target.target_id).join(Target, Target.product_id == Product.id)
    for chunk in chunks(sorted(keys)):
        for gtin, target_id in db.execute(told.where(Product.gtin.in_(chunk))):
            held[gtin].add(target_id)
    return held


def _take_marks(db: Session, defaults: Sequence[TargetRow], keys: dict[str, int]) -> None:
    """Take the mark of a default from all links but those that are to have it, before these get it."""
    level = (Target.product_id, Target.lot, Target.serial)
    for chunk in chunks(defaults, 200):
        meant = [(keys[row.gtin], row.lot, row.serial, row.target_id) for row in chunk]
        others = update(Target).where(
            Target.is_default,
            tuple_(*level).in_([one[:3] for one in meant]),
            tuple_(*level, Target.target_id).not_in(meant),
        )
        db.execute(others.values(is_default=False))
