"""What every page stands in: its words and formats, its assets, its link to the other language."""

import hashlib
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, request, url_for
from flask.blueprints import BlueprintSetupState
from jinja2 import StrictUndefined

from channel import words
from channel.words.locale import N_

STATIC = Path(__file__).parents[1] / "static"

# What a role may open besides its home, in the order of the tabs.
PAGES_OF = {
    "keeper": (("/franchise", N_("Earnings")), ("/keeper", N_("Arrivals"))),
    "rep": (("/rep", N_("Visits")), ("/inspector", N_("Inspection"))),
    "owner": (("/office", N_("Office")), ("/inspector", N_("Inspection"))),
    "auditor": (("/office", N_("Office")), ("/inspector", N_("Inspection"))),
    "franchisee": (("/franchise", N_("Earnings")), ("/keeper", N_("Arrivals"))),
}
BUILT_IN = ("init_app", "gettext", "ngettext")  # Babel gives these to templates itself

page = Blueprint("frame", __name__)


@page.record
def _be_strict(state: BlueprintSetupState) -> None:
    # A name that a page mistypes is a bug, not an empty place.
    state.app.jinja_env.undefined = StrictUndefined


@page.app_context_processor
def _words() -> dict[str, Any]:
    return {name: getattr(words, name) for name in words.__all__ if name not in BUILT_IN} | {
        "asset": asset,
        "in_language": in_language,
        "my_pages": my_pages,
    }


@page.after_app_request
def _let_assets_be_kept(response: Response) -> Response:
    if request.endpoint == "static" and "v" in request.args and response.status_code == HTTPStatus.OK:
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return response


def asset(name: str) -> str:
    """Return the address of one of our own files; it changes with the file, so that a browser may keep it for ever."""
    return url_for("static", filename=name, v=_version(name))


def in_language(code: str) -> str:
    """Return the address of this very page in another language."""
    if request.endpoint is None or request.method != "GET":
        return f"/?lang={code}"
    query: dict[str, Any] = request.args.to_dict(flat=False) | {"lang": code}
    return url_for(request.endpoint, **(request.view_args or {}) | query)


def my_pages(role: str) -> list[tuple[str, str]]:
    """Return the pages of a role: the address and what it is called; none where there is nothing to choose."""
    return [(address, words.gettext(name)) for address, name in PAGES_OF.get(role, ())]


@cache
def _version(name: str) -> str:
    return hashlib.blake2b((STATIC / name).read_bytes(), digest_size=6).hexdigest()
