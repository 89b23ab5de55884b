"""Tables of what was printed, and of how it was proofed. Knows nobody."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, Float, ForeignKey, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from scans.schema import Base, Key, Word, one_of

FORMS = ("pdf", "svg", "png", "zpl")


class LabelRun(Base):
    """Labels of a batch that were printed into a file and read back from it before it was offered.

    `version` and `correction` are the symbols' (ISO/IEC 18004); `proofed` labels were read by each of `readers`;
    `sha256` is the file's, null for a folder.
    """

    __tablename__ = "label_run"
    __table_args__ = (
        one_of("form", FORMS),
        CheckConstraint("first_position >= 1 AND last_position >= first_position", name="in_order"),
        CheckConstraint("proofed > 0", name="proofed"),
    )
    id: Mapped[int] = mapped_column(Key, primary_key=True)
    batch_id: Mapped[int] = mapped_column(ForeignKey("batch.id"), index=True)
    level: Mapped[str] = mapped_column(Word)
    first_position: Mapped[int] = mapped_column(BigInteger)
    last_position: Mapped[int] = mapped_column(BigInteger)
    form: Mapped[str] = mapped_column(Word)
    layout: Mapped[str] = mapped_column(String(64))
    version: Mapped[int] = mapped_column(Integer)
    correction: Mapped[str] = mapped_column(Word)
    module_mm: Mapped[float] = mapped_column(Float)
    proofed: Mapped[int] = mapped_column(Integer)
    readers: Mapped[str] = mapped_column(String(64))
    sha256: Mapped[str | None] = mapped_column(String(64))
    printed_at: Mapped[datetime]
