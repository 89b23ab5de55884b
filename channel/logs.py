"""What is written to stderr: one JSON object a line. Knows nothing of anybody.

Never a serial, a position, a token, an address or the message of an exception, which may quote any of them: a request
is told by its route, an error by its class and the lines of code it came through.
"""

import json
import re
import secrets
import sys
import traceback
from time import perf_counter
from typing import Any

import structlog
from flask import Flask, Response, g, request

REQUEST_ID = re.compile(r"[A-Za-z0-9_.-]{1,64}")
SERIAL = re.compile(r"(?<=/21/)[^/]+|[0-9A-Za-z]{14,}", re.IGNORECASE)


class _Stderr:
    """Looks stderr up at each line, so that whoever replaces it gets the rest."""

    def msg(self, line: str) -> None:
        sys.stderr.write(line + "\n")

    debug = info = warning = error = critical = msg


_encoder = json.JSONEncoder(ensure_ascii=False)


def _line(event: object, **_: object) -> str:
    # What json.dumps does with these options, but for making an encoder for every line.
    return _encoder.encode(event)


structlog.configure(
    processors=[
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        structlog.processors.JSONRenderer(_line),
    ],
    logger_factory=lambda *_: _Stderr(),
    cache_logger_on_first_use=True,
)
log: Any = structlog.get_logger()


def init_app(app: Flask) -> None:
    """Give every request an id and write a line when it is answered."""
    app.before_request(_begin)
    app.after_request(_end)


def log_bug(error: BaseException) -> None:
    """Write down an error of a request that nobody anticipated."""
    log_failure("bug", error, request_id=g.get("request_id"))


def log_failure(event: str, error: BaseException, **more: Any) -> None:
    """Write down an error: what class, and through which lines it came."""
    frames = traceback.extract_tb(error.__traceback__)
    lines = [f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno} {frame.name}" for frame in frames[-12:]]
    log.error(event, error=type(error).__name__, lines=lines, **more)


def masked(path: str) -> str:
    """Return a path without what could be a serial or a token."""
    return SERIAL.sub("*", path[:200])


def _begin() -> None:
    shown = request.headers.get("X-Request-Id", "")
    g.request_id = shown if REQUEST_ID.fullmatch(shown) else secrets.token_hex(8)
    g.begun = perf_counter()


def _end(response: Response) -> Response:
    response.headers["X-Request-Id"] = g.request_id
    log.info(
        "request",
        method=request.method if request.method.isalpha() else "?",
        path=request.url_rule.rule if request.url_rule else masked(request.path),
        status=response.status_code,
        ms=round((perf_counter() - g.begun) * 1000, 1),
        request_id=g.request_id,
    )
    return response
