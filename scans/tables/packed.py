"""Tables of what a packing line, or a warehouse, did to cases and pallets after they were issued. Knows nobody."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from scans.schema import Base, Key, OutsideId


class Packing(Base):
    """A code put into a case or onto a pallet, or taken out of it (no parent), at an instant."""

    __tablename__ = "packing"
    __table_args__ = (
        UniqueConstraint("child_no", "packed_at"),
        CheckConstraint("parent_no <> child_no", name="not_in_itself"),
        Index("ix_packing_parent_no", "parent_no"),
        Index("ix_packing_packed_at_id", "packed_at", "id"),
    )
    id: Mapped[int] = mapped_column(Key, primary_key=True)
    packing_id: Mapped[str] = mapped_column(OutsideId, unique=True)
    child_no: Mapped[int] = mapped_column(BigInteger)
    parent_no: Mapped[int | None] = mapped_column(BigInteger)
    packed_at: Mapped[datetime]
    recorded_at: Mapped[datetime]
