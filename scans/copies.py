"""Stage 7 at night: norms fitted to all scans, and codes copied before anybody knew what is normal. Knows doubts.

Sets first: a few statements over all scans name candidates; only those are looked at one by one, as scanning does.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from scans.batches import catalogue
from scans.doubts import Raised
from scans.norms import LEAST_CODES, LEAST_DEVICES, Norm, Tail, fit_near_m, fit_tail, fit_wide_codes, norms
from scans.places import EARTH_M, SPHERE_ERRS
from scans.schema import table_of
from scans.tables import Batch, Doubt, Scan
from scans.trust import FLIGHT_M_PER_S, GRID_M, History, Sighting, Why, apart_km, devices, histories, travel
from scans.upserts import chunks
from scans.witnesses import CODES_AT_ONCE, WIDE_WITHIN, hear_witnesses

LOOK_BACK = timedelta(days=180)
LATELY = timedelta(days=7)
FAR_DEG = 0.4  # less than 50 km anywhere
MOST_PLACES = 40


class Jump(NamedTuple):
    """Two scans of a code, one after the other, so far apart that no plane explains it; `same`: by the same phone."""

    code_no: int
    same: bool
    apart_m: float


class Fit(NamedTuple):
    """What all scans say is normal: the tail of every product (None: of all), and what phones do."""

    tails: Mapping[int | None, Tail]
    near_m: float
    wide_codes: int
    jumps: Sequence[Jump]


def fit(db: Session, *, now: datetime) -> Fit:
    """Fit what is normal to the scans of the last half year; four statements, however many scans there are."""
    counted = _devices_per_code(db, now)
    whole: Counter[int] = sum(counted.values(), Counter())
    of_all = fit_tail(whole, prior=Tail(0))
    some: dict[int | None, Counter[int]] = {None: whole}
    some.update(counted.items())
    tails = {
        product_id: fit_tail(codes, prior=of_all)
        for product_id, codes in some.items()
        if sum(codes.values()) >= LEAST_CODES
    }
    jumps = _jumps(db, now)
    near_m = fit_near_m(_same_phone_pairs(db, now), [one.apart_m for one in jumps if one.same])
    return Fit(tails, near_m, fit_wide_codes(_codes_per_device(db, now)), jumps)


def find_copies(db: Session, *, jumps: Sequence[Jump], now: datetime) -> list[Raised]:
    """Return what evidence makes doubtful among the codes that were scanned in the last half year."""
    near_m = norms(db).of_all.near_m
    many = select(Scan.code_no).where(Scan.received_at >= now - LOOK_BACK).group_by(Scan.code_no)
    asked = set(db.scalars(many.having(func.count(Scan.consumer_id.distinct()) > LEAST_DEVICES)))
    asked |= {one.code_no for one in jumps if not one.same and one.apart_m > near_m}
    asked -= set(db.scalars(select(Doubt.code_no).where(Doubt.state.in_(("open", "confirmed")))))
    return [found for found in _evidence(db, asked, now, lately=False) if found.reasons]


def without_evidence(db: Session, *, now: datetime) -> list[int]:
    """Return the codes doubted in the last week for which no evidence is left: a phone turned out to read shelves."""
    recent = select(Doubt.code_no, Doubt.why).where(Doubt.state == "open", Doubt.raised_at >= now - LATELY)
    doubted = [no for no, why in db.execute(recent) if why["reasons"]]
    return [found.code_no for found in _evidence(db, doubted, now, lately=True) if not found.reasons]


def _evidence(db: Session, code_nos: Collection[int], now: datetime, *, lately: bool) -> Iterator[Raised]:
    """Yield what witnesses saw of each code that can be claimed, and what is doubtful about it, if anything."""
    known, issued = norms(db), catalogue(db)
    within, times = (WIDE_WITHIN, 1) if lately else (LOOK_BACK, LOOK_BACK // WIDE_WITHIN)
    for some in chunks(sorted(code_nos), CODES_AT_ONCE):
        live = {no: found.batch for no in some if (found := issued.find(no)).state == "activated"}
        past = histories(db, code_nos=live, consumer_ids=())
        wide_codes = known.of_all.wide_codes * times
        hear_witnesses(db, past=past, asking=(), wide_codes=wide_codes, since=now - within, places=MOST_PLACES)
        for no, history in past.items():
            batch = live[no]
            why = _reasons(history, known.of(batch.product_id), now)
            places = [one.position for one in history.sightings if one.position is not None]
            yield Raised(
                no, batch.id, batch.product_id, why, history.devices, apart_km(places), known.of(batch.product_id).no
            )


def _reasons(history: History, norm: Norm, now: datetime) -> list[Why]:
    """Return what is doubtful about all that was seen of a code, each reason once."""
    seen = history.sightings
    jumps = (travel(replace(history, sightings=seen[:number]), one, norm) for number, one in enumerate(seen))
    found = (devices(history, Sighting(now), norm), next((why for why in jumps if why), None))
    return [why for why in found if why]


def _devices_per_code(db: Session, now: datetime) -> dict[int, Counter[int]]:
    """Return how many codes of each product were scanned by how many devices."""
    number = func.count(Scan.consumer_id.distinct()).label("devices")
    per_code = select(Scan.batch_id, number).where(Scan.received_at >= now - LOOK_BACK)
    per_code_ = per_code.group_by(Scan.code_no, Scan.batch_id).subquery()
    sums = select(Batch.product_id, per_code_.c.devices, func.count()).join(Batch, Batch.id == per_code_.c.batch_id)
    found: dict[int, Counter[int]] = {}
    rows = db.execute(sums.where(per_code_.c.devices > 0).group_by(Batch.product_id, per_code_.c.devices))
    for product_id, count, codes in rows:
        found.setdefault(product_id, Counter())[count] = codes
    return found


def _codes_per_device(db: Session, now: datetime) -> dict[int, int]:
    number = func.count(Scan.code_no.distinct()).label("codes")
    scanned = select(number).where(Scan.received_at >= now - WIDE_WITHIN, Scan.consumer_id.is_not(None))
    per_device = scanned.group_by(Scan.consumer_id).subquery()
    rows = db.execute(select(per_device.c.codes, func.count()).group_by(per_device.c.codes))
    return {codes: count for codes, count in rows}


def _same_phone_pairs(db: Session, now: datetime) -> int:
    again = select((func.count() - 1).label("pairs")).where(
        Scan.received_at >= now - LOOK_BACK, Scan.lat_deg.is_not(None), Scan.consumer_id.is_not(None)
    )
    per_phone = again.group_by(Scan.code_no, Scan.consumer_id).having(func.count() > 1).subquery()
    return int(db.scalar(select(func.coalesce(func.sum(per_phone.c.pairs), 0))) or 0)


def _jumps(db: Session, now: datetime) -> list[Jump]:
    """Return the jumps from one placed scan of a code to the next: where any two are one, some leg between them is."""
    scan = table_of(Scan).c
    told = (scan.scanned_at, scan.consumer_id, scan.lat_deg, scan.lon_deg, scan.accuracy_m)
    here = [column.label(f"to_{number}") for number, column in enumerate(told)]
    there = [
        func.lag(column, type_=column.type)
        .over(partition_by=Scan.code_no, order_by=Scan.scanned_at)
        .label(f"from_{number}")
        for number, column in enumerate(told)
    ]
    placed = select(Scan.code_no, *here, *there).where(Scan.received_at >= now - LOOK_BACK, Scan.lat_deg.is_not(None))
    pair = placed.subquery()
    far = or_(func.abs(pair.c.to_2 - pair.c.from_2) > FAR_DEG, func.abs(pair.c.to_3 - pair.c.from_3) > FAR_DEG)
    rows = db.execute(select(pair).where(far)).all()
    if not rows:
        return []
    places = np.array([(row.from_2, row.from_3, row.to_2, row.to_3) for row in rows], np.float64)
    seconds = np.array([(row.to_0 - row.from_0).total_seconds() for row in rows])
    blur_m = np.array([(row.from_4 or 0) + (row.to_4 or 0) + GRID_M for row in rows])
    apart_m = _apart_m(places) - blur_m
    return [
        Jump(row.code_no, row.to_1 is not None and row.to_1 == row.from_1, float(apart))
        for row, apart, most in zip(rows, apart_m, FLIGHT_M_PER_S * seconds, strict=True)
        if apart > most
    ]


def _apart_m(places: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return great-circle distances, at most 1.2 % too long; what is close is measured exactly afterwards.

    Shapes: (pairs, 4) degrees -> (pairs,) metres.
    """
    lat, lon, to_lat, to_lon = np.radians(places).T
    half = np.sin((to_lat - lat) / 2) ** 2 + np.cos(lat) * np.cos(to_lat) * np.sin((to_lon - lon) / 2) ** 2
    apart_m: NDArray[np.float64] = 2 * EARTH_M * SPHERE_ERRS * np.arcsin(np.sqrt(half.clip(0, 1)))
    return apart_m
