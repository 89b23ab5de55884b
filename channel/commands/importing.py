"""Taking in what the owner knows: `import`."""

from pathlib import Path

import click

from channel.commands.opening import opened, progress, say

KINDS = (
    "products", "relations", "links", "parties", "stores", "reps", "plans", "rewards",
    "packings", "deliveries", "stock-counts", "pos-sales", "shelf-facts", "returns", "scans",
)  # fmt: skip


@click.command("import")
@click.argument("kind", type=click.Choice(KINDS))
@click.argument("file", required=False, type=click.Path(dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Say what would become of the rows and write nothing.")
@click.option("--template", "only_template", is_flag=True, help="Print a file of this kind with one row to look at.")
def import_(kind: str, file: Path | None, dry_run: bool, only_template: bool) -> None:
    """Import FILE (CSV or XLSX).

    Good rows go in; bad ones are told by line and reason in FILE.errors.csv. A second run adds nothing.
    """
    from channel.imports import KINDS as BY_NAME
    from channel.imports import template

    if only_template:
        click.echo(template(BY_NAME[kind]), nl=False)
    elif file is None:
        raise click.UsageError("Missing argument 'FILE'.")
    else:
        _import(kind, file, dry_run=dry_run)


def _import(kind: str, file: Path, *, dry_run: bool) -> None:
    from channel.imports import KINDS as BY_NAME
    from channel.imports import Door, ImportFileError, error_file, import_file

    errors = file.with_name(f"{file.name}.errors.csv")
    with opened() as house, error_file(errors) as refuse, progress(f"importing {file.name}") as tell:
        door = Door(house.config, house.now)
        try:
            tally = import_file(
                house.engine, kind=BY_NAME[kind], path=file, door=door, refuse=refuse, progress=tell, dry_run=dry_run
            )
        except ImportFileError as error:
            raise click.ClickException(f"{file}: {error}") from error
    click.echo(str(tally))
    if tally.refused:
        say(f"what was refused, and why: {errors}")
    if dry_run:
        say("nothing was written: this was a dry run")
    if not tally.good:
        raise click.ClickException(f"no row of {file.name} could go in")
