"""Numbers, money, days and distances as each language writes them."""

from datetime import date, datetime
from decimal import Decimal

from babel.dates import get_day_names, get_month_names
from babel.numbers import get_currency_precision
from flask import current_app
from flask_babel import format_currency, format_date, format_datetime, format_decimal, get_locale

from channel.words.locale import gettext

NEAR_KM = 5  # the least that is told of how far apart a code was scanned


def money(cents: int, *, whole: bool = False) -> str:
    """Write an amount of the house's currency, to the cent or rounded to the whole."""
    currency = current_app.extensions["glassbox_currency"]
    amount = Decimal(cents).scaleb(-get_currency_precision(currency))
    if whole:
        return str(format_currency(round(amount), currency, format="¤#,##0", currency_digits=False))
    return str(format_currency(amount, currency))


def number(value: float, *, digits: int = 0) -> str:
    """Write a number with its thousands told apart and at most so many decimals."""
    written: str = format_decimal(round(Decimal(str(value)), digits) if digits else round(value))
    return written


def percent(share: float | None, *, digits: int = 1) -> str:
    """Write a part of one as a percentage; a dash where there is nothing to divide by."""
    return "–" if share is None else f"{number(share * 100, digits=digits)}%"


def signed_percent(now: float, before: float) -> str | None:
    """Write by how much a number has grown; None where it has grown from nothing."""
    if before <= 0:
        return None
    grown = (now - before) / before
    return f"{'+' if grown >= 0 else '−'}{number(abs(grown) * 100, digits=1)}%"


def day(value: date, *, short: bool = False) -> str:
    """Write a business day."""
    return f"{value:%m-%d}" if short else f"{value:%Y-%m-%d}"


def period(first: date, last: date, *, short: bool = False) -> str:
    """Write the business days from one to another, both included; one day once."""
    return day(first, short=short) + ("" if first == last else f" – {day(last, short=short)}")


def month(number_: int) -> str:
    """Write a month's name as short as the language can."""
    return str(get_month_names("abbreviated", "stand-alone", get_locale())[number_])


def weekdays() -> list[str]:
    """Write the days of the week from Monday on, as short as the language can."""
    names = get_day_names("short", "stand-alone", get_locale())
    return [str(names[number_]).removeprefix("周") for number_ in range(7)]


def at(instant: datetime) -> str:
    """Write an instant to the minute, in the owner's zone."""
    written: str = format_datetime(instant, "yyyy-MM-dd HH:mm")
    return written


def clock(instant: datetime) -> str:
    """Write the time of day of an instant, in the owner's zone."""
    written: str = format_datetime(instant, "HH:mm")
    return written


def long_day(value: date) -> str:
    """Write a day with its weekday."""
    written: str = format_date(value, "full")
    return written


def apart(km: int) -> str:
    """Say how far apart a code was scanned; up to five kilometres are as good as one place."""
    if km <= NEAR_KM:
        return gettext("within a few kilometres of each other")
    return gettext("about %(km)s km apart", km=number(km))


def away(km: int | None) -> str:
    """Say how far a scan was from the first place of its code."""
    if km is None:
        return gettext("no place")
    return gettext("near") if km <= NEAR_KM else gettext("%(km)s km", km=number(km))


def distance(metres: float) -> str:
    """Write a distance as exactly as it means anything: tens of metres, from a kilometre on tenths of one."""
    if metres < 1000:
        return gettext("%(metres)s m", metres=number(max(10, round(metres, -1))))
    return gettext("%(km)s km", km=number(metres / 1000, digits=1))
