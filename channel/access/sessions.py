"""Access, part 2: who asks. A person by a signed cookie, a program by a bearer token. Knows accounts and providers."""

import secrets
from threading import BoundedSemaphore

from flask import Flask, Request, Response, after_this_request, g, request, session
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionMixin

from channel import limits, providers
from channel.access.accounts import (
    BadTokenError,
    Principal,
    SignInError,
    check_password,
    memberships,
    token_principal,
)

# Tells a page that was opened without a network who signed in last: scripts may read it, and it opens no door.
WHO = "who"
WHO_S = 30 * 24 * 3600
# A password takes 64 MB to check: a crowd at the door must not take the memory and the connections of the house.
_hashing = BoundedSemaphore(4)


class Sessions(SecureCookieSessionInterface):
    """Flask's signed cookie, looked at only where one came: a scan has none."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """Read the cookie, if there is one."""
        return super().open_session(app, request) if "HTTP_COOKIE" in request.environ else self.session_class()

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Write the cookie, if anybody asked for it."""
        if session.accessed or session.modified:
            super().save_session(app, session, response)


class NotSignedInError(ValueError):
    """Nobody has signed in, or not lately."""


def sign_in(*, name: str, password: str) -> list[Principal]:
    """Begin a session for whoever proves to be this person, wearing the first of the roles returned.

    Raises: SignInError, TooManyError.
    """
    tries = ((limits.SIGN_INS, f"{limits.address()} {name}"), (limits.SIGN_INS_OF_ADDRESS, limits.address()))
    for limit, who in tries:
        limits.check(limit, who=who)
    try:
        with _hashing, providers.reading() as db:
            user = check_password(db, name=name, password=password)
            roles = memberships(db, user_id=user.id)
        if not roles:
            raise SignInError("this person has no role")
    except SignInError:
        for limit, who in tries:
            limits.refuse(limit, who=who)
        raise
    _begin(user.id, user.epoch, roles[0])
    return roles


def sign_out() -> None:
    """End the session in this browser."""
    session.clear()
    g.pop("principal", None)
    after_this_request(_forget_who)


def switch_role(*, membership_id: int) -> Principal:
    """Wear another role of the same person from now on.

    Raises: NotSignedInError if it is not theirs.
    """
    for principal in my_roles():
        if principal.membership_id == membership_id:
            session["membership"] = membership_id
            g.principal = principal
            after_this_request(_forget_who)
            return principal
    raise NotSignedInError("this role is not yours")


def my_roles() -> list[Principal]:
    """Return all roles of the person who is signed in; none if nobody is."""
    if "user" not in session:
        return []
    with providers.reading() as db:
        return memberships(db, user_id=session["user"], epoch=session["epoch"])


def current_principal() -> Principal | None:
    """Return who asks, or `None`. Under /api only a token counts, elsewhere only a session, so that a page in another
    tab can never make a browser call the API.

    Raises: BadTokenError if a token is shown that is none.
    """
    if "principal" not in g:
        g.principal = _bearer() if request.path.startswith("/api/") else _wearer()
    principal: Principal | None = g.principal
    return principal


def csrf_token() -> str:
    """Return what every form of a signed-in person has to carry in its field `csrf_token`."""
    token: str = session.setdefault("csrf", secrets.token_urlsafe(24))
    return token


def tell_who(response: Response) -> Response:
    """Let this browser know who asks, for when it has no network; signing in or out makes it forget."""
    who = current_principal()
    if who is not None:
        response.set_cookie(WHO, who.tag, max_age=WHO_S, samesite="Lax", secure=request.is_secure)
    return response


def _forget_who(response: Response) -> Response:
    if WHO in request.cookies:
        response.delete_cookie(WHO, samesite="Lax", secure=request.is_secure)
    return response


def _begin(user_id: int, epoch: int, role: Principal) -> None:
    session.clear()
    after_this_request(_forget_who)
    session.permanent = True
    session.update(user=user_id, epoch=epoch, membership=role.membership_id)
    csrf_token()
    g.principal = role


def _wearer() -> Principal | None:
    worn = session.get("membership")
    return next((role for role in my_roles() if role.membership_id == worn), None)


def _bearer() -> Principal | None:
    shown = request.headers.get("Authorization")
    if shown is None:
        return None
    scheme, _, text = shown.partition(" ")
    if scheme.lower() != "bearer":
        raise BadTokenError("the Authorization header is not 'Bearer TOKEN'")
    with providers.reading() as db:
        return token_principal(db, text=text.strip(), now=providers.now())
