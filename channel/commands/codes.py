"""Codes as files, on labels and one by one: `issue`, `codes`, `labels`, `verify`."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from channel.commands.opening import Opened, opened, progress, say

if TYPE_CHECKING:
    from scans.catalogue import Catalogue, Found, IssuedBatch
    from scans.keys import KeyRing

FORMATS = ("pdf", "svg", "png", "zpl")
LEVELS = ("item", "case", "pallet")
OUT = click.option("--out", required=True, type=click.Path(path_type=Path), help="Where to write.")
CODES_OUT = click.option(
    "--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help=".csv or .parquet"
)


@click.command()
@click.option("--gtin", required=True, help="Which product.")
@click.option("--count", required=True, type=int, help="How many items.")
@click.option("--items-per-case", type=int)
@click.option("--cases-per-pallet", type=int)
@CODES_OUT
def issue(gtin: str, count: int, items_per_case: int | None, cases_per_pallet: int | None, out: Path) -> None:
    """Issue a batch of codes and write them to a file; the last line is `batch ID`. Twice makes two batches."""
    from channel.database import transaction
    from scans.batches import issue_batch
    from scans.gs1 import check_gtin, print_uri

    _check_codes_file(out)
    with opened() as house:
        # Nothing may be left to go wrong once the batch is there.
        print_uri(house.config.base_url, check_gtin(gtin), "")
        with transaction(house.engine) as db:
            batch = issue_batch(
                db,
                ring=house.ring,
                gtin=gtin,
                count=count,
                items_per_case=items_per_case,
                cases_per_pallet=cases_per_pallet,
                now=house.now,
            )
        _write_codes(house, batch, out)
    click.echo(f"batch {batch.batch_id}")


@click.command()
@click.argument("batch")
@CODES_OUT
def codes(batch: str, out: Path) -> None:
    """Write the codes of BATCH to a file once more, byte for byte the same."""
    _check_codes_file(out)
    with opened() as house:
        _write_codes(house, _catalogue(house).batch(batch), out)


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


def _check_codes_file(out: Path) -> None:
    from scans.codefiles import WRITERS

    if out.suffix.lower() not in WRITERS:
        raise click.BadParameter(f"ends in {' or '.join(WRITERS)}", param_hint="--out")
    if not out.absolute().parent.is_dir():
        raise click.BadParameter(f"there is no folder {out.parent}", param_hint="--out")


def _write_codes(house: Opened, batch: "IssuedBatch", out: Path) -> None:
    from scans.codefiles import write_codes

    secret = house.ring.key(batch.key_id).secret
    with progress("codes") as tell:
        try:
            write_codes(out, batch=batch, secret=secret, base_url=house.config.base_url, progress=tell)
        except OSError as error:
            again = f"glassbox codes {batch.batch_id} --out FILE"
            raise click.ClickException(
                f"{out}: {error.strerror}; the batch is issued, write it with: {again}"
            ) from error
    say(f"wrote {sum(span.size for span in batch.spans)} codes to {out}")
