"""Codes on labels and one by one: `labels`, `verify`."""

import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import click

from channel.commands.issuing import RECEIVER, whoever
from channel.commands.opening import Opened, opened, progress, say

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from scans.catalogue import Catalogue, Found
    from scans.keys import KeyRing
    from scans.labels import Printed, PrintRun
    from scans.layouts import Layout

FORMATS = ("pdf", "svg", "png", "zpl")
LEVELS = ("item", "case", "pallet", "outer")
OUT = click.option("--out", required=True, type=click.Path(path_type=Path), help="Where to write.")


@click.command()
@click.argument("batch")
@click.option("--format", "form", required=True, type=click.Choice(FORMATS))
@click.option("--from", "first", default=1, show_default=True, help="First position, from 1.")
@click.option("--to", "last", type=int, help="Last position, included.  [default: the last]")
@click.option("--level", default="item", show_default=True, type=click.Choice(LEVELS))
@click.option("--layout", "layout_name", default="a4-24", show_default=True, help="A sheet or a roll, or a .toml file.")
@click.option("--name", help="The product's name on the label.  [default: as in the list of products]")
@click.option("--lot", help="The lot on the label.  [default: the batch's]")
@RECEIVER
@OUT
def labels(
    batch: str,
    form: str,
    first: int,
    last: int | None,
    level: str,
    layout_name: str,
    name: str | None,
    lot: str | None,
    receiver: str | None,
    out: Path,
) -> None:
    """Write the print files of BATCH: a PDF, or one file per label into a folder or a .zip.

    A sample is read back from what was written; labels that no reader can read are not left behind.
    """
    from channel.database import reading, transaction
    from scans.batches import batch_list, catalogue
    from scans.custody import finish_export
    from scans.labels import PrintRun, write_labels
    from scans.layouts import find_layout
    from scans.prints import record_print

    layout = find_layout(layout_name)
    _check_folder(form, out)
    with opened() as house, progress("labels") as tell:
        with reading(house.engine) as db:
            issued = catalogue(db).batch(batch)
            product = batch_list(db, batch_id=batch, limit=1)[0].product
        secret, size = house.ring.key(issued.key_id).secret, issued.span(level).size
        words = product if name is None else name, issued.lot or "" if lot is None else lot
        run = PrintRun(issued, secret, house.config.base_url, level, first, size if last is None else last, *words)
        _warn_of_small(run, form, layout)
        number = _begin_print(house, run, form, receiver)
        printed = write_labels(out, run=run, form=form, layout=layout, progress=tell)
        size_bytes = out.stat().st_size if printed.sha256 else None
        with transaction(house.engine) as db:
            record_print(db, printed=printed, now=house.now)
            finish_export(db, number=number, size_bytes=size_bytes, sha256=printed.sha256, now=house.now)
    _say_printed(printed, out)


def _check_folder(form: str, out: Path) -> None:
    if (form == "pdf" or out.suffix.lower() == ".zip") and not out.parent.is_dir():
        raise click.BadParameter(f"there is no folder {out.parent}", param_hint="--out")


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


def _begin_print(house: Opened, run: "PrintRun", form: str, receiver: str | None) -> int:
    """Write down that labels are printed, before the first code is: a printed file is in custody like any other."""
    from channel.database import transaction
    from scans.codefiles import choose
    from scans.custody import Order, begin_export, check_receiver, new_ident

    order = Order(
        choose(run.batch, level=run.level, first=run.first, last=run.last), form, check_receiver(receiver), ()
    )
    with transaction(house.engine) as db:
        line = begin_export(db, ident=new_ident(), batch=run.batch, order=order, made_by=whoever(), now=house.now)
    return line.number


def _warn_of_small(run: "PrintRun", form: str, layout: "Layout") -> None:
    from scans.labels import face_of, module_mm
    from scans.layouts import SMALL_MODULE_MM

    module = module_mm(face_of(run, layout), form)
    if module < SMALL_MODULE_MM:
        say(f"warning: a module is {module:.2f} mm; under {SMALL_MODULE_MM} mm phones may not read it on paper")


def _say_printed(printed: "Printed", out: Path) -> None:
    proof = printed.proof
    say(
        f"wrote {printed.run.count} labels to {out}: version {printed.version}, level {printed.correction}, "
        f"module {printed.module_mm:.3f} mm; {proof.sampled} read back by {' and '.join(proof.readers)}"
    )


def _life(house: Opened, issued: "Catalogue", found: "Found") -> str:
    from channel.database import reading
    from scans.holdings import life_of

    if found.level != "item" and issued.repacked:
        with reading(house.engine) as db:
            return life_of(db, found=found, at=house.now)
    # Asked once a batch: millions of lines may be read.
    return _came_back(house.engine, found.batch.id).get(found.code_no, found.life)


@cache
def _came_back(engine: "Engine", batch_key: int) -> dict[int, str]:
    from channel.database import reading
    from scans.returns import return_states

    with reading(engine) as db:
        return return_states(db, batch_key=batch_key)


def _catalogue(house: Opened) -> "Catalogue":
    from channel.database import reading
    from scans.batches import catalogue

    with reading(house.engine) as db:
        return catalogue(db)
