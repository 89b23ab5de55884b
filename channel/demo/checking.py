"""Checking the demo: what the product found, held against the generator's sealed truth, false alarms too."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from channel.demo.troubles import Trouble, days_between
from scans.batches import catalogue
from scans.catalogue import identify
from scans.gs1 import parse_link
from scans.keys import KeyRing
from scans.tables import Doubt
from stores.tables import Flag, Store, StoreDay

SIGNS = {
    "dried_up": ("too_bad", None),
    "carton": ("too_good", "concentration"),
    "diverted": ("too_good", "diversion"),
}
PASSING = "passing"  # explains flags; need not be found, since it may be over before anybody could tell
GRACE = timedelta(days=7)


@dataclass(frozen=True)
class Raised:
    """A flag that the product raised."""

    store_id: str
    detector: str
    direction: str
    first_day: date
    last_day: date


@dataclass(frozen=True)
class Verdict:
    """Which planted troubles were found, and what was flagged where nothing was planted."""

    found: list[Trouble]
    missed: list[Trouble]
    false_flags: list[Raised]
    false_doubts: int
    store_days: int

    @property
    def false_per_10000(self) -> float:
        """False flags per 10,000 store-days."""
        return 10_000 * len(self.false_flags) / max(1, self.store_days)


def check(db: Session, *, ring: KeyRing, troubles: Sequence[Trouble]) -> Verdict:
    """Hold the flags and verdicts in the database against the truth."""
    raised = _raised(db)
    sought = [one for one in troubles if one.kind != PASSING]
    found = [one for one in sought if _is_found(db, one, raised, ring)]
    planted: dict[str, list[tuple[date, date]]] = {}
    for one in troubles:
        planted.setdefault(one.subject, []).append(days_between(one))
    false_flags = [flag for flag in raised if not _is_explained(flag, planted)]
    store_days = db.scalar(select(func.count()).select_from(StoreDay)) or 0
    copied = {_code_no(db, one, ring) for one in troubles if one.kind == "copied"}
    doubted = set(db.scalars(select(Doubt.code_no).where(Doubt.state == "open")))
    missed = [one for one in sought if one not in found]
    return Verdict(found, missed, false_flags, len(doubted - copied), store_days)


def _raised(db: Session) -> list[Raised]:
    told = select(Store.store_id, Flag.detector, Flag.direction, Flag.first_day, Flag.last_day)
    return [Raised(*row) for row in db.execute(told.join(Store, Store.id == Flag.store_id))]


def _is_found(db: Session, trouble: Trouble, raised: Sequence[Raised], ring: KeyRing) -> bool:
    if trouble.kind == "copied":
        doubted = select(Doubt.code_no).where(Doubt.code_no == _code_no(db, trouble, ring), Doubt.state == "open")
        return db.scalar(doubted) is not None
    direction, detector = SIGNS[trouble.kind]
    first, last = days_between(trouble)
    return any(
        flag.store_id == trouble.subject
        and flag.direction == direction
        and detector in (None, flag.detector)
        and flag.last_day >= first
        and flag.first_day <= last + GRACE
        for flag in raised
    )


def _code_no(db: Session, trouble: Trouble, ring: KeyRing) -> int:
    link = parse_link(trouble.subject)
    return identify(catalogue(db), ring, gtin=link.gtin, serial=link.serial).code_no


def _is_explained(flag: Raised, planted: dict[str, list[tuple[date, date]]]) -> bool:
    spans = planted.get(flag.store_id, ())
    return any(flag.last_day >= first and flag.first_day <= last + GRACE for first, last in spans)
