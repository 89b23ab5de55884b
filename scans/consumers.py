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
    """Return the consumer behind each device name, making those never seen."""
    names = sorted(set(devices))
    known = _known(db, names)
    missing = [name for name in names if name not in known]
    if not missing:
        return known
    rows = [{"device": name, "first_seen_at": now} for name in missing]
    known.update({device: id_ for device, id_ in insert_new(db, Consumer, rows, told="device, id")})
    lost = [name for name in missing if name not in known]
    return known | _known(db, lost) if lost else known


def _known(db: Session, names: list[str]) -> dict[str, int]:
    return {device: id_ for device, id_ in db.execute(_KNOWN, {"names": names})} if names else {}
