"""EPCIS, who an event is: a hash of all it says, whatever the order in which it says it. Knows names.

Source: GS1 Core Business Vocabulary 2.0, section 8.9.2, for the fields of the events that we take.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from channel.epcis.uris import canonical

VERSION = "?ver=CBV2.0"
LEFT_OUT = {"@context", "type", "recordTime", "eventID", "errorDeclaration"}
VOCABULARIES = {"bizstep": "BizStep", "disp": "Disp", "btt": "BTT", "sdt": "SDT", "er": "ER"}
Event = Mapping[str, Any]
Part = Callable[[str, Any], str]


def event_hash(event: Event) -> str:
    """Return the hash that names an event; one with fields beyond the standard's bears no version of it."""
    extra = {name: value for name, value in event.items() if name not in LEFT_OUT and name not in dict(ORDER)}
    text = prehash(event) + (json.dumps(extra, sort_keys=True, ensure_ascii=False) if extra else "")
    digest = hashlib.sha256(text.encode()).hexdigest()
    return f"ni:///sha-256;{digest}{'' if extra else VERSION}"


def prehash(event: Event) -> str:
    """Return what is hashed: names and values in the one order of the standard."""
    parts = [f"eventType={event['type']}"]
    parts += [part(name, event[name]) for name, part in ORDER if event.get(name)]
    return "".join(parts)


def _time(name: str, value: str) -> str:
    at = datetime.fromisoformat(value.upper()).astimezone(UTC)
    rounded = at + timedelta(microseconds=500)
    return f"{name}={rounded.strftime('%Y-%m-%dT%H:%M:%S')}.{rounded.microsecond // 1000:03}Z"


def _plain(name: str, value: str) -> str:
    return f"{name}={value}"


def _name(name: str, value: str) -> str:
    return f"{name}={canonical(value)}"


def _names(element: str) -> Part:
    return lambda name, values: name + "".join(sorted(_name(element, value) for value in values))


def _some(name: str, value: str | list[str]) -> str:
    return "".join(sorted(_name(name, one) for one in ([value] if isinstance(value, str) else value)))


def _word(kind: str, name: str, value: str) -> str:
    return f"{name}={web_word(kind, value)}"


def _at(name: str, value: Mapping[str, str]) -> str:
    return name + _name("id", value["id"])


def _pairs(kind: str, element: str) -> Part:
    def told(name: str, values: list[Mapping[str, str]]) -> str:
        return name + "".join(sorted(map(pair, values)))

    def pair(value: Mapping[str, str]) -> str:
        return (_word(kind, "type", value["type"]) if "type" in value else "") + _name(element, value[element])

    return told


def web_word(kind: str, word: str) -> str:
    """Return a word of the standard's vocabularies by its full name on the web."""
    if word.startswith("urn:epcglobal:cbv:"):
        vocabulary, _, word = word.removeprefix("urn:epcglobal:cbv:").partition(":")
        kind = VOCABULARIES.get(vocabulary, kind)
    return word if ":" in word else f"https://ref.gs1.org/cbv/{kind}-{word}"


ORDER: tuple[tuple[str, Part], ...] = (
    ("eventTime", _time),
    ("eventTimeZoneOffset", _plain),
    ("certificationInfo", _some),
    ("parentID", _name),
    ("epcList", _names("epc")),
    ("childEPCs", _names("epc")),
    ("action", _plain),
    ("bizStep", lambda name, value: _word("BizStep", name, value)),
    ("disposition", lambda name, value: _word("Disp", name, value)),
    ("readPoint", _at),
    ("bizLocation", _at),
    ("bizTransactionList", _pairs("BTT", "bizTransaction")),
    ("sourceList", _pairs("SDT", "source")),
    ("destinationList", _pairs("SDT", "destination")),
)
