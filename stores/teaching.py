"""Stage 14, after the visit: where the next visit would teach most. Knows precisions.

A visit says whether this flag is real, and it says something of the reason all flags like it rest on.
"""

from collections.abc import Iterable
from math import sqrt
from typing import NamedTuple

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from stores.lists import PRIOR_REAL, PRIOR_VISITS
from stores.precisions import NO_CODE, precisions
from stores.tables import Flag, Outcome, Store, Visit

Reason = tuple[str, str]


class Question(NamedTuple):
    """A flag that is open and nobody has reported on."""

    flag_id: str
    store_id: str
    store: str
    region: str
    reason: Reason
    stake_cents: int


class Lesson(NamedTuple):
    """How much less one would err after a visit, in cents a month: about this store, and about its reason elsewhere."""

    question: Question
    own_cents: float
    reason_cents: float

    @property
    def cents(self) -> float:
        """Both together: uncertainties add as squares."""
        return sqrt(self.own_cents**2 + self.reason_cents**2)


def lessons(questions: Iterable[Question], told: dict[Reason, tuple[int, int]]) -> list[Lesson]:
    """Return what a visit for each flag would teach, the most first; `told` is visits and real ones of each reason.

    The expected loss of a flag is stake x real, with real unknown: of mean m = a / (a + b). A visit takes away
    its own variance, stake² m (1 - m), and of the variance of m, on which all other open flags of the reason hang with
    their stakes, the expected part ab / ((a + b)² (a + b + 1)²).

    Source: Raiffa & Schlaifer, Applied Statistical Decision Theory (1961): preposterior analysis of Bernoulli trials.
    """
    asked = list(questions)
    total: dict[Reason, int] = {}
    for one in asked:
        total[one.reason] = total.get(one.reason, 0) + one.stake_cents
    found = []
    for one in asked:
        visits, real = told.get(one.reason, (0, 0))
        a, b = PRIOR_REAL + real, PRIOR_VISITS - PRIOR_REAL + visits - real
        mean, weight = a / (a + b), a + b
        shrinks = sqrt(a * b) / (weight * (weight + 1))
        others = total[one.reason] - one.stake_cents
        found.append(Lesson(one, one.stake_cents * sqrt(mean * (1 - mean)), others * shrinks))
    return sorted(found, key=lambda lesson: (-lesson.cents, lesson.question.store_id, lesson.question.reason))


def open_lessons(db: Session) -> list[Lesson]:
    """Return what a visit would teach for every flag that is not over and that nobody has reported on."""
    reported = exists().where(Visit.flag_id == Flag.id, Outcome.visit_id == Visit.id)
    told = select(
        Flag.flag_id, Store.store_id, Store.name, Store.region, Flag.detector, Flag.why["code"].as_string(),
        Flag.stake_cents,
    ).join(Store, Store.id == Flag.store_id)  # fmt: skip
    rows = db.execute(told.where(Flag.closed_on.is_(None), ~reported)).all()
    asked = [
        Question(flag_id, store_id, store, region, (detector, code or NO_CODE), stake_cents)
        for flag_id, store_id, store, region, detector, code, stake_cents in rows
    ]
    return lessons(asked, {(one.detector, one.code): (one.visits, one.real) for one in precisions(db)})
