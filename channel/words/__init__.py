"""Words, before every page: the two languages, and numbers as people write them. Knows settings and no stage.

The domain tells codes and numbers; both languages are made here. English texts are the keys, Chinese ones are in
`channel/translations`.
"""

from channel.words.formats import (
    at,
    clock,
    day,
    distance,
    long_day,
    money,
    month,
    number,
    percent,
    signed_percent,
    weekdays,
)
from channel.words.linktypes import LINK_TYPES
from channel.words.locale import (
    LANGUAGES,
    gettext,
    init_app,
    language,
    ngettext,
    other_language,
)
from channel.words.reasons import (
    flag_reason,
    why_mine,
)
from channel.words.refusals import (
    refusal,
)
from channel.words.texts import (
    ACTIONS,
    BATCH_STATES,
    CAUSES,
    COLUMNS,
    DATUMS,
    DIRECTIONS,
    EARNS,
    EVIDENCE,
    FOLLOWS,
    IMPORTS,
    LEVELS,
    PARTY_KINDS,
    PROBLEMS,
    PRODUCT_KINDS,
    ROLES,
    RULES,
    SHARE_STATES,
    STATES,
    VERDICTS,
    said,
)

__all__ = [
    "ACTIONS",
    "BATCH_STATES",
    "CAUSES",
    "COLUMNS",
    "DATUMS",
    "DIRECTIONS",
    "EARNS",
    "EVIDENCE",
    "FOLLOWS",
    "IMPORTS",
    "LANGUAGES",
    "LEVELS",
    "LINK_TYPES",
    "PARTY_KINDS",
    "PROBLEMS",
    "PRODUCT_KINDS",
    "ROLES",
    "RULES",
    "SHARE_STATES",
    "STATES",
    "VERDICTS",
    "at",
    "clock",
    "day",
    "distance",
    "flag_reason",
    "gettext",
    "init_app",
    "language",
    "long_day",
    "money",
    "month",
    "ngettext",
    "number",
    "other_language",
    "percent",
    "refusal",
    "said",
    "signed_percent",
    "weekdays",
    "why_mine",
]
