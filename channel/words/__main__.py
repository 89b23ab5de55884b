"""The developer's command behind `./run texts`: write the texts that wait for a translation, and say which do.

One line a text, sorted, no dates: so a translation changes no line but its own.
"""

import io
import sys
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).parents[2]
PO = ROOT / "channel/translations/zh_Hans/LC_MESSAGES/messages.po"
METHODS = [("channel/**.py", "python"), ("channel/templates/**.html", "jinja2")]
KEYWORDS = DEFAULT_KEYWORDS | {"lazy_gettext": None}
HEADER = r"""# Chinese (simplified) texts of Glassbox; the keys are the English ones.
msgid ""
msgstr ""
"Project-Id-Version: Glassbox 1\n"
"Language: zh_Hans\n"
"Plural-Forms: nplurals=1; plural=0;\n"
"MIME-Version: 1.0\n"
"Content-Type: text/plain; charset=utf-8\n"
"Content-Transfer-Encoding: 8bit\n"

"""


def extracted() -> Catalog:
    """Return every text of the code and the templates."""
    found = Catalog()
    for _, _, text, comments, context in extract_from_dir(ROOT, METHODS, keywords=KEYWORDS, comment_tags=()):
        found.add(text, auto_comments=comments, context=context)
    return found


def brought_up_to_date(translated: bytes, texts: Catalog) -> tuple[bytes, list[str]]:
    """Return the file of translations for these texts, and which of them are not translated."""
    catalog = read_po(io.BytesIO(translated), locale="zh_Hans")
    catalog.update(texts, no_fuzzy_matching=True)
    written = io.BytesIO()
    write_po(written, catalog, width=120, no_location=True, omit_header=True, sort_output=True, ignore_obsolete=True)
    waiting = [str(message.id) for message in catalog if message.id and not (message.string and all(message.string))]
    return HEADER.encode() + written.getvalue().strip() + b"\n", waiting


if __name__ == "__main__":
    content, waiting = brought_up_to_date(PO.read_bytes(), extracted())
    PO.write_bytes(content)
    for text in waiting:
        print(f"waits for a translation: {text}", file=sys.stderr)
