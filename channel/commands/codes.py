"""Codes on labels and one by one: `labels`, `verify`."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from channel.commands.opening import Opened, opened, progress, say

if TYPE_CHECKING:
    from scans.catalogue import Catalogue, Found
    from scans.keys import KeyRing

FORMATS = ("pdf", "svg", "png", "zpl")
LEVELS = ("item", "case", "pallet")
OUT = click.option("--out", required=True, type=click.Path(path_type=Path), help="Where to write.")


@click.command()
@click.argument("batch")
@click.option("--format", "form", required=True, type=click.Choice(FORMATS))
@click.option("--from", "first", default=1, show_default=True, help="First position, from 1.")
@click.option("--to", "last", type=int, help="Last position, included.  [default: the last]")
@click.option("--level", default="item", show_default=True, type=click.Choice(LEVELS))
@click.option("--layout", default="a4-24", show_default=True, help="How a PDF sheet is divided.")
@OUT
def labels(batch: str, form: str, first: int, last: int | None, level: str, layout: str, out: Path) -> None:
    """Write the print files of BATCH: a PDF, or one file per label into a folder or a .zip."""
    from scans.labels import PrintRun, write_labels

    with opened() as house, progress("labels") as tell:
        issued = _catalogue(house).batch(batch)
        secret, size = house.ring.key(issued.key_id).secret, issued.span(level).size
        run = PrintRun(issued, secret, house.config.base_url, level, first, size if last is None else last)
        write_labels(out, run=run, form=form, layout=layout, progress=tell)
    say(f"wrote {run.last - run.first + 1} labels to {out}")


@click.command()
@click.argument("codes", nargs=-1, required=True, metavar="URI_OR_SERIAL...")
def verify(codes: tuple[str, ...]) -> None:
    """Tell of each code `valid BATCH POSITION LEVEL STATE` or `not valid: WHY`; `-` reads one per line from stdin."""
    good = True
    with opened() as house:
        issued, ring = _catalogue(house), house.ring
        for text in _each(codes):
            line = _verdict(house, issued, ring, text)
            good = good and line.startswith("valid")
            click.echo(line)
    if not good:
        sys.exit(1)


def _each(codes: tuple[str, ...]) -> Iterator[str]:
    for text in codes:
        if text == "-":
            yield from (line.strip() for line in sys.stdin if line.strip())
        else:
            yield text


def _verdict(house: Opened, issued: "Catalogue", ring: "KeyRing", text: str) -> str:
    from scans.catalogue import UnknownCodeError, find_printed
    from scans.gs1 import GtinError, LinkError

    try:
        found = find_printed(issued, ring, text=text)
    except (GtinError, LinkError, UnknownCodeError) as error:
        return f"not valid: {error}"
    return f"valid {found.batch.batch_id} {found.position} {found.level} {_life(house, issued, found)}"


def _life(house: Opened, issued: "Catalogue", found: "Found") -> str:
    from channel.database import reading
    from scans.holdings import life_of

    if found.level == "item" or not issued.repacked:
        return found.life
    with reading(house.engine) as db:
        return life_of(db, found=found, at=house.now)


def _catalogue(house: Opened) -> "Catalogue":
    from channel.database import reading
    from scans.batches import catalogue

    with reading(house.engine) as db:
        return catalogue(db)
