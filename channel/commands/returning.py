"""Goods that came back: `return`, `scrap`, `reissue`."""

import sys
from typing import TYPE_CHECKING

import click

from channel.commands.opening import opened, say

if TYPE_CHECKING:
    from scans.returns import ReturnRow

CODES = click.argument("codes", nargs=-1, required=True, metavar="URI_OR_SERIAL...")


@click.command("return")
@CODES
@click.option("--id", "id_", help="Your own id of the return, of one code.  [default: made up]")
@click.option("--why", help="Why it came back.")
def return_(codes: tuple[str, ...], id_: str | None, why: str | None) -> None:
    """Take claimed items back: sale, shares and prize are reversed; `-` reads one code per line from stdin."""
    from channel.database import transaction
    from channel.journey import take_returns
    from scans.returns import ReturnExistsError

    texts = _each(codes)
    with opened() as house:
        rows = _rows(texts, id_, why)
        with transaction(house.engine) as db:
            outcomes = take_returns(db, config=house.config, ring=house.ring, rows=rows, now=house.now)
    bad = False
    for text, outcome in zip(texts, outcomes, strict=True):
        before = outcome is False or isinstance(outcome, ReturnExistsError)
        bad = bad or (isinstance(outcome, Exception) and not before)
        told = "came back before" if before else "came back" if outcome is True else f"refused: {outcome}"
        click.echo(f"{text} {told}")
    if bad:
        sys.exit(1)


@click.command()
@CODES
def scrap(codes: tuple[str, ...]) -> None:
    """Note that items that came back are destroyed; all of them or none."""
    from channel.database import transaction
    from channel.journey import scrap_items

    texts = _each(codes)
    with opened() as house, transaction(house.engine) as db:
        scrap_items(db, ring=house.ring, texts=texts, now=house.now)
    say(f"scrapped {len(texts)}")


@click.command()
@CODES
def reissue(codes: tuple[str, ...]) -> None:
    """Issue items that came back anew, under new serials; the last line is `batch ID`. All of them or none."""
    from channel.database import transaction
    from channel.journey import reissue_items

    texts = _each(codes)
    with opened() as house, transaction(house.engine) as db:
        batch = reissue_items(db, config=house.config, ring=house.ring, texts=texts, now=house.now)
    say(f"issued {batch.count} anew; write their codes with: glassbox export {batch.batch_id} --out FILE")
    click.echo(f"batch {batch.batch_id}")


def _each(codes: tuple[str, ...]) -> list[str]:
    return [line.strip() for text in codes for line in (sys.stdin if text == "-" else [text]) if line.strip()]


def _rows(texts: list[str], id_: str | None, why: str | None) -> "list[ReturnRow]":
    from secrets import token_urlsafe

    from channel.pages.forms import is_id
    from scans.returns import ReturnRow

    if id_ is not None and (len(texts) != 1 or not is_id(id_)):
        raise click.BadParameter("is 1-64 of [A-Za-z0-9_.-], and for one code", param_hint="--id")
    return [ReturnRow(id_ or token_urlsafe(16), text, None, why) for text in texts]
