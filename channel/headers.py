"""Headers that tell browsers what they may do with our answers, and what is refused before anything reads it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from channel.config import Config

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

MAX_BODY = 1024 * 1024
SELF = ("script", "style", "img", "font", "connect", "manifest")
POLICY = "; ".join(
    (
        "default-src 'none'",
        *(f"{kind}-src 'self'" for kind in SELF),
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Permissions-Policy": "geolocation=(self), camera=(), microphone=(), payment=(), usb=()",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
# Pages that scan: the camera, and the reader's WebAssembly; still no script but our own files.
OF_CAMERA = {
    "Content-Security-Policy": POLICY.replace("script-src 'self'", "script-src 'self' 'wasm-unsafe-eval'"),
    "Permissions-Policy": HEADERS["Permissions-Policy"].replace("camera=()", "camera=(self)"),
}
# What a resolver answers to anybody: programs in pages of any site may read it. Nobody's cookie goes along.
OPEN_PATHS = ("/01/", "/.well-known/gs1resolver")
OPEN = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET, HEAD, OPTIONS",
    "Access-Control-Expose-Headers": "Link, Location",
}
HSTS = "max-age=31536000; includeSubDomains"


def settings(config: Config) -> dict[str, object]:
    """Return Flask's own settings of the same kind: hosts, sizes, cookies."""
    secure = config.base_url.startswith("https://")
    return {
        "SECRET_KEY": config.require_secret_key(),
        "TRUSTED_HOSTS": list(config.trusted_hosts),
        "MAX_CONTENT_LENGTH": MAX_BODY,
        "SESSION_COOKIE_NAME": "__Host-session" if secure else "session",
        "SESSION_COOKIE_SECURE": secure,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "PERMANENT_SESSION_LIFETIME": timedelta(hours=12),
        "SESSION_REFRESH_EACH_REQUEST": False,
    }


def init_app(app: Flask, config: Config) -> None:
    """Send the headers with every answer; believe as many proxies as the settings name."""
    headers = dict(HEADERS)
    if config.base_url.startswith("https://"):
        headers["Strict-Transport-Security"] = HSTS
    app.wsgi_app = _sending(app.wsgi_app, list(headers.items()))  # type: ignore[assignment,method-assign]
    if config.proxies:
        proxied = ProxyFix(app.wsgi_app, x_for=config.proxies, x_proto=config.proxies)
        app.wsgi_app = proxied  # type: ignore[method-assign]


def _sending(inner: WSGIApplication, headers: list[tuple[str, str]]) -> WSGIApplication:
    # Around the application and not inside it: a tenth of the time that Flask takes to add as many headers.
    to_all = [*headers, *OPEN.items()]

    def outer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        is_open = environ["PATH_INFO"].startswith(OPEN_PATHS) and environ["REQUEST_METHOD"] != "POST"

        def start(status: str, given: list[tuple[str, str]], exc_info: Any = None) -> Any:
            names = {name for name, _ in given}
            more = [header for header in (to_all if is_open else headers) if header[0] not in names]
            return start_response(status, given + more, exc_info)

        return inner(environ, start)

    return outer
