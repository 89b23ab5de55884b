"""The office: how the whole stands, master data, batches, imports, plans. Only the owner's own people come in here."""

from channel.pages.office import (
    batches,
    board,
    cadence,
    custody,
    diversion,
    doubts,
    files,
    life,
    links,
    money,
    records,
    returns,
    store,
    tasks,
    trace,
)
from channel.pages.office.door import page

__all__ = [
    "batches",
    "board",
    "cadence",
    "custody",
    "diversion",
    "doubts",
    "files",
    "life",
    "links",
    "money",
    "page",
    "records",
    "returns",
    "store",
    "tasks",
    "trace",
]
