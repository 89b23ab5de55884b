"""Long work in the office: files of codes and labels are ordered, followed, called off and fetched."""

from collections.abc import Iterator
from pathlib import Path

from flask import Response, abort, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from channel import access, providers, tasks
from channel.pages.forms import told_id
from channel.pages.office.door import EDITORS, READERS, page, whole
from channel.tasks import TaskExistsError, TaskLine
from channel.words import number, percent
from scans.batches import catalogue
from scans.catalogue import IssuedBatch
from scans.codefiles import FORMS, CodeFileError, choose
from scans.custody import Order, begin_export, check_receiver, new_ident
from scans.labels import FORMS as LABEL_FORMS
from scans.labels import LabelError
from scans.layouts import LAYOUTS, built_in
from scans.sealing import check_recipients

PIECE = 1 << 20
ALL, CSV, PDF = "all", "csv", "pdf"


@page.get("/tasks")
@access.allow(*READERS)
def task_list() -> str:
    """List what was ordered, the latest first."""
    with providers.reading() as db:
        found = tasks.task_list(db)
    return render_template("office/tasks.html", tasks=found)


@page.get("/tasks/<id:task_id>")
@access.allow(*READERS)
def task(task_id: str) -> str:
    """Show how a task stands; the page follows it by itself where scripts run, and is loaded again where not."""
    with providers.reading() as db:
        found = tasks.find_task(db, task_id=task_id)
    path = tasks.result_path(providers.config(), found)
    size = path.stat().st_size if path else None
    return render_template("office/task.html", task=found, size=size, words=_words(found))


@page.get("/tasks/<id:task_id>.json")
@access.allow(*READERS)
def task_state(task_id: str) -> Response:
    """Tell the page how a task stands."""
    with providers.reading() as db:
        found = tasks.find_task(db, task_id=task_id)
    return jsonify({"state": found.state, "done": found.done, "total": found.total, "words": _words(found)})


@page.post("/tasks/<id:task_id>/cancel")
@access.allow(*EDITORS)
def cancel_task(task_id: str) -> ResponseReturnValue:
    """Call a task off; one that is over stays as it is."""
    with providers.transaction() as db:
        tasks.find_task(db, task_id=task_id)
        tasks.cancel(db, task_id=task_id, now=providers.now())
    return redirect(url_for("office.task", task_id=task_id), 303)


@page.post("/tasks/<id:task_id>/file")
@access.allow(*EDITORS)
def task_file(task_id: str) -> Response:
    """Give the file of a task; a POST, since a list of live codes is no address to share."""
    with providers.reading() as db:
        found = tasks.find_task(db, task_id=task_id)
    path = tasks.result_path(providers.config(), found)
    if path is None:
        abort(404)
    headers = {"Content-Disposition": f'attachment; filename="{path.name}"', "Content-Length": str(path.stat().st_size)}
    return Response(_pieces(path), content_type="application/octet-stream", headers=headers)


@page.post("/batches/<id:batch_id>/codes")
@access.allow(*EDITORS)
def codes(batch_id: str) -> ResponseReturnValue:
    """Order a file of codes."""
    task_id = told_id(request.form.get("task", ""))
    try:
        with providers.transaction() as db:
            order_codes(db, task_id=task_id, batch=catalogue(db).batch(batch_id))
    except TaskExistsError:
        pass  # the form was sent twice
    return redirect(url_for("office.task", task_id=task_id), 303)


@page.post("/batches/<id:batch_id>/labels")
@access.allow(*EDITORS)
def labels(batch_id: str) -> ResponseReturnValue:
    """Order labels."""
    task_id, form, layout = told_id(request.form.get("task", "")), request.form.get("form", PDF), _layout()
    if form not in LABEL_FORMS:
        raise LabelError(f"labels are printed as one of {', '.join(LABEL_FORMS)}")
    try:
        with providers.transaction() as db:
            batch = catalogue(db).batch(batch_id)
            stretches = choose(batch, level=request.form.get("level", "item"), first=_first(), last=whole("last"))
            asked = Order(stretches, form, check_receiver(request.form.get("receiver")), ())
            _order(db, task_id=task_id, kind="labels", batch=batch, asked=asked, layout=layout)
    except TaskExistsError:
        pass
    return redirect(url_for("office.task", task_id=task_id), 303)


def order_codes(db: Session, *, task_id: str, batch: IssuedBatch) -> None:
    """Put the file that the form asks for in the line.

    Raises: CodeFileError, ReceiverError, RecipientError, TaskExistsError, TooManyTasksError.
    """
    form, level = request.form.get("form", CSV), request.form.get("level", ALL)
    if form not in FORMS:
        raise CodeFileError(f"codes are written as one of {', '.join(FORMS)}")
    some = choose(batch) if level == ALL else choose(batch, level=level, first=_first(), last=whole("last"))
    recipients = tuple(check_recipients(request.form.get("recipients", "").splitlines()))
    asked = Order(some, form, check_receiver(request.form.get("receiver")), recipients)
    _order(db, task_id=task_id, kind="codes", batch=batch, asked=asked, recipients=recipients)


def _order(db: Session, *, task_id: str, kind: str, batch: IssuedBatch, asked: Order, **more: object) -> None:
    who, now, ident = access.current_principal(), providers.now(), new_ident()
    assert who is not None, "the policy lets nobody in who has not signed in"
    line = begin_export(db, ident=ident, batch=batch, order=asked, made_by=who.name, now=now)
    tasks.order(
        db,
        task_id=task_id,
        kind=kind,
        parameters={"ident": ident} | more,
        about=batch.batch_id,
        total=line.size,
        made_by=who.name,
        now=now,
    )


def _first() -> int:
    return whole("first") or 1


def _layout() -> str:
    return built_in(request.form.get("layout") or next(iter(LAYOUTS))).name


def _words(task: TaskLine) -> str:
    return f"{percent(task.done / task.total)} · {number(task.done)} / {number(task.total)}"


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            yield piece
