"""Stages 1 and 8 lined up: a batch is activated with the reward in force, whose whole cost is set aside."""

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from channel.config import Config
from scans.batches import catalogue
from scans.catalogue import UnknownBatchError, UnknownCodeError, find_printed
from scans.gs1 import GtinError, LinkError
from scans.holdings import items_at
from scans.keys import KeyRing
from scans.life import activate, fix_reward
from scans.parts import Positions
from scans.rewards import freeze
from stores.accounts import account_no
from stores.ledger import BATCH_SHARD, NewEntry, NewPosting, post


def activate_batch(
    db: Session, *, config: Config, ring: KeyRing, batch_id: str, now: datetime, part: Positions | None = None
) -> bool:
    """Let the claims of a batch or of a part of it count and earn from now on; say whether this call did it.

    The first part fixes the reward of the whole batch.

    Raises: UnknownBatchError, PartError, BatchStateError if it was recalled, KeyRingError if no prize key is active.
    """
    batch = catalogue(db).batch(batch_id)
    day = now.astimezone(ZoneInfo(config.zone)).date()
    reward = freeze(db, batch=batch, day=day, prize_key_id=ring.newest("prize").id)
    if fix_reward(db, batch_id=batch_id, reward=reward, now=now) and reward is not None and reward.total_cents:
        reserve = NewPosting(account_no("reward_expense"), account_no("reward_reserve"), reward.total_cents)
        post(db, entries=[NewEntry(BATCH_SHARD + batch.id, 0, "reserve", now, [reserve])], currency=config.currency)
    return activate(db, batch_id=batch_id, now=now, part=part)


def parts_named(db: Session, *, ring: KeyRing, text: str, now: datetime) -> list[tuple[str, Positions | None]]:
    """Return the batch that a text names by its id, or the items now in what it names by a code, batch by batch.

    Raises: UnknownBatchError.
    """
    issued = catalogue(db)
    try:
        return [(issued.batch(text).batch_id, None)]
    except UnknownBatchError as unknown:
        try:
            found = find_printed(issued, ring, text=text)
        except (UnknownCodeError, LinkError, GtinError):
            raise unknown from None
    held = items_at(db, found=found, at=now)
    return [(batch.batch_id, part) for batch, part in issued.stretches(held)]
