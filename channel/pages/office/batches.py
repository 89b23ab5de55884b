"""Batches in the office: issue, activate, recall, print. What takes long is left to the commands."""

import tempfile
from io import BytesIO
from pathlib import Path

from flask import Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from channel import access, providers
from channel.pages.downloads import attachment
from channel.pages.office.door import EDITORS, READERS, page, whole
from channel.pages.office.terms import told_terms
from scans.batches import BatchError, batch_list, catalogue, issue_batch
from scans.catalogue import UnknownBatchError
from scans.codefiles import CodeRun, choose, write_codes
from scans.gs1 import GtinError
from scans.labels import PrintRun, write_labels
from scans.layouts import LAYOUTS, built_in
from scans.prints import print_list, record_print
from scans.products import UnknownProductError, product_list
from scans.terms import TermsError

MOST_HERE = 20_000
MOST_LABELS = 5_000
A_PAGE = 30
PRODUCTS_LISTED = 200
PARTS_SHOWN = 100


@page.get("/batches")
@access.allow(*READERS)
def batches() -> str:
    """List batches, the latest first, above the form that issues one."""
    return _listed()


@page.post("/batches")
@access.allow(*EDITORS)
def issue() -> ResponseReturnValue:
    """Issue a batch of a size that a page can wait for."""
    try:
        count = whole("count")
        if count is None or count > MOST_HERE:
            raise BatchError(f"here a batch has 1 to {MOST_HERE} items; larger ones are issued by command")
        with providers.transaction() as db:
            batch = issue_batch(
                db,
                ring=providers.ring(),
                gtin=request.form.get("gtin", ""),
                count=count,
                items_per_case=whole("items_per_case"),
                cases_per_pallet=whole("cases_per_pallet"),
                terms=told_terms(),
                now=providers.now(),
            )
    except (BatchError, TermsError, GtinError, UnknownProductError) as error:
        return _listed(refused=str(error)), 422
    return redirect(url_for("office.batch", batch_id=batch.batch_id), 303)


@page.get("/batches/<batch_id>")
@access.allow(*READERS)
def batch(batch_id: str) -> str:
    """Show one batch and what can be done with it."""
    with providers.reading() as db:
        found = batch_list(db, batch_id=batch_id, limit=1)
        if not found:
            raise UnknownBatchError(f"there is no batch {batch_id}")
        known = catalogue(db).batch(batch_id)
        prints = print_list(db, batch_id=batch_id)
    return render_template(
        "office/batch.html",
        batch=found[0],
        spans=known.spans,
        parts=known.parts[:PARTS_SHOWN],
        more_parts=max(0, len(known.parts) - PARTS_SHOWN),
        codes=sum(span.size for span in known.spans),
        prints=prints,
        layouts=LAYOUTS.values(),
        most=MOST_HERE,
        most_labels=MOST_LABELS,
    )


@page.post("/batches/<batch_id>/labels.pdf")
@access.allow(*EDITORS)
def labels(batch_id: str) -> Response:
    """Give sheets of labels; a POST, since a list of live codes is no address to share."""
    with providers.reading() as db:
        known = catalogue(db).batch(batch_id)
        product = batch_list(db, batch_id=batch_id, limit=1)[0].product
    level = request.form.get("level", "item")
    first = whole("first") or 1
    last = min(whole("last") or known.span(level).size, first + MOST_LABELS - 1)
    secret = providers.ring().key(known.key_id).secret
    run = PrintRun(known, secret, providers.config().base_url, level, first, last, product, known.lot or "")
    layout = built_in(request.form.get("layout", next(iter(LAYOUTS))))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "labels.pdf")
        printed = write_labels(path, run=run, form="pdf", layout=layout, progress=_quiet)
        body = path.read_bytes()
    with providers.transaction() as db:
        record_print(db, printed=printed, now=providers.now())
    return attachment(body, kind="application/pdf", name=f"{batch_id}-{level}-{first}-{last}.pdf")


@page.post("/batches/<batch_id>/codes.csv")
@access.allow(*EDITORS)
def codes(batch_id: str) -> Response:
    """Give all codes of a batch that is small enough."""
    with providers.reading() as db:
        known = catalogue(db).batch(batch_id)
    if sum(span.size for span in known.spans) > 2 * MOST_HERE:
        raise BatchError("this batch is too large for a page; its codes are written by command")
    secret = providers.ring().key(known.key_id).secret
    body = BytesIO()
    run = CodeRun(known, secret, providers.config().base_url, choose(known))
    write_codes(body, form="csv", run=run, progress=_quiet)
    return attachment(body.getvalue(), kind="text/csv; charset=utf-8", name=f"{batch_id}.csv")


def _listed(refused: str | None = None) -> str:
    told = request.args.get("page", "1")
    at_page = max(1, int(told)) if told.isdecimal() and len(told) < 5 else 1
    with providers.reading() as db:
        found = batch_list(db, limit=A_PAGE + 1, offset=A_PAGE * (at_page - 1))
        goods = product_list(db, limit=PRODUCTS_LISTED)
    return render_template(
        "office/batches.html",
        batches=found[:A_PAGE],
        more=len(found) > A_PAGE,
        at_page=at_page,
        goods=goods,
        most=MOST_HERE,
        refused=refused,
        form=request.form,
    )


def _quiet(_done: int, _total: int) -> None:
    """Say nothing: a page has no progress to show."""
