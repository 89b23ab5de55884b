"""What makes a table append-only on both databases. Knows the names of the ledger's tables only.

Rows are guarded by triggers. On PostgreSQL the rights are also taken from the role that the server signs in with,
`glassbox_app`, where an operator has made one (see `docs/database.md`).
"""

from collections.abc import Iterable

from alembic import op
from alembic.autogenerate import renderers
from alembic.autogenerate.api import AutogenContext
from alembic.operations.ops import CreateTableOp, MigrateOperation, MigrationScript
from alembic.runtime.migration import MigrationContext

APPEND_ONLY = ("entry", "posting")
APP_ROLE = "glassbox_app"


class Protect(MigrateOperation):
    """A line `protect("entry")` in a revision."""

    def __init__(self, table: str) -> None:
        self.table = table


def protect(table: str) -> None:
    """Refuse every change and removal of the table's rows.

    Again after a batch operation on SQLite has rebuilt the table: triggers go with the old one.
    """
    statements = _on_sqlite(table) if op.get_bind().dialect.name == "sqlite" else _on_postgres(table)
    for statement in statements:
        op.execute(statement)


def _on_sqlite(table: str) -> Iterable[str]:
    for change in ("update", "delete"):
        yield (
            f"CREATE TRIGGER {table}_refuses_{change} BEFORE {change.upper()} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} rows are never changed, only reversed'); END"
        )


def _on_postgres(table: str) -> Iterable[str]:
    yield (
        "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "RAISE EXCEPTION '% rows are never changed, only reversed', TG_TABLE_NAME "
        "USING ERRCODE = 'integrity_constraint_violation'; END $$"
    )
    yield (
        f"CREATE TRIGGER {table}_refuses_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
    yield (
        f"DO $$ BEGIN IF EXISTS (SELECT FROM pg_roles WHERE rolname = '{APP_ROLE}') THEN "
        f"REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM {APP_ROLE}; END IF; END $$"
    )


@renderers.dispatch_for(Protect)
def _render(context: AutogenContext, operation: Protect) -> str:
    context.imports.add("from channel.migrations.immutability import protect")
    return f'protect("{operation.table}")'


def add_protection(_context: MigrationContext, _revision: object, scripts: list[MigrationScript]) -> None:
    """Write the protection of each new append-only table into the revision that makes it."""
    operations = [operations for script in scripts for operations in script.upgrade_ops_list]
    for upgrade in operations:
        made = {made.table_name for made in upgrade.ops if isinstance(made, CreateTableOp)}
        upgrade.ops.extend(Protect(table) for table in APPEND_ONLY if table in made)
