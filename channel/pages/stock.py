"""What several pages show of the goods in stores: the question, the table as a file, all on one time axis."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from flask import Response, request

from channel import charts as draw
from channel import words
from channel.charts import BandDay, Chart, Frame, SupplyDay
from channel.pages.downloads import Cell, as_file
from channel.words import gettext as _
from stores.estimates import Ask
from stores.safety import LEAD_DAYS, SERVICE
from stores.stocked import StockDay, StockLine

MOST_LEAD_DAYS = 180


def asked() -> Ask:
    """Return for which lead time and service level the address asks; what cannot be one is as if it were not there."""
    lead, service = (request.args.get(name, "") for name in ("lead", "service"))
    days = int(lead) if _is_whole(lead) and int(lead) <= MOST_LEAD_DAYS else LEAD_DAYS
    share = int(service) / 100 if _is_whole(service) and 50 <= int(service) <= 99 else SERVICE
    return Ask(lead_days=float(days), service=share)


def supply(
    sold: Sequence[BandDay], stock: Sequence[StockDay], *, came: Mapping[date, str], visits: Mapping[date, str]
) -> Chart:
    """Return sales against their band, stock, deliveries and visits on one time axis.  Shapes: sold, stock: (days,)."""
    days = [
        SupplyDay(sales, day.stock, day.low, day.high, day.counted, came.get(day.day), visits.get(day.day))
        for sales, day in zip(sold, stock, strict=True)
    ]
    head = (
        _("Day"), _("Sold"), _("Expected"), _("Normal range"), _("Stock"), _("Interval"), _("Counted"),
        _("Deliveries"), _("Visits"), _("Remark"),
    )  # fmt: skip
    said = _("Above what was sold and the band of normal days, below the stock with its interval, deliveries, visits.")
    frame = Frame(_("Sales, stock, deliveries and visits"), said, head)
    lanes, fmt = (_("came"), _("visit")), lambda value: words.number(value, digits=1)
    return draw.supply_chart(frame, days, lanes=lanes, stock=_("Stock"), fmt=fmt)


def stock_file(lines: Iterable[StockLine], *, kind: str, name: str) -> Response:
    """Return lines as a file of this kind: csv or xlsx."""
    return as_file(_head(), map(_row, lines), name=name, kind=kind)


def _head() -> list[str]:
    return [
        _("Store"), _("Name"), _("GTIN"), _("Product"), _("Counted on"), _("Reckoned from"), _("Stock"), _("At least"),
        _("At most"), _("Sold a day"), _("Days of cover"), _("Share scanned"), _("Next delivery"), _("Not before"),
        _("Not after"), _("Items of it"), _("Order at"), _("Safety stock"), _("Oldest (days)"), _("Near its last day"),
        _("Past its last day"), _("Came in 60 days"), _("More comes than goes"),
    ]  # fmt: skip


def _row(line: StockLine) -> list[Cell]:
    days = [str(day) if day else None for day in (line.next_on, line.next_from, line.next_to)]
    counted = [str(day) if day else None for day in (line.counted_on, line.since)]
    return [
        line.store_id, line.store_name, line.gtin, line.product, *counted,
        _rounded(line.stock), line.low, line.high, round(line.sold_a_day, 2), _rounded(line.lasts_days),
        round(line.share, 3), *days, line.next_items, line.order_at, line.safety, line.old_days, line.near, line.over,
        line.came, _("yes") if line.pressed else None,
    ]  # fmt: skip


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)


def _is_whole(told: str) -> bool:
    return told.isascii() and told.isdecimal() and len(told) < 4
