"""What the pages of the office share: who may read them, who may change, where each stands, which days they look at."""

from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from flask import Blueprint, request, url_for

from channel import providers, words
from channel.words.locale import N_

READERS = ("owner", "finance", "auditor")
EDITORS = ("owner",)
LOOK_BACK_DAYS = 30


class Tab(NamedTuple):
    """A page that can be opened from everywhere in the office."""

    label: str
    endpoint: str
    kind: str | None = None
    roles: tuple[str, ...] = READERS


class Shown(NamedTuple):
    """A tab as somebody sees it."""

    label: str
    address: str
    current: bool


# Where each page stands: an area, and the pages in it. The first page of an area is what the area itself opens.
AREAS: dict[str, tuple[Tab, ...]] = {
    N_("Overview"): (Tab(N_("Overview"), "office.board"),),
    N_("Radar"): (
        Tab(N_("Abnormal"), "office.flags"),
        Tab(N_("The judge"), "office.judge"),
        Tab(N_("Diversion"), "office.diversion"),
        Tab(N_("Doubts"), "office.doubts"),
    ),
    N_("Visits"): (
        Tab(N_("Missed, done, late"), "office.visits"),
        Tab(N_("Worth"), "office.visits_worth"),
        Tab(N_("Reasons"), "office.reasons"),
        Tab(N_("Cadence"), "office.cadence"),
        Tab(N_("Pins"), "office.pins"),
    ),
    N_("Codes"): (
        Tab(N_("Batches"), "office.batches"),
        Tab(N_("Trace"), "office.ask_trace"),
        Tab(N_("Custody"), "office.custody"),
        Tab(N_("Returns"), "office.returns"),
        Tab(N_("Inspection"), "inspector.show", roles=("owner", "auditor")),
    ),
    N_("Master data"): (
        Tab(N_("Stores"), "office.records", "stores"),
        Tab(N_("Parties"), "office.records", "parties"),
        Tab(N_("Products"), "office.records", "products"),
        Tab(N_("Reps"), "office.records", "reps"),
        Tab(N_("Import"), "office.imports", roles=EDITORS),
    ),
    N_("Money"): (Tab(N_("Plans"), "office.money"),),
    N_("Tasks"): (Tab(N_("Tasks"), "office.task_list"),),
}

page = Blueprint("office", __name__, url_prefix="/office")


@page.app_context_processor
def _tabs() -> dict[str, Any]:
    return {"office_tabs": office_tabs}


def office_tabs(role: str) -> tuple[list[Shown], list[Shown]]:
    """Return the areas of the office for a role, and the pages of the area that is open (none where it has but one)."""
    areas, pages = [], []
    for name, tabs in AREAS.items():
        shown = [_shown(tab) for tab in tabs if role in tab.roles]
        here = any(tab.current for tab in shown)
        areas.append(Shown(words.gettext(name), shown[0].address, here))
        if here and len(shown) > 1:
            pages = shown
    return areas, pages


def _shown(tab: Tab) -> Shown:
    there = url_for(tab.endpoint, kind=tab.kind) if tab.kind else url_for(tab.endpoint)
    below = there != url_for("office.board") and request.path.startswith(f"{there}/")
    edited = bool(tab.kind) and request.path == url_for("office.edit", kind=tab.kind)
    return Shown(words.gettext(tab.label), there, request.path == there or below or edited)


def zone() -> ZoneInfo:
    """Return the owner's zone."""
    return ZoneInfo(providers.config().zone)


def midnight(day: date) -> datetime:
    """Return the instant at which a business day begins."""
    return datetime.combine(day, time(), zone())


def look_back(days: int = LOOK_BACK_DAYS) -> tuple[date, date]:
    """Return the first and the last of so many whole days: today is not over."""
    today = providers.today()
    return today - timedelta(days=days), today - timedelta(days=1)


def asked_days(spans: tuple[int, ...], *, usual: int) -> int:
    """Return how many days the address asks for, one of `spans`; what is none of them is as usual."""
    told = request.args.get("days", "")
    return int(told) if told in map(str, spans) else usual


def whole(name: str) -> int | None:
    """Return the whole number that a field of the form carries; None where it carries none."""
    told = request.form.get(name, "").strip()
    return int(told) if told.isascii() and told.isdecimal() and len(told) < 10 else None
