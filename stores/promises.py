"""Stage 13, after the judge: how often its probabilities came true. Knows the night's tables only."""

from datetime import date
from typing import NamedTuple

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from stores.tables import StoreDay

PROMISES = (0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0)


class Promise(NamedTuple):
    """Of so many judged store-days, how many were said to be at most `promised` likely on a normal store."""

    promised: float
    alarms: int
    store_days: int

    @property
    def realised(self) -> float:
        """Share of store-days that came out at most so likely; where all is normal it is what was promised."""
        return self.alarms / self.store_days if self.store_days else 0.0


def promises(db: Session, *, first: date, last: date) -> list[Promise]:
    """Return for every promised rate how often it came, over all judged store-days; none where none was judged."""
    counts = [func.sum(case((StoreDay.p_value <= promised, 1), else_=0)) for promised in PROMISES]
    told = select(func.count(), *counts).where(StoreDay.day.between(first, last), StoreDay.p_value.is_not(None))
    judged, *alarms = db.execute(told).one()
    if not judged:
        return []
    return [Promise(promised, int(count), judged) for promised, count in zip(PROMISES, alarms, strict=True)]
