"""Stage 7, doubt: codes that may have been copied, from what raises it to the office's word. Knows trust.

A row per doubted code, and a line for whatever was done about it. One statement decides who raises and who decides.
"""

import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from scans import versions
from scans.catalogue import Found
from scans.places import Position
from scans.schema import table_of
from scans.tables import Doubt, DoubtStep, Scan
from scans.trust import Why, apart_km
from scans.upserts import chunks
from scans.writing import insert_rows

DECIDED = {"release": "cleared", "withdraw": "cleared", "reverse": "confirmed"}
MOST_SAID = 500
MOST_PLACES = 200


class UnknownDoubtError(LookupError):
    """No doubt has this id."""


class DoubtDecidedError(ValueError):
    """Somebody has decided about this code otherwise."""


class DecisionError(ValueError):
    """A decision needs a reason, of at most 500 characters."""


@dataclass(frozen=True, slots=True)
class Raised:
    """A code that evidence makes doubtful: the reasons, with what they were held against, and how wide it spread."""

    code_no: int
    batch_id: int
    product_id: int
    reasons: Sequence[Why]
    devices: int
    apart_km: int | None
    norm_no: int | None

    @property
    def why(self) -> dict[str, Any]:
        """What is frozen with the doubt."""
        return {"reasons": list(self.reasons), "devices": self.devices, "apart_km": self.apart_km}


def raise_doubts(db: Session, *, raised: Sequence[Raised], now: datetime, who: str | None = None) -> set[int]:
    """Open a doubt about these codes, unless one stands, and return those that this call opened."""
    rows = [
        _row(one.code_no, one.batch_id, one.product_id, "open", now) | {"why": one.why, "norm_id": one.norm_no}
        for one in sorted(raised, key=lambda one: one.code_no)
    ]
    opened = _put(db, rows, over=("cleared", "reported"), names=("state", "raised_at", "why", "norm_id"))
    _note(
        db, {one.code_no: one.why for one in raised if one.code_no in opened}, act="raise", who=who, said=None, now=now
    )
    return opened


def open_dossier(db: Session, *, found: Found, now: datetime) -> None:
    """See to it that a code that somebody reports has a dossier at the office; a report alone raises no doubt."""
    row = _row(found.code_no, found.batch.id, found.batch.product_id, "reported", now)
    _put(db, [row], over=("cleared",), names=("state", "raised_at"))


def note_reported(db: Session, *, code_no: int, now: datetime) -> None:
    """Keep that somebody has reported a code that has a dossier."""
    _note(db, {code_no: {}}, act="report", who=None, said=None, now=now)


def decide(
    db: Session, *, code_nos: Collection[int], act: str, who: str | None, said: str | None, now: datetime
) -> set[int]:
    """Release, reverse or (of itself, without a reason) withdraw what is open; return what this call decided.

    Raises: DecisionError.
    """
    state = DECIDED[act]
    known = None if said is None else reason_told(said)
    seen = select(func.count(Scan.consumer_id.distinct())).where(Scan.code_no == Doubt.code_no).scalar_subquery()
    values: dict[str, Any] = {"state": state}
    if state == "cleared":
        values |= {"cleared_devices": seen, "cleared_at": now}
    still = ("open",) if act == "withdraw" else ("open", "reported")
    decided: set[int] = set()
    for some in chunks(sorted(code_nos)):
        moved = update(Doubt).where(Doubt.code_no.in_(some), Doubt.state.in_(still)).values(values)
        decided |= set(db.scalars(moved.returning(Doubt.code_no), execution_options={"synchronize_session": False}))
    _note(db, {no: {} for no in decided}, act=act, who=who, said=known, now=now)
    return decided


def add_note(db: Session, *, code_no: int, who: str, said: str, now: datetime) -> None:
    """Keep what somebody has found out about a doubted code.

    Raises: DecisionError.
    """
    db.execute(select(Doubt.code_no).where(Doubt.code_no == code_no).with_for_update())
    _note(db, {code_no: {}}, act="note", who=who, said=reason_told(said), now=now)


def code_of(db: Session, *, doubt_id: str) -> int:
    """Return the code that a doubt is about.

    Raises: UnknownDoubtError.
    """
    code_no = db.scalar(select(Doubt.code_no).where(Doubt.doubt_id == doubt_id))
    if code_no is None:
        raise UnknownDoubtError(f"there is no doubt {doubt_id}")
    return code_no


def states(db: Session, *, code_nos: Collection[int]) -> dict[int, str]:
    """Return how it stands with those of these codes that were ever doubted or reported."""
    found: dict[int, str] = {}
    for some in chunks(sorted(code_nos)):
        found |= {
            no: state for no, state in db.execute(select(Doubt.code_no, Doubt.state).where(Doubt.code_no.in_(some)))
        }
    return found


def spread(db: Session, *, code_no: int) -> int | None:
    """Return roughly how far apart a code was scanned, in kilometres: what was frozen with a doubt, or is known now."""
    frozen = db.scalar(select(Doubt.why).where(Doubt.code_no == code_no)) or {}
    scan = table_of(Scan).c
    placed = select(scan.lat_deg, scan.lon_deg).where(scan.code_no == code_no, scan.lat_deg.is_not(None))
    rows = db.execute(placed.order_by(scan.received_at.desc()).limit(MOST_PLACES))
    known = (apart_km([Position(lat_deg, lon_deg, None) for lat_deg, lon_deg in rows]), frozen.get("apart_km"))
    return max((km for km in known if km is not None), default=None)


def _row(code_no: int, batch_id: int, product_id: int, state: str, now: datetime) -> dict[str, Any]:
    return {
        "code_no": code_no,
        "doubt_id": f"D{secrets.token_hex(10)}",
        "batch_id": batch_id,
        "product_id": product_id,
        "state": state,
        "raised_at": now,
        "why": {},
        "norm_id": None,
        "cleared_devices": 0,
        "cleared_at": None,
    }


def _put(db: Session, rows: Sequence[dict[str, Any]], *, over: Collection[str], names: Collection[str]) -> set[int]:
    put: set[int] = set()
    for some in chunks(rows):
        insert = versions.upsert(db)(table_of(Doubt)).values(some)
        said = insert.excluded
        insert = insert.on_conflict_do_update(
            index_elements=["code_no"],
            set_={name: said[name] for name in names},
            where=or_(*(Doubt.state == state for state in over)),
        )
        put |= set(db.scalars(insert.returning(table_of(Doubt).c.code_no)))
    return put


def _note(
    db: Session, why: Mapping[int, dict[str, Any]], *, act: str, who: str | None, said: str | None, now: datetime
) -> None:
    """Append a line to each code's; whoever writes one holds the row of the doubt."""
    last: dict[int, int] = {}
    for some in chunks(sorted(why)):
        asked = select(DoubtStep.code_no, func.max(DoubtStep.seq)).where(DoubtStep.code_no.in_(some))
        last |= {no: seq for no, seq in db.execute(asked.group_by(DoubtStep.code_no))}
    rows = [
        {"code_no": no, "seq": last.get(no, -1) + 1, "at": now, "act": act, "who": who, "said": said, "why": facts}
        for no, facts in sorted(why.items())
    ]
    insert_rows(db, DoubtStep, rows)


def reason_told(said: str) -> str:
    """Return the reason of a decision, its blanks put right.

    Raises: DecisionError if it is none, too long, or cannot be printed.
    """
    told = few_words(said)
    if not told:
        raise DecisionError(f"a decision needs a reason, of at most {MOST_SAID} characters")
    return told


def few_words(said: str) -> str:
    """Return words with their blanks put right, or nothing where they are too long or cannot be printed."""
    told = " ".join(said.split())
    return told if len(told) <= MOST_SAID and told.isprintable() else ""
