"""What the pages of the office share: who may read them, who may change, which days they look at."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from flask import Blueprint, request

from channel import providers

READERS = ("owner", "finance", "auditor")
EDITORS = ("owner",)
LOOK_BACK_DAYS = 30

page = Blueprint("office", __name__, url_prefix="/office")


def zone() -> ZoneInfo:
    """Return the owner's zone."""
    return ZoneInfo(providers.config().zone)


def midnight(day: date) -> datetime:
    """Return the instant at which a business day begins."""
    return datetime.combine(day, time(), zone())


def look_back(days: int = LOOK_BACK_DAYS) -> tuple[date, date]:
    """Return the first and the last of so many whole days: today is not over."""
    today = providers.today()
    return today - timedelta(days=days), today - timedelta(days=1)


def whole(name: str) -> int | None:
    """Return the whole number that a field of the form carries; None where it carries none."""
    told = request.form.get(name, "").strip()
    return int(told) if told.isascii() and told.isdecimal() and len(told) < 10 else None
