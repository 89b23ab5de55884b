"""Stage 9, attribute: which store an item was sold by, on what evidence, how surely. Knows scans, deliveries, book.

Best evidence first: delivered to, scanned on the store's own poster or till, chosen by the consumer, nearest in reach.
A position too vague to tell is "unknown", never a guess. What was decided from a position is frozen with the sale.
"""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from scans.catalogue import Found
from scans.places import Position, accuracy_class, distance_m
from scans.schema import table_of
from scans.writing import insert_rows
from stores.book import StoreBook, StoreFacts
from stores.deliveries import delivered_to
from stores.nearest import Candidate
from stores.tables import FormerSale, Sale, Source, Store

LOOKED_AT = 5
TOLD = 3
HABIT_M = 40.0
CONFIDENCE = {"delivered": 0.95, "source": 0.9, "chosen": 0.8}
POSITION_AT_MOST = 0.9
CLOSE = 0.1  # how likely a runner-up has to be to be asked about


@dataclass(frozen=True, slots=True)
class Claimed:
    """A claim about to be attributed."""

    found: Found
    scanned_at: datetime
    position: Position | None
    source: str | None


@dataclass(frozen=True, slots=True)
class Attribution:
    """The store an item counts for (None: unknown) and why; `why` names stores by outside id."""

    code_no: int
    store: StoreFacts | None
    day: date
    evidence: str
    confidence: float
    why: dict[str, Any]


class SaleNow(NamedTuple):
    """What a sale says: its store by our own key, its day, the evidence, the plan its claim froze."""

    store_id: int | None
    day: date
    evidence: str
    plan_id: int | None
    why: dict[str, Any]


class SaleTold(NamedTuple):
    """What a sale says in the outside's words; `why` is what was decided from, frozen."""

    store_id: str | None
    store: str | None
    evidence: str
    confidence: float
    why: dict[str, Any]

    @property
    def candidates(self) -> list[dict[str, Any]]:
        """The stores near the position, nearest first."""
        near: list[dict[str, Any]] = self.why.get("candidates", [])
        return near

    @property
    def distance_m(self) -> float | None:
        """How far the store was from the position."""
        known = (one["m"] for one in self.candidates if one["id"] == self.store_id)
        return next(known, self.why.get("delivered_m"))

    def is_close(self, other: Mapping[str, Any]) -> bool:
        """Tell whether the position is too vague to tell another candidate from the nearest."""
        pair = [self.candidates[0]["m"], other["m"]]
        return weigh(pair, accuracy_m=self.why.get("accuracy_m"))[1] >= CLOSE


def weigh(distances_m: Sequence[float], *, accuracy_m: float | None) -> list[float]:
    """Return how likely each of the candidate stores is, given how exact the position is; sums to one.

    The phone's error and the habit of scanning near the till are one normal spread around the position.

    Units: metres; `accuracy_m` is the radius that holds the true place 95 times in 100.
    Source: W3C Geolocation, section "accuracy"; the 95 % radius of a two-dimensional normal is 2.45 sigma.
    """
    spread_m = max((accuracy_m or 0.0) / 2.45, HABIT_M)
    nearest_m = min(distances_m)
    likely = [math.exp((nearest_m**2 - d**2) / (2 * spread_m**2)) for d in distances_m]
    total = sum(likely)
    return [one / total for one in likely]


def attribute(
    db: Session, *, claims: Sequence[Claimed], book: StoreBook, reach_m: float, zone: ZoneInfo
) -> list[Attribution]:
    """Decide the store of every claim of a group; the same inputs give the same stores."""
    delivered = delivered_to(db, found=[claim.found for claim in claims])
    posted = stores_of_sources(db, {claim.source for claim in claims if claim.source})
    near = _candidates([claim.position for claim in claims], book, reach_m)
    near_by = [[(book.key(one.store), one.distance_m) for one in some] for some in near]
    wanted = {*delivered.values(), *posted.values()} | {store_id for some in near_by for store_id, _ in some}
    facts = book.facts(db, store_ids=wanted)
    return [
        _decide(
            claim,
            handed=_store(facts, delivered.get(claim.found.code_no)),
            posted=_store(facts, posted.get(claim.source or "")),
            near=[(facts[store_id], away_m) for store_id, away_m in some],
            zone=zone,
        )
        for claim, some in zip(claims, near_by, strict=True)
    ]


def stores_of_sources(db: Session, sources: Collection[str]) -> dict[str, int]:
    """Return the store in which each poster or till that is known stands."""
    if not sources:
        return {}
    found = db.execute(select(Source.source_id, Source.store_id).where(Source.source_id.in_(sources)))
    return {source: store_id for source, store_id in found}


def record_sales(db: Session, *, sales: Sequence[Attribution], plan_id: int | None, now: datetime) -> None:
    """Write the sale of every claim of a group."""
    rows = [{**sale_columns(sale, now=now), "code_no": sale.code_no, "seq": 0, "plan_id": plan_id} for sale in sales]
    insert_rows(db, Sale, sorted(rows, key=lambda row: row["code_no"]))


def sales_of(db: Session, *, code_nos: Collection[int]) -> dict[int, SaleNow]:
    """Return what the sales of claimed items that did not come back say now, locked until the transaction ends."""
    rows = select(Sale.code_no, Sale.store_id, Sale.day, Sale.evidence, Sale.plan_id, Sale.why)
    standing = rows.where(Sale.code_no.in_(code_nos), Sale.withdrawn_at.is_(None))
    found = db.execute(standing.order_by(Sale.code_no).with_for_update())
    return {row[0]: SaleNow(*row[1:]) for row in found}


def sale_told(db: Session, *, code_no: int) -> SaleTold | None:
    """Return what the sale of one item says now, as its claimant may see it; None where it has none."""
    told = select(Store.store_id, Store.name, Sale.evidence, Sale.confidence, Sale.why)
    row = db.execute(told.select_from(Sale).outerjoin(Store).where(Sale.code_no == code_no)).one_or_none()
    return None if row is None else SaleTold(*row)


def change_sales(db: Session, *, sales: Sequence[Attribution], now: datetime) -> None:
    """Attribute sales anew and keep what they said before."""
    by_code = {sale.code_no: sale for sale in sales}
    kept = [column.name for column in FormerSale.__table__.columns]
    before = select(*(Sale.__table__.c[name] for name in kept)).where(Sale.code_no.in_(by_code))
    db.execute(insert(table_of(FormerSale)).from_select(kept, before))
    for code_no in sorted(by_code):
        told = update(Sale).where(Sale.code_no == code_no)
        db.execute(told.values(seq=Sale.seq + 1, **sale_columns(by_code[code_no], now=now)))


def sale_columns(sale: Attribution, *, now: datetime) -> dict[str, Any]:
    """Return what an attribution says in a sale's row."""
    return {
        "store_id": sale.store.id if sale.store else None,
        "day": sale.day,
        "evidence": sale.evidence,
        "confidence": sale.confidence,
        "decided_at": now,
        "why": sale.why,
    }


def _candidates(positions: Sequence[Position | None], book: StoreBook, reach_m: float) -> list[list[Candidate]]:
    told = [place for place in positions if place is not None]
    lat_deg, lon_deg = [place.lat_deg for place in told], [place.lon_deg for place in told]
    found = iter(book.index.nearest_many(lat_deg, lon_deg, k=LOOKED_AT, reach_m=reach_m) if told else [])
    return [next(found) if place is not None else [] for place in positions]


def _store(facts: dict[int, StoreFacts], store_id: int | None) -> StoreFacts | None:
    return None if store_id is None else facts[store_id]


def _decide(
    claim: Claimed,
    *,
    handed: StoreFacts | None,
    posted: StoreFacts | None,
    near: Sequence[tuple[StoreFacts, float]],
    zone: ZoneInfo,
) -> Attribution:
    near = [(store, m) for store, m in near if store.is_open(store.day_of(claim.scanned_at))]
    why = _why(claim, near, handed)
    known = ("delivered", handed) if handed else ("source", posted)
    if known[1] is not None:
        evidence, store = known[0], known[1]
        day = store.day_of(claim.scanned_at)
        return Attribution(claim.found.code_no, store, day, evidence, CONFIDENCE[evidence], why)
    if claim.position is None or not near or why["accuracy"] == "vague":
        return Attribution(claim.found.code_no, None, claim.scanned_at.astimezone(zone).date(), "unknown", 0.0, why)
    surely = weigh([m for _, m in near], accuracy_m=claim.position.accuracy_m)[0]
    store = near[0][0]
    confidence = round(POSITION_AT_MOST * surely, 4)
    return Attribution(claim.found.code_no, store, store.day_of(claim.scanned_at), "position", confidence, why)


def _why(claim: Claimed, near: Sequence[tuple[StoreFacts, float]], handed: StoreFacts | None) -> dict[str, Any]:
    why: dict[str, Any] = {"source": claim.source} if claim.source else {}
    if claim.position is None:
        return why
    why["accuracy"] = accuracy_class(claim.position.accuracy_m)
    why["accuracy_m"] = claim.position.accuracy_m
    why["candidates"] = [{"id": store.store_id, "name": store.name, "m": round(m, 1)} for store, m in near[:TOLD]]
    if handed is not None:
        known = next((m for store, m in near if store.id == handed.id), None)
        why |= away(handed, place=claim.position) if known is None else {"delivered_m": round(known, 1)}
    return why


def away(handed: StoreFacts, *, place: Position | None) -> dict[str, float]:
    """Return what a sale freezes of how far from the store it was delivered to an item was claimed.

    Units: metres.
    """
    return {} if place is None else {"delivered_m": round(distance_m(place, handed.place), 1)}
