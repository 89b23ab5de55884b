"""Stage 13, judge: diversion as the office reads it: dealers, the leak matrix, cases, and the purchases behind them.

Knows accusations. What is told of a purchase is where the goods went and near which store they turned up, never who.
"""

from collections.abc import Iterator
from datetime import date, datetime, tzinfo
from typing import Any, NamedTuple

import numpy as np
from scipy.stats import beta
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from scans.batches import catalogue
from scans.upserts import chunks
from stores.tables import DealerLeak, Delivery, DiversionCase, LeakCell, Party
from stores.trails import Map, Trails, read_map, read_shipped, read_trails
from stores.travel import distances_m


class DealerLine(NamedTuple):
    """What a run found of a dealer's goods."""

    party_id: str
    name: str
    since: date
    until: date
    scans: int
    outside: int
    expected: float
    log_e: float
    part: float
    part_low: float
    part_high: float
    found: bool
    batches: list[Any]


class CaseLine(NamedTuple):
    """A case as the office reads it."""

    case_id: str
    party_id: str
    name: str
    since: date
    opened_on: date
    why: dict[str, Any]
    decision: str | None
    decided_at: datetime | None
    decided_by: str | None
    reason: str | None


class LeakLine(NamedTuple):
    """Purchases of goods shipped to one region and bought in another, and how many travel explains."""

    shipped_region: str
    scanned_region: str
    scans: int
    expected: float

    def bounds(self, total: int) -> tuple[float, float]:
        """Return between which shares of `total` the true one lies, 95 times in 100.

        Source: Clopper & Pearson (1934), the exact interval of a binomial share.
        """
        low, high = beta.ppf((0.025, 0.975), (self.scans, self.scans + 1), (total - self.scans + 1, total - self.scans))
        return (0.0 if self.scans == 0 else float(low)), (1.0 if self.scans == total else float(high))


class TrailLine(NamedTuple):
    """One purchase outside: what it was, who had it, where it was bought. Metres are None without a store."""

    batch_id: str
    position: int
    delivery_id: str
    delivered_at: datetime
    shipped_to: str
    shipped_region: str
    day: date
    near_store: str
    scanned_region: str
    apart_m: float | None


def dealer_lines(db: Session, *, party_id: str | None = None) -> list[DealerLine]:
    """Return what the last run found of all dealers, the strongest evidence first; of one if it is named."""
    columns = [getattr(DealerLeak, name) for name in DealerLine._fields[2:]]
    told = select(Party.party_id, Party.name, *columns).join(Party, Party.id == DealerLeak.party_id)
    told = told.order_by(DealerLeak.log_e.desc(), Party.party_id)
    named = told if party_id is None else told.where(Party.party_id == party_id)
    return [DealerLine._make(row) for row in db.execute(named)]


def leak_lines(db: Session, *, party_id: str | None = None) -> list[LeakLine]:
    """Return the leak matrix of one dealer, or of all together."""
    summed = func.sum(LeakCell.scans), func.sum(LeakCell.expected)
    told = select(LeakCell.shipped_region, LeakCell.scanned_region, *summed)
    if party_id is not None:
        told = told.join(Party, Party.id == LeakCell.party_id).where(Party.party_id == party_id)
    grouped = told.group_by(LeakCell.shipped_region, LeakCell.scanned_region)
    rows = db.execute(grouped.order_by(LeakCell.shipped_region, LeakCell.scanned_region))
    return [LeakLine(shipped, scanned, int(scans), float(expected)) for shipped, scanned, scans, expected in rows]


def case_lines(db: Session, *, party_id: str | None = None) -> list[CaseLine]:
    """Return the cases, those that wait first, then the latest."""
    columns = [getattr(DiversionCase, name) for name in CaseLine._fields[3:]]
    told = select(DiversionCase.case_id, Party.party_id, Party.name, *columns)
    told = told.join(Party, Party.id == DiversionCase.party_id)
    if party_id is not None:
        told = told.where(Party.party_id == party_id)
    rows = db.execute(told.order_by(DiversionCase.decision.is_not(None), DiversionCase.id.desc()))
    return [CaseLine._make(row) for row in rows]


def trail_lines(db: Session, *, party_id: str, since: date, until: date, zone: tzinfo) -> list[TrailLine]:
    """Return every purchase of a dealer's goods outside of where they belong, in the order of the days."""
    dealer = db.scalar(select(Party.id).where(Party.party_id == party_id))
    known = read_map(db, day=until)
    shipped = read_shipped(db, known=known)
    trails = read_trails(db, known=known, shipped=shipped, since=since, zone=zone, dealer=dealer)
    trails = trails.where((trails.day >= since.toordinal()) & (trails.day <= until.toordinal()))
    region, home = known.stores.region, set(known.stores.region[known.dealer == dealer].tolist())
    there = region[trails.scanned]
    inside = np.where(trails.shipped >= 0, region[trails.shipped] == there, np.isin(there, list(home)))
    outside = trails.where(~inside)
    outside = outside.where(np.lexsort((outside.code_no, outside.day)))
    return list(_trail_lines(db, known, outside, party_id))


def _trail_lines(db: Session, known: Map, trails: Trails, party_id: str) -> Iterator[TrailLine]:
    codes, names = catalogue(db), list(known.row_of)
    told = select(Delivery.id, Delivery.delivery_id, Delivery.delivered_at)
    handed = {
        key: (delivery_id, at)
        for some in chunks(np.unique(trails.delivery).tolist())
        for key, delivery_id, at in db.execute(told.where(Delivery.id.in_(some)))
    }
    apart = distances_m(known.stores, trails.shipped.clip(0), trails.scanned)
    region = [known.regions[number] for number in known.stores.region.tolist()]
    columns = (trails.code_no, trails.shipped, trails.scanned, trails.day, trails.delivery)
    rows = zip(*(column.tolist() for column in columns), strict=True)
    for row, (code_no, shipped, scanned, day, delivery) in enumerate(rows):
        found = codes.find(code_no)
        there = shipped >= 0
        yield TrailLine(
            found.batch.batch_id,
            found.position,
            *handed[delivery],
            names[shipped] if there else party_id,
            region[shipped] if there else "",
            date.fromordinal(day),
            names[scanned],
            region[scanned],
            float(apart[row]) if there else None,
        )
