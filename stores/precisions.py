"""Stage 14, after the visit: how often each reason for a flag was found to be real, and what that does to its rank.

Knows lists.
"""

from typing import NamedTuple

from scipy.stats import beta
from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from stores.lists import PRIOR_REAL, PRIOR_VISITS, likely
from stores.tables import Flag, Outcome, Visit

SURE = 0.95
WOLF = 0.5  # a reason of which this share is wrong, surely, cries wolf


class Precision(NamedTuple):
    """What visits found of a reason: its share of real ones with its 95 % interval, and its weight in lists.

    `weight` is what a stake counts beside one of a reason that nobody has visited yet: 1 at first.
    """

    detector: str
    code: str
    visits: int
    real: int
    mean: float
    low: float
    high: float
    weight: float

    @property
    def cries_wolf(self) -> bool:
        """Tell whether most of its flags are surely nothing."""
        return self.high < WOLF


def precision_of(detector: str, code: str, *, visits: int, real: int) -> Precision:
    """Return what so many real of so many visits say of a reason.

    Source: the equal-tailed interval of the beta posterior whose mean ranks the lists.
    """
    mine = beta(PRIOR_REAL + real, PRIOR_VISITS - PRIOR_REAL + visits - real)
    low, high = (float(mine.ppf(tail)) for tail in ((1 - SURE) / 2, (1 + SURE) / 2))
    mean = likely(real, visits)
    return Precision(detector, code, visits, real, mean, low, high, mean / likely(0, 0))


def precisions(db: Session) -> list[Precision]:
    """Return every reason that flags ever had, the most visited first."""
    code = Flag.why["code"].as_string()
    real = func.coalesce(func.sum(case((Outcome.was_real, 1), else_=0)), 0)
    told = select(Flag.detector, code, func.count(Outcome.visit_id), real)
    told = told.outerjoin(Visit, Visit.flag_id == Flag.id).outerjoin(Outcome, Outcome.visit_id == Visit.id)
    rows = db.execute(told.group_by(Flag.detector, code)).all()
    found = [precision_of(detector, said, visits=visits, real=int(was)) for detector, said, visits, was in rows]
    return sorted(found, key=lambda one: (-one.visits, one.detector, one.code))
