"""Stage 11, doubted money: what waits for the office's word about a code is released or taken back. Knows accrual.

The ledger says what waits: held shares without a date, and prizes on the account `consumer_held`.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import case, func, or_, select
from sqlalchemy.orm import Session

from stores.accounts import account_no
from stores.accrual import free_shares, reverse_shares
from stores.ledger import NewEntry, NewPosting, post
from stores.tables import Party, Posting, Share, Store


class DoubtedShare(NamedTuple):
    """A part that a claim of a doubted code gave to somebody, and how it stands."""

    party: str | None
    receiver: str
    store: str | None
    store_id: str | None
    cents: int
    state: str


class Waiting(NamedTuple):
    """What waits for a code's doubt: cents of shares, cents of a prize; and what was given before it was raised."""

    share_cents: int = 0
    prize_cents: int = 0
    given_cents: int = 0


def release_doubted(db: Session, *, code_nos: Collection[int], now: datetime, currency: str) -> None:
    """Let parties and consumers have what waited: as if nobody had ever doubted these codes."""
    told = select(Share.code_no, Share.seq, Share.line, Share.party_id, Share.part_cents)
    held = told.where(Share.code_no.in_(code_nos), Share.state == "held", Share.party_id.is_not(None))
    shares = db.execute(held.order_by(Share.code_no, Share.seq, Share.line).with_for_update()).all()
    prizes = held_prizes(db, code_nos=code_nos)
    to_wallet = {no: [_prize("consumer_held", "consumer_wallet", cents)] for no, cents in prizes.items()}
    free_shares(db, shares=shares, also=to_wallet, now=now, currency=currency)


def take_back(db: Session, *, code_nos: Collection[int], now: datetime, currency: str) -> None:
    """Take back by reversal whatever was not paid: shares held and payable, and a prize that is still held."""
    prizes = held_prizes(db, code_nos=code_nos)
    next_seqs = reverse_shares(db, code_nos=code_nos, now=now, currency=currency)
    entries = [
        NewEntry(no, next_seqs[no], "reversal", now, [_prize("consumer_held", "reward_reserve", cents)], reverses_seq=0)
        for no, cents in prizes.items()
    ]
    post(db, entries=entries, currency=currency)


def held_prizes(db: Session, *, code_nos: Collection[int]) -> dict[int, int]:
    """Return the cents of those prizes that are held, by code."""
    held = account_no("consumer_held")
    cents = func.sum(case((Posting.credit_no == held, Posting.amount_cents), else_=-Posting.amount_cents))
    booked = select(Posting.shard_no, cents).where(
        Posting.shard_no.in_(code_nos), or_(Posting.credit_no == held, Posting.debit_no == held)
    )
    return {no: int(sum_) for no, sum_ in db.execute(booked.group_by(Posting.shard_no).having(cents > 0))}


def waiting(db: Session, *, code_nos: Collection[int]) -> dict[int, Waiting]:
    """Return what waits for the word about each of these codes, and what was given away before."""
    waits = case((Share.state == "held", Share.part_cents), else_=0)
    given = case((Share.state.in_(("payable", "paid")), Share.part_cents), else_=0)
    sums = select(Share.code_no, func.sum(waits), func.sum(given)).where(Share.code_no.in_(code_nos))
    found = {no: Waiting(int(held), 0, int(out)) for no, held, out in db.execute(sums.group_by(Share.code_no))}
    for no, cents in held_prizes(db, code_nos=code_nos).items():
        found[no] = found.get(no, Waiting())._replace(prize_cents=cents)
    return found


def doubted_shares(db: Session, *, code_no: int) -> Sequence[DoubtedShare]:
    """Return who was given what by the claim of a code, in the order of the plan."""
    told = (
        select(Party.name, Share.receiver, Store.name, Store.store_id, Share.part_cents, Share.state)
        .outerjoin(Party, Party.id == Share.party_id)
        .outerjoin(Store, Store.id == Share.store_id)
        .where(Share.code_no == code_no)
    )
    return [DoubtedShare(*row) for row in db.execute(told.order_by(Share.seq, Share.line))]


def _prize(debit: str, credit: str, cents: int) -> NewPosting:
    return NewPosting(account_no(debit), account_no(credit), cents)
