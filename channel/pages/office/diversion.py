"""Diversion in the office: which dealers' goods turn up elsewhere, on what evidence, and what was decided."""

import math
from collections.abc import Sequence

from flask import Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from channel import access, providers, words
from channel import charts as draw
from channel.charts import Cell, Chart, Frame
from channel.pages.downloads import as_xlsx
from channel.pages.office.door import EDITORS, READERS, page, zone
from channel.words import gettext as _
from channel.words.locale import N_
from stores.accusations import decide
from stores.directory import UnknownPartyError
from stores.diverters import DealerLine, LeakLine, case_lines, dealer_lines, leak_lines, trail_lines

MOST_TOLD = math.log(1e6)
DEALERS_SHOWN = 50
EXPLAINED = N_(
    "Rows are regions goods were shipped to, columns those they were bought in; "
    "an edge marks what travel does not explain."
)


@page.get("/diversion")
@access.allow(*READERS)
def diversion() -> str:
    """Show the leak matrix of all dealers, above those with the strongest evidence and the cases."""
    with providers.reading() as db:
        dealers, leaks, cases = dealer_lines(db), leak_lines(db), case_lines(db)
    return render_template(
        "office/diversion.html",
        dealers=dealers[:DEALERS_SHOWN],
        count=len(dealers),
        cases=cases,
        chart=matrix(leaks),
        odds=odds,
    )


@page.get("/diversion/<id:party_id>")
@access.allow(*READERS)
def diverter(party_id: str) -> str:
    """Show where one dealer's goods were bought, and the cases against it."""
    with providers.reading() as db:
        dealer = _dealer(dealer_lines(db, party_id=party_id))
        leaks, cases = leak_lines(db, party_id=party_id), case_lines(db, party_id=party_id)
    return render_template(
        "office/diverter.html", dealer=dealer, leaks=leaks, cases=cases, chart=matrix(leaks), odds=odds
    )


@page.get("/diversion/<id:party_id>/evidence.xlsx")
@access.allow(*READERS)
def diversion_evidence(party_id: str) -> Response:
    """Give every purchase outside of where the dealer's goods belong, to be put on the table."""
    with providers.reading() as db:
        dealer = _dealer(dealer_lines(db, party_id=party_id))
        lines = trail_lines(db, party_id=party_id, since=dealer.since, until=dealer.until, zone=zone())
    head = (
        _("Day"), _("Near the store"), _("Bought in"), _("Shipped to"), _("Region"), _("Kilometres apart"),
        _("Delivery"), _("Delivered"), _("Batch"), _("Position"),
    )  # fmt: skip
    rows = [
        (
            words.day(one.day), one.near_store, one.scanned_region, one.shipped_to, one.shipped_region,
            None if one.apart_m is None else round(one.apart_m / 1000, 1),
            one.delivery_id, words.day(one.delivered_at.astimezone(zone()).date()), one.batch_id, one.position,
        )
        for one in lines
    ]  # fmt: skip
    name = f"diversion-{party_id}-{dealer.until}.xlsx"
    return as_xlsx(head, rows, name=name, made_at=providers.now())


@page.post("/diversion/cases/<id:case_id>")
@access.allow(*EDITORS)
def decide_case(case_id: str) -> ResponseReturnValue:
    """Take what became of a case."""
    who, form = access.current_principal(), request.form
    with providers.transaction() as db:
        decide(
            db,
            case_id=case_id,
            decision=form.get("decision", ""),
            reason=form.get("reason", ""),
            by=who.name if who else "",
            now=providers.now(),
            day=providers.today(),
        )
    return redirect(url_for("office.diversion"), 303)


def odds(log_e: float) -> str:
    """Write an e-value as what a bet on diversion at fair odds would have won."""
    if log_e < math.log(2):
        return _("none")
    if log_e >= MOST_TOLD:
        return _("over a million to one")
    return _("%(count)s to one", count=words.number(math.exp(log_e), digits=0 if log_e > math.log(10) else 1))


def matrix(leaks: Sequence[LeakLine]) -> Chart:
    """Return the regions goods were shipped to, by those they were bought in, shaded by their share of the row."""
    shipped = sorted({one.shipped_region for one in leaks})
    scanned = sorted({one.shipped_region for one in leaks} | {one.scanned_region for one in leaks})
    total = dict.fromkeys(shipped, 0)
    for one in leaks:
        total[one.shipped_region] += one.scans
    cells = {
        (shipped.index(one.shipped_region), scanned.index(one.scanned_region)): _cell(one, total[one.shipped_region])
        for one in leaks
    }
    head = (_("Shipped to"), _("Bought in"), _("Share of what was shipped there"))
    desc = _(EXPLAINED)
    return draw.matrix(Frame(_("Where goods turn up"), desc, head), (shipped, scanned), cells)


def _cell(one: LeakLine, total: int) -> Cell:
    low, high = one.bounds(total)
    share, expected = one.scans / total, one.expected / total
    said = _(
        "%(shipped)s to %(scanned)s: %(count)s, %(share)s (%(low)s to %(high)s), travel explains %(expected)s",
        shipped=one.shipped_region,
        scanned=one.scanned_region,
        count=words.number(one.scans),
        share=words.percent(share),
        low=words.percent(low),
        high=words.percent(high),
        expected=words.percent(expected),
    )
    odd = one.shipped_region != one.scanned_region and low > expected
    return Cell(share, said, words.percent(share, digits=0) if odd else "")


def _dealer(found: Sequence[DealerLine]) -> DealerLine:
    if not found:
        raise UnknownPartyError("nothing is known of this dealer's goods")
    return found[0]
