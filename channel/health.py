"""Liveness, readiness and figures, for whoever keeps the house running. Knows the database."""

from flask import Blueprint, Response

from channel import access, metrics, providers
from channel.database import is_at_head

TEXT = "text/plain; charset=utf-8"
BEHIND = "the database is not at the newest revision; run: glassbox init\n"

doors = Blueprint("health", __name__)


@doors.get("/healthz")
@access.public
def healthz() -> Response:
    """Say that this process answers."""
    return Response("ok\n", content_type=TEXT)


@doors.get("/readyz")
@access.public
def readyz() -> Response:
    """Say whether requests can be served: the database is reachable and at the newest revision."""
    ready = is_at_head(providers.engine())
    return Response("ready\n" if ready else BEHIND, 200 if ready else 503, content_type=TEXT)


@doors.get("/metrics")
@access.public
def figures() -> Response:
    """Tell the figures to Prometheus; nothing in them is about anybody."""
    return metrics.answer()
