"""Batches in the office: issued in any size, listed, shown with their files. What takes long is a task."""

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from channel import access, providers
from channel.pages.forms import page_number, random_key, told_id
from channel.pages.office.door import EDITORS, READERS, page, whole
from channel.pages.office.tasks import order_codes
from channel.pages.office.terms import told_terms
from channel.tasks import TaskExistsError, find_task, task_list
from scans.batches import MAX_COUNT, BatchError, batch_list, catalogue, issue_batch
from scans.catalogue import UnknownBatchError
from scans.codefiles import FORMS
from scans.custody import ReceiverError, export_list, receivers
from scans.gs1 import GtinError
from scans.labels import FORMS as LABEL_FORMS
from scans.layouts import LAYOUTS
from scans.prints import print_list
from scans.products import UnknownProductError, product_list
from scans.sealing import RecipientError
from scans.sscc import SsccPrefixError
from scans.terms import TermsError

A_PAGE = 30
REFUSALS = (
    BatchError, TermsError, GtinError, SsccPrefixError, ReceiverError, RecipientError, UnknownProductError,
)  # fmt: skip
PRODUCTS_LISTED = 200
PARTS_SHOWN = 100
FILES_SHOWN, TASKS_SHOWN = 50, 20


@page.get("/batches")
@access.allow(*READERS)
def batches() -> str:
    """List batches, the latest first, above the form that issues one."""
    return _listed()


@page.post("/batches")
@access.allow(*EDITORS)
def issue() -> ResponseReturnValue:
    """Issue a batch, and order the file of its codes: a form that is sent twice issues one."""
    task_id = told_id(request.form.get("task", ""))
    try:
        with providers.transaction() as db:
            batch = issue_batch(
                db,
                ring=providers.ring(),
                gtin=request.form.get("gtin", ""),
                count=whole("count") or 0,
                items_per_case=whole("items_per_case"),
                cases_per_pallet=whole("cases_per_pallet"),
                case_gtin=request.form.get("case_gtin", "").strip() or None,
                sscc_prefix=request.form.get("sscc_prefix", "").strip() or None,
                terms=told_terms(),
                now=providers.now(),
            )
            order_codes(db, task_id=task_id, batch=batch)
    except TaskExistsError:
        with providers.reading() as db:
            return redirect(url_for("office.batch", batch_id=find_task(db, task_id=task_id).about), 303)
    except REFUSALS as error:
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
        files = export_list(db, batch_id=batch_id, limit=FILES_SHOWN)
        ordered = task_list(db, about=batch_id, limit=TASKS_SHOWN)
        named = receivers(db)
    return render_template(
        "office/batch.html",
        batch=found[0],
        spans=known.spans,
        parts=known.parts[:PARTS_SHOWN],
        more_parts=max(0, len(known.parts) - PARTS_SHOWN),
        codes=sum(span.size for span in known.spans),
        files=files,
        tasks=ordered,
        receivers=named,
        forms={"codes": FORMS, "labels": LABEL_FORMS},
        layouts=LAYOUTS.values(),
        prints=prints,
        new_task=random_key,
    )


def _listed(refused: str | None = None) -> str:
    at_page = page_number(request.args)
    with providers.reading() as db:
        found = batch_list(db, limit=A_PAGE + 1, offset=A_PAGE * (at_page - 1))
        goods = product_list(db, limit=PRODUCTS_LISTED)
        named = receivers(db)
    return render_template(
        "office/batches.html",
        batches=found[:A_PAGE],
        more=len(found) > A_PAGE,
        at_page=at_page,
        goods=goods,
        most=MAX_COUNT,
        forms=FORMS,
        receivers=named,
        new_task=random_key,
        refused=refused,
        form=request.form,
    )
