"""What the API answers about goods on their way, as it is written in the OpenAPI document. Knows no stage."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field


class EventProblemOut(BaseModel):
    """Where an event goes wrong, and why."""

    pointer: str
    reason: str


class CapturedEventOut(BaseModel):
    """What became of one event; `event_id` is its own or its hash."""

    event_id: str | None
    state: Literal["captured", "repeated", "refused"]
    problems: list[EventProblemOut]


class CaptureOut(BaseModel):
    """How many events were taken, were there already, were refused; and each in its place."""

    captured: int
    repeated: int
    refused: int
    events: list[CapturedEventOut]


class EpcisBodyOut(BaseModel):
    """The events of a document, by GS1's own schema."""

    eventList: list[dict[str, Any]]  # noqa: N815 - the standard's own name


class EpcisDocumentOut(BaseModel):
    """An EPCISDocument 2.0."""

    context: list[str] = Field(alias="@context")
    type: Literal["EPCISDocument"]
    schemaVersion: str  # noqa: N815
    creationDate: datetime  # noqa: N815
    epcisBody: EpcisBodyOut  # noqa: N815


class CodeOut(BaseModel):
    """A code by its batch, level and position in it: no serial is told."""

    batch: str
    level: str
    position: int


class StepOut(BaseModel):
    """Something that happened to a code; `kind` is a growing list, `about` depends on it."""

    at: datetime
    kind: str
    outer: CodeOut | None
    about: dict[str, Any]


class SeenOut(BaseModel):
    """How often a code was scanned; regions are those of the nearest stores."""

    scans: int
    devices: int
    first_at: datetime
    last_at: datetime
    regions: list[str]


class ChildOut(BaseModel):
    """What is or was in a case or on a pallet; `place` is the store or party it was last delivered to."""

    code: CodeOut
    since: datetime | None
    until: datetime | None
    items: int
    claimed: int
    place: str | None


class WhereOut(BaseModel):
    """How many of the items in a box went where, and how many of them are claimed."""

    place: str | None
    items: int
    claimed: int


class BoxOut(BaseModel):
    """A case or pallet, what is and was in it, and where that is; `more` children are not listed."""

    code: CodeOut
    children: list[ChildOut]
    more: int
    where: list[WhereOut]


class TraceOut(BaseModel):
    """The life of a code in the order of time, what it is in, and what is with it."""

    code: CodeOut
    state: str
    steps: list[StepOut]
    around: list[CodeOut]
    scans: SeenOut | None
    box: BoxOut | None
