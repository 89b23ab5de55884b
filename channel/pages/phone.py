"""What pages share that open without a network: a shell that holds nobody's figures, its worker, a code reader."""

import json
from collections.abc import Sequence

from flask import Response, make_response, render_template, url_for

from channel import words
from channel.access import tell_who
from channel.headers import OF_CAMERA
from channel.pages.frame import STATIC, asset

READER = ("vendor/zxing/index.js", "vendor/zxing/zxing_reader.wasm")
LOOKS = ("glassbox.css", "desk.css", "mark.svg", "reader.js")


def reader_files() -> list[str]:
    """Return the addresses of the code reader, script and WebAssembly; none where set-up could not reach npm."""
    return [asset(name) for name in READER] if all((STATIC / name).exists() for name in READER) else []


def shown(page: str, *, status: int = 200, **told: object) -> Response:
    """Render a page for whoever has signed in, and let the phone know who that is."""
    return tell_who(_rendered(page, status, told))


def shell(page: str) -> Response:
    """Render a page with nobody's figures, for phones to keep; they ask for it without saying who they are."""
    return _rendered(page, 200, {"shell": True})


def worker(page: str, *, scripts: Sequence[str]) -> Response:
    """Give the script that opens a page without a network; the first of the page's scripts works in it too.

    It names every file by its content, so it changes with any of them: that is how a browser learns of something new.
    """
    files = [asset(name) for name in (*LOOKS, *scripts)] + reader_files()
    address = url_for(f"{page}.show")
    kept = {
        "page": address,
        "shell": url_for(f"{page}.keep", lang=words.language()),
        "name": f"{page} {words.language()}",
        "files": files,
    }
    lines = [f"self.KEPT = {json.dumps(kept)};"]
    lines += [f"importScripts({json.dumps(asset(name))});" for name in ("worker.js", scripts[0])]
    response = Response("\n".join(lines) + "\n", content_type="text/javascript; charset=utf-8")
    response.headers["Service-Worker-Allowed"] = address
    return response


def _rendered(page: str, status: int, told: dict[str, object]) -> Response:
    text = render_template(f"{page}/show.html", **{"shell": False, "reader": reader_files(), **told})
    response = make_response(text, status)
    response.headers.update(OF_CAMERA)
    return response
