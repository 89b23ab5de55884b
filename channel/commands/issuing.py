"""Codes leave the house: `issue`, `export`. A file that was broken off is continued by the same command."""

import getpass
import os
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from channel.commands.opening import Opened, opened, progress, say

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from channel.exports import Begun
    from scans.codefiles import Stretch
    from scans.custody import ExportLine, Order
    from scans.terms import Terms

EARNS = ("activated", "delivered")
SIZES = ("gtin", "count", "items_per_case", "cases_per_pallet", "case_gtin", "sscc_prefix")
OUT = click.option(
    "--out",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help=".csv, .parquet or .txt; .age may follow if it is encrypted.",
)
RECEIVER = click.option("--receiver", metavar="NAME", help="Who gets the file: a printer. Kept with the batch.")
ENCRYPT = click.option(
    "--encrypt", multiple=True, metavar="KEY", help="Public key of age or ssh that alone may open it; may be repeated."
)


@click.command()
@click.option("--gtin", required=True, help="Which product.")
@click.option("--count", required=True, type=int, help="How many items.")
@click.option("--items-per-case", type=int)
@click.option("--cases-per-pallet", type=int)
@click.option("--case-gtin", metavar="GTIN", help="What cases carry in place of the product's.")
@click.option("--sscc-prefix", metavar="DIGITS", help="Company prefix: pallets carry an SSCC under it.")
@click.option("--lot", help="Lot number (AI 10).")
@click.option("--expires-on", metavar="DAY", help="Last day, like 2027-01-31: the scan page warns near and after it.")
@click.option("--made-on", metavar="DAY", help="The last day follows from it by the product's shelf life.")
@click.option("--outer", is_flag=True, help="A second mark for every item: scanned in the aisle, it never claims.")
@click.option("--earns", type=click.Choice(EARNS), default="activated", show_default=True, help="Once what is done.")
@RECEIVER
@ENCRYPT
@OUT
def issue(out: Path, receiver: str | None, encrypt: tuple[str, ...], **asked: Any) -> None:
    """Issue a batch of codes and write them to a file; the last line is `batch ID`.

    The same command again goes on with a file that was broken off, and leaves one that is complete as it is.
    """
    from channel.exports import begin
    from scans.batches import issue_batch
    from scans.codefiles import choose
    from scans.custody import begin_export
    from scans.gs1 import check_gtin, print_uri

    terms = _terms(asked)
    with opened() as house:
        order = _order(out, (), receiver, encrypt)

        def write_down(db: "Session", ident: str) -> "ExportLine":
            # Nothing may be left to go wrong once the batch is there.
            print_uri(house.config.base_url, check_gtin(asked["gtin"]), "")
            sizes = {name: asked[name] for name in SIZES}
            batch = issue_batch(db, ring=house.ring, now=house.now, terms=terms, **sizes)
            whole = order._replace(stretches=choose(batch))
            return begin_export(db, ident=ident, batch=batch, order=whole, made_by=whoever(), now=house.now)

        begun = begin(house.engine, out=out, asked=["issue", asked, order], order=order, write_down=write_down)
        _write(house, begun, order, out)
    click.echo(f"batch {begun.line.batch_id}")


@click.command()
@click.argument("batch")
@RECEIVER
@ENCRYPT
@click.option("--level", help="Codes of one level only: item, case, pallet, outer.")
@click.option("--from", "first", default=1, show_default=True, help="First position of that level, from 1.")
@click.option("--to", "last", type=int, help="Last position, included.  [default: the last]")
@OUT
def export(batch: str, out: Path, receiver: str | None, encrypt: tuple[str, ...], **asked: Any) -> None:
    """Write codes of BATCH to a file of its own number; the last line is `export NUMBER`."""
    from channel.database import reading
    from channel.exports import begin
    from scans.batches import catalogue
    from scans.codefiles import choose
    from scans.custody import begin_export

    with opened() as house:
        with reading(house.engine) as db:
            issued = catalogue(db).batch(batch)
        order = _order(out, choose(issued, **asked), receiver, encrypt)

        def write_down(db: "Session", ident: str) -> "ExportLine":
            return begin_export(db, ident=ident, batch=issued, order=order, made_by=whoever(), now=house.now)

        begun = begin(house.engine, out=out, asked=["export", batch, order], order=order, write_down=write_down)
        _write(house, begun, order, out)
    click.echo(f"export {begun.line.number}")


def _terms(asked: dict[str, Any]) -> "Terms":
    from scans.terms import Terms

    days = {}
    for name in ("expires_on", "made_on"):
        try:
            days[name] = date.fromisoformat(asked[name]) if asked[name] else None
        except ValueError as error:
            raise click.BadParameter("is a day like 2027-01-31", param_hint=f"--{name.replace('_', '-')}") from error
    return Terms(lot=asked["lot"], has_outer=asked["outer"], earns=asked["earns"], **days)


def _order(out: Path, stretches: "tuple[Stretch, ...]", receiver: str | None, encrypt: tuple[str, ...]) -> "Order":
    from channel.exports import OutFileError, form_of
    from scans.custody import Order, check_receiver
    from scans.sealing import check_recipients

    recipients = tuple(check_recipients(encrypt))
    try:
        form = form_of(out, sealed=bool(recipients))
    except OutFileError as error:
        raise click.BadParameter(str(error), param_hint="--out") from error
    return Order(stretches, form, check_receiver(receiver), recipients)


def _write(house: Opened, begun: "Begun", order: "Order", out: Path) -> None:
    from channel.exports import Desk, make_file

    if begun.made:
        say(f"{out} is there already, complete; for another one name another file")
        return
    desk = Desk(house.engine, house.config, house.ring)
    try:
        with progress("codes") as tell:
            make_file(desk, line=begun.line, recipients=order.recipients, out=out, progress=tell)
    except OSError as error:
        raise click.ClickException(
            f"{out}: {error.strerror or error}; the same command again goes on with batch {begun.line.batch_id}"
        ) from error
    say(f"wrote {begun.line.size} codes to {out}")


def whoever() -> str:
    """Return who sits at the machine."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())
