"""Stage 5, come back: claimed items that were returned, and what became of them: scrapped or issued anew. Knows nobody.

One statement on a unique row decides which return is the first. A claim stays: an item that came back is never
claimed again; what is issued anew has a serial, and a claim, of its own.
"""

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import RowMapping, bindparam, or_, select, update
from sqlalchemy.orm import Session

from scans.batches import catalogue, issue_batch
from scans.catalogue import Catalogue, Found, IssuedBatch, UnknownCodeError, find_printed
from scans.gs1 import GtinError, LinkError
from scans.keys import KeyRing
from scans.packing import goods
from scans.schema import table_of
from scans.tables import Claim, Product, ReturnedItem
from scans.terms import Terms
from scans.upserts import chunks
from scans.writing import insert_new

CLOCKS_APART = timedelta(minutes=2)
MAX_WHY = 500
MOST_AT_ONCE = 1000
_RETURNED = table_of(ReturnedItem)


class ReturnError(ValueError):
    """A return cannot say this, or these items cannot be issued anew."""


class NotClaimedError(ValueError):
    """The item was never sold as far as its code tells: it is moved or recalled, not returned."""


class ReturnExistsError(ValueError):
    """The item came back already under another id, or the id stands for another return."""


class NotReturnedError(ValueError):
    """The item did not come back, or something has been decided about it already."""


class ReturnRow(NamedTuple):
    """An item that came back; `uri` is what its code or its outer mark says, the id the teller's own."""

    return_id: str
    uri: str
    returned_at: datetime | None = None
    why: str | None = None


class ReturnLine(NamedTuple):
    """A return as it is told: `state` is returned, scrapped or reissued, `new_batch_id` where it was issued anew."""

    return_id: str
    code_no: int
    batch_id: str
    position: int
    product: str
    state: str
    returned_at: datetime
    why: str | None
    settled_at: datetime | None
    new_no: int | None
    new_batch_id: str | None


Refused = ReturnError | NotClaimedError | ReturnExistsError | UnknownCodeError | LinkError | GtinError


def returned_item(codes: Catalogue, ring: KeyRing, *, text: str) -> Found:
    """Return the item that a code or its outer mark names.

    Raises: UnknownCodeError, LinkError, GtinError, ReturnError for a case or a pallet.
    """
    found = goods(find_printed(codes, ring, text=text))
    if found.level != "item":
        raise ReturnError("items come back one by one: scan what is in the case")
    return found


def put_returns(
    db: Session, *, ring: KeyRing, rows: Sequence[ReturnRow], now: datetime
) -> tuple[set[int], dict[int, Refused]]:
    """Record returns of claimed items; say which items came back by this call, and which rows were refused.

    A return that is there already changes nothing, and must be of the same item.
    """
    codes, refused = catalogue(db), dict[int, Refused]()
    said: dict[int, dict[str, Any]] = {}
    for index, row in enumerate(rows):
        try:
            said[index] = _columns(row, returned_item(codes, ring, text=row.uri), now)
        except (ReturnError, UnknownCodeError, LinkError, GtinError) as refusal:
            refused[index] = refusal
    asked = {one["code_no"] for one in said.values()}
    claimed = set(db.scalars(select(Claim.code_no).where(Claim.code_no.in_(asked))))
    wanted: dict[int, dict[str, Any]] = {}
    for one in said.values():
        if one["code_no"] in claimed:
            wanted.setdefault(one["code_no"], one)
    new = {no for (no,) in insert_new(db, ReturnedItem, [wanted[no] for no in sorted(wanted)], told="code_no")}
    kept = {no: id_ for no, id_ in db.execute(select(_RETURNED.c.code_no, _RETURNED.c.return_id).where(_those(asked)))}
    for index, one in said.items():
        if one["code_no"] not in claimed:
            refused[index] = NotClaimedError("this item was never claimed: recall it, or deliver it elsewhere")
        elif kept.get(one["code_no"]) != one["return_id"]:
            refused[index] = ReturnExistsError("this item came back already, or this id stands for another one")
    return new, refused


def return_list(
    db: Session, *, state: str | None = None, return_id: str | None = None, limit: int = 50, offset: int = 0
) -> list[ReturnLine]:
    """Return what came back, the latest first."""
    codes = catalogue(db)
    told = select(_RETURNED, Product.name).join(Claim, Claim.code_no == _RETURNED.c.code_no)
    told = told.join(Product, Product.id == Claim.product_id)
    if state:
        told = told.where(_RETURNED.c.state == state)
    if return_id:
        told = told.where(_RETURNED.c.return_id == return_id)
    latest = told.order_by(_RETURNED.c.recorded_at.desc(), _RETURNED.c.code_no.desc())
    return [_line(codes, row) for row in db.execute(latest.limit(limit).offset(offset)).mappings()]


def return_states(db: Session, *, batch_key: int) -> dict[int, str]:
    """Return what became of those items of a batch that came back, by code number."""
    rows = db.execute(select(_RETURNED.c.code_no, _RETURNED.c.state).where(_RETURNED.c.batch_id == batch_key))
    return {no: state for no, state in rows}


def is_returned(db: Session, *, code_no: int) -> bool:
    """Tell whether an item came back."""
    return db.scalar(select(_RETURNED.c.code_no).where(_RETURNED.c.code_no == code_no)) is not None


def scrap(db: Session, *, code_nos: Collection[int], now: datetime) -> None:
    """Note that items that came back are destroyed.

    Raises: NotReturnedError if one of them did not come back or was decided about before.
    """
    _settle(db, code_nos, "scrapped", now)


def reissue(db: Session, *, ring: KeyRing, code_nos: Collection[int], day: date, now: datetime) -> IssuedBatch:
    """Issue items that came back anew, as a batch of its own of the same product, lot and last day.

    Raises: NotReturnedError, ReturnError if they are of several batches, recalled or past their last day.
    """
    found = [catalogue(db).find(code_no) for code_no in sorted(set(code_nos))]
    old = {one.batch.id: one.batch for one in found}
    if len(old) != 1:
        raise ReturnError("items of one batch are issued anew at a time")
    batch = old.popitem()[1]
    if any(one.life == "recalled" for one in found):
        raise ReturnError("what is recalled is not issued anew")
    if batch.expires_on is not None and batch.expires_on < day:
        raise ReturnError("what is past its last day is not issued anew")
    _settle(db, code_nos, "reissued", now)
    terms = Terms(lot=batch.lot, expires_on=batch.expires_on, earns=batch.earns)
    new = issue_batch(db, ring=ring, gtin=batch.gtin, count=len(found), terms=terms, now=now)
    first_no = new.span("item").first_no
    link = update(_RETURNED).where(_RETURNED.c.code_no == bindparam("old_no")).values(new_no=bindparam("its_no"))
    linked = [{"old_no": one.code_no, "its_no": first_no + place} for place, one in enumerate(found)]
    db.connection().execute(link, linked)
    return new


def _settle(db: Session, code_nos: Collection[int], state: str, now: datetime) -> None:
    asked = sorted(set(code_nos))
    if not 1 <= len(asked) <= MOST_AT_ONCE:
        raise ReturnError("choose at least one item, and at most a thousand")
    settled = update(_RETURNED).where(_those(asked), _RETURNED.c.state == "returned")
    done = db.execute(settled.values(state=state, settled_at=now).returning(_RETURNED.c.code_no)).all()
    if len(done) < len(asked):
        raise NotReturnedError("one of these items did not come back, or was decided about before")


def _those(code_nos: Collection[int]) -> Any:
    return or_(*(_RETURNED.c.code_no.in_(chunk) for chunk in chunks(sorted(code_nos), 10_000)), _RETURNED.c.code_no < 0)


def _columns(row: ReturnRow, found: Found, now: datetime) -> dict[str, Any]:
    returned_at = row.returned_at or now
    if returned_at > now + CLOCKS_APART:
        raise ReturnError("this lies in the future")
    return {
        "code_no": found.code_no,
        "return_id": row.return_id,
        "batch_id": found.batch.id,
        "state": "returned",
        "returned_at": returned_at,
        "recorded_at": now,
        "why": (row.why or "").strip()[:MAX_WHY] or None,
    }


def _line(codes: Catalogue, row: RowMapping) -> ReturnLine:
    old = codes.find(row["code_no"])
    new = codes.find(row["new_no"]) if row["new_no"] is not None else None
    same = {name: row[name] for name in ReturnLine._fields if name in row and name != "batch_id"}
    return ReturnLine(
        **same,
        batch_id=old.batch.batch_id,
        position=old.position,
        product=row["name"],
        new_batch_id=new.batch.batch_id if new else None,
    )
