"""Import in the office: a file comes in, and what could not be is told by line number and reason."""

import tempfile
from pathlib import Path
from typing import Any

from flask import Response, abort, render_template, request
from flask.typing import ResponseReturnValue

from channel import access, providers
from channel.imports import KINDS, BadRow, Door, ImportFileError, import_file, template
from channel.pages.downloads import attachment
from channel.pages.office.door import EDITORS, page
from channel.words import gettext as _
from channel.words import refusal

MOST_BYTES = 32 * 1024 * 1024
BAD_SHOWN = 200


@page.url_value_preprocessor
def _let_files_in(endpoint: str | None, _values: dict[str, object] | None) -> None:
    # Before anything reads the body: pages of text keep the small limit of the house.
    if endpoint == "office.take_file":
        request.max_content_length = MOST_BYTES


@page.get("/import")
@access.allow(*EDITORS)
def imports() -> str:
    """Show what can be imported."""
    return _page(request.args.get("kind", ""))


@page.post("/import")
@access.allow(*EDITORS)
def take_file() -> ResponseReturnValue:
    """Import one file and report on it."""
    kind, sent = request.form.get("kind", ""), request.files.get("file")
    if kind not in KINDS or sent is None or not sent.filename:
        return _page(kind, refused=_("Choose what the file holds, and the file.")), 422
    bad: list[BadRow] = []
    dry_run = request.form.get("dry_run") == "1"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "sent")
        sent.save(path)
        sent.close()
        try:
            tally = import_file(
                providers.engine(),
                kind=KINDS[kind],
                path=path,
                door=Door(providers.config(), providers.now()),
                refuse=bad.append,
                progress=lambda _done, _total: None,
                dry_run=dry_run,
            )
        except ImportFileError as error:
            return _page(kind, refused=refusal(str(error))), 422
    return _page(kind, tally=tally, bad=bad, dry_run=dry_run, filename=sent.filename)


@page.get("/import/<kind>.csv")
@access.allow(*EDITORS)
def template_file(kind: str) -> Response:
    """Give an example of a file."""
    if kind not in KINDS:
        abort(404)
    return attachment(("\ufeff" + template(KINDS[kind])).encode(), kind="text/csv; charset=utf-8", name=f"{kind}.csv")


def _page(kind: str, **told: Any) -> str:
    """Show the form, below what became of the last file."""
    usual: dict[str, Any] = {"refused": None, "tally": None, "bad": [], "dry_run": False, "filename": ""}
    shown = usual | told
    return render_template("office/import.html", kinds=KINDS, kind=kind, most=MOST_BYTES, bad_shown=BAD_SHOWN, **shown)
