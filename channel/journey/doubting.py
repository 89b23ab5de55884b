"""Stages 7 and 11 lined up: a doubt is raised and money waits; the office decides and it goes on or back."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from channel.config import Config
from scans import copies, doubts
from scans.batches import catalogue
from scans.catalogue import identify
from scans.doubts import DoubtDecidedError, Raised
from scans.gs1 import item_link
from scans.keys import KeyRing
from scans.norms import put_norms
from scans.reports import take_report
from scans.upserts import chunks
from stores.accrual import hold_shares
from stores.doubted import release_doubted, take_back


def hold_doubted(db: Session, *, raised: Sequence[Raised], now: datetime) -> set[int]:
    """Raise doubts and keep held what is held for these codes; return those about which none stood before."""
    if not raised:
        return set()
    opened = doubts.raise_doubts(db, raised=raised, now=now)
    for some in chunks(sorted(opened)):
        hold_shares(db, code_nos=some)
    return opened


def decide_doubt(db: Session, *, config: Config, doubt_id: str, act: str, who: str, said: str, now: datetime) -> bool:
    """Release or take back what waits for a code; say whether this call did it: the same word again changes nothing.

    Raises: UnknownDoubtError, DecisionError, DoubtDecidedError if somebody decided otherwise.
    """
    code_no = doubts.code_of(db, doubt_id=doubt_id)
    if doubts.decide(db, code_nos=[code_no], act=act, who=who, said=said, now=now):
        _pay(db, config, [code_no], act, now)
        return True
    if doubts.states(db, code_nos=[code_no])[code_no] != doubts.DECIDED[act]:
        raise DoubtDecidedError("somebody has decided about this code otherwise")
    return False


def fit_norms(db: Session, *, fitted: copies.Fit, now: datetime) -> int:
    """Let what was fitted be normal from now on, and return how many norms that changed."""
    return put_norms(db, tails=fitted.tails, near_m=fitted.near_m, wide_codes=fitted.wide_codes, now=now)


def withdraw_doubts(db: Session, *, config: Config, code_nos: Collection[int], now: datetime) -> int:
    """Take doubts back whose evidence turned out to be none, release what waited, and return how many there were."""
    gone = doubts.decide(db, code_nos=code_nos, act="withdraw", who=None, said=None, now=now)
    _pay(db, config, gone, "withdraw", now)
    return len(gone)


def report_code(
    db: Session,
    *,
    ring: KeyRing,
    gtin: str,
    serial: str,
    key: str,
    device: str | None,
    said: str,
    photo: bytes | None,
    now: datetime,
) -> bool:
    """Keep what somebody tells about a code, with a photo that was made anew; False if this key has told it before.

    Raises: UnknownCodeError, LinkError, GtinError, ReportError.
    """
    link = item_link(gtin, serial)
    found = identify(catalogue(db), ring, gtin=link.gtin, serial=link.serial)
    return take_report(db, found=found, key=key, device=device, said=said, photo=photo, now=now)


def _pay(db: Session, config: Config, code_nos: Collection[int], act: str, now: datetime) -> None:
    pay = take_back if doubts.DECIDED[act] == "confirmed" else release_doubted
    for some in chunks(sorted(code_nos)):
        pay(db, code_nos=some, now=now, currency=config.currency)
