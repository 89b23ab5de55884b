"""Tables of goods that came back. Knows nobody."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from scans.schema import Base, OutsideId, Word, one_of

RETURN_STATES = ("returned", "scrapped", "reissued")


class ReturnedItem(Base):
    """A claimed item that came back: its key lets it come back once, and it is never claimed again.

    `new_no` is the code number under which it was issued anew.
    """

    __tablename__ = "returned_item"
    __table_args__ = (
        one_of("state", RETURN_STATES),
        CheckConstraint("(state = 'returned') = (settled_at IS NULL)", name="settled_unless_returned"),
        Index("ix_returned_item_recorded_at", "recorded_at"),
    )
    code_no: Mapped[int] = mapped_column(ForeignKey("claim.code_no"), primary_key=True, autoincrement=False)
    return_id: Mapped[str] = mapped_column(OutsideId, unique=True)
    batch_id: Mapped[int] = mapped_column(ForeignKey("batch.id"), index=True)
    state: Mapped[str] = mapped_column(Word, default="returned")
    returned_at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    why: Mapped[str | None] = mapped_column(String(500))
    settled_at: Mapped[datetime | None]
    new_no: Mapped[int | None] = mapped_column(BigInteger, unique=True)
