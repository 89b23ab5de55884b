"""What visits saw in one store, and where reps say that stores stand: history, photos, a file; the office's word."""

from itertools import groupby

from flask import Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup
from sqlalchemy.orm import Session

from channel import access, providers, words
from channel import charts as draw
from channel.charts import Frame
from channel.pages.downloads import as_csv
from channel.pages.maps import map_of
from channel.pages.office.door import EDITORS, READERS, page
from channel.words import gettext as _
from stores.directory import store
from stores.pins import PinDecidedError, PinError, decide_pin, pin_list, pins_waiting
from stores.seen import photo_of_visit, photos_of
from stores.shelf import Rival
from stores.shelves import FactLine, shelf_history
from stores.tables import PIN_STATES

DAYS, MOST_FACTS, MOST_PHOTOS, MOST_PINS = 400, 500, 24, 200


@page.get("/stores/<id:store_id>/shelf")
@access.allow(*READERS)
def store_shelf(store_id: str) -> str:
    """Show what was seen of each product in a store, its photos, and where reps say that it stands."""
    with providers.reading() as db:
        known = store(db, scope=access.scope(db), store_id=store_id)
        lines = _lines(db, store_id)
        photos = photos_of(db, store_id=store_id, limit=MOST_PHOTOS)
        pins = pin_list(db, store_id=store_id, limit=MOST_PINS)
    products = [(name, [*some]) for name, some in groupby(lines, key=lambda line: line.product)]
    told = [(name, some, _spark(name, some)) for name, some in products]
    return render_template("office/shelf.html", store=known, products=told, photos=photos, pins=pins, rivals=rivals)


@page.get("/stores/<id:store_id>/shelf.csv")
@access.allow(*READERS)
def store_shelf_file(store_id: str) -> Response:
    """Give what was seen in a store as a file; it can be imported elsewhere."""
    with providers.reading() as db:
        lines = _lines(db, store_id)
    head = (
        "id", "store_id", "gtin", "product", "seen_on", "shelves", "facings", "displayed", "price_cents", "stock",
        "elsewhere_percent", "elsewhere_why", "rivals", "sold_a_day",
    )  # fmt: skip
    rows = [
        (
            one.fact_id, store_id, one.gtin, one.product, one.seen_on.isoformat(), one.shelf.shelves,
            one.shelf.facings, one.shelf.displayed, one.shelf.price_cents, one.shelf.stock,
            one.shelf.elsewhere_percent, one.shelf.elsewhere_why, _as_cell(one.shelf.rivals), round(one.sold_a_day, 3),
        )
        for one in lines
    ]  # fmt: skip
    return as_csv(head, rows, name=f"shelf-{store_id}.csv")


@page.get("/photos/<id:photo_id>")
@access.allow(*READERS)
def shelf_photo(photo_id: str) -> Response:
    """Show a photo of a visit."""
    with providers.reading() as db:
        body = photo_of_visit(db, photo_id=photo_id)
    return Response(body, content_type="image/jpeg")


@page.get("/pins")
@access.allow(*READERS)
def pins() -> str:
    """List where reps say that stores stand, by how it stands with each."""
    return _pins()


@page.post("/pins/<id:pin_id>")
@access.allow(*EDITORS)
def decide_about_pin(pin_id: str) -> ResponseReturnValue:
    """Accept a proposal, which moves the store, or refuse it."""
    state, reason = request.form.get("state", ""), " ".join(request.form.get("reason", "").split())
    who = access.principal().name
    try:
        with providers.transaction() as db:
            decide_pin(db, pin_id=pin_id, state=state, who=who, reason=reason or None, now=providers.now())
    except (PinError, PinDecidedError) as refused:
        bad, status = ("pin-decided", 409) if isinstance(refused, PinDecidedError) else ("bad-decision", 422)
        return _pins(bad=bad), status
    return redirect(url_for("office.pins"), 303)


def rivals(some: tuple[Rival, ...]) -> str:
    """Return rivals in words, each with its facings and price as far as they are known."""
    return "; ".join(
        " ".join(
            [
                one.name,
                *([_("%(facings)s facings", facings=words.number(one.facings))] if one.facings is not None else []),
                *([words.money(one.price_cents)] if one.price_cents is not None else []),
            ]
        )
        for one in some
    )


def _pins(bad: str | None = None) -> str:
    state = request.args.get("state", "")
    state = state if state in PIN_STATES else PIN_STATES[0]
    with providers.reading() as db:
        found = pin_list(db, state=state, limit=MOST_PINS)
        waiting = pins_waiting(db)
    return render_template(
        "office/pins.html", pins=found, state=state, states=PIN_STATES, waiting=waiting, bad=bad, map_of=map_of
    )


def _lines(db: Session, store_id: str) -> list[FactLine]:
    scope, today = access.scope(db), providers.today()
    return shelf_history(db, store_id=store_id, scope=scope, until=today, days=DAYS, limit=MOST_FACTS)


def _spark(name: str, lines: list[FactLine]) -> Markup | None:
    seen = [line.shelf.facings for line in reversed(lines) if line.shelf.facings is not None]
    if len(seen) < 2:
        return None
    said = _("Facings at each visit: %(counts)s.", counts=", ".join(map(str, seen)))
    return draw.sparkline(Frame(name, said, ()), seen, tone="bad" if seen[-1] < 0.75 * seen[-2] else "accent")


def _as_cell(some: tuple[Rival, ...]) -> str:
    told = ((one.name, *("" if n is None else n for n in (one.facings, one.price_cents))) for one in some)
    return "; ".join(f"{name}={facings}/{price}" for name, facings, price in told)
