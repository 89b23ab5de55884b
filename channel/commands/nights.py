"""What runs every night, by hand: `check`."""

import click

from channel.commands.opening import opened


@click.command()
def check() -> None:
    """Recount everything that is derived and every invariant: a line each, exit 1 if one fails."""
    from channel.database import reading
    from stores.recount import recount

    with opened() as house, reading(house.engine) as db:
        counted = recount(db)
    for name, broken in counted:
        words = name.replace("_", " ")
        click.echo(f"FAILED {words}: {broken} rows" if broken else f"ok {words}")
    failed = sum(broken > 0 for _, broken in counted)
    if failed:
        raise click.ClickException(f"{failed} of {len(counted)} checks failed")
