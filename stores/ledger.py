"""Stage 11, ledger: double entry in whole cents. Knows accounts. The only place that writes entries and postings.

A posting is one row with a debit and a credit account, so an entry balances by construction; entries are never changed,
only reversed.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, union_all
from sqlalchemy.orm import Session

from scans.writing import insert_rows
from stores.tables import Account, Entry, Posting

BATCH_SHARD = 1 << 41


class PostingError(ValueError):
    """An entry that no ledger takes."""


@dataclass(frozen=True, slots=True)
class NewPosting:
    """Move cents from what is credited to what is debited."""

    debit_no: int
    credit_no: int
    amount_cents: int


@dataclass(frozen=True, slots=True)
class NewEntry:
    """One business event: `shard_no` is the claim's code_no, `seq` counts the events of that claim."""

    shard_no: int
    seq: int
    kind: str
    booked_at: datetime
    postings: Sequence[NewPosting]
    reverses_seq: int | None = None


@dataclass(frozen=True, slots=True)
class TrialBalance:
    """Sums of the accounts' debit and of their credit balances."""

    debit_cents: int
    credit_cents: int

    @property
    def difference_cents(self) -> int:
        """Zero, or the books are wrong."""
        return self.debit_cents - self.credit_cents


def post(db: Session, *, entries: Sequence[NewEntry], currency: str) -> None:
    """Write entries with their postings; an entry without postings says nothing and is left out.

    Raises: PostingError for an amount that is not above zero or a posting within one account.
    """
    told = sorted((entry for entry in entries if entry.postings), key=lambda entry: (entry.shard_no, entry.seq))
    if not told:
        return
    for entry in told:
        for posting in entry.postings:
            if posting.amount_cents <= 0 or posting.debit_no == posting.credit_no:
                raise PostingError("a posting moves more than nothing between two accounts")
    insert_rows(db, Entry, [_entry_row(entry) for entry in told])
    insert_rows(db, Posting, [row for entry in told for row in _posting_rows(entry, currency)])


def last_seqs(db: Session, *, shard_nos: Collection[int]) -> dict[int, int]:
    """Return the highest entry number of each shard that has entries."""
    asked = select(Entry.shard_no, func.max(Entry.seq)).where(Entry.shard_no.in_(shard_nos))
    return {no: seq for no, seq in db.execute(asked.group_by(Entry.shard_no))}


def balances(db: Session) -> dict[int, int]:
    """Return debit minus credit, in cents, of every account that was ever posted to."""
    debits = select(Posting.debit_no.label("no"), func.sum(Posting.amount_cents).label("cents"))
    credits_ = select(Posting.credit_no.label("no"), (-func.sum(Posting.amount_cents)).label("cents"))
    both = union_all(debits.group_by(Posting.debit_no), credits_.group_by(Posting.credit_no)).subquery()
    rows = db.execute(select(both.c.no, func.sum(both.c.cents)).group_by(both.c.no))
    return {no: int(cents) for no, cents in rows}


def balances_by_kind(db: Session) -> dict[str, int]:
    """Return debit minus credit, in cents, summed over the accounts of each kind."""
    kinds = {no: kind for no, kind in db.execute(select(Account.account_no, Account.kind))}
    sums: dict[str, int] = {}
    for no, cents in balances(db).items():
        sums[kinds[no]] = sums.get(kinds[no], 0) + cents
    return sums


def trial_balance(db: Session) -> TrialBalance:
    """Return the sums of all debit and all credit balances; they are equal."""
    cents = balances(db).values()
    return TrialBalance(sum(c for c in cents if c > 0), -sum(c for c in cents if c < 0))


def _entry_row(entry: NewEntry) -> dict[str, Any]:
    return {
        "shard_no": entry.shard_no,
        "seq": entry.seq,
        "kind": entry.kind,
        "booked_at": entry.booked_at,
        "reverses_seq": entry.reverses_seq,
    }


def _posting_rows(entry: NewEntry, currency: str) -> list[dict[str, Any]]:
    return [
        {
            "shard_no": entry.shard_no,
            "seq": entry.seq,
            "line": line,
            "debit_no": posting.debit_no,
            "credit_no": posting.credit_no,
            "amount_cents": posting.amount_cents,
            "currency": currency,
        }
        for line, posting in enumerate(entry.postings)
    ]
