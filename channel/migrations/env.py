"""How Alembic runs our revisions: on the connection it is given, in one transaction, on both dialects."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import Connection, text

from channel.database import METADATA
from channel.migrations.immutability import add_protection
from scans.schema import Instant

UPGRADE_LOCK = 0x61A55B0C  # of no meaning, but the same in every process


def render_item(kind: str, item: Any, _context: AutogenContext) -> str | Literal[False]:
    """Write what a revision must not import, because it may change: our own types."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, Instant) else False


def run(connection: Connection) -> None:
    """Run the revisions, one process at a time."""
    context.configure(
        connection=connection,
        target_metadata=METADATA,
        render_as_batch=True,
        transactional_ddl=True,
        render_item=render_item,
        process_revision_directives=add_protection,
    )
    with context.begin_transaction():
        if connection.dialect.name == "postgresql":
            connection.execute(text("SET LOCAL statement_timeout = 0"))
            connection.execute(text("SET LOCAL lock_timeout = 0"))
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": UPGRADE_LOCK})
        context.run_migrations()
        if connection.dialect.name == "sqlite" and connection.execute(text("PRAGMA foreign_key_check")).first():
            raise RuntimeError("this revision leaves rows that refer to nothing")


run(context.config.attributes["connection"])
