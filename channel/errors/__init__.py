"""How errors are told on the web. Knows the table of them.

Under /api, and for whoever prefers JSON, an answer is problem+json (RFC 9457) whose `type` never changes; for all
others it is a page.
"""

from http import HTTPStatus
from typing import NamedTuple

from flask import Flask, Response, g, json, redirect, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException, InternalServerError, SecurityError

from channel.access import NotSignedInError
from channel.calls import BodyError, QueryError
from channel.errors.table import BUGS, HTTP_SLUGS, SENTENCES, STATUS, Told
from channel.limits import TooManyError
from channel.logs import log_bug
from scans.resolver import FOR_PEOPLE, read_preferences

__all__ = ["BUGS", "HTTP_SLUGS", "SENTENCES", "STATUS", "Problem", "init_app", "problem_of", "wants_json"]


OF_JSON = {"application/json", "application/*"}


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
    # Read as resolvers read it: a charset after the kind, or a kind of JSON that we do not name, still asks for JSON.
    for kind in read_preferences(request.environ.get("HTTP_ACCEPT", "")):
        if kind in OF_JSON or kind.endswith("+json"):
            return True
        if kind in FOR_PEOPLE:
            return False
    return False


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
