"""Stages 5 to 12 backwards: an item came back, so do its sale, shares and prize; then it is scrapped or issued anew."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from channel.config import Config
from scans import returns
from scans.batches import catalogue
from scans.catalogue import IssuedBatch
from scans.keys import KeyRing
from scans.returns import Refused, ReturnRow, put_returns, returned_item
from scans.upserts import chunks
from stores.withdrawals import withdraw_sales


def take_returns(
    db: Session, *, config: Config, ring: KeyRing, rows: Sequence[ReturnRow], now: datetime
) -> list[bool | Refused]:
    """Take back items that were claimed; tell of each row whether it is new, or why it was refused."""
    new, refused = put_returns(db, ring=ring, rows=rows, now=now)
    for some in chunks(sorted(new)):
        withdraw_sales(db, code_nos=some, now=now, currency=config.currency)
    codes, left, outcomes = catalogue(db), set(new), list[bool | Refused]()
    for index, row in enumerate(rows):
        if index in refused:
            outcomes.append(refused[index])
            continue
        code_no = returned_item(codes, ring, text=row.uri).code_no
        outcomes.append(code_no in left)
        left.discard(code_no)
    return outcomes


def take_return(db: Session, *, config: Config, ring: KeyRing, row: ReturnRow, now: datetime) -> bool:
    """Take one item back; say whether this call did it.

    Raises: UnknownCodeError, LinkError, GtinError, ReturnError, NotClaimedError, ReturnExistsError.
    """
    outcome = take_returns(db, config=config, ring=ring, rows=[row], now=now)[0]
    if isinstance(outcome, Exception):
        raise outcome
    return outcome


def scrap_items(db: Session, *, ring: KeyRing, texts: Sequence[str], now: datetime) -> None:
    """Note that items that came back are destroyed.

    Raises: UnknownCodeError, LinkError, GtinError, ReturnError, NotReturnedError.
    """
    returns.scrap(db, code_nos=_named(db, ring, texts), now=now)


def reissue_items(db: Session, *, config: Config, ring: KeyRing, texts: Sequence[str], now: datetime) -> IssuedBatch:
    """Issue items that came back anew, as a batch of its own.

    Raises: UnknownCodeError, LinkError, GtinError, ReturnError, NotReturnedError.
    """
    day = now.astimezone(ZoneInfo(config.zone)).date()
    return returns.reissue(db, ring=ring, code_nos=_named(db, ring, texts), day=day, now=now)


def _named(db: Session, ring: KeyRing, texts: Sequence[str]) -> list[int]:
    codes = catalogue(db)
    return [returned_item(codes, ring, text=text).code_no for text in texts]
