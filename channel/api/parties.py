"""The API's parties and their statements. Knows stores.statements."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from flask import Blueprint
from pydantic import Field

from channel import access, providers
from channel.api.shapes import LineOut, StatementOut
from channel.calls import Day, Limit, Query, call
from stores.directory import party
from stores.statements import StatementLine, statement

READERS = ("owner", "finance", "auditor", "api", "dealer", "franchisee", "keeper", "guide", "rep")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)

api = Blueprint("parties", __name__)


class Period(Query):
    """The days of a statement, both optional and both included; `limit` asks for pages."""

    first_day: Day | None = Field(default=None, alias="from")
    last_day: Day | None = Field(default=None, alias="to")
    after: str | None = Field(default=None, pattern=r"^[0-9]{1,17}\.[0-9a-f]{24}$")
    limit: Limit | None = None


@call(api, "GET", "/parties/<id:party_id>/statement", roles=READERS, query=Period, answers={200: StatementOut})
def get_statement(party_id: str, query: Period) -> StatementOut:
    """Tell what a party was owed before a period, each part that accrued in it, and what it is owed after it."""
    with providers.reading() as db:
        told = party(db, scope=access.scope(db), party_id=party_id)
        zone = ZoneInfo(providers.config().zone)
        book = statement(db, party_id=told.key, first_day=query.first_day, last_day=query.last_day, zone=zone)
    lines, cursor = page(book.lines, after=query.after, limit=query.limit)
    return StatementOut(
        opening_cents=book.opening_cents,
        lines=[LineOut.model_validate(line, from_attributes=True) for line in lines],
        closing_cents=book.closing_cents,
        next=cursor,
    )


def page(
    lines: Sequence[StatementLine], *, after: str | None, limit: int | None
) -> tuple[Sequence[StatementLine], str | None]:
    """Cut the lines past `after`; a page ends between scans only, so it may be longer by a scan's parts."""
    start = _key(after) if after else (-1, "")
    left = [line for line in lines if _place(line) > start]
    if limit is None or len(left) <= limit:
        return left, None
    last = _place(left[limit - 1])
    taken = [line for line in left if _place(line) <= last]
    return taken, f"{last[0]}.{last[1]}" if len(taken) < len(left) else None


def _key(after: str) -> tuple[int, str]:
    at, _, scan_id = after.partition(".")
    return int(at), scan_id


def _place(line: StatementLine) -> tuple[int, str]:
    return (line.at - EPOCH) // MICROSECOND, line.scan_id
