"""What a rep tells from a store, by a form or by a phone that was offline: arrival, shelf, photo, outcome, pin.

Each act is one transaction under a key of its own, so that what is sent twice is kept once and none holds up another.
"""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import NamedTuple

from sqlalchemy.orm import Session

from channel import providers
from channel.pages.forms import told_position
from scans.intake import KeyReusedError
from scans.photos import PhotoError, clean_photo
from scans.places import Position, PositionError, read_position
from scans.products import UnknownProductError
from stores.pins import PinError, propose_pin
from stores.seen import TooManyPhotosError, keep_photo, see_shelf
from stores.shelf import MOST_RIVALS, Rival, Shelf, ShelfError
from stores.visits import (
    OutcomeError,
    OutcomeExistsError,
    TooFarError,
    UnknownVisitError,
    check_in,
    record_outcome,
)

# What a rep is told of an act that cannot be; anything else is tried again.
REFUSALS = (
    KeyReusedError, OutcomeError, OutcomeExistsError, PhotoError, PinError, PositionError, ShelfError, TooFarError,
    TooManyPhotosError, UnknownProductError, UnknownVisitError,
)  # fmt: skip
_WHOLE = re.compile(r"[0-9]{1,8}")
_PRICE = re.compile(r"([0-9]{1,7})(?:[.,]([0-9]{1,2}))?")

Fields = Mapping[str, str]


class Act(NamedTuple):
    """One thing that was done at a store: under which key, at which visit, what was filled in, when, by whom."""

    kind: str
    key: str
    visit_id: str
    fields: Fields
    photo: bytes
    at: datetime
    rep_id: str


def perform(act: Act) -> None:
    """Do it.

    Raises: one of `REFUSALS`.
    """
    photo = clean_photo(act.photo) if act.kind == "photo" else b""
    with providers.transaction() as db:
        ACTS[act.kind](db, act._replace(photo=photo))


def _arrive(db: Session, act: Act) -> None:
    reason = _line(act.fields, "reason", 200)
    check_in(
        db, visit_id=act.visit_id, position=_position(act.fields), reason=reason, now=act.at, rep_id=act.rep_id
    )  # fmt: skip


def _tell(db: Session, act: Act) -> None:
    told = act.fields
    record_outcome(
        db, visit_id=act.visit_id, key=act.key, was_real=told.get("was_real") == "yes", cause=told.get("cause", ""),
        action=told.get("action", ""), note=told.get("note", "").strip()[:1000] or None, now=act.at, rep_id=act.rep_id,
    )  # fmt: skip


def _see(db: Session, act: Act) -> None:
    gtin = act.fields.get("gtin", "")
    see_shelf(
        db, visit_id=act.visit_id, key=act.key, gtin=gtin, shelf=_shelf(act.fields), now=act.at, rep_id=act.rep_id
    )  # fmt: skip


def _photo(db: Session, act: Act) -> None:
    gtin = act.fields.get("gtin") or None
    keep_photo(
        db, visit_id=act.visit_id, key=act.key, gtin=gtin, photo=act.photo, now=act.at, rep_id=act.rep_id
    )  # fmt: skip


def _pin(db: Session, act: Act) -> None:
    position, note = _position(act.fields), _line(act.fields, "note", 200)
    if position is None:
        raise PinError("the phone did not tell where it is")
    propose_pin(
        db, visit_id=act.visit_id, key=act.key, position=position, note=note, now=act.at, rep_id=act.rep_id
    )  # fmt: skip


ACTS: dict[str, Callable[[Session, Act], None]] = {
    "check-in": _arrive,
    "outcome": _tell,
    "shelf": _see,
    "photo": _photo,
    "pin": _pin,
}


def _position(fields: Fields) -> Position | None:
    told = told_position(fields)
    return read_position(told.lat_deg, told.lon_deg, told.accuracy_m, told.datum) if told else None


def _line(fields: Fields, name: str, longest: int) -> str | None:
    return " ".join(fields.get(name, "").split())[:longest] or None


def _shelf(fields: Fields) -> Shelf:
    numbers = {name: _whole(fields, name) for name in ("shelves", "facings", "displayed", "stock", "elsewhere_percent")}
    why = fields.get("elsewhere_why") or None
    return Shelf(**numbers, price_cents=_cents(fields, "price"), rivals=_rivals(fields), elsewhere_why=why)


def _rivals(fields: Fields) -> tuple[Rival, ...]:
    told = [(_line(fields, f"rival{no}", 60), str(no)) for no in range(1, MOST_RIVALS + 1)]
    return tuple(
        Rival(name, _whole(fields, f"rival_facings{no}"), _cents(fields, f"rival_price{no}"))
        for name, no in told
        if name
    )


def _whole(fields: Fields, name: str) -> int | None:
    told = fields.get(name, "").strip()
    if not told:
        return None
    if not _WHOLE.fullmatch(told):
        raise ShelfError(f"{name} is not a whole number")
    return int(told)


def _cents(fields: Fields, name: str) -> int | None:
    told = fields.get(name, "").strip()
    if not told:
        return None
    match = _PRICE.fullmatch(told)
    if match is None:
        raise ShelfError(f"{name} is not an amount of money")
    return int(match[1]) * 100 + int((match[2] or "0").ljust(2, "0"))
