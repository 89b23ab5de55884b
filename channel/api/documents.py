"""The API described: `/openapi.json`, a page to read and try it at `/docs`, and what each problem means.

The page is Swagger UI from a package beside ours; nothing is asked of another host.
"""

from importlib.resources import files
from pathlib import Path

from flask import Blueprint, Response, jsonify, send_from_directory
from werkzeug.exceptions import NotFound

from channel import access
from channel.api import openapi
from channel.headers import POLICY

ASSETS = Path(str(files("flask_swagger_ui") / "dist"))
SERVED = ("swagger-ui.css", "swagger-ui-bundle.js", "favicon-32x32.png")
PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Glassbox API</title>
<link rel="icon" href="/docs/assets/favicon-32x32.png">
<link rel="stylesheet" href="/docs/assets/swagger-ui.css">
<main id="api"></main>
<script src="/docs/assets/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</html>
"""
START = "SwaggerUIBundle({url: '/openapi.json', dom_id: '#api', deepLinking: true, validatorUrl: null})\n"
# Swagger UI draws its icons from data: addresses and sets style attributes; our own pages do neither.
RELAXED = POLICY.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'").replace(
    "img-src 'self'", "img-src 'self' data:"
)

documents = Blueprint("documents", __name__)


@documents.get("/openapi.json")
@access.public
def document() -> Response:
    """Tell the whole API."""
    return jsonify(openapi.document())


@documents.get("/docs")
@access.public
def docs() -> Response:
    """Show the API as a page."""
    return Response(PAGE, content_type="text/html; charset=utf-8", headers={"Content-Security-Policy": RELAXED})


@documents.get("/docs/start.js")
@access.public
def start() -> Response:
    """Start the page: a script of its own, since none may stand in it."""
    return Response(START, content_type="text/javascript; charset=utf-8")


@documents.get("/docs/assets/<name>")
@access.public
def asset(name: str) -> Response:
    """Hand out what the page is made of."""
    if name not in SERVED:
        raise NotFound
    return send_from_directory(ASSETS, name, max_age=86400)


@documents.get("/problems/<slug>")
@access.public
def problem(slug: str) -> Response:
    """Say what a type of problem means."""
    meaning = openapi.meanings().get(slug)
    if meaning is None:
        raise NotFound
    return Response(f"{meaning}\n", content_type="text/plain; charset=utf-8")
