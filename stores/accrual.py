"""Stage 10, accrue: what a claim owes to whom, from its claim on. Knows plans, book, ledger.

A share is written beside the posting of the same number. Until it is due it is held; what nobody stands for goes to
suspense; a doubt holds it until the doubt is settled.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from scans.schema import table_of
from scans.writing import insert_rows
from stores.accounts import account_no
from stores.attribution import Attribution
from stores.book import StoreFacts
from stores.ledger import NewEntry, NewPosting, last_seqs, post
from stores.plans import PartTerm, PlanTerms
from stores.tables import Share

RELEASED_AT_ONCE = 2000
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Owed:
    """A claim that is owed for: its price, whose sale it is, whose consumer, its prize, and whether it is doubted."""

    sale: Attribution
    price_cents: int
    home: StoreFacts | None
    reward_cents: int
    doubted: bool


def accrue(
    db: Session,
    *,
    owed: Sequence[Owed],
    plan: PlanTerms | None,
    now: datetime,
    hold: timedelta,
    currency: str,
    seqs: Mapping[int, int] | None = None,
) -> None:
    """Post what claims owe, as one entry each (number `seqs[code_no]`, else 0), and write the shares beside it."""
    prices_cents = {one.price_cents for one in owed} if plan else ()
    splits = {cents: plan.split(cents) for cents in prices_cents} if plan else {}
    entries, shares, due_at = [], [], now + hold
    for one in owed:
        seq = (seqs or {}).get(one.sale.code_no, 0)
        rows = [] if plan is None else _shares(one, plan.key, splits[one.price_cents], seq, now, due_at)
        postings = [_accrual(row) for row in rows] + _prize(one)
        entries.append(NewEntry(one.sale.code_no, seq, "claim", now, postings))
        shares += rows
    post(db, entries=entries, currency=currency)
    insert_rows(db, Share, sorted(shares, key=_key))


def release_due(db: Session, *, now: datetime, currency: str) -> int:
    """Make held shares that are due payable, at most a few thousand, and return how many."""
    share = table_of(Share).c
    held = select(share.code_no, share.seq, share.line, share.party_id, share.part_cents)
    due = held.where(share.state == "held", share.due_at <= now).order_by(share.due_at).limit(RELEASED_AT_ONCE)
    rows = db.execute(due.with_for_update(skip_locked=True)).all()
    free_shares(db, shares=rows, also={}, now=now, currency=currency)
    return len(rows)


def free_shares(
    db: Session,
    *,
    shares: Sequence[Any],
    also: Mapping[int, list[NewPosting]],
    now: datetime,
    currency: str,
) -> None:
    """Make these held shares payable, with what else is released with them: one entry for each claim."""
    by_code = {no: list(postings) for no, postings in also.items()}
    for share in shares:
        by_code.setdefault(share.code_no, []).append(_release(share.party_id, share.part_cents))
    last = last_seqs(db, shard_nos=by_code)
    entries = [NewEntry(no, last[no] + 1, "release", now, postings) for no, postings in by_code.items()]
    post(db, entries=entries, currency=currency)
    if shares:
        this = {name: table_of(Share).c[name] == bindparam(f"its_{name}") for name in ("code_no", "seq", "line")}
        freed = update(table_of(Share)).where(*this.values()).values(state="payable", due_at=None)
        db.connection().execute(freed, [{f"its_{name}": getattr(row, name) for name in this} for row in shares])


def reverse_shares(db: Session, *, code_nos: Collection[int], now: datetime, currency: str) -> dict[int, int]:
    """Take back every share of claims that is not paid yet, and return the next free entry number of each claim."""
    open_ = select(Share).where(Share.code_no.in_(code_nos), Share.part_cents > 0, Share.state.in_(("held", "payable")))
    shares = db.scalars(open_.order_by(Share.code_no, Share.seq, Share.line).with_for_update()).all()
    by_entry: dict[tuple[int, int], list[Share]] = {}
    for share in shares:
        by_entry.setdefault((share.code_no, share.seq), []).append(share)
    next_seqs = {no: seq + 1 for no, seq in last_seqs(db, shard_nos=code_nos).items()}
    entries = []
    for (code_no, seq), some in by_entry.items():
        postings = [_reversal(share) for share in some]
        entries.append(NewEntry(code_no, next_seqs[code_no], "reversal", now, postings, reverses_seq=seq))
        next_seqs[code_no] += 1
    post(db, entries=entries, currency=currency)
    for share in shares:
        share.state, share.due_at, share.reversed_at = "reversed", None, now
    db.flush()
    return {no: next_seqs.get(no, 0) for no in code_nos}


def hold_shares(db: Session, *, code_nos: Collection[int]) -> None:
    """Keep held what is held, with no date, until a doubt is settled."""
    db.execute(update(Share).where(Share.code_no.in_(code_nos), Share.state == "held").values(due_at=None))


def _shares(
    one: Owed, plan_id: int, parts: Sequence[tuple[PartTerm, int]], seq: int, now: datetime, due_at: datetime
) -> list[Row]:
    given = [(part, cents) for part, cents in parts if cents > 0]
    return [
        _share(one, part.receiver, part.follows, cents, now, due_at)
        | {"code_no": one.sale.code_no, "seq": seq, "line": line, "plan_id": plan_id}
        for line, (part, cents) in enumerate(given)
    ]


def _share(one: Owed, receiver: str, follows: str, cents: int, now: datetime, due_at: datetime) -> Row:
    store = one.sale.store if follows == "sale" else one.home
    party_id = store.receiver(receiver, day=one.sale.day) if store else None
    waits = party_id is None or one.doubted
    certain = one.sale.evidence not in ("position", "chosen")
    return {
        "party_id": party_id,
        "store_id": store.id if store else None,
        "receiver": receiver,
        "follows": follows,
        "part_cents": cents,
        "state": "payable" if certain and not waits else "held",
        "accrued_at": now,
        "day": one.sale.day,
        "due_at": None if waits or certain else due_at,
        "evidence": one.sale.evidence,
    }


def _accrual(row: Row) -> NewPosting:
    return NewPosting(account_no("share_expense"), _owing(row["party_id"], row["state"]), row["part_cents"])


def _release(party_id: int, cents: int) -> NewPosting:
    return NewPosting(account_no("held", party_id), account_no("payable", party_id), cents)


def _reversal(share: Share) -> NewPosting:
    return NewPosting(_owing(share.party_id, share.state), account_no("share_expense"), share.part_cents)


def _owing(party_id: int | None, state: str) -> int:
    return account_no("suspense") if party_id is None else account_no(state, party_id)


def _prize(one: Owed) -> list[NewPosting]:
    if not one.reward_cents:
        return []
    to = "consumer_held" if one.doubted else "consumer_wallet"
    return [NewPosting(account_no("reward_reserve"), account_no(to), one.reward_cents)]


def _key(row: Mapping[str, Any]) -> tuple[int, int, int]:
    return row["code_no"], row["seq"], row["line"]
