"""Stage 4, deliver: what a keeper scans as it comes in, perhaps hours before the phone can send it. Knows scans.

An arrival becomes a delivery to the store, from where the case was last known. Its id is made by the phone, so that
what is sent again, or by two windows at once, is one delivery. Anybody can read the code on an item in a rival's shelf
or in a bin: one that was sold, or delivered to others, does not arrive by itself, only with its case.
"""

import hashlib
from bisect import bisect_right
from collections.abc import Iterable, Sequence, Set
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from scans.answers import claims_of
from scans.batches import catalogue
from scans.catalogue import Catalogue, Found, UnknownCodeError, find_printed
from scans.gs1 import GtinError, LinkError
from scans.holdings import Holding, contents, surroundings
from scans.intake import ScannedAtError, clamp
from scans.keys import KeyRing
from scans.packing import goods
from scans.upserts import chunks
from stores.deliveries import DeliveryRow
from stores.directory import Scope, StoreLine, store
from stores.tables import Delivery, Party, Store

STATES = ("recorded", "here", "refused")
WHYS = ("not_ours", "never_issued", "clock", "gone", "elsewhere", "key", "nobody")


class NewArrival(NamedTuple):
    """What was scanned or typed at the door of a store; `key` is the phone's own, `at` its word."""

    key: str
    code: str
    at: datetime


class Arrival(NamedTuple):
    """What became of it: `state` is one of `STATES`, `why` one of `WHYS` for what was refused."""

    key: str
    state: str
    why: str | None = None
    found: Found | None = None
    delivery_id: str | None = None
    at: datetime | None = None


class Handed(NamedTuple):
    """One handing over: when, and to whom (the outside id; our key, if it is a store)."""

    at: datetime
    place: str
    store_key: int | None


class Plan(NamedTuple):
    """What is to be answered, and the deliveries to record first, by the places of their answers."""

    answers: list[Arrival]
    rows: dict[int, DeliveryRow]


class _Known(NamedTuple):
    store: StoreLine
    scope: Scope
    owner: str | None
    sold: Set[int]
    told: dict[str, tuple[int, datetime]]
    lines: dict[int, list[Holding]]
    ways: dict[int, list[Handed]]


def delivery_id(store_id: str, key: str) -> str:
    """Return the id of an arrival as a delivery: no store can make that of another, nor that of a file."""
    return "ARR-" + hashlib.sha256(f"{store_id} {key}".encode()).hexdigest()[:32]


def around(way: Sequence[Handed], at: datetime) -> tuple[Handed | None, Handed | None]:
    """Return the last handing over up to an instant, and the first after it, of a way in the order of time."""
    place = bisect_right(way, at, key=lambda one: one.at)
    return (way[place - 1] if place else None), (way[place] if place < len(way) else None)


def plan_arrivals(
    db: Session, *, ring: KeyRing, scope: Scope, store_id: str, arrivals: Sequence[NewArrival], now: datetime
) -> Plan:
    """Decide what each arrival is: recorded before, here already, refused, or a delivery to record.

    The store's row is locked until the transaction ends, so that two phones cannot both find that a case is not here.

    Raises: UnknownStoreError if there is no such store in the scope.
    """
    at_store = store(db, scope=scope, store_id=store_id)
    db.execute(select(Store.id).where(Store.id == at_store.key).with_for_update(key_share=True))
    codes = catalogue(db)
    answers = [_read(codes, ring, one, now) for one in arrivals]
    known = _known(db, scope, at_store, answers)
    rows: dict[int, DeliveryRow] = {}
    scanned = [(one.at, place) for place, one in enumerate(answers) if one.at]
    for _at, place in sorted(scanned):
        answers[place], origin = _decide(answers[place], known)
        if origin:
            told = answers[place]
            assert told.delivery_id, "what is recorded has an id"
            assert told.at, "and an instant"
            rows[place] = DeliveryRow(told.delivery_id, arrivals[place].code, origin, store_id, told.at)
    return Plan(answers, rows)


def arrivals_of(db: Session, *, store_key: int, since: datetime, until: datetime, limit: int) -> list[Arrival]:
    """Return what was delivered to a store in [since, until), in whatever way it was recorded, the latest first."""
    told = select(Delivery.delivery_id, Delivery.code_no, Delivery.delivered_at).where(
        Delivery.to_store_id == store_key, Delivery.delivered_at >= since, Delivery.delivered_at < until
    )
    codes = catalogue(db)
    rows = db.execute(told.order_by(Delivery.delivered_at.desc(), Delivery.id.desc()).limit(limit))
    return [Arrival(named, "recorded", None, codes.find(code_no), named, at) for named, code_no, at in rows]


def item_counts(db: Session, *, found: Sequence[Found], at: datetime) -> dict[int, int]:
    """Return how many items each code stands for at an instant: those in the case or on the pallet, or itself."""
    codes = catalogue(db)
    held = contents(db, found=[one for one in found if one.level != "item"], at=at)
    parts = {no: [part for one in ranges for part in codes.parts(one)] for no, ranges in held.items()}
    cases = [no for told in parts.values() for level, part in told if level == "case" for no in part]
    inside = contents(db, found=[codes.find(no) for no in cases], at=at)
    in_case = {no: sum(map(len, ranges)) for no, ranges in inside.items()}
    counts = {one.code_no: 1 for one in found}
    for no, told in parts.items():
        counts[no] = sum(len(part) if level == "item" else sum(in_case[one] for one in part) for level, part in told)
    return counts


def _read(codes: Catalogue, ring: KeyRing, told: NewArrival, now: datetime) -> Arrival:
    try:
        found = goods(find_printed(codes, ring, text=told.code))
        return Arrival(told.key, "recorded", None, found, None, clamp(told.at, now=now))
    except (LinkError, GtinError):
        return Arrival(told.key, "refused", "not_ours")
    except UnknownCodeError:
        return Arrival(told.key, "refused", "never_issued")
    except ScannedAtError:
        return Arrival(told.key, "refused", "clock")


def _known(db: Session, scope: Scope, at_store: StoreLine, answers: Sequence[Arrival]) -> _Known:
    owner = db.scalar(select(Party.party_id).where(Party.kind == "owner").order_by(Party.id).limit(1))
    told = select(Delivery.delivery_id, Delivery.code_no, Delivery.delivered_at)
    ids = [delivery_id(at_store.store_id, one.key) for one in answers]
    rows = (row for chunk in chunks(ids) for row in db.execute(told.where(Delivery.delivery_id.in_(chunk))))
    there = {named: (code_no, at) for named, code_no, at in rows}
    found = [one.found for one in answers if one.found]
    sold = claims_of(db, code_nos={one.code_no for one in found if one.level == "item"}).keys()
    around_them = surroundings(db, found=found)
    lines = {one.code_no: [Holding(one), *around_them[one.code_no]] for one in found}
    return _Known(at_store, scope, owner or at_store.party_id, sold, there, lines, _ways(db, lines.values()))


def _ways(db: Session, lines: Iterable[Sequence[Holding]]) -> dict[int, list[Handed]]:
    """Return the ways of codes, and of the cases and pallets that they were ever in."""
    receiver = func.coalesce(Store.store_id, Party.party_id)
    told = select(Delivery.code_no, Delivery.delivered_at, receiver, Delivery.to_store_id)
    told = told.outerjoin(Store, Store.id == Delivery.to_store_id).outerjoin(Party, Party.id == Delivery.to_party_id)
    ways: dict[int, list[Handed]] = {holding.outer.code_no: [] for line in lines for holding in line}
    for chunk in chunks(sorted(ways)):
        for code_no, at, place, store_key in db.execute(told.where(Delivery.code_no.in_(chunk))):
            ways[code_no].append(Handed(at, place, store_key))
    return ways


def _decide(read: Arrival, known: _Known) -> tuple[Arrival, str | None]:
    """Return the answer, and where it came from if it is to be recorded."""
    assert read.found, "what cannot be read is decided already"
    assert read.at, "what was read has an instant"
    named = delivery_id(known.store.store_id, read.key)
    if named in known.told:
        code_no, at = known.told[named]
        same = code_no == read.found.code_no
        return (read._replace(delivery_id=named, at=at) if same else Arrival(read.key, "refused", "key")), None
    before, after = around(_way(read.found, known), read.at)
    if any(one is not None and one.store_key == known.store.key for one in (before, after)):
        return read._replace(state="here"), None
    if read.found.level == "item" and (read.found.code_no in known.sold or _is_others(before, known.scope)):
        return Arrival(read.key, "refused", "gone"), None
    itself = known.ways[read.found.code_no]
    origin = before.place if before else known.owner
    if origin is None or any(one.at == read.at for one in itself):
        return Arrival(read.key, "refused", "elsewhere" if origin else "nobody"), None
    itself.append(Handed(read.at, known.store.store_id, known.store.key))
    return read._replace(delivery_id=named), origin


def _way(found: Found, known: _Known) -> list[Handed]:
    """Return when a code, or what it was in at that time, was handed to whom; at one instant the nearer comes last."""
    line = reversed(known.lines[found.code_no])
    handed = ((holding, one) for holding in line for one in known.ways[holding.outer.code_no])
    return sorted((one for holding, one in handed if holding.covers(one.at)), key=lambda one: one.at)


def _is_others(last: Handed | None, scope: Scope) -> bool:
    key = last.store_key if last else None
    return key is not None and scope.store_keys is not None and key not in scope.store_keys
