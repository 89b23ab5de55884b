"""What is said around codes that were minted: forms of their files, tasks that make them, keys."""

from flask_babel import lazy_gettext as _

from channel.words.texts import Texts

CODE_FORMS: Texts = {
    "csv": _("CSV table"),
    "parquet": _("Parquet table"),
    "txt": _("Text, an address a line"),
    "pdf": _("PDF sheets"),
    "svg": _("SVG pictures"),
    "png": _("PNG pictures"),
    "zpl": _("ZPL for label printers"),
}
TASK_KINDS: Texts = {"codes": _("Code file"), "labels": _("Labels")}
TASK_STATES: Texts = {
    "waiting": _("in the line"),
    "running": _("running"),
    "done": _("done"),
    "failed": _("failed"),
    "cancelled": _("cancelled"),
}
KEY_PURPOSES: Texts = {"code": _("codes"), "prize": _("prizes"), "device": _("devices")}
KEY_STATES: Texts = {"active": _("makes new ones"), "verify": _("still reads"), "revoked": _("revoked, earns nothing")}
