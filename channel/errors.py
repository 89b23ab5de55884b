"""Every anticipated error and how the web tells it: one table. Knows the errors of all stages.

Under /api, and for whoever prefers JSON, an answer is problem+json (RFC 9457) whose `type` never changes; for all
others it is a page. What is not in `STATUS` is a bug: 500 and a log line.
"""

from http import HTTPStatus
from typing import NamedTuple

from flask import Flask, Response, g, json, redirect, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import OperationalError, SQLAlchemyError, TimeoutError
from werkzeug.exceptions import (
    BadRequest,
    HTTPException,
    InternalServerError,
    MethodNotAllowed,
    NotFound,
    RequestEntityTooLarge,
    SecurityError,
    UnsupportedMediaType,
)

from channel.access import (
    BadTokenError,
    ForgedError,
    NotSignedInError,
    PolicyError,
    RoleError,
    RoleRefusedError,
    SignInError,
)
from channel.calls import BodyError, MalformedError, MediaTypeError, QueryError
from channel.config import ConfigError
from channel.database import NestedTransactionError, NotReadyError
from channel.imports.cells import CellError
from channel.imports.files import ImportFileError
from channel.journey.correcting import CannotChooseError
from channel.limits import TooManyError
from channel.logs import log_bug
from channel.night import DayNotOverError
from channel.panels import PanelError
from channel.writer import BusyError
from scans.batches import BatchError, BatchStateError
from scans.catalogue import UnknownBatchError, UnknownCodeError
from scans.codefiles import CodeFileError
from scans.codes import CodeError
from scans.gs1 import GtinError, LinkError
from scans.intake import ClaimLostError, KeyReusedError, ScannedAtError
from scans.keys import KeyRingError
from scans.labels import LabelError
from scans.places import PositionError
from scans.products import UnknownProductError
from scans.rewards import RewardError
from scans.upserts import RefusedError
from stores.directory import UnknownPartyError, UnknownRepError, UnknownStoreError
from stores.ledger import PostingError
from stores.plans import PlanError
from stores.sales import SpanError
from stores.shares import ShareError
from stores.visits import OutcomeError, OutcomeExistsError, TooFarError, UnknownVisitError


class Told(NamedTuple):
    """How an error is told: the status of HTTP, and the slug that its `type` ends in."""

    status: int
    slug: str


STATUS: dict[type[Exception], Told] = {
    UnknownCodeError: Told(404, "unknown-code"),
    UnknownBatchError: Told(404, "not-found"),
    UnknownProductError: Told(404, "not-found"),
    UnknownStoreError: Told(404, "not-found"),
    UnknownPartyError: Told(404, "not-found"),
    UnknownRepError: Told(404, "not-found"),
    UnknownVisitError: Told(404, "not-found"),
    MalformedError: Told(400, "malformed-json"),
    MediaTypeError: Told(415, "unsupported-media-type"),
    BodyError: Told(422, "invalid-body"),
    QueryError: Told(422, "invalid-query"),
    LinkError: Told(422, "bad-uri"),
    GtinError: Told(422, "bad-gtin"),
    KeyReusedError: Told(422, "key-reused"),
    ScannedAtError: Told(422, "bad-scanned-at"),
    PositionError: Told(422, "bad-position"),
    SpanError: Told(422, "bad-span"),
    OutcomeError: Told(422, "bad-outcome"),
    TooFarError: Told(422, "too-far"),
    OutcomeExistsError: Told(409, "outcome-exists"),
    DayNotOverError: Told(409, "day-not-over"),
    RefusedError: Told(422, "refused"),
    BatchError: Told(422, "bad-batch"),
    RewardError: Told(422, "bad-reward"),
    LabelError: Told(422, "bad-labels"),
    ImportFileError: Told(422, "bad-file"),
    PlanError: Told(422, "bad-plan"),
    RoleError: Told(422, "bad-role"),
    BatchStateError: Told(409, "wrong-batch-state"),
    CannotChooseError: Told(409, "cannot-choose"),
    NotSignedInError: Told(401, "not-signed-in"),
    BadTokenError: Told(401, "bad-token"),
    SignInError: Told(401, "sign-in-refused"),
    RoleRefusedError: Told(403, "role-refused"),
    ForgedError: Told(403, "forged-form"),
    TooManyError: Told(429, "too-many-requests"),
    BusyError: Told(503, "busy"),
    ClaimLostError: Told(503, "busy"),
    OperationalError: Told(503, "database-unavailable"),
    TimeoutError: Told(503, "database-unavailable"),
}
BUGS: tuple[type[Exception], ...] = (
    CellError,
    CodeError,
    CodeFileError,
    ConfigError,
    KeyRingError,
    NestedTransactionError,
    NotReadyError,
    PanelError,
    PolicyError,
    PostingError,
    ShareError,
)
SENTENCES = {
    "not-found": "There is nothing at this address, or not for whoever asks.",
    "foreign-host": "The Host header names another site.",
    "bad-request": "The request is not one of HTTP.",
    "method-not-allowed": "This address does not know the method.",
    "content-too-large": "The body is larger than this address takes.",
    "unsupported-media-type": "The body is not said to be JSON.",
    "bug": "Something went wrong here; the log has a line with this request's id.",
    "database-unavailable": "The database does not answer just now; the same request may be sent again.",
    "busy": "Too much at once; the same request may be sent again under the same key.",
}
HTTP_SLUGS: dict[type[HTTPException], Told] = {
    SecurityError: Told(400, "foreign-host"),
    BadRequest: Told(400, "bad-request"),
    NotFound: Told(404, "not-found"),
    MethodNotAllowed: Told(405, "method-not-allowed"),
    RequestEntityTooLarge: Told(413, "content-too-large"),
    UnsupportedMediaType: Told(415, "unsupported-media-type"),
    InternalServerError: Told(500, "bug"),
}


class Problem(NamedTuple):
    """What RFC 9457 asks for."""

    status: int
    slug: str
    detail: str

    def body(self, **more: object) -> dict[str, object]:
        """Return the members of problem+json."""
        title = self.slug.replace("-", " ").capitalize()
        told = {"type": f"/problems/{self.slug}", "title": title, "status": self.status, "detail": self.detail}
        return told | more


def problem_of(error: Exception) -> Problem | None:
    """Return how an anticipated error is told; `None` for a bug."""
    for kind in type(error).__mro__:
        if kind in STATUS:
            told = STATUS[kind]
            return Problem(*told, SENTENCES[told.slug] if issubclass(kind, SQLAlchemyError) else str(error))
    return None


def init_app(app: Flask) -> None:
    """Answer every error by the table."""
    for kind in STATUS:
        app.register_error_handler(kind, _anticipated)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _bug)
    app.logger.disabled = True  # It would write down messages, and those may quote anything.


def wants_json() -> bool:
    """Tell whether the answer should be JSON."""
    if request.path.startswith("/api/"):
        return True
    accepted = request.accept_mimetypes
    offers = ("text/html", "application/json", "application/problem+json")
    return bool(accepted) and accepted.best_match(offers) not in {None, "text/html"}


def _anticipated(error: Exception) -> ResponseReturnValue:
    problem = problem_of(error)
    assert problem is not None
    if isinstance(error, NotSignedInError) and not wants_json() and request.method in {"GET", "HEAD"}:
        return redirect("/")
    return _answer(problem, error)


def _http(error: HTTPException) -> ResponseReturnValue:
    if error.code is None or error.code < 400 or error.response is not None:
        return error
    told = HTTP_SLUGS.get(type(error)) or Told(error.code, HTTPStatus(error.code).phrase.lower().replace(" ", "-"))
    problem = Problem(*told, SENTENCES.get(told.slug) or error.description or told.slug)
    if isinstance(error, InternalServerError | SecurityError):
        return _plain(problem, error)
    answer = _answer(problem, error)
    answer.headers.extend((name, value) for name, value in error.get_headers() if name != "Content-Type")
    return answer


def _bug(error: Exception) -> ResponseReturnValue:
    log_bug(error)
    return _answer(Problem(500, "bug", f"something went wrong here; its number is {g.get('request_id')}"), error)


def _plain(problem: Problem, error: HTTPException) -> ResponseReturnValue:
    # No template: an error page that failed, or a host for which no address can be made.
    if isinstance(error, InternalServerError):
        log_bug(error.original_exception or error)
    if wants_json():
        return _answer(problem, error)
    return Response(f"{problem.status} {problem.slug}\n", problem.status, content_type="text/plain; charset=utf-8")


def _answer(problem: Problem, error: Exception) -> Response:
    more = {"errors": error.errors} if isinstance(error, BodyError | QueryError) else {}
    if wants_json():
        answer = Response(json.dumps(problem.body(**more)), problem.status, content_type="application/problem+json")
    else:
        answer = Response(render_template("error.html", problem=problem), problem.status)
    answer.headers.extend(_more_headers(problem, error))
    return answer


def _more_headers(problem: Problem, error: Exception) -> dict[str, str]:
    if isinstance(error, TooManyError):
        return {"Retry-After": str(error.wait_s)}
    if problem.status == HTTPStatus.SERVICE_UNAVAILABLE:
        return {"Retry-After": "2"}
    return {"WWW-Authenticate": "Bearer"} if problem.status == HTTPStatus.UNAUTHORIZED and wants_json() else {}
