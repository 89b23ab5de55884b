"""Access, part 3: who may do what. Every route declares its policy, or the app does not start. Knows sessions."""

import secrets
from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import urlsplit

from flask import Flask, current_app, request, session
from sqlalchemy.orm import Session

from channel import providers
from channel.access.accounts import Principal
from channel.access.sessions import NotSignedInError, Sessions, csrf_token, current_principal
from channel.tables import ROLES
from stores.directory import Scope, scope_of

SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
View = TypeVar("View", bound=Callable[..., Any])


class PolicyError(RuntimeError):
    """A route that nobody has decided about."""


class RoleRefusedError(ValueError):
    """This role may not do this."""


class ForgedError(ValueError):
    """A form that does not come from our own page, or from one that is too old."""


def public(view: View) -> View:
    """Let anybody in."""
    view.policy = None  # type: ignore[attr-defined]
    return view


def allow(*roles: str) -> Callable[[View], View]:
    """Let in whoever wears one of these roles.

    Raises: PolicyError if there is no such role.
    """
    if not roles or set(roles) - set(ROLES):
        raise PolicyError(f"roles are some of {', '.join(ROLES)}")

    def decorate(view: View) -> View:
        view.policy = frozenset(roles)  # type: ignore[attr-defined]
        return view

    return decorate


def init_app(app: Flask) -> None:
    """Hold every request against the policy of its route."""
    app.session_interface = Sessions()
    app.before_request(_hold)
    app.jinja_env.globals.update(csrf_token=csrf_token, current_principal=current_principal)


def require_policies(app: Flask) -> None:
    """Refuse to go on while a route has no policy.

    Raises: PolicyError.
    """
    open_ends = sorted(name for name, view in app.view_functions.items() if not hasattr(view, "policy"))
    if open_ends:
        raise PolicyError(f"no policy is declared for {', '.join(open_ends)}")


def principal() -> Principal:
    """Return who asks in a view that lets in only some roles.

    Raises: NotSignedInError.
    """
    asking = current_principal()
    if asking is None:
        raise NotSignedInError("sign in first")
    return asking


def scope(db: Session) -> Scope:
    """Return what whoever asks may see today: every query of theirs starts from it.

    Raises: NotSignedInError.
    """
    return scope_of(db, party_id=principal().party_key, day=providers.today())


def _hold() -> None:
    if request.endpoint is None:
        return
    policy: frozenset[str] | None = getattr(current_app.view_functions[request.endpoint], "policy")  # noqa: B009
    in_api = request.path.startswith("/api/")
    if request.method not in SAFE_METHODS and not in_api:
        _refuse_foreign_pages()
    if policy is None or request.method == "OPTIONS":
        return
    if principal().role not in policy:
        raise RoleRefusedError(f"the role {principal().role} may not do this")
    if request.method not in SAFE_METHODS and not in_api:
        _require_csrf_token()


def _refuse_foreign_pages() -> None:
    # Every browser of today says where a form comes from; who says nothing is no browser and carries no cookie.
    site = request.headers.get("Sec-Fetch-Site")
    origin = request.headers.get("Origin")
    if site is None and origin is not None:
        site = "same-origin" if urlsplit(origin).netloc == request.host else "cross-site"
    if site not in {None, "same-origin", "none"}:
        raise ForgedError("this form was sent by another site")


def _require_csrf_token() -> None:
    sent = request.headers.get("X-CSRF-Token") or request.form.get("csrf_token", "")
    held = session.get("csrf", "")
    if not held or not secrets.compare_digest(sent.encode("utf-8", "replace"), held.encode()):
        raise ForgedError("this form is too old; go back, reload and send it again")
