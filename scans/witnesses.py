"""Stage 7, look closer: before a code is doubted, only phones that do not read whole shelves are heard. Knows trust.

A shop's phone, an inspector's and an attacker's scan very many codes: they say nothing about any one of them.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from scans.norms import Norm
from scans.places import Position
from scans.tables import Scan
from scans.trust import RECENT, History, Sighting, is_doubtful
from scans.upserts import chunks

WIDE_WITHIN = timedelta(days=30)
MOST_WITNESSES = 200
CODES_AT_ONCE = 100


def look_closer(
    db: Session,
    *,
    past: dict[int, History],
    seen: Mapping[int, Sequence[Sighting]],
    norms: Mapping[int, Norm],
    now: datetime,
) -> None:
    """Leave in the history of those codes that these scans would make doubtful only what witnesses saw.

    No statement where nothing is doubtful, three for every hundred codes that are.
    """
    asked = [
        no
        for no, scans in seen.items()
        if (no in past or len(scans) > 1)
        and not past.setdefault(no, History()).is_doubted
        and is_doubtful(past[no], scans, norm=norms[no])
    ]
    for some in chunks(asked, CODES_AT_ONCE):
        hear_witnesses(
            db,
            past={no: past[no] for no in some},
            asking={one.device for no in some for one in seen[no] if one.device is not None},
            wide_codes=min(norms[no].wide_codes for no in some),
            since=now - WIDE_WITHIN,
        )


def hear_witnesses(
    db: Session,
    *,
    past: Mapping[int, History],
    asking: Collection[int],
    wide_codes: int,
    since: datetime,
    places: int = RECENT,
) -> None:
    """Count devices and places of these codes again, without those devices that scanned very many codes since then."""
    devices = _devices(db, past)
    wide = _wide(db, {device for some in devices.values() for device in some} | set(asking), wide_codes, since)
    for no, history in past.items():
        heard = devices.get(no, set()) - wide
        history.devices, history.consumers = len(heard), heard
        history.bystanders, history.sightings = wide, []
    for no, sighting in _sightings(db, past, wide, places):
        past[no].sightings.append(sighting)


def _devices(db: Session, code_nos: Collection[int]) -> dict[int, set[int]]:
    latest = func.row_number().over(partition_by=Scan.code_no, order_by=func.max(Scan.received_at).desc())
    grouped = select(Scan.code_no, Scan.consumer_id, latest.label("latest")).where(
        Scan.code_no.in_(code_nos), Scan.consumer_id.is_not(None)
    )
    ranked = grouped.group_by(Scan.code_no, Scan.consumer_id).subquery()
    found: dict[int, set[int]] = {}
    for no, consumer_id, _ in db.execute(select(ranked).where(ranked.c.latest <= MOST_WITNESSES)):
        found.setdefault(no, set()).add(consumer_id)
    return found


def _wide(db: Session, devices: Collection[int], wide_codes: int, since: datetime) -> set[int]:
    scanned = select(Scan.consumer_id).where(Scan.consumer_id.in_(devices), Scan.received_at >= since)
    many = scanned.group_by(Scan.consumer_id).having(func.count(Scan.code_no.distinct()) >= wide_codes)
    return {device for device in db.scalars(many) if device is not None}


def _sightings(
    db: Session, code_nos: Collection[int], wide: Collection[int], places: int
) -> Iterator[tuple[int, Sighting]]:
    """Return the latest placed scans of each code by witnesses, in the order of receipt."""
    latest = func.row_number().over(partition_by=Scan.code_no, order_by=Scan.received_at.desc()).label("latest")
    heard = or_(Scan.consumer_id.is_(None), Scan.consumer_id.not_in(wide))
    placed = (
        select(Scan.code_no, Scan.scanned_at, Scan.consumer_id, Scan.lat_deg, Scan.lon_deg, Scan.accuracy_m, latest)
        .where(Scan.code_no.in_(code_nos), Scan.lat_deg.is_not(None), heard)
        .subquery()
    )
    rows = db.execute(select(placed).where(placed.c.latest <= places).order_by(placed.c.latest.desc()))
    for no, at, device, lat_deg, lon_deg, accuracy_m, _ in rows:
        yield no, Sighting(at, device, Position(lat_deg, lon_deg, accuracy_m))
