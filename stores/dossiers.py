"""Stage 11, dossiers: doubted and reported codes as the office reads them, with what waits for each. Knows doubted.

Only the office reads these: they are of everybody. No position leaves here, only how far a scan was from the first.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from scans.doubts import UnknownDoubtError
from scans.norms import Norm, norms
from scans.places import Position, distance_m
from scans.tables import Claim, Doubt, DoubtStep, Product, Report, Scan
from scans.trust import History, Sighting, rounded_km, travel
from stores.doubted import Waiting, waiting
from stores.tables import Sale, Store

MOST_SEEN = 200


class Dossier(NamedTuple):
    """A doubted or reported code; `code_no` stays inside, the outside reads `doubt_id`."""

    code_no: int
    doubt_id: str
    state: str
    raised_at: datetime
    why: dict[str, Any]
    product: str
    gtin: str
    store: str | None
    store_id: str | None
    claimed_at: datetime | None
    prize_cents: int
    reports: int
    waits: Waiting


class Seen(NamedTuple):
    """One scan of a code: by which of its phones (from 1 on; None: without a name), how far from the first place."""

    at: datetime
    phone: int | None
    km: int | None
    verdict: str
    claims: bool
    leapt_from: int | None


class Step(NamedTuple):
    """What was done about a code, by whom (None: by itself), when and why."""

    at: datetime
    act: str
    who: str | None
    said: str | None


def dossier_list(db: Session, *, states: Sequence[str], limit: int, offset: int = 0) -> list[Dossier]:
    """Return the dossiers in some states, the latest first."""
    listed = _dossiers().where(Doubt.state.in_(states)).order_by(Doubt.raised_at.desc(), Doubt.doubt_id)
    rows = db.execute(listed.limit(limit).offset(offset)).all()
    waits = waiting(db, code_nos=[row[0] for row in rows]) if rows else {}
    return [Dossier._make((*row, waits.get(row[0], Waiting()))) for row in rows]


def dossier(db: Session, *, doubt_id: str) -> Dossier:
    """Return one dossier.

    Raises: UnknownDoubtError.
    """
    row = db.execute(_dossiers().where(Doubt.doubt_id == doubt_id)).one_or_none()
    if row is None:
        raise UnknownDoubtError(f"there is no doubt {doubt_id}")
    return Dossier._make((*row, waiting(db, code_nos=[row[0]]).get(row[0], Waiting())))


def dossier_counts(db: Session) -> dict[str, int]:
    """Return how many dossiers are in each state."""
    return {state: count for state, count in db.execute(select(Doubt.state, func.count()).group_by(Doubt.state))}


def steps_of(db: Session, *, code_no: int) -> list[Step]:
    """Return what was done about a code, the first first."""
    told = select(DoubtStep.at, DoubtStep.act, DoubtStep.who, DoubtStep.said).where(DoubtStep.code_no == code_no)
    return [Step(*row) for row in db.execute(told.order_by(DoubtStep.seq))]


def seen_of(db: Session, *, code_no: int, product_id: int | None = None) -> list[Seen]:
    """Return the first and latest scans of a code, at most some hundreds, in the order of time."""
    told = select(
        Scan.scanned_at, Scan.consumer_id, Scan.lat_deg, Scan.lon_deg, Scan.accuracy_m, Scan.verdict,
        (Claim.key_hash == Scan.key_hash).label("claims"),
    ).outerjoin(Claim, Claim.code_no == Scan.code_no)  # fmt: skip
    latest = told.where(Scan.code_no == code_no).order_by(Scan.scanned_at.desc()).limit(MOST_SEEN)
    rows: list[Any] = list(db.execute(latest))[::-1]
    norm = norms(db).of(product_id or 0)
    phones: dict[int, int] = {}
    for row in rows:
        if row[1] is not None:
            phones.setdefault(row[1], len(phones) + 1)
    scans = [Sighting(at, who, None if lat is None else Position(lat, lon, m)) for at, who, lat, lon, m, *_ in rows]
    first = next((one.position for one in scans if one.position), None)
    return [
        Seen(
            one.at,
            phones.get(one.device or 0),
            rounded_km(distance_m(first, one.position)) if first and one.position else None,
            row[5],
            bool(row[6]),
            _leapt_from(scans, number, norm),
        )
        for number, (one, row) in enumerate(zip(scans, rows, strict=True))
    ]


def _leapt_from(scans: Sequence[Sighting], number: int, norm: Norm) -> int | None:
    """Return the scan before this one that it is impossibly far from, if it is."""
    before = next((n for n in range(number - 1, -1, -1) if scans[n].position), None)
    if before is None or not travel(History(sightings=[scans[before]]), scans[number], norm):
        return None
    return before


def _dossiers() -> Any:
    reports = select(func.count()).where(Report.code_no == Doubt.code_no).scalar_subquery()
    return (
        select(
            Doubt.code_no, Doubt.doubt_id, Doubt.state, Doubt.raised_at, Doubt.why, Product.name, Product.gtin,
            Store.name, Store.store_id, Claim.scanned_at, func.coalesce(Claim.reward_cents, 0), reports,
        )
        .join(Product, Product.id == Doubt.product_id)
        .outerjoin(Claim, Claim.code_no == Doubt.code_no)
        .outerjoin(Sale, Sale.code_no == Doubt.code_no)
        .outerjoin(Store, Store.id == Sale.store_id)
    )  # fmt: skip
