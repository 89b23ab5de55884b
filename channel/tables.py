"""Tables of the doors: who may come in, what was refused, which jobs were done. Knows scans and stores."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Integer, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

import stores.tables  # noqa: F401 - foreign keys point there
from scans.schema import Base, Key, OutsideId, Word, one_of

ROLES = ("owner", "finance", "dealer", "franchisee", "keeper", "guide", "rep", "auditor", "api")
JOB_STATES = ("running", "done", "failed")


class User(Base):
    """A person who signs in. A session names the `epoch` it began in; raising it signs out everywhere."""

    __tablename__ = "user_account"
    id: Mapped[int] = mapped_column(Key, primary_key=True)
    name: Mapped[str] = mapped_column(OutsideId, unique=True)
    password_hash: Mapped[str] = mapped_column(String(200))
    epoch: Mapped[int] = mapped_column(Integer, default=0)
    made_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]


class Membership(Base):
    """A role that a person holds at a party, or, without one, at the brand owner; one person may hold several."""

    __tablename__ = "membership"
    __table_args__ = (one_of("role", ROLES), UniqueConstraint("user_id", "role", "party_id"))
    id: Mapped[int] = mapped_column(Key, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    role: Mapped[str] = mapped_column(Word)
    party_id: Mapped[int | None] = mapped_column(ForeignKey("party.id"), index=True)


class Token(Base):
    """What a program shows instead of a password: one role at one party until it expires. Only its hash is kept."""

    __tablename__ = "token"
    __table_args__ = (one_of("role", ROLES),)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    name: Mapped[str] = mapped_column(OutsideId, index=True)
    role: Mapped[str] = mapped_column(Word)
    party_id: Mapped[int | None] = mapped_column(ForeignKey("party.id"), index=True)
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class Refusal(Base):
    """How often somebody was refused within a window of time; written on refusals only. Names are stored hashed."""

    __tablename__ = "refusal"
    limit_name: Mapped[str] = mapped_column(Word, primary_key=True)
    who: Mapped[bytes] = mapped_column(LargeBinary(16), primary_key=True)
    window_no: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    count: Mapped[int] = mapped_column(Integer)
    ends_at: Mapped[datetime] = mapped_column(index=True)


class JobRun(Base):
    """One period of one job. Whoever takes the row does the work, so a second runner is harmless."""

    __tablename__ = "job_run"
    __table_args__ = (one_of("state", JOB_STATES),)
    job: Mapped[str] = mapped_column(Word, primary_key=True)
    period: Mapped[str] = mapped_column(Word, primary_key=True)
    state: Mapped[str] = mapped_column(Word)
    attempts: Mapped[int] = mapped_column(Integer)
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    note: Mapped[str | None] = mapped_column(String(500))
