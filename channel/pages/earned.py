"""What was earned, as the page of those who earn shows it: figures, charts, stores, lines. Pure but for the words."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple

from markupsafe import Markup

from channel import charts as draw
from channel import words
from channel.charts import Bar, Cell, Chart, Frame, Step
from channel.words import gettext as _
from stores.earnings import Earned, StoreDayEarned, Wanted

States = Mapping[str, tuple[int, int]]
MOST_COLUMNS = 62


class StoreEarned(NamedTuple):
    """What one store brought."""

    store_id: str | None
    name: str
    items: int
    cents: int
    share: float
    spark: Markup


class Line(NamedTuple):
    """One part as it is shown."""

    part: Earned
    because: str
    picture: Chart | None


def figures(states: States, before: States, days: Sequence[StoreDayEarned], wanted: Wanted) -> dict[str, Any]:
    """Return the figures on top of the page."""
    cents, was = _standing(states), _standing(before)
    by_day = list(per_day(days, wanted).values())
    return {
        "earned": words.money(cents),
        "change": words.signed_percent(cents, was),
        "tone": "good" if cents >= was else "bad",
        "spark": draw.sparkline(_frame(_("Earned per day")), by_day),
        "payable": words.money(_of(states, "payable", 1)),
        "held": words.money(_of(states, "held", 1)),
        "held_parts": _of(states, "held", 0),
        "item_count": sum(day.items for day in days),
    }


def charts(days: Sequence[StoreDayEarned], states: States, wanted: Wanted) -> dict[str, Chart]:
    """Return the pictures of a period."""
    by_day = per_day(days, wanted)
    shown = dict(list(by_day.items())[-MOST_COLUMNS:])
    bars = [Bar(words.day(day, short=True), cents / 100, words.money(cents)) for day, cents in shown.items()]
    cells = {
        day: Cell(cents, f"{day}: {words.money(cents)}", words.number(cents / 100) if cents else "")
        for day, cents in shown.items()
    }
    head = (_("Day"), _("Earned"))
    months = [words.month(number) for number in range(1, 13)]
    return {
        "days": draw.columns(_frame(_("Earned per day"), head), bars, fmt=_amount),
        "calendar": draw.calendar(_frame(_("Calendar"), head), cells, weekdays=words.weekdays(), months=months),
        "waterfall": draw.waterfall(_frame(_("How it adds up"), (_("Step"), _("Amount"))), steps(states), fmt=_amount),
    }


def steps(states: States) -> list[Step]:
    """Return how all that was accrued becomes what is payable."""
    every = sum(cents for _parts, cents in states.values())
    told = [_step(_("Accrued"), every, total=True)]
    if back := _of(states, "reversed", 1):
        told.append(_step(_("Taken back"), -back))
    if held := _of(states, "held", 1):
        told.append(_step(_("Still held"), -held))
    if paid := _of(states, "paid", 1):
        told.append(_step(_("Paid"), -paid))
    return [*told, _step(_("Payable"), _of(states, "payable", 1), total=True)]


def stores(days: Sequence[StoreDayEarned], wanted: Wanted) -> list[StoreEarned]:
    """Return what each store brought, the most first."""
    by_store: dict[str | None, list[StoreDayEarned]] = defaultdict(list)
    for day in days:
        by_store[day.store_id].append(day)
    all_cents = sum(day.cents for day in days) or 1
    told = []
    for store_id, rows in by_store.items():
        cents, name = sum(row.cents for row in rows), rows[0].store or _("No store known")
        spark = draw.sparkline(
            _frame(_("Earned per day at %(store)s", store=name)), list(per_day(rows, wanted).values())
        )
        told.append(StoreEarned(store_id, name, sum(row.items for row in rows), cents, cents / all_cents, spark))
    return sorted(told, key=lambda store: (-store.cents, store.store_id or ""))


def line(part: Earned, own: set[str]) -> Line:
    """Return one part with its reason and, if it rests on a position, the distances behind it."""
    because = words.why_mine(part.evidence, part.follows, part.confidence, part.why, part.store_id)
    near = part.why.get("candidates", [])
    if part.follows != "sale" or part.evidence != "position" or not near:
        return Line(part, because, None)
    rows = [_near(one, part, own) for one in near]
    frame = _frame(_("Stores near the position"), (_("Store"), _("Distance")))
    return Line(part, because, draw.nearness(frame, rows, accuracy_m=part.why.get("accuracy_m")))


def file_head() -> list[str]:
    """Return the head of the file of lines."""
    told = (_("Day"), _("Scanned at"), _("Scan"), _("Product"), _("Store"), _("Store's name"), _("Evidence"))
    return [*told, _("Confidence"), _("Plan"), _("Follows"), _("Cents"), _("State"), _("Why")]


def file_row(part: Earned) -> list[str | int | float | None]:
    """Return a part as a row of the file."""
    because = words.why_mine(part.evidence, part.follows, part.confidence, part.why, part.store_id)
    told: list[str | int | float | None] = [
        part.day.isoformat(),
        part.at.isoformat(),
        part.scan_id,
        part.product,
        part.store_id,
        part.store,
    ]
    sale = [part.evidence, part.confidence] if part.follows == "sale" else [None, None]
    return [*told, *sale, part.plan, part.follows, part.cents, part.state, because]


def per_day(days: Sequence[StoreDayEarned], wanted: Wanted) -> dict[date, int]:
    """Return the cents of each day of the period, zeros too."""
    count = (wanted.last_day - wanted.first_day).days + 1
    sums = {wanted.first_day + timedelta(days=number): 0 for number in range(count)}
    for day in days:
        sums[day.day] += day.cents
    return sums


def _near(one: Mapping[str, Any], part: Earned, own: set[str]) -> Bar:
    mine = one["id"] == part.store_id
    name = one["name"] if one["id"] in own else _("Another store")
    return Bar(name, one["m"], words.distance(one["m"]), "good" if mine else "muted")


def _frame(title: str, head: Sequence[str] = ()) -> Frame:
    return Frame(title, _("The same numbers stand in the table."), head)


def _step(label: str, cents: int, *, total: bool = False) -> Step:
    return Step(label, cents / 100, words.money(cents), total)


def _amount(value: float) -> str:
    return words.number(value)


def _of(states: States, state: str, which: int) -> int:
    return states.get(state, (0, 0))[which]


def _standing(states: States) -> int:
    return sum(cents for state, (_parts, cents) in states.items() if state != "reversed")
