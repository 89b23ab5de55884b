"""Why something is as it is, in a sentence with its numbers: whose sale a part comes from, what made a flag.

A reason is kept as it was written, by whatever version of this program: a number that it lacks is told as a dash.
"""

import math
from collections.abc import Mapping
from datetime import date
from functools import reduce
from typing import Any

from flask_babel import lazy_gettext

from channel.words.formats import day, distance, number, percent
from channel.words.locale import N_, after, gettext


class _Numbers(dict[str, str]):
    """The numbers of a reason as people write them."""

    def __missing__(self, _name: str) -> str:
        return "–"


def why_mine(evidence: str, follows: str, confidence: float, why: Mapping[str, Any], store_id: str | None) -> str:
    """Say why a part belongs to whom it was given.

    One that follows the link says nothing of the sale: it may have been made in a rival's store.
    """
    if follows == "link":
        return gettext("This consumer belongs to this store, whose parties earn wherever the consumer buys.")
    return {
        "delivered": lambda: _delivered(why.get("delivered_m")),
        "source": lambda: gettext("It was scanned through this store's own poster or till."),
        "chosen": lambda: gettext("The consumer said that it was bought in this store."),
        "position": lambda: _position(confidence, why, store_id),
    }.get(evidence, lambda: gettext("No store is known for this sale."))()


def _delivered(metres: float | None) -> str:
    told = gettext("The case of this item was delivered to this store.")
    if metres is None:
        return told
    return after(told, gettext("It was scanned %(distance)s from there.", distance=distance(metres)))


def _position(confidence: float, why: Mapping[str, Any], store_id: str | None) -> str:
    near = {one["id"]: one["m"] for one in why.get("candidates", [])}
    own = near.pop(store_id, None)
    if own is None:
        return gettext("This store was the nearest: %(confidence)s sure.", confidence=percent(confidence, digits=0))
    said = gettext("It was scanned %(distance)s from this store", distance=distance(own))
    if why.get("accuracy_m"):
        said += gettext(", with a position exact to %(distance)s", distance=distance(why["accuracy_m"]))
    if near:
        said += gettext("; the next store was %(distance)s away", distance=distance(min(near.values())))
    else:
        said += gettext("; no other store was near")
    return said + gettext(": %(confidence)s sure.", confidence=percent(confidence, digits=0))


def flag_reason(why: Mapping[str, Any]) -> str:
    """Say in a sentence, with its numbers, what the night found odd; an unknown code is told as it is."""
    code = why.get("code", "")
    if code in _PRESENCE:
        return str(_PRESENCE[code])
    if code not in _ODD:
        return str(code)
    said = _filled(_IN_A_DAY.get(code, _ODD[code]) if why.get("days") == 1 else _ODD[code], why, digits=1)
    if "sold" in why and code in ("one_phone", "sold_far"):
        said = after(said, flag_reason({**why, "code": "stretch_high"}))
    more = _neighbours(why), _shelf(why), _stock(why.get("stock")), _rival(why.get("rival")), _nearby(why)
    return reduce(after, more, said)


def _filled(text: str, why: Mapping[str, Any], *, digits: int = 0) -> str:
    """Return a text in the language of this answer with the numbers of a reason."""
    return gettext(text) % _Numbers(_numbers(why, digits=digits))


def _numbers(why: Mapping[str, Any], *, digits: int = 0) -> dict[str, str]:
    return {name: number(value, digits=digits) for name, value in why.items() if _is_number(value)}


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)


def _neighbours(why: Mapping[str, Any]) -> str:
    """Say how the neighbours did in the same days; a rise that they share is most likely a promotion's."""
    if not _is_number(why.get("neighbours")) or why.get("code") in ("one_phone", "sold_far"):
        return ""
    off = why["neighbours"] - 1
    told = {"share": percent(abs(off), digits=0)}
    if abs(off) < NOTABLE:
        return gettext("Neighbours sold as usual.")
    if off < 0:
        return gettext("Neighbours sold %(share)s less than usual; that is allowed for.", **told)
    said = gettext("Neighbours sold %(share)s more than usual; that is allowed for.", **told)
    if off >= PROMOTED and why.get("code") in ("stretch_high", "drift_high"):
        return after(said, gettext("Probably a promotion in the region, which works best here."))
    return said


def _shelf(why: Mapping[str, Any]) -> str:
    """Say what the last visits saw of the shelf, where its facings fell."""
    if not {"facings", "facings_before"} <= why.keys():
        return ""
    said = _filled(_FACINGS, why, digits=2)
    return after(said, _filled(_PER_FACING, why, digits=2)) if "per_facing" in why else said


def noticed(items_a_day: float | None, days: int | None) -> str:
    """Say in how many days a drop by two thirds would be noticed at what a store sells."""
    if items_a_day is None:
        return gettext("would not be noticed: the store was not judged in the last four weeks")
    told = {"items": number(items_a_day, digits=1), "days": number(days or 0)}
    if days is None:
        return gettext("would not be noticed within 14 days at %(items)s items a day", **told)
    return gettext("would be noticed within %(days)s days, four times of five, at %(items)s items a day", **told)


def _stock(why: Mapping[str, Any] | None) -> str:
    """Say what a store's stock says of its flag."""
    text = _STOCKS.get(why.get("code", "")) if why else None
    return _filled(text, why) if why and text else ""


def _rival(why: Mapping[str, Any] | None) -> str:
    """Say what the last visits saw of a rival's goods, where its facings fell."""
    return gettext(_RIVAL) % _Numbers(_numbers(why), name=why.get("name", "–")) if why else ""


def _nearby(why: Mapping[str, Any]) -> str:
    """Say which store close by no longer sells."""
    near = why.get("nearby")
    if not near:
        return ""
    told = {"distance": distance(near["m"]), "day": day(date.fromisoformat(near["since"])), "store": near["store"]}
    return gettext(
        "%(store)s, %(distance)s from here, has sold nothing since %(day)s: its customers may come here.", **told
    )


def doubt_reason(why: Mapping[str, Any]) -> str:
    """Say in a sentence, with its numbers, what makes a code doubtful; an unknown code is told as it is."""
    minutes = max(1, round((why.get("seconds") or 0) / 60))
    code = why.get("code", "")
    return _filled(_DOUBTS[code], {**why, "minutes": minutes}) if code in _DOUBTS else str(code)


_FACINGS = N_("On the shelf %(facings)s facings, %(facings_before)s at the visit before.")
_PER_FACING = N_("Each sold %(per_facing)s a day, %(per_facing_before)s before.")
_NEARBY = N_("%(store)s, %(distance)s from here, has sold nothing since %(day)s: its customers may come here.")
_RIVAL = N_("Beside it %(name)s has %(facings)s facings, %(before)s at the visit before.")
_STOCKS = {
    "stock_there": N_("Stock for %(days)s days (%(items)s items, %(low)s to %(high)s): probably display or price."),
    "stock_out": N_("Stock about %(items)s (%(low)s to %(high)s): probably sold out."),
    "stock_known": N_("Stock about %(items)s (%(low)s to %(high)s), for about %(days)s days."),
}
_DOUBTS = {
    "devices": N_("%(devices)s phones have scanned it; for this product %(most)s are normal at most."),
    "travel": N_("Two phones about %(km)s km apart within %(minutes)s minutes: no plane flies that fast."),
}
NOTABLE, PROMOTED = 0.10, 0.20  # of the neighbours' normal sales
_ODD = {
    "stretch_low": N_("Sold %(sold)s in %(days)s days, where %(expected)s are normal (%(low)s to %(high)s)."),
    "stretch_high": N_("Sold %(sold)s in %(days)s days, where only %(expected)s are normal (%(low)s to %(high)s)."),
    "drift_low": N_(
        "Slowly less: sold %(sold)s in %(days)s days, where %(expected)s were normal (%(low)s to %(high)s)."
    ),
    "drift_high": N_(
        "Slowly more: sold %(sold)s in %(days)s days, where %(expected)s were normal (%(low)s to %(high)s)."
    ),
    "one_phone": N_(
        "Cartons scanned by one phone: %(items)s of %(of)s items in %(days)s days (bulk scans: %(events)s)."
    ),
    "sold_far": N_(
        "Sold elsewhere: %(items)s of %(of)s items delivered here were scanned more than 30 km away in %(days)s days."
    ),
    "gifts_only": N_(
        "Gifts move, goods do not: %(gifts)s gifts and %(goods)s goods in %(days)s days; usual are %(usual)s per 100."
    ),
}
_IN_A_DAY = {
    "stretch_low": N_("Sold %(sold)s in one day, where %(expected)s are normal (%(low)s to %(high)s)."),
    "stretch_high": N_("Sold %(sold)s in one day, where only %(expected)s are normal (%(low)s to %(high)s)."),
}
_PRESENCE = {
    "absent": lazy_gettext("not in the books on this day"),
    "not_open": lazy_gettext("has not sold anything yet"),
    "new": lazy_gettext("too new to be judged: four weeks are needed"),
    "active": lazy_gettext("normal"),
    "closed_weekday": lazy_gettext("closed on this weekday"),
    "silent": lazy_gettext("silent for weeks: judged again when it sells"),
    "reopened": lazy_gettext("just back from a silence: judged again after two weeks"),
}
