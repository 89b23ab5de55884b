"""Stage 14, before the list: a few flagged stores, drawn by lot, are visited some days later. Knows flags.

So the office learns what visits are worth: the others differ from these by nothing but the visit. Severe ones never
wait.
"""

import hashlib
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple, Protocol

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from scans.schema import table_of
from scans.versions import upsert
from stores.flags import QUIET_DAYS
from stores.tables import Draw, Flag, FlagDay, HoldOutRule, Store, Visit

WHOLE_BP = 10_000
DAYS = range(2, 29)  # after a list of one day there is no day to compare


class HoldOutError(ValueError):
    """Stores cannot be held out like this."""


class Rule(NamedTuple):
    """What share is held out, for how long, and from which stake or surety on nobody is.

    Units: ten-thousandths; days; cents a month; a p-value.
    """

    share_bp: int = 1000
    days: int = 7
    severe_cents: int = 300_000
    severe_p: float = 1e-9


class Listable(Protocol):
    """A reason to visit a store, as the list sees it; one that is no flag is never drawn."""

    @property
    def flag_id(self) -> int | None: ...
    @property
    def store_key(self) -> int: ...
    @property
    def stake_cents(self) -> int: ...


class Seen(NamedTuple):
    """What was found of a flag on a day."""

    day: date
    p_value: float
    stake_cents: int
    why: dict[str, Any]


class Lot(NamedTuple):
    """What was drawn for a flag: until when it waits, if it does."""

    day: date
    until: date
    held: bool
    store_key: int


class Held(NamedTuple):
    """A store that waits for its visit, for the office."""

    store_id: str
    store: str
    region: str
    flag_id: str
    day: date
    until: date
    stake_cents: int
    why: dict[str, Any]


def is_drawn(*, store_id: str, detector: str, day: date, share_bp: int) -> bool:
    """Draw for a store that would be listed on a day: the same store and day always draw the same."""
    digest = hashlib.blake2b(f"{store_id}|{detector}|{day.isoformat()}".encode(), digest_size=8).digest()
    return int.from_bytes(digest) % WHOLE_BP < share_bp


def is_severe(seen: Seen, rule: Rule) -> bool:
    """Tell whether so much is at stake, or it is so sure, that nobody may wait for the sake of knowing."""
    return seen.stake_cents >= rule.severe_cents or seen.p_value <= rule.severe_p


class HoldOut:
    """The lots of some nights' lists: `admits` leaves out who waits, `write` keeps what was drawn."""

    def __init__(self, rule: Rule) -> None:
        """Begin without a lot."""
        self.rule = rule
        self.ids: dict[int, tuple[str, str]] = {}
        self.seen: dict[int, list[Seen]] = {}
        self.listed: dict[int, date] = {}
        self.lots: dict[int, Lot] = {}
        self._new: list[dict[str, Any]] = []

    def admits(self, call: Listable, *, day: date) -> bool:
        """Tell whether a store may be listed on a day, for which a new flag draws its lot."""
        seen = self._latest(call.flag_id, day)
        if seen is not None and is_severe(seen, self.rule):
            return True
        of_store = (lot for lot in self.lots.values() if lot.store_key == call.store_key)
        if any(lot.held and lot.day <= day < lot.until for lot in of_store):
            return False
        flag_id = call.flag_id
        if flag_id is None or seen is None or flag_id in self.lots or self.listed.get(flag_id, day) < day:
            return True
        drawn = self.rule.share_bp > 0 and "expected" in seen.why
        return not (drawn and self._draw(flag_id, call.store_key, seen, day))

    def write(self, db: Session) -> None:
        """Keep the lots that were drawn."""
        if self._new:
            db.execute(insert(table_of(Draw)), self._new)
        self._new = []

    def _draw(self, flag_id: int, store_key: int, seen: Seen, day: date) -> bool:
        store_id, detector = self.ids[flag_id]
        held = is_drawn(store_id=store_id, detector=detector, day=day, share_bp=self.rule.share_bp)
        self.lots[flag_id] = lot = Lot(day, day + timedelta(days=self.rule.days), held, store_key)
        known = {"share_bp": self.rule.share_bp, "stake_cents": seen.stake_cents, "why": seen.why}
        self._new.append({"flag_id": flag_id, "day": lot.day, "until": lot.until, "held": held} | known)
        return held

    def _latest(self, flag_id: int | None, day: date) -> Seen | None:
        before = [seen for seen in self.seen.get(flag_id or 0, ()) if seen.day < day]
        return before[-1] if before else None


def hold_out(db: Session, *, days: Sequence[date]) -> HoldOut:
    """Read what lists made after these days need to know to hold stores out."""
    out = HoldOut(rule(db))
    first, last = min(days) - timedelta(days=QUIET_DAYS), max(days)
    within = (Flag.store_id == FlagDay.store_id) & (Flag.detector == FlagDay.detector)
    within &= (Flag.direction == FlagDay.direction) & FlagDay.day.between(Flag.first_day, Flag.last_day)
    told = select(
        Flag.id, Store.store_id, Flag.detector, FlagDay.day, FlagDay.p_value, FlagDay.stake_cents, FlagDay.why
    ).join(FlagDay, within)
    told = told.join(Store, Store.id == Flag.store_id).where(FlagDay.day.between(first, last))
    for key, store_id, detector, *found in db.execute(told.order_by(FlagDay.day)):
        out.ids[key] = (store_id, detector)
        out.seen.setdefault(key, []).append(Seen(*found))
    listed = select(Visit.flag_id, func.min(Visit.day)).where(Visit.flag_id.is_not(None)).group_by(Visit.flag_id)
    out.listed = {key: day for key, day in db.execute(listed.having(func.max(Visit.day) >= first)) if key is not None}
    drawn = select(Draw.flag_id, Draw.day, Draw.until, Draw.held, Flag.store_id).join(Flag, Flag.id == Draw.flag_id)
    near = drawn.where(Flag.last_day >= first)
    out.lots = {row[0]: Lot(*row[1:]) for row in db.execute(near)}
    return out


def rule(db: Session) -> Rule:
    """Return what is held out, by what the office said last."""
    told = (HoldOutRule.share_bp, HoldOutRule.days, HoldOutRule.severe_cents, HoldOutRule.severe_p)
    row = db.execute(select(*told)).one_or_none()
    return Rule(*row) if row else Rule()


def put_rule(db: Session, rule: Rule) -> None:
    """Say what is held out from the next list on; a share of 0 holds out nobody.

    Raises: HoldOutError.
    """
    known = 0 <= rule.share_bp <= WHOLE_BP // 2 and rule.days in DAYS
    if not (known and 0 <= rule.severe_cents <= 10**12 and 0 <= rule.severe_p <= 1):
        raise HoldOutError("at most half of the stores, for 2 to 28 days")
    written = upsert(db)(table_of(HoldOutRule)).values(id=1, **rule._asdict())
    db.execute(written.on_conflict_do_update(index_elements=["id"], set_=rule._asdict()))


def held_out(db: Session, *, day: date, limit: int = 500) -> list[Held]:
    """Return the stores that wait on a day, the longest first: nobody waits unseen."""
    columns = (Store.store_id, Store.name, Store.region, Flag.flag_id, Draw.day, Draw.until)
    told = select(*columns, Draw.stake_cents, Draw.why).join(Flag, Flag.id == Draw.flag_id)
    told = told.join(Store, Store.id == Flag.store_id).where(Draw.held, Draw.day <= day, Draw.until > day)
    return [Held(*row) for row in db.execute(told.order_by(Draw.until, Store.store_id).limit(limit))]
