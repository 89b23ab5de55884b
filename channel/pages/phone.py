"""What pages share that open without a network: a shell that holds nobody's figures, its worker, a code reader."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta

from flask import Response, make_response, render_template, url_for

from channel import words
from channel.access import tell_who
from channel.headers import OF_CAMERA
from channel.pages.frame import STATIC, asset

READER = ("vendor/zxing/index.js", "vendor/zxing/zxing_reader.wasm")
LOOKS = ("glassbox.css", "desk.css", "mark.svg")
OLDEST_S = 7 * 24 * 3600


def reader_files() -> list[str]:
    """Return the addresses of the code reader, script and WebAssembly; none where set-up could not reach npm."""
    return [asset(name) for name in READER] if all((STATIC / name).exists() for name in READER) else []


def shown(page: str, *, status: int = 200, reads: bool = True, **told: object) -> Response:
    """Render a page for whoever has signed in, and let the phone know who that is; one that `reads` codes may film."""
    return tell_who(_rendered(page, status, told, reads=reads))


def shell(page: str, *, reads: bool = True) -> Response:
    """Render a page with nobody's figures, for phones to keep; they ask for it without saying who they are."""
    return _rendered(page, 200, {"shell": True}, reads=reads)


def ago(now: datetime, age_s: int) -> datetime:
    """Return when something was done that a phone says it did so long ago; the house believes seven days of it."""
    return now - timedelta(seconds=min(age_s, OLDEST_S))


def worker(page: str, *, scripts: Sequence[str], inside: Sequence[str], reads: bool = True) -> Response:
    """Give the script that opens a page without a network; those of the page's scripts in `inside` work in it too.

    It names every file by its content, so it changes with any of them: that is how a browser learns of something new.
    """
    files = [asset(name) for name in (*LOOKS, *scripts, *(("reader.js",) if reads else ()))]
    files += reader_files() if reads else []
    address = url_for(f"{page}.show")
    kept = {
        "page": address,
        "shell": url_for(f"{page}.keep", lang=words.language()),
        "name": f"{page} {words.language()}",
        "files": files,
    }
    lines = [f"self.KEPT = {json.dumps(kept)};"]
    lines += [f"importScripts({json.dumps(asset(name))});" for name in ("worker.js", *inside)]
    response = Response("\n".join(lines) + "\n", content_type="text/javascript; charset=utf-8")
    response.headers["Service-Worker-Allowed"] = address
    return response


def _rendered(page: str, status: int, told: dict[str, object], *, reads: bool = True) -> Response:
    more = {"reader": reader_files()} if reads else {}
    response = make_response(render_template(f"{page}/show.html", **{"shell": False, **more, **told}), status)
    if reads:
        response.headers.update(OF_CAMERA)
    return response
