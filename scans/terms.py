"""Stage 1, mint: the terms of a batch: lot, last day, outer marks, and when it begins to earn. Knows nobody."""

from datetime import date, timedelta
from typing import NamedTuple

from scans.gs1 import ElementError, check_value
from scans.tables import EARNS

# How long before its last day goods count as near it, by their whole life: for those of up to so many days, so many.
# Source: Beijing Administration for Industry and Commerce, rules on food near the end of its shelf life (2012).
NEAR_DAYS = ((15, 1), (30, 5), (90, 10), (180, 15), (365, 20))
NEAR_AT_MOST_DAYS = 45
NEAR_UNKNOWN_DAYS = 20
FIRST_YEAR, LAST_YEAR = 1970, 2100


class TermsError(ValueError):
    """A batch cannot be issued on these terms."""


class Terms(NamedTuple):
    """What a batch is issued on; `expires_on` may follow from `made_on` and its product's shelf life.

    `has_outer`: every item has a second mark that can be scanned in the aisle and never claims. `earns`: from its
    activation on, or only once it, its case or its pallet was delivered to a store.
    """

    lot: str | None = None
    expires_on: date | None = None
    made_on: date | None = None
    has_outer: bool = False
    earns: str = "activated"


def check_terms(terms: Terms, *, shelf_life_days: int | None) -> Terms:
    """Return terms with their last day, if there is one.

    Raises: TermsError.
    Source: GS1 General Specifications, AI 10 (batch or lot number), AI 17 (expiration date).
    """
    try:
        lot = check_value("10", terms.lot) if terms.lot else None
    except ElementError as error:
        raise TermsError("a lot has 1 to 20 letters, digits or signs") from error
    if terms.earns not in EARNS:
        raise TermsError(f"a batch earns once {' or '.join(EARNS)}")
    if not all(FIRST_YEAR <= day.year <= LAST_YEAR for day in (terms.made_on, terms.expires_on) if day):
        raise TermsError(f"a batch is made and expires between {FIRST_YEAR} and {LAST_YEAR}")
    expires_on = terms.expires_on
    if expires_on is None and terms.made_on is not None:
        if shelf_life_days is None:
            raise TermsError("the product has no shelf life: say when the batch expires")
        expires_on = terms.made_on + timedelta(days=shelf_life_days)
    if expires_on is not None and terms.made_on is not None and expires_on < terms.made_on:
        raise TermsError("the batch expires before it was made")
    return terms._replace(lot=lot, expires_on=expires_on)


def near_days(shelf_life_days: int | None) -> int:
    """Return how many days before its last day goods are near it."""
    if shelf_life_days is None:
        return NEAR_UNKNOWN_DAYS
    return next((days for life_days, days in NEAR_DAYS if shelf_life_days <= life_days), NEAR_AT_MOST_DAYS)


def expiry(expires_on: date | None, *, day: date, shelf_life_days: int | None) -> str | None:
    """Return whether goods are `expired` or `near` on a day; None if neither. On its last day they are good."""
    if expires_on is None:
        return None
    if day > expires_on:
        return "expired"
    return "near" if (expires_on - day).days < near_days(shelf_life_days) else None
