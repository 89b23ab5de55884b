"""The life of a batch and of its parts: `printed`, `activate`, `recall`."""

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

import click

from channel.commands.opening import Opened, opened, say

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from scans.parts import Positions

Command = TypeVar("Command", bound=Callable[..., None])


def _of_a_part(command: Command) -> Command:
    for option in (
        click.option("--to", "last", type=int, help="Last item, included.  [default: the last of the batch]"),
        click.option("--from", "first", type=int, help="First item, from 1.  [default: the first of the batch]"),
        click.argument("batch", metavar="BATCH_OR_CODE"),
    ):
        command = option(command)
    return command


@click.command()
@click.argument("batch")
def printed(batch: str) -> None:
    """Note that BATCH is printed; its codes still earn nothing. Again changes nothing."""
    from channel.database import transaction
    from scans.life import note_printed

    with opened() as house, transaction(house.engine) as db:
        done = note_printed(db, batch_id=batch, now=house.now)
    say(f"batch {batch} is printed" if done else f"batch {batch} was printed before")


@click.command()
@_of_a_part
def activate(batch: str, first: int | None, last: int | None) -> None:
    """Let the claims of a batch count from now on, with the reward that is in force; again changes nothing.

    A part of it is told by --from and --to, or by the code of a case, a pallet or an item in place of the batch.
    """
    from channel.database import transaction
    from channel.journey import activate_batch

    with opened() as house, transaction(house.engine) as db:
        config, ring, now = house.config, house.ring, house.now
        parts = _parts(db, house, batch, first, last)
        done = [activate_batch(db, config=config, ring=ring, batch_id=id_, now=now, part=part) for id_, part in parts]
    for one, new in zip(parts, done, strict=True):
        say(f"{_named(*one)} is activated" if new else f"{_named(*one)} was activated before")


@click.command()
@_of_a_part
@click.option("--why", required=True, help="What is told to those who ask.")
def recall(batch: str, first: int | None, last: int | None, why: str) -> None:
    """Call a batch back: its codes are answered with a warning and earn nothing; again changes nothing.

    A part of it is told by --from and --to, or by the code of a case, a pallet or an item in place of the batch.
    """
    from channel.database import transaction
    from scans import life

    if not 0 < len(why.strip()) <= 500:
        raise click.BadParameter("takes 1 to 500 characters", param_hint="--why")
    with opened() as house, transaction(house.engine) as db:
        parts = _parts(db, house, batch, first, last)
        done = [life.recall(db, batch_id=id_, why=why.strip(), now=house.now, part=part) for id_, part in parts]
    for one, new in zip(parts, done, strict=True):
        say(f"{_named(*one)} is recalled" if new else f"{_named(*one)} was recalled before; the first reason stays")


def _parts(
    db: "Session", house: Opened, text: str, first: int | None, last: int | None
) -> "list[tuple[str, Positions | None]]":
    from channel.journey import parts_named
    from scans.batches import catalogue
    from scans.parts import Positions

    named = parts_named(db, ring=house.ring, text=text, now=house.now)
    if not named:
        raise click.ClickException("there is nothing in this case or on this pallet")
    if first is None and last is None:
        return named
    batch_id, part = named[0]
    if part is not None:
        raise click.UsageError("a code names its items itself: --from and --to are for a batch")
    end = catalogue(db).batch(batch_id).count if last is None else last
    return [(batch_id, Positions(1 if first is None else first, end))]


def _named(batch_id: str, part: "Positions | None") -> str:
    return f"batch {batch_id}" if part is None else f"batch {batch_id}, items {part.first} to {part.last},"
