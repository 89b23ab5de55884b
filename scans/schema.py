"""The column types and the one metadata that every table is built on. Knows nobody."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, ClassVar, cast

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    DateTime,
    Dialect,
    Integer,
    MetaData,
    String,
    Table,
    TypeDecorator,
)
from sqlalchemy.orm import DeclarativeBase


class Instant(TypeDecorator[datetime]):
    """An aware UTC instant; a naive one is refused, since nobody knows what it means."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Callable[[datetime | None], Any]:
        return _text if dialect.name == "sqlite" else _utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _utc(value: datetime | None) -> datetime | None:
    if value is None:
        return None
    if value.tzinfo is None:
        raise TypeError("an instant needs a zone")
    return value.astimezone(UTC)


def _text(value: datetime | None) -> str | None:
    # What SQLAlchemy writes on SQLite, in a tenth of its time: a claim has a dozen instants.
    utc = _utc(value)
    return None if utc is None else utc.isoformat(" ", "microseconds")[:26]


Key = BigInteger().with_variant(Integer, "sqlite")
OutsideId = String(64).with_variant(String(64, collation="C"), "postgresql")
Word = String(32)


def one_of(column: str, words: tuple[str, ...]) -> CheckConstraint:
    """Allow only the listed words in a column."""
    listed = ", ".join(f"'{word}'" for word in words)
    return CheckConstraint(f"{column} IN ({listed})", name=f"{column}_known")


class Base(DeclarativeBase):
    """The one metadata of all packages; every constraint has a name that migrations can rely on."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: Instant,
        dict[str, Any]: JSON,
        list[Any]: JSON,
    }


def table_of(entity: type[Base]) -> Table:
    """Return the plain table behind a class: a Core insert costs a third of the mapped one."""
    return cast(Table, entity.__table__)
