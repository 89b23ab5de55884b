"""Goods that came back: taken in by their code, then scrapped or issued anew."""

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from channel import access, providers
from channel.journey import reissue_items, scrap_items, take_return
from channel.pages.forms import page_number, random_key, told_id
from channel.pages.office.door import EDITORS, READERS, page
from scans.batches import catalogue
from scans.catalogue import UnknownCodeError
from scans.gs1 import GtinError, LinkError
from scans.marks import uri
from scans.packing import at
from scans.returns import NotClaimedError, NotReturnedError, ReturnError, ReturnExistsError, ReturnRow, return_list

A_PAGE = 50
REFUSALS = (
    UnknownCodeError,
    LinkError,
    GtinError,
    ReturnError,
    NotClaimedError,
    ReturnExistsError,
    NotReturnedError,
)


@page.get("/returns")
@access.allow(*READERS)
def returns() -> str:
    """List what came back, the latest first, above the form that takes an item back."""
    return _listed()


@page.post("/returns")
@access.allow(*EDITORS)
def take_back() -> ResponseReturnValue:
    """Take an item back; sent twice it is one return, since its id was made with the page."""
    form = request.form
    row = ReturnRow(told_id(form.get("id", "")), form.get("code", "").strip(), None, form.get("why"))
    config, ring, now = providers.config(), providers.ring(), providers.now()
    try:
        with providers.transaction() as db:
            take_return(db, config=config, ring=ring, row=row, now=now)
    except REFUSALS as refusal:
        return _listed(refused=str(refusal)), 422
    return redirect(url_for("office.returns"), 303)


@page.post("/returns/settle")
@access.allow(*EDITORS)
def settle() -> ResponseReturnValue:
    """Scrap what was ticked, or issue it anew."""
    config, ring, now = providers.config(), providers.ring(), providers.now()
    texts = request.form.getlist("item")
    try:
        with providers.transaction() as db:
            if request.form.get("act") != "reissue":
                scrap_items(db, ring=ring, texts=texts, now=now)
                return redirect(url_for("office.returns"), 303)
            batch = reissue_items(db, config=config, ring=ring, texts=texts, now=now)
    except REFUSALS as refusal:
        return _listed(refused=str(refusal)), 422
    return redirect(url_for("office.batch", batch_id=batch.batch_id), 303)


def _listed(refused: str | None = None) -> str:
    at_page = page_number(request.args)
    ring, base_url = providers.ring(), providers.config().base_url
    with providers.reading() as db:
        found = return_list(db, limit=A_PAGE + 1, offset=A_PAGE * (at_page - 1))
        batches = {line.batch_id: catalogue(db).batch(line.batch_id) for line in found}
    texts = {
        line.code_no: uri(at(batches[line.batch_id], "item", line.position), ring=ring, base_url=base_url)
        for line in found
    }
    return render_template(
        "office/returns.html",
        lines=found[:A_PAGE],
        texts=texts,
        more=len(found) > A_PAGE,
        at_page=at_page,
        refused=refused,
        key=random_key(),
        form=request.form,
    )
