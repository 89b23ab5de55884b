"""The flags of the last weeks: where they are, what they rest on, where each of them stands."""

from collections.abc import Mapping

from flask import Response, render_template, request

from channel import access, providers, words
from channel import charts as draw
from channel.charts import Cell, Chart, Frame, province
from channel.pages.downloads import as_file
from channel.pages.forms import page_number
from channel.pages.office.door import READERS, look_back, page
from channel.words import gettext as _
from stores import overview

FLAGS_A_PAGE, MOST_IN_A_FILE = 30, 50_000
DIRECTIONS = ("too_bad", "too_good")
Regions = Mapping[str, tuple[int, int]]


@page.get("/flags")
@access.allow(*READERS)
def flags() -> str:
    """List the flags of the last weeks, the greatest stake first, below where they are."""
    first, _last = look_back()
    at_page = page_number(request.args)
    direction = request.args.get("direction")
    direction = direction if direction in DIRECTIONS else None
    with providers.reading() as db:
        found = overview.flag_list(
            db, since=first, limit=FLAGS_A_PAGE + 1, offset=FLAGS_A_PAGE * (at_page - 1), direction=direction
        )
        regions = overview.flags_per_region(db, since=first)
    return render_template(
        "office/flags.html",
        flags=found[:FLAGS_A_PAGE],
        more=len(found) > FLAGS_A_PAGE,
        at_page=at_page,
        direction=direction,
        since=first,
        chart=tiles(regions),
        elsewhere=elsewhere(regions),
    )


@page.get("/flags.<any(csv, xlsx):kind>")
@access.allow(*READERS)
def flags_file(kind: str) -> Response:
    """Give the flags of the last weeks as a file."""
    first, last = look_back()
    with providers.reading() as db:
        found = overview.flag_list(db, since=first, limit=MOST_IN_A_FILE)
    head = (
        _("Store"), _("Store's name"), _("Region"), _("Direction"), _("Reason"), _("What is odd"), _("From"), _("To"),
        _("At stake a month"), _("State"), _("Flag closed on"), _("Why closed"),
    )  # fmt: skip
    rows = [
        (
            one.store_id, one.store, one.region, words.said(words.DIRECTIONS, one.direction),
            words.said(words.FLAG_REASONS, one.why.get("code")), words.flag_reason(one.why),
            words.day(one.first_day), words.day(one.last_day), one.stake_cents / 100,
            words.said(words.FLAG_STATES, one.state), words.day(one.closed_on) if one.closed_on else "",
            words.said(words.CLOSINGS, one.closed_why) if one.closed_why else "",
        )
        for one in found
    ]  # fmt: skip
    return as_file(head, rows, name=f"flags-{first}-{last}", kind=kind)


def tiles(regions: Regions) -> Chart:
    """Return how many flags each province had, and how many of them are not over."""
    sums: dict[str, tuple[int, int]] = {}
    for region, (count, still) in regions.items():
        if code := province(region):
            old = sums.get(code, (0, 0))
            sums[code] = old[0] + count, old[1] + still
    latin = words.language() == "en"
    cells = {
        code: Cell(count, _said(draw.TILES[code].english if latin else draw.TILES[code].name, count, still), str(count))
        for code, (count, still) in sums.items()
    }
    frame = Frame(
        _("Flags by province"), _("Tiles stand for provinces; no border is drawn."), (_("Province"), _("Flags"))
    )
    return draw.tiles(frame, cells, latin=latin)


def elsewhere(regions: Regions) -> list[str]:
    """Return the regions that are no province, the most flags first."""
    others = [(region, *counts) for region, counts in regions.items() if province(region) is None]
    return [_said(*one) for one in sorted(others, key=lambda one: (-one[1], one[0]))]


def _said(name: str, count: int, still: int) -> str:
    return _(
        "%(name)s: %(count)s flags, %(open)s not over", name=name, count=words.number(count), open=words.number(still)
    )
