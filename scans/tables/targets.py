"""The table of what the addresses of products lead to. Knows what is sold."""

from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from scans.schema import Base, Key, OutsideId

HREF_CHARS = 1000


class Target(Base):
    """One page that a product's address leads to; with a lot or a serial, only the addresses of that one do.

    `lot` and `serial` are empty for all of them; `languages` and `contexts` are lists of words.
    """

    __tablename__ = "target"
    __table_args__ = (
        CheckConstraint("href LIKE 'https://_%' OR href LIKE 'http://_%'", name="href_leads_to_the_web"),
        CheckConstraint("lot = '' OR serial = ''", name="one_level"),
        # One default on each level, whoever writes at the same time.
        Index(
            "uq_target_default",
            "product_id",
            "lot",
            "serial",
            unique=True,
            sqlite_where=text("is_default"),
            postgresql_where=text("is_default"),
        ),
    )
    id: Mapped[int] = mapped_column(Key, primary_key=True)
    target_id: Mapped[str] = mapped_column(OutsideId, unique=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"), index=True)
    lot: Mapped[str] = mapped_column(String(20))
    serial: Mapped[str] = mapped_column(String(20))
    link_type: Mapped[str] = mapped_column(String(64))
    title: Mapped[str] = mapped_column(String(200))
    href: Mapped[str] = mapped_column(String(HREF_CHARS))
    languages: Mapped[list[Any]]
    media_type: Mapped[str] = mapped_column(String(100))
    contexts: Mapped[list[Any]]
    is_default: Mapped[bool]
    forwards_query: Mapped[bool]
