"""The resolver: what a product's address leads to, for browsers and programs. Item addresses without a wish are the
consumer's page.

Source: GS1-Conformant Resolver Standard, release 1.1; docs/resolver.md lists the rules and their tests.
"""

from typing import Any
from urllib.parse import quote

from flask import Blueprint, Response, current_app, json, render_template, request, url_for
from flask.blueprints import BlueprintSetupState
from flask.typing import ResponseReturnValue

from channel import access, providers
from channel.linkbook import LinkBook
from scans.gs1 import DigitalLink, read_date
from scans.linktypes import LINKSET, NAMESPACE, PREFIX
from scans.resolver import (
    FOR_PEOPLE,
    Level,
    Linked,
    Wish,
    choices,
    choose,
    forward,
    linkset,
    offered,
    read_address,
    read_preferences,
)
from scans.targets import TargetRow
from stores.directory import brand

LINKSET_JSON, JSON = "application/linkset+json", "application/json"
CONTEXT_REL = "http://www.w3.org/ns/json-ld#context"
CONTEXT_FILE = "https://ref.gs1.org/standards/resolver/linkset-context"
DATES = ("15", "16", "17")  # what the page tells of what stands in the address: best before, sell by, use by

page = Blueprint("resolver", __name__)


@page.record_once
def _open_book(state: BlueprintSetupState) -> None:
    state.app.extensions["glassbox_links"] = LinkBook()


@page.get("/01/<path:_rest>")
@access.public
def resolve(_rest: str) -> ResponseReturnValue:
    """Lead to what the address of a product, of a lot or of an item is linked to."""
    return answer()


@page.get("/.well-known/gs1resolver")
@access.public
def describe() -> Response:
    """Tell programs what this resolver can do."""
    with providers.reading() as db:
        owner = brand(db)
    told = {
        "name": owner or "Glassbox",
        "resolverRoot": providers.config().base_url,
        "supportedPrimaryKeys": ["01"],
        "supportedLinkType": [{"namespace": NAMESPACE, "prefix": PREFIX}],
        "linkTypeDefaultCanBeLinkset": False,
        "contextFile": CONTEXT_FILE,
    }
    return _json(told, kind=JSON)


def asks_for_links() -> bool:
    """Tell whether a request for an item's address wants what it is linked to, and not the consumer's page."""
    return "linkType" in request.args or preferred(LINKSET_JSON) is not None


def links_about(gtin: str, *, lot: str, serial: str) -> list[TargetRow]:
    """Return what an item's page offers: of each type of link the one for this reader, the item's own before others.

    Raises: UnknownProductError.
    """
    book: LinkBook = current_app.extensions["glassbox_links"]
    levels = book.product(gtin).way_up(lot=lot, serial=serial)
    return offered(levels, _wish())


def preferred(*kinds: str) -> str | None:
    """Return which of these kinds a request would rather have than a page; `None` if it would rather have the page."""
    for kind in read_preferences(request.environ.get("HTTP_ACCEPT", "")):
        if kind in kinds:
            return kind
        if kind in FOR_PEOPLE:
            return None
    return None


def answer() -> ResponseReturnValue:
    """Answer a GET by the rules of resolvers.

    Raises: NoDigitalLinkError, UnknownProductError, LinkTypeError.
    """
    environ = request.environ
    query = environ.get("QUERY_STRING", "")
    path = environ.get("RAW_URI", "").partition("?")[0] or quote(request.path, safe="/!$&'()*+,;=:@~")
    link, lot, serial = read_address(f"{path}?{query}" if query else path)
    asked = dict(reversed(link.others))
    told = asked.get("linkType", "")
    if serial and not told and preferred(LINKSET_JSON) is None:
        there = url_for("consumer.look", gtin=link.key.value, serial=serial)
        return _redirect(f"{there}?{query}" if query else there, link)
    book: LinkBook = current_app.extensions["glassbox_links"]
    product = book.product(link.key.value)
    levels = product.way_up(lot=lot, serial=serial)
    kind = None if told and told not in LINKSET else preferred(LINKSET_JSON, JSON)
    if told in LINKSET or kind:
        shown = linkset(product, levels, base_url=providers.config().base_url)
        return _json(shown, kind=kind or LINKSET_JSON, link=link)
    found = choose(levels, _wish(told, asked.get("context", "")))
    if len(found) == 1:
        return _redirect(forward(found[0], query), link)
    return _show(product, link, levels, found)


def _wish(kind: str = "", context: str = "") -> Wish:
    environ = request.environ
    languages = read_preferences(environ.get("HTTP_ACCEPT_LANGUAGE", ""))
    accepted = read_preferences(environ.get("HTTP_ACCEPT", ""))
    return Wish(kind, languages, accepted, tuple(context.lower().split(",")) if context else ())


class Led(Response):
    """A redirect. Its target was checked when it was written: there is nothing to mend in it at each answer."""

    def get_wsgi_headers(self, environ: Any) -> Any:
        return self.headers


def _redirect(there: str, link: DigitalLink) -> Response:
    headers = [("Location", there), ("Content-Length", "0"), *_headers(link)]
    return Led(None, 307, headers, content_type="text/plain")


def _headers(link: DigitalLink, *, more: str = "") -> list[tuple[str, str]]:
    at = f"{providers.config().base_url.rstrip('/')}{link.path}?linkType=linkset"
    return [("Link", f'<{at}>; rel="linkset"; type="{LINKSET_JSON}"{more}'), ("Vary", "Accept, Accept-Language")]


def _json(told: dict[str, Any], *, kind: str, link: DigitalLink | None = None, status: int = 200) -> Response:
    context = f', <{CONTEXT_FILE}>; rel="{CONTEXT_REL}"; type="application/ld+json"'
    headers = _headers(link, more=context) if link else None
    return Response(json.dumps(told, ensure_ascii=False), status, headers, content_type=kind)


def _show(product: Linked, link: DigitalLink, levels: list[Level], found: tuple[TargetRow, ...]) -> ResponseReturnValue:
    """Show a product that leads nowhere by itself, or between which of its links the request did not choose."""
    status = 300 if found else 200
    if found and (kind := preferred(LINKSET_JSON, JSON)):
        told = choices(product, found, base_url=providers.config().base_url)
        return _json(told, kind=kind, link=link, status=status)
    with providers.reading() as db:
        owner = brand(db)
    today = providers.today()
    html = render_template(
        "consumer/product.html",
        product=product,
        brand=owner,
        lot=link.get("10"),
        dates={ai: read_date(one, today=today) for ai in DATES if (one := link.get(ai))},
        today=today,
        found=found,
        links=found or [row for level in levels for offers in level.by_type.values() for row, *_ in offers],
    )
    return Response(html, status, _headers(link))
