"""After every stage: whatever is derived is counted again, and every promise between tables is looked at. Knows all.

A check is a function in CHECKS: it returns how many rows break it; zero is right.
"""

from collections.abc import Callable
from typing import Any

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import Session

from scans.tables import Batch, Claim, CodeRange, Doubt, ReturnedItem, Scan
from stores.accounts import account_no
from stores.closing import closings_equal_recount
from stores.flags import flags_equal_stretches
from stores.learning import mondays_are_learnt
from stores.ledger import balances, trial_balance
from stores.sales import days_equal_recount, stores_have_every_day
from stores.tables import Account, Entry, FormerSale, Posting, Sale, Share
from stores.withdrawals import PRIZES

Check = Callable[[Session], int]


def _count(db: Session, selected: Select[Any]) -> int:
    return int(db.scalar(select(func.count()).select_from(selected.subquery())) or 0)


def books_balance(db: Session) -> int:
    """Debits equal credits."""
    return abs(trial_balance(db).difference_cents)


def claims_have_scans(db: Session) -> int:
    """Every claim has the scan that made it."""
    joined = and_(Scan.code_no == Claim.code_no, Scan.key_hash == Claim.key_hash)
    return _count(db, select(Claim.code_no).outerjoin(Scan, joined).where(Scan.code_no.is_(None)))


def claiming_scans_have_claims(db: Session) -> int:
    """Every scan that was answered as the claim has made it: nobody was told so in vain, and nobody twice."""
    told = Scan.answer["claim"].as_boolean()
    joined = and_(Scan.code_no == Claim.code_no, Scan.key_hash == Claim.key_hash)
    return _count(db, select(Scan.code_no).outerjoin(Claim, joined).where(told, Claim.code_no.is_(None)))


def claims_have_sales(db: Session) -> int:
    """Every claim is a sale, at a store or unknown."""
    return _count(db, select(Claim.code_no).outerjoin(Sale).where(Sale.code_no.is_(None)))


def claims_are_of_items(db: Session) -> int:
    """Every claim is of an item that was issued in its batch."""
    within = and_(CodeRange.batch_id == Claim.batch_id, CodeRange.level == "item")
    within = and_(within, Claim.code_no.between(CodeRange.first_no, CodeRange.last_no))
    return _count(db, select(Claim.code_no).outerjoin(CodeRange, within).where(CodeRange.first_no.is_(None)))


def shares_have_postings(db: Session) -> int:
    """Every share stands beside its posting, to the cent, and every accrual has its share."""
    joined = and_(Share.code_no == Posting.shard_no, Share.seq == Posting.seq, Share.line == Posting.line)
    expense = Posting.debit_no == account_no("share_expense")
    wrong = or_(Posting.shard_no.is_(None), Posting.amount_cents != func.abs(Share.part_cents))
    lost = _count(db, select(Share.code_no).outerjoin(Posting, joined).where(wrong))
    return lost + _count(db, select(Posting.shard_no).outerjoin(Share, joined).where(expense, Share.code_no.is_(None)))


def accounts_equal_shares(db: Session) -> int:
    """What the ledger owes every party, held and payable, is the sum of its shares in that state."""
    owed = select(Share.party_id, Share.state, func.sum(Share.part_cents)).where(Share.state.in_(("held", "payable")))
    recounted: dict[int, int] = {}
    for party_id, state, cents in db.execute(owed.group_by(Share.party_id, Share.state)):
        no = account_no("suspense") if party_id is None else account_no(state, party_id)
        recounted[no] = recounted.get(no, 0) + int(cents)
    kinds = select(Account.account_no).where(Account.kind.in_(("held", "payable", "suspense")))
    booked = balances(db)
    return sum(recounted.get(no, 0) != -booked.get(no, 0) for no in db.scalars(kinds))


def prizes_are_booked(db: Session) -> int:
    """Consumers are owed just what their claims won, but for what was taken back of copies and returns."""
    won = int(db.scalar(select(func.coalesce(func.sum(Claim.reward_cents), 0))) or 0)
    back = select(func.coalesce(func.sum(Posting.amount_cents), 0)).join(Claim, Claim.code_no == Posting.shard_no)
    theirs, reserve = [account_no(kind) for kind in PRIZES], account_no("reward_reserve")
    won -= int(db.scalar(back.where(Posting.debit_no.in_(theirs), Posting.credit_no == reserve)) or 0)
    booked = balances(db)
    return abs(won + booked.get(account_no("consumer_wallet"), 0) + booked.get(account_no("consumer_held"), 0))


def what_waits_is_doubted(db: Session) -> int:
    """What is held without a date waits for the office's word about its code, and nothing waits after that word."""
    waits = select(Share.code_no).where(Share.state == "held", Share.party_id.is_not(None), Share.due_at.is_(None))
    doubted = waits.outerjoin(Doubt, and_(Doubt.code_no == Share.code_no, Doubt.state == "open"))
    return _count(db, doubted.where(Doubt.code_no.is_(None)))


def reserves_hold(db: Session) -> int:
    """No batch has paid more than was set aside for it when it was activated."""
    paid = select(Claim.batch_id, func.sum(Claim.reward_cents).label("cents")).group_by(Claim.batch_id).subquery()
    over = [
        batch.batch_id
        for batch, cents in db.execute(select(Batch, paid.c.cents).join(paid, paid.c.batch_id == Batch.id))
        if cents > sum(amount * number for amount, number in batch.reward_tiers or [])
    ]
    return len(over)


def what_came_back_counts_nowhere(db: Session) -> int:
    """Every sale of what came back is withdrawn and no other, and nothing of it is owed to anybody."""
    joined = select(func.count()).select_from(Sale).outerjoin(ReturnedItem, ReturnedItem.code_no == Sale.code_no)
    wrong = db.scalar(joined.where(Sale.withdrawn_at.is_(None) != ReturnedItem.code_no.is_(None)))
    owed = select(Share.code_no).join(ReturnedItem, ReturnedItem.code_no == Share.code_no)
    return int(wrong or 0) + _count(db, owed.where(Share.part_cents > 0, Share.state.in_(("held", "payable"))))


def entries_have_postings(db: Session) -> int:
    """No entry is empty, and those of a claim are numbered without a gap."""
    empty = select(Entry.shard_no).outerjoin(
        Posting, and_(Posting.shard_no == Entry.shard_no, Posting.seq == Entry.seq)
    )
    return _count(db, empty.where(Posting.shard_no.is_(None)))


def former_sales_are_numbered(db: Session) -> int:
    """A sale that was attributed n times keeps what it said n times before."""
    kept = select(FormerSale.code_no, func.count().label("n")).group_by(FormerSale.code_no).subquery()
    joined = select(Sale.code_no).outerjoin(kept, kept.c.code_no == Sale.code_no)
    return _count(db, joined.where(Sale.seq != func.coalesce(kept.c.n, 0)))


CHECKS: tuple[Check, ...] = (
    books_balance,
    claims_have_scans,
    claiming_scans_have_claims,
    claims_have_sales,
    claims_are_of_items,
    entries_have_postings,
    shares_have_postings,
    accounts_equal_shares,
    prizes_are_booked,
    what_waits_is_doubted,
    reserves_hold,
    what_came_back_counts_nowhere,
    former_sales_are_numbered,
    days_equal_recount,
    stores_have_every_day,
    flags_equal_stretches,
    mondays_are_learnt,
    closings_equal_recount,
)


def recount(db: Session) -> list[tuple[str, int]]:
    """Run every check and return its name and how many rows break it."""
    return [(check.__name__, check(db)) for check in CHECKS]
