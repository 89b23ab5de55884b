"""Imports, what a kind of file is: its columns, the record of a row and where records go. Knows settings."""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from channel.config import Config
from channel.imports.cells import CellError, Check
from scans.places import PositionError, read_position
from scans.upserts import Put

GROUP = 2000
Cells = Mapping[str, Any]
Name = tuple[str, Hashable]


class Column(NamedTuple):
    """How a column's cells are read, one to show, and whether the column or a single cell may be missing."""

    check: Check
    example: str
    optional: bool = False
    blank: bool = False


class Door(NamedTuple):
    """What comes in beside the rows: the settings, the clock, and which columns the file leaves alone."""

    config: Config
    now: datetime
    keep: frozenset[str] = frozenset()

    @property
    def zone(self) -> ZoneInfo:
        """The owner's zone."""
        return ZoneInfo(self.config.zone)

    @property
    def day(self) -> date:
        """The owner's business day."""
        return self.now.astimezone(self.zone).date()


class Kind(NamedTuple):
    """A kind of file; `group` rows go into one transaction, `names` tells what may stand in it only once, and where."""

    columns: Mapping[str, Column]
    record: Callable[[Cells, Door], Any]
    put: Callable[[Session, Sequence[Any], Door], Put]
    names: Callable[[Any], Iterable[Name]]
    group: int = GROUP


def needed(check: Check, example: str) -> Column:
    """Make a column that must be there and filled."""
    return Column(check, example)


def blank(check: Check, example: str = "") -> Column:
    """Make a column that must be there and whose cells may be empty."""
    return Column(check, example, blank=True)


def optional(check: Check, example: str = "") -> Column:
    """Make a column that may be left out; then what is there stays as it is."""
    return Column(check, example, optional=True, blank=True)


def named(column: str) -> Callable[[Any], Iterable[Name]]:
    """Tell that a record's first field, which stands in `column`, names it."""
    return lambda record: ((column, record[0]),)


def nameless(_record: Any) -> Iterable[Name]:
    """Tell that a record may come twice: its stage knows a second one."""
    return ()


def given(cells: Cells) -> dict[str, Any]:
    """Return the cells that are filled, so that a record's defaults stand for the others."""
    return {name: value for name, value in cells.items() if value is not None}


def place(cells: Cells, lat: str = "lat_deg", lon: str = "lon_deg") -> tuple[float, float]:
    """Return a row's place in WGS-84 degrees.

    Raises: CellError.
    """
    try:
        at = read_position(cells[lat], cells[lon], None, cells["datum"])
    except PositionError as error:
        raise CellError(str(error), lon if str(error).startswith("the longitude") else lat) from error
    return at.lat_deg, at.lon_deg


def in_zone(at: datetime, door: Door) -> datetime:
    """Return an instant; one without a zone is meant in the owner's."""
    return at if at.tzinfo else at.replace(tzinfo=door.zone)
