"""EPCIS, the shape of what comes in: the events and fields that we take, as strict as GS1's own schema. Knows nothing.

Names with a colon are extensions of the teller's own: they are kept and mean nothing to us.
"""

import json
import re
from collections.abc import Collection
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue, ValidationError, model_validator

from channel.epcis.vocabulary import BIZ_STEPS, DISPOSITIONS, TRANSACTIONS

MOST_CODES = 5000
YEARS = range(2000, 2100)
NOT_TAKEN = {
    "errorDeclaration": "what is recorded does not change: tell what is right as a new event",
    "quantityList": "quantities name no codes: list the EPCs",
    "childQuantityList": "quantities name no codes: list the EPCs",
    "ilmd": "master data is not taken here",
    "sensorElementList": "readings of sensors are not taken here",
}
_OLD_NAMES = re.compile(r"urn:epcglobal:cbv|https?://ns\.gs1\.org/cbv/")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[!#-;=?-\[\]_a-z~]+")
_INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})")


def _as_instant(text: str) -> str:
    if not _INSTANT.fullmatch(text):
        raise ValueError("a time is written like 2026-01-31T08:00:00.000+08:00")
    if datetime.fromisoformat(text).year not in YEARS:
        raise ValueError(f"the year has to lie between {YEARS[0]} and {YEARS[-1]}")
    return text


def _one_of(words: Collection[str]) -> AfterValidator:
    """Take a word of the standard's list, or a full name on the web that is not an old one of the standard's own."""

    def check(text: str) -> str:
        if text in words or (_NAME.fullmatch(text) and not _OLD_NAMES.match(text)):
            return text
        raise ValueError("this is no word of CBV 2.0")

    return AfterValidator(check)


Uri = Annotated[str, Field(max_length=300, pattern=f"^{_NAME.pattern}$")]
Time = Annotated[str, Field(max_length=40), AfterValidator(_as_instant)]
Context = str | dict[str, JsonValue] | list[str | dict[str, JsonValue]]


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class Place(BaseModel):
    """Where it happened."""

    model_config = ConfigDict(strict=True, extra="allow", frozen=True)
    id: Uri


class Source(_Strict):
    """Who or where something came from."""

    type: Literal["owning_party", "possessing_party", "location"]
    source: Uri


class Destination(_Strict):
    """Who or where something went to."""

    type: Literal["owning_party", "possessing_party", "location"]
    destination: Uri


class Transaction(_Strict):
    """A document that an event belongs to."""

    type: Annotated[str, Field(max_length=300), _one_of(TRANSACTIONS)] = ""
    bizTransaction: Uri  # noqa: N815 - the standard's own name


class EventIn(BaseModel):
    """An ObjectEvent or AggregationEvent."""

    model_config = ConfigDict(strict=True, extra="allow", frozen=True)
    type: Literal["ObjectEvent", "AggregationEvent"]
    context: Context = Field(default="", alias="@context")
    event_time: Time = Field(alias="eventTime")
    record_time: Time = Field(default="", alias="recordTime")
    offset: str = Field(alias="eventTimeZoneOffset", pattern=r"^[+-]((0[0-9]|1[0-3]):[0-5][0-9]|14:00)$")
    event_id: Uri = Field(default="", alias="eventID")
    certification: Uri | list[Uri] = Field(default="", alias="certificationInfo")
    action: Literal["OBSERVE", "ADD", "DELETE"]
    step: Annotated[str, Field(max_length=300), _one_of(BIZ_STEPS)] = Field(default="", alias="bizStep")
    disposition: Annotated[str, Field(max_length=300), _one_of(DISPOSITIONS)] = ""
    read_point: Place | None = Field(default=None, alias="readPoint")
    location: Place | None = Field(default=None, alias="bizLocation")
    transactions: list[Transaction] = Field(default=[], alias="bizTransactionList", max_length=50)
    sources: list[Source] = Field(default=[], alias="sourceList", max_length=20)
    destinations: list[Destination] = Field(default=[], alias="destinationList", max_length=20)
    epcs: list[Uri] = Field(default=[], alias="epcList", max_length=MOST_CODES)
    children: list[Uri] = Field(default=[], alias="childEPCs", max_length=MOST_CODES)
    parent: Uri = Field(default="", alias="parentID")

    @model_validator(mode="after")
    def _only_ours_or_extensions(self) -> "EventIn":
        for name in self.model_extra or {}:
            if ":" not in name:
                raise ValueError(NOT_TAKEN.get(name, "there is no such field here") + f" ({name[:40]})")
        strange = {"epcs", "children", "parent"} & self.model_fields_set - OF_TYPE[self.type]
        if strange:
            raise ValueError(f"an {self.type} has other fields")
        if isinstance(self.context, list) and len({json.dumps(one) for one in self.context}) < len(self.context):
            raise ValueError("a context stands there twice")
        return self

    @property
    def at(self) -> datetime:
        """When it happened."""
        return datetime.fromisoformat(self.event_time)


OF_TYPE = {"ObjectEvent": {"epcs"}, "AggregationEvent": {"children", "parent"}}


def problems(error: ValidationError) -> list[dict[str, str]]:
    """Return where an event goes wrong and why."""
    errors = error.errors(include_url=False, include_input=False, include_context=False)[:20]
    return [
        {"pointer": "".join(f"/{step}" for step in one["loc"]), "reason": one["msg"].removeprefix("Value error, ")}
        for one in errors
    ]


def is_text(event: dict[str, Any]) -> bool:
    """Tell whether all that an event says can be kept as text."""
    try:
        return "\\u0000" not in json.dumps(event, ensure_ascii=False).encode().decode()
    except UnicodeEncodeError:
        return False
