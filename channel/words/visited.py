"""What each code of a visit is called: what it is for, what it found, what is seen on the shelf, where a pin stands."""

from flask_babel import lazy_gettext as _

from channel.words.texts import Texts

CAUSES: Texts = {
    "out_of_stock": _("Out of stock"),
    "display_gone": _("Display gone"),
    "price": _("Price too high"),
    "rival": _("A rival's campaign"),
    "closed_for_works": _("Closed or works"),
    "keeper_scanning": _("Keeper scans cartons"),
    "diverted_goods": _("Goods sold on elsewhere"),
    "promotion": _("A campaign of ours"),
    "rival_closed": _("A rival nearby has closed"),
    "nothing_found": _("Nothing found"),
    "other": _("Something else"),
}
ACTIONS: Texts = {
    "restocked": _("Restocked"),
    "display_restored": _("Display restored"),
    "talked": _("Talked to the keeper"),
    "warned": _("Warned"),
    "reported": _("Reported to the office"),
    "none": _("Nothing"),
}
PURPOSES: Texts = {"flag": _("not normal"), "count": _("due for a count")}
ELSEWHERE_WHYS: Texts = {
    "price": _("cheaper there"),
    "supply": _("we cannot deliver, or not in time"),
    "terms": _("better terms of payment"),
    "range": _("we do not have what it wants"),
    "friend": _("it knows somebody there"),
    "other": _("another reason"),
}
PIN_STATES: Texts = {"waiting": _("waits"), "accepted": _("accepted"), "refused": _("refused")}
