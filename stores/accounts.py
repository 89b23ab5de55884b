"""Before the first cent: the accounts of the house and of every party. Knows scans.

An account's number follows from its kind and its party, so that a claim need not look it up.
"""

from collections.abc import Collection

from sqlalchemy.orm import Session

from scans.upserts import chunks
from scans.versions import upsert
from stores.tables import ACCOUNT_KINDS, Account

PARTY_ACCOUNTS = ("held", "payable")
HOUSE_ACCOUNTS = tuple(kind for kind in ACCOUNT_KINDS if kind not in PARTY_ACCOUNTS)
_PER_PARTY = 16
_INDEX = {kind: index for index, kind in enumerate(ACCOUNT_KINDS)}
assert len(ACCOUNT_KINDS) <= _PER_PARTY


def account_no(kind: str, party_id: int = 0) -> int:
    """Return the number of an account; the house is party 0."""
    return party_id * _PER_PARTY + _INDEX[kind]


def open_house_accounts(db: Session, *, currency: str) -> None:
    """Open the accounts of the house; harmless when they are there."""
    _open(db, [(kind, 0) for kind in HOUSE_ACCOUNTS], currency)


def open_accounts(db: Session, *, party_ids: Collection[int], currency: str) -> None:
    """Open what is held for and payable to each party; harmless when they are there."""
    _open(db, [(kind, party_id) for party_id in sorted(party_ids) for kind in PARTY_ACCOUNTS], currency)


def _open(db: Session, accounts: list[tuple[str, int]], currency: str) -> None:
    insert = upsert(db)(Account.__table__).on_conflict_do_nothing()
    rows = [
        {"account_no": account_no(kind, party), "kind": kind, "party_id": party or None, "currency": currency}
        for kind, party in accounts
    ]
    for chunk in chunks(rows):
        db.execute(insert, chunk)
