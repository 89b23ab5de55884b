"""Tables of the doors: who may come in, what was refused, which jobs were done. Knows scans and stores."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

import stores.tables  # noqa: F401 - foreign keys point there
from scans.schema import Base, Key, OutsideId, Word, one_of

ROLES = ("owner", "finance", "dealer", "franchisee", "keeper", "guide", "rep", "auditor", "api")
JOB_STATES = ("running", "done", "failed")
TASK_STATES = ("waiting", "running", "done", "failed", "cancelled")


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


class Task(Base):
    """Long work that somebody ordered in the office, done by the scheduler; `task_id` is made by whoever orders it.

    `about` is the batch it belongs to, `result` the name of its file until that is forgotten. Whoever works on it knows
    the number of the attempt: when that has changed, or the state, it is no longer theirs.
    """

    __tablename__ = "task"
    __table_args__ = (
        one_of("state", TASK_STATES),
        CheckConstraint("0 <= done AND done <= total", name="within"),
        Index("ix_task_state", "state", "made_at"),
    )
    task_id: Mapped[str] = mapped_column(OutsideId, primary_key=True)
    kind: Mapped[str] = mapped_column(Word)
    parameters: Mapped[dict[str, Any]] = mapped_column(JSON)
    about: Mapped[str] = mapped_column(OutsideId, index=True)
    state: Mapped[str] = mapped_column(Word)
    done: Mapped[int] = mapped_column(BigInteger, default=0)
    total: Mapped[int] = mapped_column(BigInteger)
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    result: Mapped[str | None] = mapped_column(String(200))
    error: Mapped[str | None] = mapped_column(String(500))
    made_by: Mapped[str] = mapped_column(OutsideId)
    made_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
