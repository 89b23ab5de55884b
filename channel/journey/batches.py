"""Stages 1 and 8 lined up: a batch is activated with the reward in force, whose whole cost is set aside."""

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from channel.config import Config
from scans.batches import activate, catalogue
from scans.keys import KeyRing
from scans.rewards import freeze
from stores.accounts import account_no
from stores.ledger import BATCH_SHARD, NewEntry, NewPosting, post


def activate_batch(db: Session, *, config: Config, ring: KeyRing, batch_id: str, now: datetime) -> bool:
    """Let a batch's claims count and earn from now on; say whether this call did it.

    Raises: UnknownBatchError, BatchStateError if it was recalled, KeyRingError if no prize key is active.
    """
    batch = catalogue(db).batch(batch_id)
    day = now.astimezone(ZoneInfo(config.zone)).date()
    reward = freeze(db, batch=batch, day=day, prize_key_id=ring.newest("prize").id)
    if not activate(db, batch_id=batch_id, reward=reward, now=now):
        return False
    if reward is not None and reward.total_cents:
        reserve = NewPosting(account_no("reward_expense"), account_no("reward_reserve"), reward.total_cents)
        post(db, entries=[NewEntry(BATCH_SHARD + batch.id, 0, "reserve", now, [reserve])], currency=config.currency)
    return True
