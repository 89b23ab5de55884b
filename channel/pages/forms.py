"""What forms and addresses of several pages carry: a key that makes sending twice harmless, position, page, day."""

import re
import secrets
from collections.abc import Mapping
from datetime import date

from channel.calls import YEARS
from channel.journey import PlaceTold
from scans.places import read_position

_ID = re.compile(r"[A-Za-z0-9_.-]{1,64}")


def random_key() -> str:
    """Make a key that nobody has used."""
    return secrets.token_urlsafe(16)


def is_id(told: str) -> bool:
    """Tell whether a text can be an id of the outside."""
    return _ID.fullmatch(told) is not None


def told_id(told: str) -> str:
    """Return the id that a form carries, or a new one if it carries none that can be."""
    return told if is_id(told) else random_key()


def page_number(told: Mapping[str, str]) -> int:
    """Return which page of a list an address asks for; what cannot be one is the first."""
    number = told.get("page", "")
    return max(1, int(number)) if number.isascii() and number.isdecimal() and len(number) < 5 else 1


def told_day(told: Mapping[str, str], name: str) -> date | None:
    """Return the day that a form or an address tells; none where it is none, or so far off that no page reckons it."""
    try:
        day = date.fromisoformat(told.get(name, ""))
    except ValueError:
        return None
    return day if day.year in YEARS else None


def told_position(form: Mapping[str, str]) -> PlaceTold | None:
    """Return the position that a form carries; one that cannot be is as good as none."""
    if form.get("place") != "position":
        return None
    try:
        accuracy = float(form["accuracy_m"]) if form.get("accuracy_m") else None
        told = PlaceTold(float(form["lat_deg"]), float(form["lon_deg"]), accuracy, "wgs84")
        read_position(told.lat_deg, told.lon_deg, told.accuracy_m, told.datum)
    except (ValueError, KeyError):
        return None
    return told
