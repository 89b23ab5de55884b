"""Stage 14, after the visit: how often each reason for a flag was found to be real, and what that does to its rank.

Knows lists.
"""

from typing import NamedTuple

from scipy.stats import beta
from sqlalchemy.orm import Session

from stores.lists import PRIOR_REAL, PRIOR_VISITS, likely, visited

SURE = 0.95
NO_CODE = ""  # of flags whose reason names none
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
    rows = db.execute(visited()).all()
    found = [
        precision_of(detector, code or NO_CODE, visits=visits, real=int(real)) for detector, code, visits, real in rows
    ]
    return sorted(found, key=lambda one: (-one.visits, one.detector, one.code))
