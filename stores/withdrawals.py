"""Stages 11 and 12 backwards: what a claim that came back had counted, shared and earned. Knows sales, accrual.

Its sale counts no more on its day; what was owed is reversed; a part that was paid stands as owed back, in a line of
its own; a prize goes back to the reserve. The sale's row stays as it was.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import case, func, or_, select, update
from sqlalchemy.orm import Session

from scans.schema import table_of
from scans.writing import insert_rows
from stores.accounts import account_no
from stores.accrual import reverse_shares
from stores.ledger import NewEntry, NewPosting, post
from stores.sales import mark_dirty
from stores.tables import Posting, Sale, Share

PRIZES = ("consumer_held", "consumer_wallet")
_COPIED = ("code_no", "party_id", "store_id", "receiver", "follows", "day", "evidence", "plan_id")


def withdraw_sales(db: Session, *, code_nos: Collection[int], now: datetime, currency: str) -> None:
    """Take sales out of their days, their shares and prizes back; once for each, whoever asks."""
    gone = update(Sale).where(Sale.code_no.in_(sorted(code_nos)), Sale.withdrawn_at.is_(None))
    sales = db.execute(gone.values(withdrawn_at=now).returning(Sale.code_no, Sale.store_id, Sale.day)).all()
    taken = [sale.code_no for sale in sales]
    mark_dirty(db, store_days={(sale.store_id, sale.day) for sale in sales if sale.store_id is not None})
    seqs = reverse_shares(db, code_nos=taken, now=now, currency=currency)
    owed = _owed_back(db, taken, seqs, now)
    prizes = _prizes(db, taken)
    entries = []
    for no in taken:
        paid = [row for row in owed if row["code_no"] == no]
        postings = [_payback(row) for row in paid] + prizes.get(no, [])
        entries.append(NewEntry(no, seqs[no], "reversal", now, postings, reverses_seq=0))
    post(db, entries=entries, currency=currency)
    insert_rows(db, Share, owed)


def _owed_back(db: Session, code_nos: Sequence[int], seqs: dict[int, int], now: datetime) -> list[dict[str, Any]]:
    """Return a negative share, open to be settled, for every part that was paid."""
    paid = select(table_of(Share)).where(Share.code_no.in_(code_nos), Share.state == "paid")
    rows, lines = [], dict.fromkeys(code_nos, 0)
    for share in db.execute(paid.order_by(Share.code_no, Share.seq, Share.line)).mappings():
        no = share["code_no"]
        kept = {name: share[name] for name in _COPIED}
        fresh = {"seq": seqs[no], "line": lines[no], "part_cents": -share["part_cents"], "state": "payable"}
        rows.append(kept | fresh | {"accrued_at": now, "due_at": None, "reversed_at": None})
        lines[no] += 1
    return rows


def _prizes(db: Session, code_nos: Sequence[int]) -> dict[int, list[NewPosting]]:
    """Return what takes back from the consumer's accounts all that the ledger knows of these claims there."""
    postings: dict[int, list[NewPosting]] = {}
    for kind in PRIZES:
        account = account_no(kind)
        cents = func.sum(case((Posting.credit_no == account, Posting.amount_cents), else_=-Posting.amount_cents))
        booked = select(Posting.shard_no, cents).where(
            Posting.shard_no.in_(code_nos), or_(Posting.credit_no == account, Posting.debit_no == account)
        )
        for no, sum_ in db.execute(booked.group_by(Posting.shard_no).having(cents > 0)):
            postings.setdefault(no, []).append(NewPosting(account, account_no("reward_reserve"), int(sum_)))
    return postings


def _payback(row: dict[str, Any]) -> NewPosting:
    return NewPosting(account_no("payable", row["party_id"]), account_no("share_expense"), -row["part_cents"])
