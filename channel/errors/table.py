"""Every anticipated error and what HTTP calls it: the one table. Knows the errors of all stages.

What is not in `STATUS` is a bug: 500 and a log line.
"""

from typing import NamedTuple

from sqlalchemy.exc import DataError, OperationalError, TimeoutError
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
from channel.epcis import EventError
from channel.exports import OutFileError
from channel.imports.cells import CellError
from channel.imports.files import ImportFileError
from channel.journey.correcting import CannotChooseError
from channel.limits import TooManyError
from channel.night import DayNotOverError
from channel.panels import PanelError
from channel.tasks import TaskExistsError, TooManyTasksError, UnknownTaskError
from channel.tasks.working import TaskLostError, TaskStoppedError
from channel.writer import BusyError
from scans.batches import BatchError
from scans.catalogue import UnknownBatchError, UnknownCodeError
from scans.codefiles import CodeFileError
from scans.codes import CodeError
from scans.custody import ReceiverError
from scans.doubts import DecisionError, DoubtDecidedError, UnknownDoubtError
from scans.filters import FilterError
from scans.fonts import FontError
from scans.gs1 import ElementError, GtinError, LinkError
from scans.intake import ClaimLostError, KeyReusedError, ScannedAtError
from scans.keys import KeyRingError
from scans.labels import LabelError
from scans.layouts import LayoutError
from scans.life import BatchStateError, PartError
from scans.linktypes import LinkTypeError
from scans.outfiles import FileBusyError
from scans.photos import PhotoError
from scans.places import PositionError
from scans.products import UnknownProductError
from scans.proofs import ProofError
from scans.reports import ReportError, UnknownPhotoError
from scans.resolver import NoDigitalLinkError
from scans.returns import NotClaimedError, NotReturnedError, ReturnError, ReturnExistsError
from scans.rewards import RewardError
from scans.sealing import RecipientError
from scans.sscc import SsccPrefixError
from scans.targets import TargetError
from scans.terms import TermsError
from stores.accusations import CaseDecidedError, UnknownCaseError
from stores.cadence import CadenceError
from stores.captures import EventIdError
from stores.directory import UnknownPartyError, UnknownRepError, UnknownStoreError
from stores.holdout import HoldOutError
from stores.ledger import PostingError
from stores.pins import PinDecidedError, PinError, UnknownPinError
from stores.plans import PlanError
from stores.sales import SpanError
from stores.seen import TooManyPhotosError
from stores.shares import ShareError
from stores.shelf import ShelfError
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
    UnknownTaskError: Told(404, "not-found"),
    UnknownDoubtError: Told(404, "not-found"),
    UnknownCaseError: Told(404, "not-found"),
    UnknownPhotoError: Told(404, "not-found"),
    UnknownPinError: Told(404, "not-found"),
    MalformedError: Told(400, "malformed-json"),
    MediaTypeError: Told(415, "unsupported-media-type"),
    BodyError: Told(422, "invalid-body"),
    QueryError: Told(422, "invalid-query"),
    NoDigitalLinkError: Told(400, "no-digital-link"),
    LinkTypeError: Told(404, "no-such-link"),
    LinkError: Told(422, "bad-uri"),
    ElementError: Told(422, "bad-uri"),
    GtinError: Told(422, "bad-gtin"),
    KeyReusedError: Told(422, "key-reused"),
    ScannedAtError: Told(422, "bad-scanned-at"),
    PositionError: Told(422, "bad-position"),
    SpanError: Told(422, "bad-span"),
    OutcomeError: Told(422, "bad-outcome"),
    TooFarError: Told(422, "too-far"),
    ShelfError: Told(422, "bad-shelf"),
    TooManyPhotosError: Told(422, "too-many-photos"),
    PinError: Told(422, "bad-pin"),
    PinDecidedError: Told(409, "pin-decided"),
    ReportError: Told(422, "bad-report"),
    PhotoError: Told(422, "bad-photo"),
    DecisionError: Told(422, "bad-decision"),
    DoubtDecidedError: Told(409, "decided-otherwise"),
    OutcomeExistsError: Told(409, "outcome-exists"),
    CaseDecidedError: Told(409, "case-decided"),
    DayNotOverError: Told(409, "day-not-over"),
    EventError: Told(422, "bad-event"),
    EventIdError: Told(422, "bad-event"),
    BatchError: Told(422, "bad-batch"),
    SsccPrefixError: Told(422, "bad-sscc-prefix"),
    CodeFileError: Told(422, "bad-code-file"),
    TaskExistsError: Told(409, "task-exists"),
    TooManyTasksError: Told(429, "too-many-tasks"),
    ReceiverError: Told(422, "bad-receiver"),
    RecipientError: Told(422, "bad-recipient"),
    TermsError: Told(422, "bad-terms"),
    RewardError: Told(422, "bad-reward"),
    LabelError: Told(422, "bad-labels"),
    LayoutError: Told(422, "bad-labels"),
    FontError: Told(422, "bad-labels"),
    ProofError: Told(422, "unread-labels"),
    FilterError: Told(422, "bad-filter"),
    ImportFileError: Told(422, "bad-file"),
    PlanError: Told(422, "bad-plan"),
    CadenceError: Told(422, "bad-plan"),
    HoldOutError: Told(422, "bad-plan"),
    RoleError: Told(422, "bad-role"),
    PartError: Told(422, "bad-part"),
    ReturnError: Told(422, "bad-return"),
    NotClaimedError: Told(409, "not-claimed"),
    ReturnExistsError: Told(409, "return-exists"),
    NotReturnedError: Told(409, "not-returned"),
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
    DataError: Told(422, "unfit-value"),
    OperationalError: Told(503, "database-unavailable"),
    TimeoutError: Told(503, "database-unavailable"),
}
BUGS: tuple[type[Exception], ...] = (
    CellError,
    CodeError,
    ConfigError,
    FileBusyError,
    KeyRingError,
    NestedTransactionError,
    NotReadyError,
    OutFileError,
    PanelError,
    PolicyError,
    PostingError,
    ShareError,
    TargetError,
    TaskLostError,
    TaskStoppedError,
)
SENTENCES = {
    "not-found": "There is nothing at this address, or not for whoever asks.",
    "foreign-host": "The Host header names another site.",
    "bad-request": "The request is not one of HTTP.",
    "method-not-allowed": "This address does not know the method.",
    "content-too-large": "The body is larger than this address takes.",
    "unsupported-media-type": "The body is not said to be JSON.",
    "bug": "Something went wrong here; the log has a line with this request's id.",
    "unfit-value": "Some text or number in the request is none that can be stored.",
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
