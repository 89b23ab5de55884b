"""The page of those who earn by selling: what came in per day and store, how it adds up, and why each part is theirs.

Every figure is the party's own. Of a rival's store nothing is told but that it was the next one, and how far.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from flask import Blueprint, Response, render_template, request

from channel import access, providers, words
from channel.pages import earned, stock
from channel.pages.downloads import as_file
from channel.pages.forms import page_number, told_day
from channel.words import gettext as _
from stores.directory import party
from stores.earnings import Earned, Wanted, earned_by_state, earned_by_store_day, earned_parts, own_stores
from stores.estimates import Ask
from stores.learning import usual_for
from stores.stocked import StockLine, stock_lines
from stores.stocksums import products_of
from stores.tables import SHARE_STATES

LINES = 25
MOST_LINES = 50_000
MOST_DAYS = 366
STOCK_LINES = 300
USUAL_DAYS = 30
ROLES = ("franchisee", "dealer", "keeper", "guide")

page = Blueprint("franchise", __name__, url_prefix="/franchise")


@page.get("")
@access.allow(*ROLES)
def show() -> str:
    """Show what the party earned in a period."""
    wanted, number = _wanted(), page_number(request.args)
    with providers.reading() as db:
        scope = access.scope(db)
        name = _name(db, scope)
        states = earned_by_state(db, wanted=wanted)
        before = earned_by_state(db, wanted=_before(wanted))
        days = earned_by_store_day(db, wanted=wanted)
        parts = earned_parts(db, wanted=wanted, limit=LINES + 1, offset=LINES * (number - 1))
        own = own_stores(db, scope=scope, store_ids=_stores_named(parts))
    lines = [earned.line(part, own) for part in parts[:LINES]]
    return render_template(
        "franchise/show.html",
        name=name,
        wanted=wanted,
        presets=_presets(),
        figures=earned.figures(states, before, days, wanted),
        charts=earned.charts(days, states, wanted),
        stores=earned.stores(days, wanted),
        lines=lines,
        opened=next((number for number, line in enumerate(lines) if line.picture is not None), 0),
        count=sum(parts for parts, _cents in states.values()),
        at_page=number,
        more=len(parts) > LINES,
        states=[(code, words.said(words.SHARE_STATES, code)) for code in SHARE_STATES],
    )


@page.get("/lines.<any(csv, xlsx):kind>")
@access.allow(*ROLES)
def download(kind: str) -> Response:
    """Give the parts of a period as a file: `lines.csv` or `lines.xlsx`."""
    wanted = _wanted()
    with providers.reading() as db:
        parts = earned_parts(db, wanted=wanted, limit=MOST_LINES)
    name = f"glassbox-{wanted.first_day}-{wanted.last_day}"
    return as_file(earned.file_head(), map(earned.file_row, parts), name=name, kind=kind)


@page.get("/stock")
@access.allow(*ROLES)
def show_stock() -> str:
    """Show what is in the party's own stores, and what to keep behind them."""
    ask = stock.asked()
    with providers.reading() as db:
        name = _name(db, access.scope(db))
        lines = _stock(db, ask)
    return render_template(
        "franchise/stock.html",
        name=name,
        lines=lines[:STOCK_LINES],
        count=len(lines),
        products=products_of(lines, ask=ask),
        ask=ask,
    )


@page.get("/stock.<any(csv, xlsx):kind>")
@access.allow(*ROLES)
def stock_file(kind: str) -> Response:
    """Give what is in the party's own stores as a file: `stock.csv` or `stock.xlsx`."""
    with providers.reading() as db:
        lines = _stock(db, stock.asked())
    return stock.stock_file(lines, kind=kind, name=f"stock-{providers.today()}")


def _stock(db: Any, ask: Ask) -> list[StockLine]:
    scope = access.scope(db)
    assert scope.store_keys is not None, "these roles belong to a party"
    return stock_lines(db, stores=scope.store_keys, day=scope.day, learned=usual_for(db, scope=scope), ask=ask)


def _wanted() -> Wanted:
    """Read what the address asks for; what cannot be a day is as if it were not there."""
    key = access.principal().party_key
    assert key is not None, "these roles belong to a party"
    today = providers.today()
    last = told_day(request.args, "to") or today
    first = told_day(request.args, "from") or last - timedelta(days=USUAL_DAYS - 1)
    first = max(min(first, last), last - timedelta(days=MOST_DAYS - 1))
    state = request.args.get("state")
    return Wanted(key, first, last, request.args.get("store") or None, state if state in SHARE_STATES else None)


def _before(wanted: Wanted) -> Wanted:
    """Return the same for the period of the same length just before."""
    days = wanted.last_day - wanted.first_day + timedelta(days=1)
    return wanted._replace(first_day=wanted.first_day - days, last_day=wanted.last_day - days)


def _presets() -> list[tuple[str, date, date]]:
    today = providers.today()
    first = today.replace(day=1)
    end = first - timedelta(days=1)
    return [
        (_("7 days"), today - timedelta(days=6), today),
        (_("30 days"), today - timedelta(days=29), today),
        (_("This month"), first, today),
        (_("Last month"), end.replace(day=1), end),
    ]


def _name(db: Any, scope: Any) -> str:
    party_id = access.principal().party_id
    assert party_id is not None, "these roles belong to a party"
    return party(db, scope=scope, party_id=party_id).name


def _stores_named(parts: Sequence[Earned]) -> set[str]:
    return {near["id"] for part in parts for near in part.why.get("candidates", [])}
