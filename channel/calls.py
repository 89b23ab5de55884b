"""How a call of the API is declared: its route, its policy, what it takes, what it answers, all in one place.

A view gets checked values and returns plain ones. `CALLS` is what the OpenAPI document is written from, so the document
cannot say anything that the routes do not do.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import wraps
from typing import Annotated, Any, TypeVar

from flask import Blueprint, Response, request
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
)

from channel.access import allow, public

JSON = "application/json"
LD_JSON = "application/ld+json"  # JSON, too: what systems of warehouses send
YEARS = range(2000, 2100)
MAX_ERRORS = 20
DAY_FORM = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
INSTANT_FORM = re.compile(DAY_FORM.pattern + r"[Tt ][0-9]{2}:[0-9]{2}.{0,30}")


class BodyError(ValueError):
    """The body is JSON, but not what this call takes."""

    def __init__(self, errors: list[dict[str, str]]) -> None:
        super().__init__("the body is not what this call takes")
        self.errors = errors


class QueryError(ValueError):
    """The query is not what this call takes."""

    def __init__(self, errors: list[dict[str, str]]) -> None:
        super().__init__("the query is not what this call takes")
        self.errors = errors


class MalformedError(ValueError):
    """The body is not JSON."""


class MediaTypeError(ValueError):
    """The body is not said to be JSON."""


class Strict(BaseModel):
    """What comes in: nothing is guessed, nothing unknown is let through, numbers are finite."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)


class Query(BaseModel):
    """What comes in a query: the same, but all of it is text."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _within_years(value: Any) -> Any:
    if value.year not in YEARS:
        raise ValueError(f"the year has to lie between {YEARS[0]} and {YEARS[-1]}")
    return value


def _in_utc(value: datetime) -> datetime:
    at: datetime = _within_years(value).astimezone(UTC)
    return at


def _iso_day(value: object) -> object:
    # Pydantic would also take seconds since 1970, here and for instants.
    if not isinstance(value, str) or not DAY_FORM.fullmatch(value):
        raise ValueError("a day is written like 2026-01-31")
    return date.fromisoformat(value)


def _iso_instant(value: object) -> object:
    if not isinstance(value, str) or not INSTANT_FORM.fullmatch(value):
        raise ValueError("an instant is written like 2026-01-31T08:00:00+08:00")
    return datetime.fromisoformat(value.upper())


def _whole(value: object) -> object:
    return int(value) if isinstance(value, float) and value.is_integer() else value


OutsideId = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,64}$")]
OF_DAY = Field(json_schema_extra={"pattern": "^20[0-9]{2}-[0-9]{2}-[0-9]{2}$"})
OF_INSTANT = Field(json_schema_extra={"pattern": "^20[0-9]{2}-"})
Day = Annotated[date, BeforeValidator(_iso_day), AfterValidator(_within_years), OF_DAY]
Instant = Annotated[AwareDatetime, BeforeValidator(_iso_instant), AfterValidator(_in_utc), OF_INSTANT]
WHOLE = BeforeValidator(_whole)  # JSON knows one kind of number: 318.0 is a whole one; stands after the bounds
Limit = Annotated[int, Field(ge=1, le=500)]
Q = TypeVar("Q", bound=Query)


@dataclass(frozen=True, kw_only=True)
class Call:
    """One call as it was declared."""

    method: str
    path: str
    name: str
    summary: str
    roles: frozenset[str] | None
    query: type[Query] | None
    body: TypeAdapter[Any] | None
    answers: Mapping[int, TypeAdapter[Any]]
    problems: tuple[str, ...]
    max_body: int | None


View = Callable[..., Any]
CALLS: list[Call] = []


def call(
    blueprint: Blueprint,
    method: str,
    path: str,
    *,
    roles: tuple[str, ...] | None = None,
    answers: Mapping[int, Any],
    body: Any = None,
    query: type[Query] | None = None,
    problems: tuple[str, ...] = (),
    max_body: int | None = None,
) -> Callable[[View], Callable[..., Response]]:
    """Declare a call; the view gets `body` and `query` as keyword arguments when they are declared."""
    takes = TypeAdapter(body) if body is not None else None
    gives = {status: TypeAdapter(kind) for status, kind in answers.items()}

    def decorate(view: View) -> Callable[..., Response]:
        declared = Call(
            method=method,
            path=path,
            name=view.__name__,
            summary=(view.__doc__ or "").strip().splitlines()[0],
            roles=frozenset(roles) if roles else None,
            query=query,
            body=takes,
            answers=gives,
            problems=problems,
            max_body=max_body,
        )
        CALLS.append(declared)
        answering = _answering(declared, view)
        policed = allow(*roles)(answering) if roles else public(answering)
        blueprint.add_url_rule(path, view.__name__, policed, methods=[method])
        return policed

    return decorate


def _answering(declared: Call, view: View) -> Callable[..., Response]:
    @wraps(view)
    def answer(**arguments: Any) -> Response:
        if declared.query is not None:
            arguments["query"] = read_query(declared.query)
        if declared.body is not None:
            arguments["body"] = read_body(declared.body, declared.max_body)
        return tell(declared, view(**arguments))

    return answer


def read_body(takes: TypeAdapter[Any], max_body: int | None = None) -> Any:
    """Return the body, checked.

    Raises: MediaTypeError, MalformedError, BodyError.
    """
    if request.mimetype not in (JSON, LD_JSON):
        raise MediaTypeError(f"send the body as {JSON}")
    if max_body is not None:
        request.max_content_length = max_body
    return checked(takes, request.get_data(cache=False))


def checked(takes: TypeAdapter[Any], data: bytes) -> Any:
    """Return what JSON says, if it is what `takes` asks for.

    Raises: MalformedError, BodyError.
    """
    try:
        return takes.validate_json(data)
    except ValidationError as error:
        if error.errors(include_url=False, include_input=False)[0]["type"] == "json_invalid":
            raise MalformedError("the body is not JSON") from None
        raise BodyError(told(error)) from None


def read_query(takes: type[Q]) -> Q:
    """Return the query, checked; a name given twice is one too many.

    Raises: QueryError.
    """
    twice = [name for name, values in request.args.lists() if len(values) > 1]
    if twice:
        raise QueryError([{"pointer": f"/{name}", "reason": "given more than once"} for name in twice[:MAX_ERRORS]])
    try:
        return takes.model_validate(request.args.to_dict())
    except ValidationError as error:
        raise QueryError(told(error)) from None


def tell(declared: Call, value: Any) -> Response:
    """Write what a view returned as JSON."""
    if isinstance(value, Response):
        return value
    status, gives = next(iter(declared.answers.items()))
    return Response(gives.dump_json(value), status, content_type=JSON)


def told(error: ValidationError) -> list[dict[str, str]]:
    """Return where it goes wrong and why, without a word of what came in."""
    errors = error.errors(include_url=False, include_input=False, include_context=False)
    return [
        {"pointer": "".join(f"/{step}" for step in error["loc"]), "reason": error["msg"].removeprefix("Value error, ")}
        for error in errors[:MAX_ERRORS]
    ]
