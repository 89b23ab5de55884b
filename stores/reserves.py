"""Stage 11, ledger: what was set aside for a batch's prizes and can no longer be won. Knows ledger.

A recalled batch pays nothing more; some time after the recall, when every scan that was on its way is booked, what is
left of its reserve goes back to where it came from.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import and_, case, func, or_, select
from sqlalchemy.orm import Session

from scans.batches import catalogue
from scans.catalogue import IssuedBatch
from scans.tables import Batch
from stores.accounts import account_no
from stores.ledger import BATCH_SHARD, NewEntry, NewPosting, last_seqs, post
from stores.tables import Posting

SETTLED_AFTER = timedelta(hours=1)
LOOKED_AT = timedelta(days=400)


def reserve_left(db: Session, *, batch: IssuedBatch) -> int:
    """Return the cents that are still set aside for a batch's prizes."""
    reserve, span = account_no("reward_reserve"), batch.span("item")
    moved = func.sum(case((Posting.credit_no == reserve, Posting.amount_cents), else_=-Posting.amount_cents))
    its = or_(Posting.shard_no == BATCH_SHARD + batch.id, Posting.shard_no.between(span.first_no, span.last_no))
    touched = or_(Posting.credit_no == reserve, Posting.debit_no == reserve)
    return int(db.scalar(select(moved).where(and_(its, touched))) or 0)


def return_reserves(db: Session, *, now: datetime, currency: str) -> int:
    """Give back what is left of the reserves of recalled batches, and return how many cents that is."""
    recalled = select(Batch.batch_id).where(Batch.state == "recalled", Batch.reward_rule.is_not(None))
    settled = recalled.where(Batch.recalled_at.between(now - LOOKED_AT, now - SETTLED_AFTER))
    batches = [catalogue(db).batch(batch_id) for batch_id in db.scalars(settled)]
    left = {batch.id: cents for batch in batches if (cents := reserve_left(db, batch=batch)) > 0}
    post(db, entries=list(_entries(db, left, now)), currency=currency)
    return sum(left.values())


def _entries(db: Session, left: dict[int, int], now: datetime) -> Iterable[NewEntry]:
    last = last_seqs(db, shard_nos=[BATCH_SHARD + batch for batch in left])
    for batch, cents in left.items():
        back = NewPosting(account_no("reward_reserve"), account_no("reward_expense"), cents)
        shard_no = BATCH_SHARD + batch
        yield NewEntry(shard_no, last[shard_no] + 1, "return_reserve", now, [back])
