"""What each code of a flag's life is called: its state, its end, its reason; what became of a stop."""

from flask_babel import lazy_gettext as _

from channel.words.texts import Texts

FLAG_STATES: Texts = {"open": _("open"), "visited": _("visited"), "closed": _("closed")}
CLOSINGS: Texts = {
    "returned": _("back to normal"),
    "settled": _("normal at a new level"),
    "lapsed": _("nothing new for 60 days"),
    "store_closed": _("store closed"),
}
FLAG_REASONS: Texts = {
    "stretch_low": _("sells too little"),
    "stretch_high": _("sells too much"),
    "drift_low": _("slowly less"),
    "drift_high": _("slowly more"),
    "one_phone": _("one phone scans many"),
    "sold_far": _("sold elsewhere"),
    "gifts_only": _("gifts move, goods do not"),
}
STOP_STATES: Texts = {
    "done": _("done"),
    "late": _("reported late"),
    "missed": _("missed"),
    "open": _("open"),
}
