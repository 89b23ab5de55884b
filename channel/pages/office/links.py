"""What a product's addresses lead to, in the office: its links, and the form of one.

A form is a file of one row here, too.
"""

from collections.abc import Mapping

from flask import abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from channel import access, providers
from channel.imports import KINDS
from channel.pages.forms import random_key
from channel.pages.office.door import EDITORS, READERS, page
from channel.pages.office.records import put_one
from scans.linktypes import PREFIX
from scans.targets import TargetRow, drop_target, named_targets

FIELDS = tuple(name for name in KINDS["links"].columns if name not in {"id", "gtin"})
FLAGS = ("default", "forward_query")


@page.get("/products/<id:gtin>/links")
@access.allow(*READERS)
def links(gtin: str) -> str:
    """List the links of a product; below, the form of a new one or of the one that is named."""
    return _page(gtin, wanted=request.args.get("id", ""), bad={})


@page.post("/products/<id:gtin>/links")
@access.allow(*EDITORS)
def save_link(gtin: str) -> ResponseReturnValue:
    """Write one link, or show what cannot be."""
    told = {name: request.form.get(name, "").strip() for name in FIELDS}
    told |= {name: "yes" if name in request.form else "no" for name in FLAGS}
    row = {"id": request.form.get("id", ""), "gtin": gtin} | told
    refused = put_one(KINDS["links"], row)
    if refused:
        bad = {row.column or "title": row.reason for row in refused}
        return _page(gtin, wanted="", bad=bad, told=row), 422
    return redirect(url_for(".links", gtin=gtin), 303)


@page.post("/products/<id:gtin>/links/drop")
@access.allow(*EDITORS)
def drop_link(gtin: str) -> ResponseReturnValue:
    """Take one link away."""
    with providers.transaction() as db:
        if not drop_target(db, gtin=gtin, target_id=request.form.get("id", "")):
            abort(404)
    return redirect(url_for(".links", gtin=gtin), 303)


def _page(gtin: str, *, wanted: str, bad: Mapping[str, str], told: Mapping[str, str] | None = None) -> str:
    with providers.reading() as db:
        name, rows = named_targets(db, gtin=gtin)
    edited = next((row for row in rows if row.target_id == wanted), None)
    if wanted and edited is None:
        abort(404)
    if told is None:
        told = _cells(edited) if edited else {"id": random_key(), "link_type": f"{PREFIX}pip", "forward_query": "yes"}
    return render_template(
        "office/links.html",
        gtin=gtin,
        name=name,
        rows=rows,
        told=told,
        bad=bad,
        fresh=all(row.target_id != told["id"] for row in rows),
        prefix=PREFIX,
        example={name: column.example for name, column in KINDS["links"].columns.items()},
    )


def _cells(row: TargetRow) -> dict[str, str]:
    """Tell a link in the columns of its file."""
    return {
        "id": row.target_id,
        "lot": row.lot,
        "serial": row.serial,
        "link_type": PREFIX + row.link_type,
        "title": row.title,
        "href": row.href,
        "default": "yes" if row.is_default else "no",
        "languages": ";".join(row.languages),
        "media_type": row.media_type,
        "context": ";".join(row.contexts),
        "forward_query": "yes" if row.forwards_query else "no",
    }
