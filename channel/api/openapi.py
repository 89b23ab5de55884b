"""The OpenAPI 3.1 document, written from the calls as they are declared. Knows calls and the table of errors."""

import re
from functools import cache
from http import HTTPStatus
from typing import Any, Literal

from pydantic import TypeAdapter

from channel.api.shapes import ProblemOut
from channel.calls import CALLS, JSON, Call
from channel.errors import HTTP_SLUGS, SENTENCES, STATUS

PREFIX = "/api/v1"
PROBLEM = "application/problem+json"
REF = "#/components/schemas/{model}"
PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")
OUTSIDE_ID = {"type": "string", "pattern": "^[A-Za-z0-9_.-]{1,64}$"}
ABOUT = (
    "What stores sell, who earns what, which stores are not normal. Errors are problem+json; their `type` never "
    "changes. Ids are the outside's; money is integer minor units; instants carry a zone; lists are paged by `after`."
)
ALWAYS = ("foreign-host", "bug", "database-unavailable")
OF_BODY = ("malformed-json", "unsupported-media-type", "invalid-body", "content-too-large")
OF_ROLE = ("not-signed-in", "bad-token", "role-refused")
STATUSES = {told.slug: told.status for told in (*STATUS.values(), *HTTP_SLUGS.values())}

Schema = dict[str, Any]
Mode = Literal["validation", "serialization"]


@cache
def document() -> Schema:
    """Return the document."""
    schemas, shared = _schemas()
    paths: dict[str, Schema] = {}
    for call in CALLS:
        paths.setdefault(PREFIX + PARAMETER.sub(r"{\1}", call.path), {})[call.method.lower()] = _operation(
            call, schemas
        )
    return {
        "openapi": "3.1.0",
        "info": {"title": "Glassbox", "version": "1", "description": ABOUT},
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": shared["$defs"],
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


@cache
def meanings() -> dict[str, str]:
    """Return what each end of a problem type means: the docstrings of the errors told by it."""
    said: dict[str, list[str]] = {}
    for kind, told in STATUS.items():
        said.setdefault(told.slug, []).append(SENTENCES.get(told.slug) or (kind.__doc__ or "").strip().splitlines()[0])
    for told in HTTP_SLUGS.values():
        said.setdefault(told.slug, []).append(SENTENCES[told.slug])
    return {slug: f"{STATUSES[slug]} " + " ".join(dict.fromkeys(sentences)) for slug, sentences in sorted(said.items())}


def slugs(call: Call) -> list[str]:
    """Return the ends of all problem types that a call may answer with."""
    of_path = ("not-found",) if PARAMETER.search(call.path) else ()
    of_query = ("invalid-query",) if call.query else ()
    of_body = OF_BODY if call.body else ()
    of_role = OF_ROLE if call.roles else ("bad-token",) if call.body else ()
    return list(dict.fromkeys((*call.problems, *of_path, *of_query, *of_body, *of_role, *ALWAYS)))


def _schemas() -> tuple[dict[tuple[str, Mode], Schema], Schema]:
    asked: list[tuple[str, Mode, TypeAdapter[Any]]] = [("problem", "validation", TypeAdapter(ProblemOut))]
    for call in CALLS:
        asked += [(f"{call.name} {status}", "serialization", gives) for status, gives in call.answers.items()]
        asked += [(f"{call.name} body", "validation", call.body)] if call.body else []
        asked += [(f"{call.name} query", "validation", TypeAdapter(call.query))] if call.query else []
    return TypeAdapter.json_schemas(asked, ref_template=REF)


def _operation(call: Call, schemas: dict[tuple[str, Mode], Schema]) -> Schema:
    told: Schema = {"operationId": call.name, "summary": call.summary, "tags": [call.path.split("/")[1].split(":")[0]]}
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": OUTSIDE_ID} for name in PARAMETER.findall(call.path)
    ]
    parameters += _query(call)
    if parameters:
        told["parameters"] = parameters
    if call.body:
        content = {JSON: {"schema": schemas[f"{call.name} body", "validation"]}}
        told["requestBody"] = {"required": True, "content": content}
    told["responses"] = {
        str(status): {
            "description": HTTPStatus(status).phrase,
            "content": {JSON: {"schema": schemas[f"{call.name} {status}", "serialization"]}},
        }
        for status in call.answers
    } | _refusals(call, schemas["problem", "validation"])
    told["security"] = [{"token": []}] if call.roles else [{}, {"token": []}]
    return told


def _query(call: Call) -> list[Schema]:
    if call.query is None:
        return []
    shape = call.query.model_json_schema(ref_template=REF)
    return [
        {"name": name, "in": "query", "required": name in shape.get("required", []), "schema": _said(schema)}
        for name, schema in shape["properties"].items()
    ]


def _said(schema: Schema) -> Schema:
    # A query is text: what may be null in ours can only be left out there.
    return next((one for one in schema.get("anyOf", []) if one.get("type") != "null"), schema)


def _refusals(call: Call, problem: Schema) -> dict[str, Schema]:
    by_status: dict[int, list[str]] = {}
    for slug in slugs(call):
        by_status.setdefault(STATUSES[slug], []).append(f"/problems/{slug}")
    return {
        str(status): {
            "description": HTTPStatus(status).phrase,
            "content": {
                PROBLEM: {"schema": {"allOf": [problem, {"properties": {"type": {"enum": types}}}]}},
            },
        }
        for status, types in sorted(by_status.items())
    }
