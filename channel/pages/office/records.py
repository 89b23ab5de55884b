"""Master data in the office: lists with search, and forms. A form is an import file of one row: one check for both."""

import csv
import tempfile
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from flask import abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from channel import access, providers, words
from channel.imports import KINDS, BadRow, Door, Kind, import_file
from channel.pages.office.door import EDITORS, READERS, page
from channel.words import gettext as _
from scans import products
from stores import directory
from stores.directory import Scope

A_PAGE = 50
BY_FILE_ONLY = {"sources"}  # a column that a form leaves out stays as it is
CHOICES = {
    ("products", "kind"): words.PRODUCT_KINDS,
    ("parties", "kind"): {kind: text for kind, text in words.PARTY_KINDS.items() if kind != "rep"},
    ("stores", "datum"): words.DATUMS,
    ("reps", "datum"): words.DATUMS,
}


class Record(NamedTuple):
    """How a kind of record is listed, read, and told in the columns of its file."""

    title: Callable[[], str]
    shown: Sequence[str]
    listed: Callable[[Session, Scope, str, str], Sequence[Any]]
    one: Callable[[Session, Scope, str], Any]
    renamed: Mapping[str, str]


RECORDS = {
    "products": Record(
        lambda: _("Products"),
        ("gtin", "name", "kind", "category", "list_price_cents"),
        lambda db, _scope, after, search: products.product_list(db, after=after, limit=A_PAGE + 1, search=search),
        lambda db, _scope, key: products.product(db, gtin=key),
        {},
    ),
    "parties": Record(
        lambda: _("Parties"),
        ("id", "name", "kind", "parent_id", "phone"),
        lambda db, scope, after, search: directory.party_list(
            db, scope=scope, after=after, limit=A_PAGE + 1, search=search
        ),
        lambda db, scope, key: directory.party(db, scope=scope, party_id=key),
        {"id": "party_id"},
    ),
    "stores": Record(
        lambda: _("Stores"),
        ("id", "name", "region", "party_id", "address"),
        lambda db, scope, after, search: directory.store_list(
            db, scope=scope, after=after, limit=A_PAGE + 1, search=search
        ),
        lambda db, scope, key: directory.store(db, scope=scope, store_id=key),
        {"id": "store_id", "class": "class_"},
    ),
    "reps": Record(
        lambda: _("Reps"),
        ("id", "name", "region", "visits_per_day"),
        lambda db, _scope, after, search: directory.rep_list(db, after=after, limit=A_PAGE + 1, search=search),
        lambda db, _scope, key: directory.rep(db, rep_id=key),
        {"id": "rep_id"},
    ),
}


@page.get("/<any(products, parties, stores, reps):kind>")
@access.allow(*READERS)
def records(kind: str) -> str:
    """List the records of a kind, a page at a time."""
    record = RECORDS[kind]
    search, after = request.args.get("q", "").strip()[:64], request.args.get("after", "")[:64]
    with providers.reading() as db:
        found = record.listed(db, access.scope(db), after, search)
    rows = [cells(record, KINDS[kind], one) for one in found[:A_PAGE]]
    key = next(iter(KINDS[kind].columns))
    return render_template(
        "office/records.html",
        kind=kind,
        title=record.title(),
        shown=record.shown,
        rows=rows,
        key=key,
        q=search,
        after=rows[-1][key] if len(found) > A_PAGE else None,
        first=not after,
    )


@page.get("/edit/<any(products, parties, stores, reps):kind>")
@access.allow(*EDITORS)
def edit(kind: str) -> str:
    """Show the form of one record, empty for a new one."""
    key, told = request.args.get("id", ""), dict[str, str]()
    if key:
        with providers.reading() as db:
            told = cells(RECORDS[kind], KINDS[kind], RECORDS[kind].one(db, access.scope(db), key))
    return _form(kind, told, new=not key, bad={})


@page.post("/edit/<any(products, parties, stores, reps):kind>")
@access.allow(*EDITORS)
def save(kind: str) -> ResponseReturnValue:
    """Write one record, or show what cannot be."""
    told = {name: request.form.get(name, "").strip() for name in KINDS[kind].columns if name not in BY_FILE_ONLY}
    refused = put_one(KINDS[kind], told)
    if refused:
        bad = {row.column or next(iter(told)): row.reason for row in refused}
        return _form(kind, told, new=bool(request.form.get("new")), bad=bad), 422
    return redirect(url_for("office.records", kind=kind, q=told[next(iter(told))]), 303)


def put_one(kind: Kind, told: Mapping[str, str]) -> list[BadRow]:
    """Write one row by the import of its kind and return what was wrong with it."""
    refused: list[BadRow] = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "form.csv")
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([list(told), [value.replace("\n", " ") for value in told.values()]])
        door = Door(providers.config(), providers.now())
        import_file(
            providers.engine(), kind=kind, path=path, door=door, refuse=refused.append, progress=lambda _n, _of: None
        )
    return refused


def cells(record: Record, kind: Kind, one: Any) -> dict[str, str]:
    """Tell a record in the columns of its file."""
    return {name: _cell(getattr(one, record.renamed.get(name, name), None), name) for name in kind.columns}


def _cell(value: Any, name: str) -> str:
    if name == "datum":
        return "wgs84"
    if isinstance(value, Mapping):
        return ";".join(f"{key}={text}" for key, text in value.items())
    if isinstance(value, tuple):
        return ";".join(value)
    if isinstance(value, date):
        return value.isoformat()
    return "" if value is None else str(value)


def _form(kind: str, told: Mapping[str, str], *, new: bool, bad: Mapping[str, str]) -> str:
    if not told and not new:
        abort(404)
    return render_template(
        "office/edit.html",
        kind=kind,
        title=RECORDS[kind].title(),
        columns={name: column for name, column in KINDS[kind].columns.items() if name not in BY_FILE_ONLY},
        told=told,
        new=new,
        bad=bad,
        choices={column: texts for (of, column), texts in CHOICES.items() if of == kind},
    )
