"""The API's scans, one or up to a thousand: the busiest door of the house. Knows the writer."""

from typing import Annotated, Any

from flask import Blueprint, Response
from pydantic import Field, ValidationError, ValidatorFunctionWrapHandler, WithJsonSchema, WrapValidator
from pydantic_core import to_json

from channel import limits, metrics, providers
from channel.access import current_principal
from channel.api.shapes import ProblemOut, ScanOut
from channel.calls import JSON, BodyError, Instant, OutsideId, Strict, call, told
from channel.errors import problem_of
from channel.journey import NewScan, PlaceTold, Taken
from scans.catalogue import UnknownCodeError

MAX_SCANS = 1000
MAX_SCAN_BYTES = 16 * 1024
UPLOADERS = {"owner", "api"}
REFUSED = ("unknown-code", "bad-uri", "key-reused", "bad-scanned-at", "bad-position", "too-many-requests", "busy")

api = Blueprint("scans", __name__)


class PositionIn(Strict):
    """Where a phone says it was, in its own datum. Degrees are checked by the stage, which can tell swapped ones."""

    lat_deg: float = Field(json_schema_extra={"minimum": -90, "maximum": 90})
    lon_deg: float = Field(json_schema_extra={"minimum": -180, "maximum": 180})
    accuracy_m: float | None = Field(default=None, json_schema_extra={"minimum": 0})
    datum: str = Field(json_schema_extra={"enum": ["wgs84", "gcj02", "bd09"]})


class ScanIn(Strict):
    """One scan as a client tells it. The key is the client's own: sent again, it gets the same answer."""

    key: OutsideId
    uri: str = Field(min_length=1, max_length=2048)
    consumer: OutsideId | None = None
    scanned_at: Instant | None = None
    position: PositionIn | None = None
    source: OutsideId | None = None

    def scan(self, *, is_public: bool) -> NewScan:
        """Return it as the domain takes it."""
        told = self.position
        return NewScan(
            uri=self.uri,
            key=self.key,
            consumer=self.consumer,
            scanned_at=self.scanned_at,
            position=PlaceTold(told.lat_deg, told.lon_deg, told.accuracy_m, told.datum) if told else None,
            source=self.source,
            public=is_public,
        )


def _or_refused(value: Any, check: ValidatorFunctionWrapHandler) -> ScanIn | BodyError:
    try:
        scan: ScanIn = check(value)
    except ValidationError as error:
        return BodyError(told(error))
    return scan


# What is no scan is answered by a problem in its place, so the document has to let it in.
AnyScan = WithJsonSchema({"anyOf": [{"$ref": "#/components/schemas/ScanIn"}, {}]})
ScansIn = Annotated[list[Annotated[ScanIn, WrapValidator(_or_refused), AnyScan]], Field(max_length=MAX_SCANS)]


SCANNED = {201: ScanOut, 200: ScanOut}


@call(api, "POST", "/scans", body=ScanIn, answers=SCANNED, problems=REFUSED, max_body=MAX_SCAN_BYTES)
def post_scan(body: ScanIn) -> Response:
    """Take one scan: 201 with its answer, 200 with the same answer when it is told again."""
    is_public = _is_public()
    if is_public:
        limits.check_scans(body.consumer)
    try:
        taken = providers.writer().take(body.scan(is_public=is_public), now=providers.now())
    except UnknownCodeError:
        limits.refuse(limits.UNKNOWN_CODES, who=limits.address())
        raise
    metrics.count_scan(taken.body["verdict"])
    return Response(to_json(taken.body), 201 if taken.fresh else 200, content_type=JSON)


EACH = {200: list[ScanOut | ProblemOut]}


@call(api, "POST", "/scans:batch", body=ScansIn, answers=EACH, problems=("too-many-requests", "busy"))
def post_scans_batch(body: list[ScanIn | BodyError]) -> Response:
    """Take up to a thousand scans: an answer or a problem for each, in their order."""
    is_public = _is_public()
    good = [one.scan(is_public=is_public) for one in body if isinstance(one, ScanIn)]
    if is_public and good:
        limits.check_scans(*(scan.consumer for scan in good))
    taken = iter(providers.writer().take_many(good, now=providers.now()) if good else [])
    outcomes = [one if isinstance(one, BodyError) else next(taken) for one in body]
    unknown = sum(isinstance(one, UnknownCodeError) for one in outcomes)
    if unknown:
        limits.refuse(limits.UNKNOWN_CODES, who=limits.address(), times=unknown)
    return Response(to_json([_told(one) for one in outcomes]), content_type=JSON)


def _is_public() -> bool:
    """Tell whether the times are a phone's word: those that an uploader's token vouches for are taken as they are."""
    principal = current_principal()
    return principal is None or principal.role not in UPLOADERS


def _told(outcome: Taken | Exception) -> dict[str, object]:
    if isinstance(outcome, Taken):
        metrics.count_scan(outcome.body["verdict"])
        return outcome.body
    problem = problem_of(outcome)
    if problem is None:
        raise outcome
    return problem.body(**({"errors": outcome.errors} if isinstance(outcome, BodyError) else {}))
