"""How often stores should be visited and are: plans by class, which stores wait too long, the same as a file."""

from collections.abc import Sequence

from flask import Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from channel import access, providers, words
from channel.pages.downloads import Cell, as_file
from channel.pages.office.door import EDITORS, READERS, page, whole
from channel.words import gettext as _
from stores.cadence import NO_CLASS, Overdue, classes, drop_plan, intervals, overdue, plans, put_plan

SHOWN = 50


@page.get("/cadence")
@access.allow(*READERS)
def cadence() -> str:
    """Show the plan of every class beside what came of it, and the stores that wait longest."""
    day = providers.today()
    with providers.reading() as db:
        late, planned, there = overdue(db, day=day), plans(db), classes(db)
        real = {one.class_: one for one in intervals(db, day=day, late=late)}
    names = sorted({*planned, *there}, key=lambda name: (name == NO_CLASS, name))
    return render_template(
        "office/cadence.html",
        names=names,
        planned=planned,
        there=there,
        real=real,
        late=late[:SHOWN],
        count=len(late),
    )


@page.post("/cadence")
@access.allow(*EDITORS)
def plan_class() -> ResponseReturnValue:
    """Say how often stores of a class should be visited; nothing said is not planned, `default` forgets what was."""
    class_, forget = request.form.get("class", "").strip(), "default" in request.form
    with providers.transaction() as db:
        if forget:
            drop_plan(db, class_=class_)
        else:
            told = request.form.get("planned_days", "").strip()
            put_plan(db, class_=class_, planned_days=(whole("planned_days") or 0) if told else None)
    return redirect(url_for("office.cadence"), 303)


@page.get("/cadence/overdue.<any(csv, xlsx):kind>")
@access.allow(*READERS)
def overdue_file(kind: str) -> Response:
    """Give every store that is due or overdue as a file."""
    day = providers.today()
    with providers.reading() as db:
        late = overdue(db, day=day)
    head = (
        _("Store"), _("Store's name"), _("Region"), _("Class"), _("Last seen"), _("Planned days"), _("Days overdue"),
    )  # fmt: skip
    return as_file(head, [row(one) for one in late], name=f"overdue-{day}", kind=kind)


def row(one: Overdue) -> Sequence[Cell]:
    """Return a store that waits as a row of the file."""
    last = words.day(one.last_on) if one.last_on else _("never")
    return one.store_id, one.name, one.region, one.class_, last, one.planned_days, one.overdue_days
