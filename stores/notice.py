"""Stage 13, judge: how many days a drop would need to be noticed at what a store sells. Knows judge.

The detectors are let loose on stores made for it, at the threshold that is right on as many normal ones; of the
database nothing is asked but what a store sells.
"""

from collections.abc import Collection
from datetime import date, timedelta

import numpy as np
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from stores.calibration import VOLUMES
from stores.detectors import DRIFT_DAYS, LENGTHS, Window, Windows, wander
from stores.expected import DRIFT
from stores.judge import hear
from stores.presence import Floats
from stores.tables import Store, StoreDay

LEFT = 1 / 3  # a drop by two thirds
SURE = 0.8
MOST_DAYS = 14
ALARM = 0.001  # of normal days: one in three years of a store
NOISE = 0.2  # overdispersion of a day that is usual
STORES = 20_000
USUAL_DAYS = 28
# by class of volume, the smallest first, as `try_out` counts it: a page cannot wait for that; a test does
NOTICED: tuple[int | None, ...] = (*[None] * 19, 14, 13, 10, 10, 9, 8, 8, 8, *[7] * 6)


def days_to_notice(items_a_day: float) -> int | None:
    """Return in how many days a drop by two thirds is noticed with 80 % probability; None if not within 14 days.

    Units: items_a_day on a day that the store is open, taken to the nearest class of volume.
    """
    log = np.log(max(items_a_day, 1e-9))
    return NOTICED[int(np.abs(np.log(VOLUMES) - log).argmin())]


def try_out(items_a_day: float) -> int | None:
    """Count in how many days the detectors notice it, on stores made for it; what `NOTICED` was made by."""
    rng = np.random.default_rng(20260105)
    relative = np.sqrt(DRIFT * (1 / items_a_day + NOISE))  # of a level followed for long: the filter's steady variance
    level = items_a_day * rng.gamma(1 / relative, relative, STORES)
    counts = _counts(level, np.ones(DRIFT_DAYS), rng)
    chance = rng.random(STORES)
    threshold = np.quantile(hear(_windows(counts, items_a_day, relative), chance).evidence, 1 - ALARM)
    some = STORES // 5
    counts = np.concatenate([counts[1:, :some], _counts(level[:some], np.full(MOST_DAYS, LEFT), rng)])
    noticed = np.zeros(some, bool)
    for day in range(1, MOST_DAYS + 1):
        seen = _windows(counts[day - 1 : day - 1 + DRIFT_DAYS], items_a_day, relative)
        heard = hear(seen, rng.random(some))
        noticed |= (heard.evidence > threshold) & ~heard.rises
        if noticed.mean() >= SURE:
            return day
    return None


def _counts(level: Floats, left: Floats, rng: np.random.Generator) -> Floats:
    """Draw what stores sell on days on which so much of normal is left.  Shapes: (days, stores)."""
    mean = np.outer(left, level)
    return rng.poisson(mean * rng.gamma(1 / NOISE, NOISE, mean.shape)).astype(float)


def _windows(counts: Floats, items_a_day: float, relative: float) -> Windows:
    """Return the windows that end on the last day, the level known as well as it can be.  Shapes: counts (days, n)."""
    windows = {}
    for days in (*LENGTHS, DRIFT_DAYS):
        mean = np.full(counts.shape[1], items_a_day * days)
        wandered = mean**2 * (relative + DRIFT * wander(days))
        variance = mean + items_a_day**2 * days * NOISE + wandered
        windows[days] = Window(days, counts[-days:].sum(axis=0), mean, variance)
    return windows


def usual_sales(db: Session, *, day: date, store_ids: Collection[str]) -> dict[str, float]:
    """Return what is normal for stores on a day that they are open, by the last four weeks that were judged.

    A store that was not judged in these weeks is left out.
    """
    usual = select(Store.store_id, func.avg(StoreDay.expected)).join(Store, Store.id == StoreDay.store_id)
    usual = usual.where(StoreDay.day.between(day - timedelta(days=USUAL_DAYS - 1), day), StoreDay.expected > 0)
    usual = usual.where(Store.store_id.in_(store_ids)).group_by(Store.store_id)
    return {store_id: float(mean) for store_id, mean in db.execute(usual)} if store_ids else {}
