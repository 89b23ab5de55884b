"""Stage 14, outcome: the arrival at a store, what a visit found and what was done. Knows directory.

What a rep may touch is their own: with `rep_id`, another's visit is an unknown one.
"""

from dataclasses import asdict, dataclass, replace
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from scans.intake import KeyReusedError
from scans.places import ROUGH_M, Position, distance_m
from scans.schema import table_of
from scans.versions import upsert
from stores.tables import CheckIn, Outcome, Party, Store, Visit

NEAR_M = 300.0
MAX_NOTE = 1000

# What a visit is for: an abnormal store, or one that is due for a count.
PURPOSES = ("flag", "count")
# What a visit may find, and which direction of a flag it explains.
CAUSES = {
    "out_of_stock": "too_bad",
    "display_gone": "too_bad",
    "price": "too_bad",
    "rival": "too_bad",
    "closed_for_works": "too_bad",
    "keeper_scanning": "too_good",
    "diverted_goods": "too_good",
    "promotion": "too_good",
    "rival_closed": "too_good",
    "nothing_found": "either",
    "other": "either",
}
# What may be done about it, and whether the store should change after it.
ACTIONS = {
    "restocked": "changes",
    "display_restored": "changes",
    "talked": "changes",
    "warned": "changes",
    "reported": "waits",
    "none": "waits",
}


class UnknownVisitError(LookupError):
    """There is no such visit, or not on this rep's list."""


class TooFarError(ValueError):
    """The rep does not seem to be at the store and says no reason."""


class OutcomeError(ValueError):
    """An outcome cannot say this."""


class OutcomeExistsError(ValueError):
    """The visit has an outcome already."""


@dataclass(frozen=True, slots=True)
class OutcomeRow:
    """What a visit found and what was done."""

    at: datetime
    was_real: bool
    cause: str
    action: str
    note: str | None


@dataclass(frozen=True, slots=True)
class CheckInRow:
    """When a rep arrived, and how far from the store's place the phone was."""

    at: datetime
    distance_m: float | None
    reason: str | None


def check_in(
    db: Session,
    *,
    visit_id: str,
    position: Position | None,
    reason: str | None,
    now: datetime,
    rep_id: str | None = None,
) -> CheckInRow:
    """Note that a rep has arrived; the first arrival stays.

    Raises: UnknownVisitError, TooFarError if neither the position nor a reason speaks for it.
    """
    visit, store = visit_at(db, visit_id=visit_id, rep_id=rep_id)
    here = Position(store.lat_deg, store.lon_deg, None)
    away_m = None if position is None else round(distance_m(position, here), 1)
    if not reason and (away_m is None or away_m > NEAR_M + _blur_m(position)):
        raise TooFarError("the phone is not at the store: say why")
    came = {"visit_id": visit.id, "at": now, "distance_m": away_m, "reason": reason or None}
    db.execute(upsert(db)(table_of(CheckIn)).values(came).on_conflict_do_nothing())
    row = db.execute(select(CheckIn.at, CheckIn.distance_m, CheckIn.reason).where(CheckIn.visit_id == visit.id)).one()
    return CheckInRow(*row)


def record_outcome(
    db: Session,
    *,
    visit_id: str,
    key: str,
    was_real: bool,
    cause: str,
    action: str,
    note: str | None,
    now: datetime,
    rep_id: str | None = None,
) -> OutcomeRow:
    """Note what a visit found and what was done; the same again under the same key is answered the same.

    Raises: UnknownVisitError, OutcomeError, KeyReusedError, OutcomeExistsError.
    """
    if cause not in CAUSES or action not in ACTIONS or len(note or "") > MAX_NOTE:
        raise OutcomeError("this is not a cause, an action or a note that can be kept")
    visit, _ = visit_at(db, visit_id=visit_id, rep_id=rep_id)
    said = OutcomeRow(now, was_real, cause, action, note or None)
    written = upsert(db)(table_of(Outcome)).values(visit_id=visit.id, key=key, **asdict(said))
    if db.execute(written.on_conflict_do_nothing().returning(Outcome.visit_id)).first():
        return said
    old = db.execute(select(table_of(Outcome)).where(Outcome.visit_id == visit.id)).one()
    if old.key != key:
        raise OutcomeExistsError("this visit has an outcome already")
    if (old.was_real, old.cause, old.action, old.note) != (was_real, cause, action, note or None):
        raise KeyReusedError("the same key came before with another outcome")
    return replace(said, at=old.at)


def _blur_m(position: Position | None) -> float:
    # A phone that knows only the town it is in proves nothing.
    return min((position and position.accuracy_m) or 0.0, ROUGH_M)


def visit_at(db: Session, *, visit_id: str, rep_id: str | None) -> tuple[Visit, Store]:
    """Return a visit and its store; with `rep_id`, of this rep only.

    Raises: UnknownVisitError.
    """
    asked = select(Visit, Store).join(Store, Store.id == Visit.store_id).join(Party, Party.id == Visit.rep_id)
    asked = asked.where(Visit.visit_id == visit_id, Party.party_id == func.coalesce(rep_id, Party.party_id))
    found = db.execute(asked).one_or_none()
    if found is None:
        raise UnknownVisitError("there is no such visit")
    return found[0], found[1]
