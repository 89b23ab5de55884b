"""Stage 7, what is normal: how many devices scan one code, and how far off phones place themselves. Knows nobody.

Fitted from a product's own scans, shrunk towards all products', kept as numbered rows that are never changed; scanning
reads the latest of them from memory.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from scans import versions
from scans.tables import Norm as NormRow

FALSE_DOUBTS = 1e-6  # of all honest codes, how many may be doubted for their devices
LEAST_DEVICES, MOST_DEVICES = 5, 30  # a household of four and the shop's phone; a table of guests
LEAST_CODES = 500
FIRST_AGAIN, FIRST_MORE = 0.05, 0.15  # believed before a scan was seen, at the weight of so many codes:
AGAIN_WEIGHT, MORE_WEIGHT = 500, 50
SURE = 1.645  # one-sided 95 % of a normal law
LEAST_NEAR_M, MOST_NEAR_M = 50_000.0, 300_000.0
LEAST_PAIRS, ODD_PAIRS = 1000, 1e-3
LEAST_WIDE, MOST_WIDE, ODD_PHONES = 30, 300, 1e-3


@dataclass(frozen=True, slots=True)
class Norm:
    """What scans of a code are held against: `no` names the fit (none: before any), `wide_codes` tells shelf readers.

    Units: metres; codes that one device scans within 30 days.
    """

    no: int | None = None
    most_devices: int = LEAST_DEVICES
    near_m: float = LEAST_NEAR_M
    wide_codes: int = LEAST_WIDE


class Tail(NamedTuple):
    """How devices per code thin out: the share with a second one, and of those the share with one more, and again."""

    codes: int
    again: float = FIRST_AGAIN
    more: float = FIRST_MORE


class Norms(NamedTuple):
    """The norms in force: of products that have one of their own, and of all the others."""

    of_products: Mapping[int, Norm]
    of_all: Norm

    def of(self, product_id: int) -> Norm:
        """Return what is normal for a product's codes."""
        return self.of_products.get(product_id, self.of_all)


def fit_tail(codes_of: Mapping[int, int], *, prior: Tail) -> Tail:
    """Fit how devices per code thin out, from how many codes have how many devices; none of the copied codes pulls it.

    A geometric tail beyond two devices, cut off at the threshold that it gives: the fit begins with households only and
    takes more codes in for as long as the tail says that they are ordinary.

    Source: Hitz, Davis & Samorodnitsky, "Discrete Extremes" (2024), whose tail with shape zero is the geometric one;
    the cut moves outwards as in a forward search, Atkinson, Riani & Cerioli (2010).
    """
    codes = sum(codes_of.values())
    cut = LEAST_DEVICES
    while True:
        kept = {devices: n for devices, n in codes_of.items() if devices <= cut}
        second = sum(n for devices, n in kept.items() if devices >= 2)
        again = (second + prior.again * AGAIN_WEIGHT) / (sum(kept.values()) + AGAIN_WEIGHT)
        beyond = sum(n * (devices - 2) for devices, n in kept.items() if devices > 2)
        tail = Tail(codes, again, _more(beyond, second, cut - 2, prior.more))
        if most_devices(tail) <= cut:
            return tail
        cut = most_devices(tail)


def most_devices(tail: Tail) -> int:
    """Return how many devices a code may have: more than that have but one honest code in a million.

    P(devices > n) = again * more ** (n - 1), at the upper 95 % bound of `more`.
    """
    if tail.again <= FALSE_DOUBTS:
        return LEAST_DEVICES
    second = max(tail.codes * tail.again, 1.0)
    upper = tail.more + SURE * math.sqrt(tail.more) * (1 - tail.more) / math.sqrt(second + MORE_WEIGHT)
    devices = 1 + math.ceil(math.log(FALSE_DOUBTS / tail.again) / math.log(min(upper, 0.99)))
    return min(max(devices, LEAST_DEVICES), MOST_DEVICES)


def fit_near_m(pairs: int, far_m: list[float]) -> float:
    """Return how far a phone may seem to have jumped: of `pairs` of scans by one phone, `far_m` are jumps.

    One phone is in one place, so whatever it seems to have flown faster than a plane is an error of its position.
    """
    allowed = int(pairs * ODD_PAIRS)
    if pairs < LEAST_PAIRS or len(far_m) <= allowed:
        return LEAST_NEAR_M
    return min(max(sorted(far_m, reverse=True)[allowed], LEAST_NEAR_M), MOST_NEAR_M)


def fit_wide_codes(devices_of: Mapping[int, int]) -> int:
    """Return from how many codes in 30 days on a phone reads shelves, from how many devices scan how many codes."""
    allowed = sum(devices_of.values()) * ODD_PHONES
    above = 0
    for codes in sorted(devices_of, reverse=True):
        above += devices_of[codes]
        if above > allowed:
            return min(max(codes, LEAST_WIDE), MOST_WIDE)
    return LEAST_WIDE


def norms(db: Session) -> Norms:
    """Return the norms in force, loaded again only after a fit has changed one."""
    return versions.kept(db, name="norms", load=_load)


def put_norms(db: Session, *, tails: Mapping[int | None, Tail], near_m: float, wide_codes: int, now: datetime) -> int:
    """Write those norms that differ from the ones in force, and return how many; no product stands for all of them."""
    known = _load(db)
    rows = []
    for product_id, tail in tails.items():
        held = known.of_all if product_id is None else known.of_products.get(product_id)
        said = (most_devices(tail), near_m, wide_codes)
        if held is None or held.no is None or (held.most_devices, held.near_m, held.wide_codes) != said:
            rows.append(
                NormRow(
                    product_id=product_id, fitted_at=now, codes=tail.codes, again=tail.again, more=tail.more,
                    most_devices=said[0], near_m=near_m, wide_codes=wide_codes,
                )
            )  # fmt: skip
    if rows:
        db.add_all(rows)
        db.flush()
        versions.touch(db, name="norms")
    return len(rows)


def _more(beyond: int, second: int, most: int, prior: float) -> float:
    """Return the ratio of a geometric law cut off at `most`, from the mean of what it left; the prior weighs in."""
    mean = (beyond + MORE_WEIGHT * _cut_mean(prior, most)) / (second + MORE_WEIGHT)
    low, high = 0.0, 0.95
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if _cut_mean(middle, most) < mean else (low, middle)
    return (low + high) / 2


def _cut_mean(ratio: float, most: int) -> float:
    weights = [ratio**k for k in range(most + 1)]
    return sum(k * weight for k, weight in enumerate(weights)) / sum(weights)


def _load(db: Session) -> Norms:
    latest = select(func.max(NormRow.id)).group_by(NormRow.product_id)
    rows = db.scalars(select(NormRow).where(NormRow.id.in_(latest))).all()
    found = {row.product_id: Norm(row.id, row.most_devices, row.near_m, row.wide_codes) for row in rows}
    of_all = found.pop(None, Norm())
    return Norms({product_id: norm for product_id, norm in found.items() if product_id is not None}, of_all)
