"""Tables of custody: which codes were given out, to whom. Knows nobody."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from scans.schema import Base, OutsideId, Word


class Export(Base):
    """One file of codes of a batch, under a number of its own; written down before its first code is.

    `ident` is made by whoever asks, so that asking again makes no second; `recipients` are fingerprints of public keys.
    One that was begun and never finished may have left codes behind all the same.
    """

    __tablename__ = "export"
    __table_args__ = (CheckConstraint("size_bytes >= 0", name="size_not_negative"),)
    number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    ident: Mapped[str] = mapped_column(OutsideId, unique=True)
    batch_id: Mapped[int] = mapped_column(ForeignKey("batch.id"), index=True)
    receiver: Mapped[str | None] = mapped_column(String(100))
    form: Mapped[str] = mapped_column(Word)
    recipients: Mapped[list[Any]] = mapped_column(JSON)
    made_by: Mapped[str] = mapped_column(String(100))
    begun_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    size_bytes: Mapped[int | None] = mapped_column(BigInteger)
    sha256: Mapped[str | None] = mapped_column(String(64))


class ExportRange(Base):
    """The code numbers of one level that a file holds."""

    __tablename__ = "export_range"
    __table_args__ = (CheckConstraint("first_no >= 0 AND last_no >= first_no", name="in_order"),)
    number: Mapped[int] = mapped_column(ForeignKey("export.number"), primary_key=True)
    level: Mapped[str] = mapped_column(Word, primary_key=True)
    first_no: Mapped[int] = mapped_column(BigInteger)
    last_no: Mapped[int] = mapped_column(BigInteger)
