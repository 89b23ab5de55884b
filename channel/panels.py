"""Door of stage 13: the judge on a file.  Reads no settings, opens no database; texts are made here."""

import csv
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import NamedTuple

import click
import numpy as np

from stores.judge import REASONS, Judged, Panel, nights
from stores.presence import Ints

COLUMNS = ("store", "region", "day", "count")
JUDGED_COLUMNS = (
    "store", "day", "observed", "expected", "p_value", "direction", "window_days", "flagged", "reason",
)  # fmt: skip
PATIENCE_SECONDS = 2.0
NOTABLE = 0.10  # of the neighbours' normal sales
MOST_DAYS = 3660
MOST_COUNT = 10**9
ISO_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
NOT_JUDGED = {
    "absent": "not judged: no row",
    "not_open": "not judged: too new, no sale before",
    "new": "not judged: too new, too little history",
    "closed_weekday": "not judged: closed on this weekday",
    "silent": "not judged: silent for weeks, taken as closed",
    "reopened": "not judged: sells again after a silence, too little history",
}


class PanelError(ValueError):
    """The panel cannot be judged; the message says which line and why."""


class Rows(NamedTuple):
    """The columns of a panel file, checked one by one; `line` is where each row stood."""

    stores: dict[str, int]
    regions: dict[str, int]
    region_of: list[int]
    store: list[int]
    ordinal: list[int]
    sold: list[int]
    line: list[int]


def judge_file(
    panel_path: Path,
    *,
    first_day: date,
    every_row: bool,
    fdr: float,
    out_path: Path,
    progress: Callable[[int, int], None] | None = None,
) -> int:
    """Judge a panel file from `first_day` on, write what was found and return the number of rows written.

    Raises: PanelError if the file cannot be read, a row cannot be, or nothing is left to judge.
    """
    panel = read_panel(panel_path)
    days = panel.counts.shape[1]
    last = panel.first_day + timedelta(days=days - 1)
    if first_day > last:
        raise PanelError(f"nothing to judge from {first_day} on: the panel ends on {last}")
    first, blocks = max(0, (first_day - panel.first_day).days), []
    for number, night in enumerate(nights(panel, fdr=fdr)):
        if number >= first:
            blocks.append((number, night))
        if progress:
            progress(number + 1, days)
    return write_judged(out_path, panel, blocks, every_row=every_row)


def read_panel(path: Path) -> Panel:
    """Read a panel whose rows may come in any order.

    Stores are sorted by their first day, then by name: cutting the file after a day leaves the rest where it was.

    Raises: PanelError for a wrong line, a store-day twice or a day left out.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            rows = _checked(csv.reader(lines, strict=True))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise PanelError(f"{path.name} cannot be read as a CSV file in UTF-8: {error}") from error
    if not rows.sold:
        raise PanelError(f"{path.name} has no rows")
    return _arranged(rows)


def _checked(lines: Iterator[list[str]]) -> Rows:
    header = [name.strip() for name in next(lines, [])]
    missing = [name for name in COLUMNS if header.count(name) != 1]
    if missing:
        raise PanelError(f"line 1: the columns {', '.join(COLUMNS)} must stand there once; check {', '.join(missing)}")
    at_store, at_region, at_day, at_count = (header.index(name) for name in COLUMNS)
    rows = Rows({}, {}, [], [], [], [], [])
    days: dict[str, int] = {}
    for number, fields in enumerate(lines, start=2):
        if not fields:
            continue
        if len(fields) != len(header):
            raise PanelError(f"line {number}: {len(fields)} fields, the header has {len(header)}")
        day, region = fields[at_day], fields[at_region]
        if day not in days:
            days[day] = _ordinal(day, number)
        rows.store.append(_numbered(rows, fields[at_store].strip(), region.strip(), number))
        rows.ordinal.append(days[day])
        rows.sold.append(_count(fields[at_count], number))
        rows.line.append(number)
    return rows


def _ordinal(text: str, line: int) -> int:
    try:
        if not ISO_DAY.fullmatch(text.strip()):
            raise ValueError
        return date.fromisoformat(text.strip()).toordinal()
    except ValueError:
        raise PanelError(f"line {line}: {text!r} is not a day (YYYY-MM-DD)") from None


def _count(text: str, line: int) -> int:
    digits = text.strip().removesuffix(".0")  # data frames that once had gaps write whole numbers so
    if not (digits.isascii() and digits.isdigit()) or len(digits) > 18 or int(digits) > MOST_COUNT:
        raise PanelError(f"line {line}: count {text!r} is not a whole number from 0 to {MOST_COUNT}")
    return int(digits)


def _numbered(rows: Rows, store: str, region: str, line: int) -> int:
    number = rows.stores.get(store)
    if number is None:
        if not store:
            raise PanelError(f"line {line}: no store")
        number = rows.stores[store] = len(rows.stores)
        rows.region_of.append(rows.regions.setdefault(region, len(rows.regions)))
    elif rows.region_of[number] != rows.regions.get(region):
        raise PanelError(f"line {line}: store {store} stands in another region further up")
    return number


def _arranged(rows: Rows) -> Panel:
    store, ordinal, count, line = (np.array(x) for x in (rows.store, rows.ordinal, rows.sold, rows.line))
    start, days = int(ordinal.min()), int(np.ptp(ordinal)) + 1
    if days > MOST_DAYS:
        raise PanelError(f"the panel spans {days} days, more than {MOST_DAYS}: is a year mistyped?")
    names = list(rows.stores)
    first, last = np.full(len(names), 2**40), np.zeros(len(names), np.int64)
    np.minimum.at(first, store, ordinal)
    np.maximum.at(last, store, ordinal)
    _refuse_twice(names, store, ordinal, line)
    short = np.bincount(store, minlength=len(names)) != last - first + 1
    if short.any():
        gap = int(np.flatnonzero(short)[0])
        missing = min(set(range(first[gap], last[gap] + 1)) - set(ordinal[store == gap].tolist()))
        day = date.fromordinal(missing)
        raise PanelError(f"store {names[gap]} has no row for {day}: from its first to its last day zeros are written")
    order = sorted(range(len(names)), key=lambda i: (first[i], names[i]))
    place = np.argsort(order)
    counts = np.full((len(names), days), -1)
    counts[place[store], ordinal - start] = count
    region = np.array(rows.region_of)[order]
    return Panel([names[i] for i in order], region, date.fromordinal(start), counts)


def _refuse_twice(names: list[str], store: Ints, ordinal: Ints, line: Ints) -> None:
    order = np.lexsort((line, ordinal, store))
    same = (np.diff(store[order]) == 0) & (np.diff(ordinal[order]) == 0)
    if same.any():
        at = order[1:][same][np.argmin(line[order[1:][same]])]
        day = date.fromordinal(int(ordinal[at]))
        raise PanelError(f"line {line[at]}: store {names[store[at]]} has a row for {day} already")


def write_judged(path: Path, panel: Panel, blocks: Iterable[tuple[int, Judged]], *, every_row: bool) -> int:
    """Write judged nights, the flagged store-days or all; return how many rows."""
    written = 0
    try:
        with path.open("w", encoding="utf-8", newline="") as out:
            writer = csv.writer(out, lineterminator="\n")
            writer.writerow(JUDGED_COLUMNS)
            for number, night in blocks:
                rows = list(_rows(panel, number, night, every_row=every_row))
                writer.writerows(rows)
                written += len(rows)
    except OSError as error:
        raise PanelError(f"{path} cannot be written: {error.strerror}") from error
    return written


def _rows(panel: Panel, number: int, night: Judged, *, every_row: bool) -> Iterator[tuple[object, ...]]:
    day, counts = str(panel.first_day + timedelta(days=number)), panel.counts[:, number]
    wanted = np.flatnonzero((counts >= 0) & (every_row | night.flagged))
    columns = (
        counts, night.expected, night.p_value, night.direction, night.flagged,
        night.reason, night.window_days, night.window_sold, night.window_low, night.window_high, night.neighbours,
    )  # fmt: skip
    picked = zip(wanted.tolist(), *(column[wanted].tolist() for column in columns), strict=True)
    for i, count, expected, p_value, direction, flagged, reason, days, sold, low, high, beside in picked:
        side = "too_good" if direction > 0 else "too_bad"
        why = reason_text(REASONS[reason], days=days, sold=sold, low=low, high=high) + neighbours_text(beside) * flagged
        yield panel.stores[i], day, count, f"{expected:.3f}", f"{p_value:.6g}", side, days, int(flagged), why


def reason_text(code: str, *, days: int, sold: int, low: int, high: int) -> str:
    """Say in English why a store-day was judged as it was."""
    if code in NOT_JUDGED:
        return NOT_JUDGED[code]
    span = "that day" if days == 1 else f"in {days} days"
    return f"sold {sold} {span}, normally {low} to {high}" + (" (slow drift)" if code.startswith("drift") else "")


def neighbours_text(ratio: float) -> str:
    """Say in English how the neighbours did in the same days."""
    if abs(ratio - 1) < NOTABLE:
        return "; neighbours normal"
    return f"; neighbours {abs(ratio - 1):.0%} {'above' if ratio > 1 else 'below'} normal"


@click.command("judge")
@click.argument("panel", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--from", "first_day", required=True, type=click.DateTime(["%Y-%m-%d"]), help="First day to judge.")
@click.option("--all", "every_row", is_flag=True, help="Write every store-day, not only the flagged ones.")
@click.option("--fdr", default=0.10, show_default=True, help="Share of false flags that is accepted, in (0, 1).")
@click.option("--out", "out_path", required=True, type=click.Path(dir_okay=False, path_type=Path))
def judge_command(panel: Path, first_day: datetime, every_row: bool, fdr: float, out_path: Path) -> None:
    """Judge which store-days of PANEL (store,region,day,count) are not normal."""
    if not 0 < fdr < 1:
        raise click.BadParameter("must lie between 0 and 1, both excluded", param_hint="--fdr")
    started, shown = monotonic(), False

    def progress(done: int, of: int) -> None:
        nonlocal shown
        if sys.stderr.isatty() and (shown or monotonic() - started > PATIENCE_SECONDS):
            shown = True
            click.echo(f"\rjudged {done} of {of} days", nl=done == of, err=True)

    try:
        rows = judge_file(
            panel, first_day=first_day.date(), every_row=every_row, fdr=fdr, out_path=out_path, progress=progress
        )
    except PanelError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"wrote {rows} rows to {out_path}", err=True)
