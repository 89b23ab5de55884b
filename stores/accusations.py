"""Stage 13, judge: diversion on the office's table: what each run found, the cases, what was decided. Knows suspicions.

A run writes anew all that is derived. A case stays, with the numbers of the day it was opened; a decision starts the
evidence against that dealer anew, so that nobody is found twice for the same goods.
"""

import secrets
from collections.abc import Iterator
from datetime import date, datetime, timedelta, tzinfo
from typing import Any

import numpy as np
from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from scans.doubts import DecisionError, reason_told
from scans.tables import Batch
from scans.upserts import chunks
from scans.writing import insert_new
from stores.directory import BEGINNING
from stores.suspicions import Suspicion, suspect_dealers
from stores.tables import DealerLeak, DiversionCase, LeakCell
from stores.tables.leaks import DECISIONS
from stores.trails import read_map, read_shipped, read_trails

LOOK_BACK_DAYS = 365
BATCHES_TOLD = 10


class UnknownCaseError(LookupError):
    """There is no such case."""


class CaseDecidedError(ValueError):
    """Somebody has decided this case already."""


def judge_dealers(db: Session, *, day: date, zone: tzinfo) -> int:
    """Weigh all dealers' goods bought up to a day, write what is found and open cases; return how many are new."""
    known = read_map(db, day=day)
    since = day - timedelta(days=LOOK_BACK_DAYS)
    trails = read_trails(db, known=known, shipped=read_shipped(db, known=known), since=since, zone=zone)
    begins = _begins(db, since)
    starts = np.array([begins.get(dealer, since).toordinal() for dealer in trails.dealer.tolist()], np.int64)
    trails = trails.where((trails.day >= starts) & (trails.day <= day.toordinal()))
    db.execute(delete(LeakCell))
    db.execute(delete(DealerLeak))
    if not len(trails.dealer):
        return 0
    told = suspect_dealers(known, trails)
    rows = list(_rows(told, begins, since, day, _batch_ids(db, told)))
    db.execute(insert(DealerLeak), rows)
    db.execute(insert(LeakCell), list(_cell_rows(told, known.regions)))
    cases = [_case(row, begins.get(row["party_id"], BEGINNING), day) for row in rows if row["found"]]
    return len(insert_new(db, DiversionCase, cases, told="case_id"))


def decide(db: Session, *, case_id: str, decision: str, reason: str, by: str, now: datetime, day: date) -> None:
    """Write down what became of a case; of two decisions at once the first counts.

    Raises: DecisionError, UnknownCaseError, CaseDecidedError.
    """
    if decision not in DECISIONS:
        raise DecisionError(f"a decision is one of {', '.join(DECISIONS)}")
    told = reason_told(reason)
    this = update(DiversionCase).where(DiversionCase.case_id == case_id, DiversionCase.decision.is_(None))
    said = {"decision": decision, "reason": told, "decided_by": by, "decided_at": now, "decided_on": day}
    if db.execute(this.values(**said).returning(DiversionCase.id)).first() is None:
        if db.scalar(select(DiversionCase.id).where(DiversionCase.case_id == case_id)) is None:
            raise UnknownCaseError("there is no such case")
        raise CaseDecidedError("this case is decided already")


def _begins(db: Session, since: date) -> dict[int, date]:
    """Return from when on the evidence against a dealer counts, where that is later than for all."""
    decided = select(DiversionCase.party_id, DiversionCase.decided_on).order_by(DiversionCase.decided_on)
    found = db.execute(decided.where(DiversionCase.decided_on.is_not(None)))
    return {dealer: max(since, on + timedelta(days=1)) for dealer, on in found if on is not None}


def _rows(
    told: Suspicion, begins: dict[int, date], since: date, day: date, batch_ids: dict[int, str]
) -> Iterator[dict[str, Any]]:
    low, middle, high = told.part
    for row, dealer in enumerate(told.dealers.tolist()):
        mine = np.flatnonzero(told.batches[:, 0] == dealer)
        worst = mine[np.argsort(-told.batches_log_e[mine])][:BATCHES_TOLD]
        yield {
            "party_id": dealer,
            "since": begins.get(dealer, since),
            "until": day,
            "scans": int(told.scans[row]),
            "outside": int(told.outside[row]),
            "expected": float(told.expected[row]),
            "log_e": float(told.log_e[row]),
            "part": float(middle[row]),
            "part_low": float(low[row]),
            "part_high": float(high[row]),
            "found": bool(told.found[row]),
            "batches": [
                [batch_ids[int(told.batches[one, 1])], *told.batches[one, 2:].tolist(), float(told.batches_log_e[one])]
                for one in worst.tolist()
            ],
        }


def _batch_ids(db: Session, told: Suspicion) -> dict[int, str]:
    keys = np.unique(told.batches[:, 1]).tolist()
    return {
        key: batch_id
        for some in chunks(keys)
        for key, batch_id in db.execute(select(Batch.id, Batch.batch_id).where(Batch.id.in_(some)))
    }


def _cell_rows(told: Suspicion, regions: list[str]) -> Iterator[dict[str, Any]]:
    for (dealer, shipped, scanned, scans), expected in zip(
        told.cells.tolist(), told.cells_expected.tolist(), strict=True
    ):
        yield {
            "party_id": dealer,
            "shipped_region": regions[shipped],
            "scanned_region": regions[scanned],
            "scans": scans,
            "expected": expected,
        }


def _case(row: dict[str, Any], since: date, day: date) -> dict[str, Any]:
    why = {name: row[name] for name in ("scans", "outside", "expected", "log_e", "part", "part_low", "part_high")}
    case_id = "C" + secrets.token_hex(8)
    nothing = dict.fromkeys(("decided_at", "decided_on", "decision", "decided_by", "reason"))
    return {"case_id": case_id, "party_id": row["party_id"], "since": since, "opened_on": day, "why": why} | nothing
