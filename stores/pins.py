"""Stage 14, visit: where a rep says that a store stands; the office decides. Knows visits.

A pin that is accepted moves the store from now on. What was attributed before stays: its evidence was frozen with it.
"""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from scans.places import HALF_EARTH_M, Position, distance_m
from scans.schema import table_of
from scans.versions import touch
from scans.writing import insert_new
from stores.seen import id_under
from stores.tables import Party, PinProposal, Rep, Store, Visit
from stores.visits import visit_at

LONGEST_NOTE = 200
VAGUE_M = 200.0  # a phone that is worse than this cannot say where a store stands


class PinError(ValueError):
    """This cannot say where a store stands."""


class UnknownPinError(LookupError):
    """There is no such proposal."""


class PinDecidedError(ValueError):
    """Somebody has decided about this proposal otherwise."""


class PinLine(NamedTuple):
    """A proposal as the office reads it.  Units: WGS-84 degrees; metres from the old place."""

    pin_id: str
    store_id: str
    store: str
    rep: str
    told_at: datetime
    lat_deg: float
    lon_deg: float
    accuracy_m: float | None
    old_lat_deg: float
    old_lon_deg: float
    moved_m: float
    note: str | None
    state: str
    decided_at: datetime | None
    decided_by: str | None
    reason: str | None


def propose_pin(
    db: Session,
    *,
    visit_id: str,
    key: str,
    position: Position,
    note: str | None,
    now: datetime,
    rep_id: str | None = None,
) -> str:
    """Keep where a rep says that a store stands, and return the proposal's id; sent twice it is one.

    Raises: UnknownVisitError, PinError.
    """
    if position.accuracy_m is None or not 0 < position.accuracy_m <= min(VAGUE_M, HALF_EARTH_M):
        raise PinError(f"a pin needs a position that is exact to {VAGUE_M:.0f} m")
    if len(note or "") > LONGEST_NOTE or not (note or "").isprintable():
        raise PinError(f"a note has at most {LONGEST_NOTE} characters")
    visit, store = visit_at(db, visit_id=visit_id, rep_id=rep_id)
    pin_id = id_under("N", visit_id=visit_id, key=key)
    row = {
        "pin_id": pin_id, "visit_id": visit.id, "store_id": store.id, "told_at": now,
        "lat_deg": position.lat_deg, "lon_deg": position.lon_deg, "accuracy_m": position.accuracy_m,
        "old_lat_deg": store.lat_deg, "old_lon_deg": store.lon_deg, "note": note or None, "state": "waiting",
    }  # fmt: skip
    insert_new(db, PinProposal, [row], told="pin_id")
    return pin_id


def pin_list(db: Session, *, state: str | None = None, store_id: str | None = None, limit: int) -> list[PinLine]:
    """Return proposals, the latest first."""
    told = (
        select(PinProposal, Store.store_id, Store.name, Party.name)
        .join(Store, Store.id == PinProposal.store_id)
        .join(Visit, Visit.id == PinProposal.visit_id)
        .join(Rep, Rep.party_id == Visit.rep_id)
        .join(Party, Party.id == Rep.party_id)
    )
    told = told.where(PinProposal.state == state) if state else told
    told = told.where(Store.store_id == store_id) if store_id else told
    latest = told.order_by(PinProposal.told_at.desc(), PinProposal.id.desc()).limit(limit)
    return [_line(*row) for row in db.execute(latest.execution_options(populate_existing=True))]


def pins_waiting(db: Session) -> int:
    """Return how many proposals wait for a decision."""
    waiting = select(func.count()).select_from(PinProposal).where(PinProposal.state == "waiting")
    return int(db.scalar(waiting) or 0)


def decide_pin(db: Session, *, pin_id: str, state: str, who: str, reason: str | None, now: datetime) -> None:
    """Accept a proposal, which moves the store from now on, or refuse it; the same word again changes nothing.

    Raises: UnknownPinError, PinError, PinDecidedError.
    """
    if state not in ("accepted", "refused") or len(reason or "") > LONGEST_NOTE or not (reason or "").isprintable():
        raise PinError("a proposal is accepted or refused, with a few words at most")
    asked = select(PinProposal, Store).join(Store, Store.id == PinProposal.store_id).where(PinProposal.pin_id == pin_id)
    found = db.execute(asked.with_for_update(of=PinProposal).execution_options(populate_existing=True)).one_or_none()
    if found is None:
        raise UnknownPinError("there is no such proposal")
    pin, store = found
    if pin.state == state:
        return
    if pin.state != "waiting":
        raise PinDecidedError("somebody has decided about this otherwise")
    told = {"state": state, "decided_at": now, "decided_by": who, "reason": reason or None}
    old = {"old_lat_deg": store.lat_deg, "old_lon_deg": store.lon_deg}
    table, place = table_of(PinProposal), table_of(Store)
    db.execute(update(table).where(table.c.id == pin.id).values(**told, **old))
    if state == "accepted":
        db.execute(update(place).where(place.c.id == store.id).values(lat_deg=pin.lat_deg, lon_deg=pin.lon_deg))
        touch(db, name="stores")


def _line(pin: PinProposal, store_id: str, store: str, rep: str) -> PinLine:
    old, new = Position(pin.old_lat_deg, pin.old_lon_deg, None), Position(pin.lat_deg, pin.lon_deg, None)
    return PinLine(
        pin.pin_id, store_id, store, rep, pin.told_at, pin.lat_deg, pin.lon_deg, pin.accuracy_m, pin.old_lat_deg,
        pin.old_lon_deg, round(distance_m(old, new), 1), pin.note, pin.state, pin.decided_at, pin.decided_by,
        pin.reason,
    )  # fmt: skip
