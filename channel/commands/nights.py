"""What runs every night, by hand: `close-day`, `check`."""

from datetime import datetime

import click

from channel.commands.opening import opened, progress, say


@click.command("close-day")
@click.argument("day", metavar="DAY", type=click.DateTime(["%Y-%m-%d"]))
def close_day(day: datetime) -> None:
    """Close the business day DAY: sell-through, judging, visit lists; again is the same."""
    from channel.calls import YEARS
    from channel.night import close_days

    if day.year < YEARS[0]:
        raise click.BadParameter(f"lies before {YEARS[0]}", param_hint="DAY")
    with opened() as house, progress(f"closing {day.date()}") as tell:
        night = close_days(house.engine, config=house.config, days=[day.date()], now=house.now, progress=tell)[0]
    for again in night.again:
        say(f"{again} changed since it was closed, and was closed again")
    click.echo(f"closed {day.date()}: sold {night.sold}, odd {night.odd}, stops {night.stops}")


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
