"""EPCIS, the names of things: codes as Digital Links or as older URNs, places and parties by our own ids. Knows GS1."""

import re

from scans.gs1 import ElementError, GtinError, LinkError, check_digit, read_link

CANONICAL = "https://id.gs1.org"
PLACE = re.compile(r"https?://[^/?#\s]+(?:/[^?#\s]*)?/places/([A-Za-z0-9_.-]{1,64})")
_SGTIN = re.compile(r"urn:epc:id:sgtin:([0-9]{6,12})\.([0-9])([0-9]{0,6})\.(.{1,60})")
_SSCC = re.compile(r"urn:epc:id:sscc:([0-9]{6,12})\.([0-9])([0-9]{4,10})")
_PLACED = re.compile(r"urn:epc:id:(sgln|pgln):([0-9]{6,12})\.([0-9]{0,6})(?:\.(.{1,60}))?")
_KEPT = {"01": ("21", "10"), "414": ("254",)}


def place_uri(base_url: str, outside_id: str) -> str:
    """Return the name of a store or party."""
    return f"{base_url.rstrip('/')}/places/{outside_id}"


def place_of(uri: str) -> str | None:
    """Return the id of the store or party that a name of ours ends in, whatever its host; None for other names."""
    found = PLACE.fullmatch(uri)
    return found[1] if found else None


def as_link(uri: str) -> str:
    """Return a Digital Link for an older URN of an item, a pallet or a place; anything else as it is."""
    if found := _SGTIN.fullmatch(uri):
        body = found[2] + found[1] + found[3]
        return f"{CANONICAL}/01/{body}{check_digit(body)}/21/{found[4]}" if len(body) == 13 else uri
    if found := _SSCC.fullmatch(uri):
        body = found[2] + found[1] + found[3]
        return f"{CANONICAL}/00/{body}{check_digit(body)}" if len(body) == 17 else uri
    if found := _PLACED.fullmatch(uri):
        return _place_link(uri, found)
    return uri


def canonical(uri: str) -> str:
    """Return a name as the hash of an event takes it: Digital Links under one host, down to what tells things apart.

    Source: GS1 Core Business Vocabulary 2.0, section 8.9.2.
    """
    link = as_link(uri)
    try:
        told = read_link(link)
    except (LinkError, ElementError, GtinError):
        return uri
    finest = next((ai for ai in _KEPT.get(told.key.ai, ()) if told.get(ai) is not None), None)
    path = f"/{told.key.ai}/{told.key.value}"
    return CANONICAL + path + (f"/{finest}/{told.get(finest)}" if finest else "")


def _place_link(uri: str, found: re.Match[str]) -> str:
    kind, prefix, reference, extension = found.groups()
    body = prefix + reference
    if len(body) != 12:
        return uri
    key = "414" if kind == "sgln" else "417"
    further = f"/254/{extension}" if kind == "sgln" and extension not in (None, "0") else ""
    return f"{CANONICAL}/{key}/{body}{check_digit(body)}{further}"
