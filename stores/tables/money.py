"""Tables of the money: whose sale, whose consumer, which plan, and the ledger. Knows scans.

A claim's rows are keyed by `code_no`, which is also the `shard_no` of its entries and postings.
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, CheckConstraint, Date, ForeignKey, ForeignKeyConstraint, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from scans.schema import Base, Key, OutsideId, Word, one_of
from stores.tables.places import PARTY_KINDS

EVIDENCE = ("delivered", "source", "chosen", "position", "unknown")
FOLLOWS = ("sale", "link")
SHARE_STATES = ("held", "payable", "paid", "reversed")
ACCOUNT_KINDS = (
    "share_expense",
    "reward_expense",
    "reward_reserve",
    "consumer_held",
    "consumer_wallet",
    "suspense",
    "held",
    "payable",
)
ENTRY_KINDS = ("reserve", "claim", "release", "reversal", "return_reserve")


class Sale(Base):
    """A claimed item and the store it is counted for, with the evidence; `seq` counts its re-attributions.

    One that was withdrawn (the item came back) counts nowhere any more.

    `why` freezes what was decided from a position: candidates with distances, accuracy class, version of the stores.
    """

    __tablename__ = "sale"
    __table_args__ = (
        one_of("evidence", EVIDENCE),
        CheckConstraint("confidence BETWEEN 0 AND 1", name="confidence_is_probability"),
        CheckConstraint("(store_id IS NULL) = (evidence = 'unknown')", name="store_unless_unknown"),
        Index("ix_sale_store_id_day", "store_id", "day"),
        Index("ix_sale_day", "day"),
    )
    code_no: Mapped[int] = mapped_column(ForeignKey("claim.code_no"), primary_key=True, autoincrement=False)
    seq: Mapped[int] = mapped_column(Integer, default=0)
    store_id: Mapped[int | None] = mapped_column(ForeignKey("store.id"))
    day: Mapped[date] = mapped_column(Date)
    evidence: Mapped[str] = mapped_column(Word)
    confidence: Mapped[float]
    decided_at: Mapped[datetime]
    plan_id: Mapped[int | None] = mapped_column(ForeignKey("plan.id"))
    why: Mapped[dict[str, Any]] = mapped_column(JSON)
    withdrawn_at: Mapped[datetime | None]


class FormerSale(Base):
    """What a sale said before it was re-attributed."""

    __tablename__ = "former_sale"
    code_no: Mapped[int] = mapped_column(ForeignKey("sale.code_no"), primary_key=True, autoincrement=False)
    seq: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    store_id: Mapped[int | None] = mapped_column(ForeignKey("store.id"))
    day: Mapped[date] = mapped_column(Date)
    evidence: Mapped[str] = mapped_column(Word)
    confidence: Mapped[float]
    decided_at: Mapped[datetime]
    why: Mapped[dict[str, Any]] = mapped_column(JSON)


class Link(Base):
    """A consumer's home store from an instant on; the first stays until the next row is written."""

    __tablename__ = "link"
    consumer_id: Mapped[int] = mapped_column(ForeignKey("consumer.id"), primary_key=True, autoincrement=False)
    seq: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    store_id: Mapped[int] = mapped_column(ForeignKey("store.id"), index=True)
    linked_at: Mapped[datetime]
    evidence: Mapped[str] = mapped_column(Word)


class Plan(Base):
    """A dated version of how a claim's profit is shared: a pool of the list price, split by a named rule."""

    __tablename__ = "plan"
    __table_args__ = (CheckConstraint("pool_bp BETWEEN 0 AND 10000", name="pool_within_price"),)
    id: Mapped[int] = mapped_column(Key, primary_key=True)
    plan_id: Mapped[str] = mapped_column(OutsideId, unique=True)
    starts_on: Mapped[date] = mapped_column(Date, unique=True)
    pool_bp: Mapped[int] = mapped_column(Integer)
    rule: Mapped[str] = mapped_column(Word)


class PlanPart(Base):
    """Who receives by a plan: `receiver` is a kind of party above the store that `follows` names, or its rep."""

    __tablename__ = "plan_part"
    __table_args__ = (
        one_of("receiver", PARTY_KINDS),
        one_of("follows", FOLLOWS),
        CheckConstraint("value >= 0", name="value_not_negative"),
    )
    plan_id: Mapped[int] = mapped_column(ForeignKey("plan.id"), primary_key=True)
    line: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    receiver: Mapped[str] = mapped_column(Word)
    follows: Mapped[str] = mapped_column(Word)
    value: Mapped[int] = mapped_column(BigInteger)


class Account(Base):
    """An account of the ledger; its number follows from kind and party, so that nobody needs to look it up."""

    __tablename__ = "account"
    __table_args__ = (one_of("kind", ACCOUNT_KINDS),)
    account_no: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(Word)
    party_id: Mapped[int | None] = mapped_column(ForeignKey("party.id"), index=True)
    currency: Mapped[str] = mapped_column(String(3))


class Entry(Base):
    """One business event in the ledger. Never changed: a trigger and grants see to it."""

    __tablename__ = "entry"
    __table_args__ = (one_of("kind", ENTRY_KINDS), Index("ix_entry_booked_at", "booked_at"))
    shard_no: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    seq: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(Word)
    booked_at: Mapped[datetime]
    reverses_seq: Mapped[int | None] = mapped_column(Integer)


class Posting(Base):
    """One debit-credit-amount row of an entry: balanced by construction."""

    __tablename__ = "posting"
    __table_args__ = (
        ForeignKeyConstraint(["shard_no", "seq"], ["entry.shard_no", "entry.seq"]),
        CheckConstraint("amount_cents > 0", name="amount_positive"),
        CheckConstraint("debit_no <> credit_no", name="two_accounts"),
        Index("ix_posting_debit_no", "debit_no"),
        Index("ix_posting_credit_no", "credit_no"),
    )
    shard_no: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    seq: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    line: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    debit_no: Mapped[int] = mapped_column(ForeignKey("account.account_no"))
    credit_no: Mapped[int] = mapped_column(ForeignKey("account.account_no"))
    amount_cents: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))


class Share(Base):
    """A part given to a party (none: suspense) from its claim on; its state follows the ledger's postings.

    A negative one is owed back: it was paid, and then the item came back.
    """

    __tablename__ = "share"
    __table_args__ = (
        one_of("state", SHARE_STATES),
        one_of("follows", FOLLOWS),
        CheckConstraint("part_cents <> 0", name="part_not_zero"),
        Index("ix_share_party_id_accrued_at", "party_id", "accrued_at"),
        Index("ix_share_due_at", "due_at"),
    )
    code_no: Mapped[int] = mapped_column(ForeignKey("claim.code_no"), primary_key=True, autoincrement=False)
    seq: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    line: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    party_id: Mapped[int | None] = mapped_column(ForeignKey("party.id"))
    store_id: Mapped[int | None] = mapped_column(ForeignKey("store.id"), index=True)
    receiver: Mapped[str] = mapped_column(Word)
    follows: Mapped[str] = mapped_column(Word)
    part_cents: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[str] = mapped_column(Word)
    accrued_at: Mapped[datetime]
    day: Mapped[date] = mapped_column(Date)
    due_at: Mapped[datetime | None]
    reversed_at: Mapped[datetime | None]
    evidence: Mapped[str] = mapped_column(Word)
    plan_id: Mapped[int] = mapped_column(ForeignKey("plan.id"))
