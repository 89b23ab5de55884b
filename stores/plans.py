"""Stage 10, plan: dated versions of how a claim's profit is shared. Knows scans, shares."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from sqlalchemy import select
from sqlalchemy.orm import Session

from scans.versions import kept, touch
from stores.shares import RULES, ShareError, pool_of
from stores.tables import FOLLOWS, PARTY_KINDS, Plan, PlanPart

DEFAULT_PLAN_ID = "default"
FIRST_DAY = date(1970, 1, 1)
PROBE_CENTS = (0, 1, 9_999)


class PlanError(ValueError):
    """A plan that cannot be, or that would change what was already promised."""


@dataclass(frozen=True, slots=True)
class PartTerm:
    """One receiver of a plan: which kind of party above the store of the sale, or of the consumer's link."""

    receiver: str
    follows: str
    value: int


@dataclass(frozen=True, slots=True)
class PlanTerms:
    """One version of the plan as it is imported and applied. `key` is ours (0 before it is kept)."""

    plan_id: str
    starts_on: date
    pool_bp: int
    rule: str
    parts: tuple[PartTerm, ...]
    key: int = 0

    def split(self, price_cents: int) -> list[tuple[PartTerm, int]]:
        """Return each part's cents of an item's list price, in the order of the plan; the owner's rest is left out."""
        values = {f"{part.receiver}.{part.follows}": part.value for part in self.parts}
        given = RULES[self.rule](pool_of(price_cents, pool_bp=self.pool_bp), values)
        return [(part, given[f"{part.receiver}.{part.follows}"]) for part in self.parts]


def check_plan(plan: PlanTerms) -> None:
    """Raise PlanError unless every word is known and every price can be split."""
    if plan.rule not in RULES:
        raise PlanError(f"the rule {plan.rule} is not one of {', '.join(RULES)}")
    if not 0 <= plan.pool_bp <= 10_000:
        raise PlanError("the pool is between 0 and 10,000 basis points of the list price")
    if not plan.parts or len({(part.receiver, part.follows) for part in plan.parts}) < len(plan.parts):
        raise PlanError("a plan needs parts, and no receiver twice")
    for part in plan.parts:
        if part.receiver not in PARTY_KINDS or part.follows not in FOLLOWS:
            raise PlanError(f"a part goes to one of {', '.join(PARTY_KINDS)} and follows the sale or the link")
    try:
        for cents in PROBE_CENTS:
            plan.split(cents)
    except ShareError as error:
        raise PlanError(str(error)) from error


def put_plans(db: Session, *, plans: Sequence[PlanTerms], today: date) -> int:
    """Keep new plan versions and return how many were new; one that is there unchanged is passed over.

    Raises: PlanError if a plan cannot be, changes one kept under the same id, or starts on a day before `today`.
    """
    there = {plan.plan_id: plan for plan in _load(db)}
    new = 0
    for plan in plans:
        check_plan(plan)
        if plan.plan_id in there:
            _must_agree(plan, there[plan.plan_id])
            continue
        if plan.starts_on < today:
            raise PlanError(f"plan {plan.plan_id} starts in the past; give it a day from {today} on")
        if any(plan.starts_on == other.starts_on for other in there.values()):
            raise PlanError(f"another plan already starts on {plan.starts_on}")
        _keep(db, plan)
        there[plan.plan_id] = plan
        new += 1
    return new


def ensure_default_plan(db: Session) -> None:
    """Leave one plan in force where there is none: 10 % of list price to the franchisee of the sale's store."""
    if not _load(db):
        tenth = PartTerm("franchisee", "sale", 1_000)
        _keep(db, PlanTerms(DEFAULT_PLAN_ID, FIRST_DAY, 10_000, "by_basis_points", (tenth,)))


def plans(db: Session) -> list[PlanTerms]:
    """Return every plan version in the order of its first day, from memory while none has changed."""
    return kept(db, name="plans", load=_load)


def plan_on(db: Session, *, day: date) -> PlanTerms | None:
    """Return the plan in force on a day: the one that started last; None before the first."""
    return next((plan for plan in reversed(plans(db)) if plan.starts_on <= day), None)


def _must_agree(plan: PlanTerms, other: PlanTerms) -> None:
    same = (plan.starts_on, plan.pool_bp, plan.rule, plan.parts)
    if same != (other.starts_on, other.pool_bp, other.rule, other.parts):
        raise PlanError(f"plan {plan.plan_id} is kept with other terms; a change is a new plan with a new id")


def _keep(db: Session, plan: PlanTerms) -> None:
    row = Plan(plan_id=plan.plan_id, starts_on=plan.starts_on, pool_bp=plan.pool_bp, rule=plan.rule)
    db.add(row)
    db.flush()
    for line, part in enumerate(plan.parts):
        db.add(PlanPart(plan_id=row.id, line=line, receiver=part.receiver, follows=part.follows, value=part.value))
    db.flush()
    touch(db, name="plans")


def _load(db: Session) -> list[PlanTerms]:
    parts: dict[int, list[PartTerm]] = {}
    for part in db.scalars(select(PlanPart).order_by(PlanPart.plan_id, PlanPart.line)):
        parts.setdefault(part.plan_id, []).append(PartTerm(part.receiver, part.follows, part.value))
    found = db.scalars(select(Plan).order_by(Plan.starts_on))
    versions = [
        PlanTerms(row.plan_id, row.starts_on, row.pool_bp, row.rule, tuple(parts[row.id]), row.id) for row in found
    ]
    assert all(one.starts_on < other.starts_on for one, other in pairwise(versions))
    return versions
