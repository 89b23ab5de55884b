"""What a code's page tells without writing anything: what is known of the code, and what this device was answered."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from scans.answers import Answered, claimant, device_answer, is_claimed
from scans.batches import catalogue
from scans.catalogue import Found, find_printed, identify
from scans.doubts import spread
from scans.gs1 import item_link
from scans.keys import KeyRing
from scans.packing import goods
from scans.products import product
from scans.returns import is_returned
from scans.terms import expiry
from scans.trust import histories
from stores.attribution import SaleTold, sale_told
from stores.deliveries import awaited


@dataclass(frozen=True, slots=True)
class Look:
    """What is known of a code. `state`: claimable, claimed, suspect, inactive, returned, recalled or not_for_sale.

    `expiry`: expired, near (its last day is) or None. `is_opened`: the code that an outer mark covers was scanned.

    `apart_km` is roughly how far apart its scans are: 5 for anything near, None where fewer than two places are kept.
    """

    gtin: str
    product: str
    batch_id: str
    level: str
    lot: str | None
    expires_on: date | None
    expiry: str | None
    serial_tail: str
    state: str
    scan_count: int
    devices: int
    apart_km: int | None
    is_copied: bool
    first_scanned_at: datetime | None
    may_be_rewarded: bool
    is_opened: bool


def look_at(db: Session, *, ring: KeyRing, gtin: str, serial: str, day: date) -> Look:
    """Tell what is known of a code on an owner's business day; reads only.

    Raises: GtinError, LinkError, UnknownCodeError.
    """
    link = item_link(gtin, serial)
    found = identify(catalogue(db), ring, gtin=link.gtin, serial=link.serial)
    return _look(db, found=found, tail=link.serial[-4:], day=day)


def inspect(db: Session, *, ring: KeyRing, text: str, day: date) -> Look:
    """Tell what is known of a code that was scanned or typed by somebody who works here; reads only.

    Raises: GtinError, LinkError, UnknownCodeError.
    """
    return _look(db, found=find_printed(catalogue(db), ring, text=text), tail=text[-4:], day=day)


def _look(db: Session, *, found: Found, tail: str, day: date) -> Look:
    history = histories(db, code_nos=[found.code_no], consumer_ids=[]).get(found.code_no)
    if awaited(db, found=[found]):
        found = found._replace(earns=False)
    claimed = is_claimed(db, code_no=goods(found).code_no)
    apart_km = spread(db, code_no=found.code_no)
    state = found.state
    if claimed and state in ("activated", "not_for_sale") and is_returned(db, code_no=goods(found).code_no):
        state = "returned"
    if state == "activated":
        state = "suspect" if history and history.is_doubted else "claimed" if claimed else "claimable"
    marked = product(db, gtin=found.batch.gtin)
    last_on = found.batch.expires_on
    return Look(
        gtin=found.batch.gtin_of(found.level) or found.batch.gtin,
        product=marked.name,
        batch_id=found.batch.batch_id,
        level=found.level,
        lot=found.batch.lot,
        expires_on=last_on,
        expiry=expiry(last_on, day=day, shelf_life_days=marked.shelf_life_days),
        serial_tail=tail,
        state=state,
        scan_count=history.count if history else 0,
        devices=history.devices if history else 0,
        apart_km=apart_km,
        is_copied=history is not None and history.state == "confirmed",
        first_scanned_at=history.first_at if history else None,
        may_be_rewarded=not claimed and found.state == "activated" and found.batch.reward is not None,
        is_opened=claimed and found.level == "outer",
    )


def answer_for(db: Session, *, ring: KeyRing, gtin: str, serial: str, consumer: str) -> Answered | None:
    """Return what this device was answered when it scanned this code: its claim, else its last scan; None if never.

    Raises: GtinError, LinkError, UnknownCodeError.
    """
    link = item_link(gtin, serial)
    found = identify(catalogue(db), ring, gtin=link.gtin, serial=link.serial)
    return device_answer(db, code_no=found.code_no, device=consumer)


def bought_at(db: Session, *, ring: KeyRing, gtin: str, serial: str, consumer: str) -> SaleTold | None:
    """Return where an item counts as sold, for the device that claimed it; None for any other.

    Raises: GtinError, LinkError, UnknownCodeError.
    """
    link = item_link(gtin, serial)
    found = identify(catalogue(db), ring, gtin=link.gtin, serial=link.serial)
    if claimant(db, code_no=found.code_no, device=consumer) is None:
        return None
    return sale_told(db, code_no=found.code_no)
