"""Stage 4, deliver: a case or pallet is in one place at a time, and what is in it was sold there. Knows scans.

Deliveries never change: the same id says the same for ever. Items inherit from the case and pallet around them.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import bindparam, or_, select, tuple_
from sqlalchemy.orm import Session

from scans.asking import NUMBERS, among
from scans.batches import catalogue
from scans.catalogue import Catalogue, Found, UnknownCodeError, find_printed
from scans.gs1 import GtinError, LinkError
from scans.holdings import RANGES_PER_STATEMENT, Holding, ever_inside, surroundings
from scans.keys import KeyRing
from scans.packing import goods
from scans.schema import table_of
from scans.tables import Claim
from scans.upserts import Put, Refusal, chunks, keys_of
from scans.writing import insert_new
from stores.tables import Delivery, Party, Store

CLOCKS_APART = timedelta(minutes=2)
Fault = tuple[str, str]
NO_CODE: Fault = ("uri", "this is no code of ours")

_DELIVERY = table_of(Delivery).c
_HANDED = (
    select(_DELIVERY.code_no, _DELIVERY.delivered_at, _DELIVERY.to_store_id)
    .where(among(_DELIVERY.code_no, bindparam("code_nos", type_=NUMBERS)), _DELIVERY.to_store_id.is_not(None))
    .order_by(_DELIVERY.delivered_at)
)


class DeliveryRow(NamedTuple):
    """A case, pallet or item handed over; `uri` may be its serial alone, `from_id` and `to_id` are outside ids."""

    delivery_id: str
    uri: str
    from_id: str
    to_id: str
    delivered_at: datetime


class _Known(NamedTuple):
    stores: Mapping[str, int]
    parties: Mapping[str, int]
    told: dict[str, dict[str, Any]]
    handed: dict[tuple[int, datetime], dict[str, Any]]

    def remember(self, said: dict[str, Any]) -> dict[str, Any]:
        self.told[said["delivery_id"]] = said
        self.handed[said["code_no"], said["delivered_at"]] = said
        return said


def put_deliveries(db: Session, *, ring: KeyRing, rows: Sequence[DeliveryRow], now: datetime) -> Put:
    """Record deliveries; one that is there already changes nothing, and must say the same."""
    codes = catalogue(db)
    found = [_find(codes, ring, row) for row in rows]
    known = _known(db, rows, found)
    refused: list[Refusal] = []
    new: dict[int, dict[str, Any]] = {}
    for index, (row, code) in enumerate(zip(rows, found, strict=True)):
        fault = _fault(row, known, now) if code else NO_CODE
        said = _columns(row, code, known) if code else {}
        fault = fault or _clash(said, known)
        if fault:
            refused.append(Refusal(index, *fault))
        elif (said["code_no"], said["delivered_at"]) not in known.handed:
            new[index] = known.remember(said)
    written = {told for (told,) in insert_new(db, Delivery, [*new.values()], told="delivery_id")}
    late = [index for index, said in new.items() if said["delivery_id"] not in written]
    refused += _overtaken(db, rows, found, late)
    return Put(len(written), 0, len(rows) - len(written) - len(refused), tuple(refused))


def _overtaken(
    db: Session, rows: Sequence[DeliveryRow], found: Sequence[Found | None], late: Sequence[int]
) -> list[Refusal]:
    """Return which rows are refused of those that another writer was ahead of since they were looked at."""
    pairs = [(index, rows[index], code) for index in late if (code := found[index]) is not None]
    known = _known(db, [row for _, row, _ in pairs], [code for _, _, code in pairs])
    faults = ((index, _clash(_columns(row, code, known), known)) for index, row, code in pairs)
    return [Refusal(index, *fault) for index, fault in faults if fault]


def delivered_to(db: Session, *, found: Collection[Found]) -> dict[int, int]:
    """Return the store that each item, or the case or pallet it was in at that time, was last delivered to.

    At the same instant what is nearer to the item counts. Items that no store was given are left out.
    """
    around = surroundings(db, found=found)
    lines = {one.code_no: [Holding(one), *around[one.code_no]] for one in found}
    handed = _to_stores(db, {holding.outer.code_no for line in lines.values() for holding in line})
    stores: dict[int, int] = {}
    for code_no, line in lines.items():
        last = [at_store for holding in line if (at_store := _last_covered(holding, handed)) is not None]
        if last:
            stores[code_no] = max(last, key=lambda at_store: at_store[0])[1]
    return stores


def awaited(db: Session, *, found: Collection[Found]) -> set[int]:
    """Return the items that earn only once they are delivered, and that no store was given yet.

    Costs no statement where no such batch is among them.
    """
    waiting = [one for one in found if one.batch.earns == "delivered" and one.state == "activated"]
    return {one.code_no for one in waiting} - delivered_to(db, found=waiting).keys() if waiting else set()


def late_claims(db: Session, *, rows: Sequence[DeliveryRow]) -> dict[int, int]:
    """Return the items of these deliveries that are claimed already, each with the store it was last delivered to."""
    handed: list[int] = []
    for chunk in chunks(row.delivery_id for row in rows):
        to_store = select(Delivery.code_no).where(Delivery.delivery_id.in_(chunk), Delivery.to_store_id.is_not(None))
        handed += db.scalars(to_store)
    return delivered_to(db, found=claimed_inside(db, code_nos=set(handed)))


def claimed_inside(db: Session, *, code_nos: Collection[int]) -> list[Found]:
    """Return the claimed items among these codes and all that they hold or have ever held."""
    codes = catalogue(db)
    held = ever_inside(db, found=[codes.find(code_no) for code_no in sorted(code_nos)])
    return [codes.find(code_no) for code_no in claimed_in(db, ranges=held)]


def claimed_in(db: Session, *, ranges: Iterable[range]) -> list[int]:
    """Return which numbers of these ranges, which do not overlap, are claimed; in their order if the ranges are."""
    claimed: list[int] = []
    for some in chunks(ranges, RANGES_PER_STATEMENT):
        inside = or_(*(Claim.code_no.between(one.start, one.stop - 1) for one in some))
        claimed += db.scalars(select(Claim.code_no).where(inside).order_by(Claim.code_no))
    return claimed


def _find(codes: Catalogue, ring: KeyRing, row: DeliveryRow) -> Found | None:
    try:
        return goods(find_printed(codes, ring, text=row.uri))
    except (LinkError, GtinError, UnknownCodeError):
        return None


def _known(db: Session, rows: Sequence[DeliveryRow], found: Sequence[Found | None]) -> _Known:
    ends = {end for row in rows for end in (row.from_id, row.to_id)}
    stores = keys_of(db, outside=Store.store_id, inside=Store.id, ids=ends)
    parties = keys_of(db, outside=Party.party_id, inside=Party.id, ids=ends - stores.keys())
    known = _Known(stores, parties, {}, {})
    columns = Delivery.__table__.columns
    for pairs in chunks(zip(rows, found, strict=True)):
        ids = [row.delivery_id for row, _ in pairs]
        instants = [(code.code_no, row.delivered_at) for row, code in pairs if code]
        there = or_(Delivery.delivery_id.in_(ids), tuple_(Delivery.code_no, Delivery.delivered_at).in_(instants))
        for row in db.execute(select(*columns).where(there)).mappings():
            known.remember({name: value for name, value in row.items() if name != "id"})
    return known


def _fault(row: DeliveryRow, known: _Known, now: datetime) -> Fault | None:
    if row.delivered_at > now + CLOCKS_APART:
        return "delivered_at", "this lies in the future"
    for column, end in (("from_id", row.from_id), ("to_id", row.to_id)):
        if end not in known.stores and end not in known.parties:
            return column, f"there is no store or party {end}"
    if row.from_id == row.to_id:
        return "to_id", "nothing is delivered to where it comes from"
    return None


def _columns(row: DeliveryRow, code: Found, known: _Known) -> dict[str, Any]:
    return {
        "delivery_id": row.delivery_id,
        "code_no": code.code_no,
        "level": code.level,
        "from_id": row.from_id,
        "to_store_id": known.stores.get(row.to_id),
        "to_party_id": known.parties.get(row.to_id),
        "delivered_at": row.delivered_at,
    }


def _clash(said: dict[str, Any], known: _Known) -> Fault | None:
    """Return what an earlier delivery, recorded or of the same rows, has against this one."""
    if known.told.get(said["delivery_id"], said) != said:
        return "id", "this delivery is recorded already and says something else"
    other = known.handed.get((said["code_no"], said["delivered_at"]), said)
    if {**other, "delivery_id": said["delivery_id"]} != said:
        return "delivered_at", f"delivery {other['delivery_id']} has it elsewhere at the same instant"
    return None


def _to_stores(db: Session, code_nos: Collection[int]) -> dict[int, list[tuple[datetime, int]]]:
    """Return when each code was delivered to which store, in the order of time."""
    handed: dict[int, list[tuple[datetime, int]]] = {}
    for chunk in chunks(sorted(code_nos), 10_000):
        for code_no, delivered_at, store_id in db.execute(_HANDED, {"code_nos": chunk}):
            handed.setdefault(code_no, []).append((delivered_at, store_id))
    return handed


def _last_covered(
    holding: Holding, handed: Mapping[int, Sequence[tuple[datetime, int]]]
) -> tuple[datetime, int] | None:
    """Return the last delivery of a case or pallet while it held the item."""
    of_outer = reversed(handed.get(holding.outer.code_no, ()))
    return next((at_store for at_store in of_outer if holding.covers(at_store[0])), None)
