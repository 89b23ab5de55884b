"""What each code of a visit is called: what it is for, what is seen on the shelf, where a pin stands."""

from flask_babel import lazy_gettext as _

from channel.words.texts import Texts

PURPOSES: Texts = {"flag": _("not normal"), "count": _("due for a count")}
