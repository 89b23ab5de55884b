"""Stage 5, who scans: consumers by what the outside calls their device. Knows nobody."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from scans.asking import TEXTS, among
from scans.schema import table_of
from scans.tables import Consumer
from scans.writing import insert_new

_CONSUMER = table_of(Consumer).c
_KNOWN = select(_CONSUMER.device, _CONSUMER.id).where(among(_CONSUMER.device, bindparam("names", type_=TEXTS)))


def know(db: Session, *, devices: Collection[str], now: datetime) -> dict[str, int]:
    """Return the consumer behind each device name, making those never seen: most are, of those who scan an item."""
    names = sorted(set(devices))
    rows = [{"device": name, "first_seen_at": now} for name in names]
    known = {device: id_ for device, id_ in insert_new(db, Consumer, rows, told="device, id")}
    seen = [name for name in names if name not in known]
    return known | {device: id_ for device, id_ in db.execute(_KNOWN, {"names": seen})} if seen else known
