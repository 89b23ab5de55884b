"""Stage 1, mint: the life of a batch and of its parts: issued, printed, activated, recalled. Knows nobody.

Nothing leads back. Whoever moves a batch holds its row until the transaction ends, so that no part is lost.
"""

from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from scans import versions
from scans.catalogue import FrozenReward, UnknownBatchError
from scans.parts import Life, Part, Positions, advance, states_of
from scans.schema import table_of
from scans.tables import Batch, BatchPart
from scans.upserts import chunks

MOST_PARTS = 10_000
_PART = table_of(BatchPart).c
_TOLD = (_PART.first_position, _PART.last_position, _PART.state, _PART.recalled_why, _PART.recalled_at)


class BatchStateError(ValueError):
    """The batch is past the state that was asked for."""


class PartError(ValueError):
    """The batch has no such part, or too many to have one more."""


class _Held(NamedTuple):
    """A batch that nobody else moves."""

    key: int
    items: int
    state: str
    activated_at: datetime | None


def note_printed(db: Session, *, batch_id: str, now: datetime) -> bool:
    """Note that a batch is printed; say whether this call did it.

    Raises: UnknownBatchError, BatchStateError if it is further on.
    """
    batch = _held(db, batch_id)
    if batch.state not in ("issued", "printed"):
        raise BatchStateError(f"batch {batch_id} is {batch.state} and cannot be printed")
    if batch.state == "printed":
        return False
    _write(db, batch.key, state="printed", printed_at=now)
    return True


def fix_reward(db: Session, *, batch_id: str, reward: FrozenReward | None, now: datetime) -> bool:
    """Fix what a batch pays, before any of it is activated; whoever comes second changes nothing and is told so."""
    values: dict[str, Any] = {"activated_at": now}
    if reward is not None:
        values |= {"reward_rule": reward.rule, "reward_hash": reward.hash, "prize_key_id": reward.prize_key_id}
        values["reward_tiers"] = [list(tier) for tier in reward.tiers]
    first = update(Batch).where(Batch.batch_id == batch_id, Batch.activated_at.is_(None)).values(**values)
    return db.execute(first.returning(Batch.id)).first() is not None


def activate(db: Session, *, batch_id: str, now: datetime, part: Positions | None = None) -> bool:
    """Let the claims of a batch, or of a part of it, count from now on; say whether this call did it.

    Raises: UnknownBatchError, PartError, BatchStateError if all of it was recalled.
    """
    batch = _held(db, batch_id)
    if batch.activated_at is None:
        _write(db, batch.key, activated_at=now)
    asked = _checked(batch, part)
    before = _life(db, batch)
    if states_of(before, asked) == {"recalled"}:
        raise BatchStateError(f"batch {batch_id} is recalled and cannot be activated")
    return _move(db, batch.key, before, Part(*asked, "activated"))


def recall(db: Session, *, batch_id: str, why: str, now: datetime, part: Positions | None = None) -> bool:
    """Call a batch or a part of it back; say whether this call did it (the first reason stays).

    Raises: UnknownBatchError, PartError.
    """
    batch = _held(db, batch_id)
    asked = _checked(batch, part)
    return _move(db, batch.key, _life(db, batch), Part(*asked, "recalled", why, now))


def batch_parts(db: Session) -> dict[int, tuple[Part, ...]]:
    """Return the parts of all batches that have some, by our own key of the batch."""
    rows = db.execute(select(_PART.batch_id, *_TOLD).order_by(_PART.batch_id, _PART.first_position))
    return {key: tuple(Part(*row[1:]) for row in some) for key, some in groupby(rows, key=itemgetter(0))}


def _held(db: Session, batch_id: str) -> _Held:
    """Return a batch whose row nobody else writes until the transaction ends."""
    told = select(Batch.id, Batch.count, Batch.state, Batch.activated_at).where(Batch.batch_id == batch_id)
    row = db.execute(told.with_for_update()).one_or_none()
    if row is None:
        raise UnknownBatchError(f"there is no batch {batch_id}")
    return _Held(*row)


def _checked(batch: _Held, part: Positions | None) -> Positions:
    asked = part or Positions(1, batch.items)
    if not 1 <= asked.first <= asked.last <= batch.items:
        raise PartError(f"the batch has items 1 to {batch.items}")
    return asked


def _life(db: Session, batch: _Held) -> Life:
    rows = db.execute(select(*_TOLD).where(_PART.batch_id == batch.key).order_by(_PART.first_position))
    return Life(batch.items, batch.state, tuple(Part(*row) for row in rows))


def _move(db: Session, batch_key: int, before: Life, to: Part) -> bool:
    after = advance(before, to)
    if after == before:
        return False
    if len(after.parts) > MOST_PARTS:
        raise PartError(f"a batch has at most {MOST_PARTS} parts: choose longer stretches")
    gone = [part.first for part in set(before.parts) - set(after.parts)]
    for firsts in chunks(gone):
        db.execute(delete(BatchPart).where(BatchPart.batch_id == batch_key, BatchPart.first_position.in_(firsts)))
    new = [_columns(batch_key, part) for part in set(after.parts) - set(before.parts)]
    if new:
        db.execute(insert(BatchPart), new)
    whole: dict[str, Any] = {"state": after.state} if after.state != before.state else {}
    if whole and after.state == "recalled":
        whole |= {"recalled_at": to.at, "recalled_why": to.why}
    _write(db, batch_key, **whole)
    return True


def _columns(batch_key: int, part: Part) -> dict[str, Any]:
    return {
        "batch_id": batch_key,
        "first_position": part.first,
        "last_position": part.last,
        "state": part.state,
        "recalled_why": part.why,
        "recalled_at": part.at,
    }


def _write(db: Session, batch_key: int, **values: Any) -> None:
    if values:
        db.execute(update(Batch).where(Batch.id == batch_key).values(**values))
    versions.touch(db, name="batches")
