"""What a store sold, opened down to the scans: by product, item by item, the same as a file."""

from collections.abc import Sequence
from datetime import date, timedelta

from flask import Response, render_template, request

from channel import access, providers, words
from channel.pages.downloads import Cell, as_file
from channel.pages.forms import page_number, told_day
from channel.pages.office.door import READERS, look_back, page
from channel.words import gettext as _
from stores.directory import store
from stores.sales import MAX_DAYS
from stores.sold import SoldItem, items_sold, products_sold

A_PAGE, MOST = 100, 50_000


@page.get("/stores/<store_id>/sold")
@access.allow(*READERS)
def sold(store_id: str) -> str:
    """Open what a store sold in a span: by product, then item by item."""
    first, last = _span()
    at_page = page_number(request.args)
    with providers.reading() as db:
        scope, offset = access.scope(db), A_PAGE * (at_page - 1)
        known = store(db, scope=scope, store_id=store_id)
        products = products_sold(db, store_id=store_id, first=first, last=last, scope=scope)
        items = items_sold(db, store_id=store_id, first=first, last=last, scope=scope, limit=A_PAGE + 1, offset=offset)
    return render_template(
        "office/sold.html",
        store=known,
        first=first,
        last=last,
        products=products,
        counted=sum(one.counted for one in products),
        items=items[:A_PAGE],
        more=len(items) > A_PAGE,
        at_page=at_page,
    )


@page.get("/stores/<store_id>/sold.<any(csv, xlsx):kind>")
@access.allow(*READERS)
def sold_file(store_id: str, kind: str) -> Response:
    """Give the items of a span as a file, at most fifty thousand."""
    first, last = _span()
    with providers.reading() as db:
        scope = access.scope(db)
        items = items_sold(db, store_id=store_id, first=first, last=last, scope=scope, limit=MOST)
    head = (
        _("Day"), _("Scanned at"), _("GTIN"), _("Product"), _("Kind"), _("Evidence"), _("Confidence"), _("Which phone"),
        _("Counts as sold"), _("Batch"), _("Position"),
    )  # fmt: skip
    return as_file(head, [row(one) for one in items], name=f"sold-{store_id}-{first}-{last}", kind=kind)


def row(one: SoldItem) -> Sequence[Cell]:
    """Return an item as a row of the file."""
    return (
        str(one.day), words.at(one.scanned_at), one.gtin, one.product, words.said(words.PRODUCT_KINDS, one.kind),
        words.said(words.EVIDENCE, one.evidence), round(one.confidence, 3), one.phone, int(one.is_counted),
        one.found.batch.batch_id, one.found.position,
    )  # fmt: skip


def _span() -> tuple[date, date]:
    """Return the days asked for; one that is none, or too many, is the last thirty."""
    first = told_day(request.args, "from")
    last = told_day(request.args, "to") if request.args.get("to") else first
    if first is None or last is None or first > last:
        return look_back()
    return first, min(last, first + timedelta(days=MAX_DAYS - 1))
