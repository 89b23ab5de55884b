from dataclasses import replace
from datetime import date

import pytest

from stores.plans import PartTerm, PlanError, PlanTerms, check_plan, ensure_default_plan, plan_on, put_plans

TODAY = date(2026, 6, 15)
PLAN = PlanTerms(
    "P1", TODAY, 1_000, "by_weight", (PartTerm("franchisee", "sale", 3), PartTerm("franchisee", "link", 1))
)


def test_a_plan_splits_a_price_in_the_order_of_its_parts():
    assert [(part.follows, cents) for part, cents in PLAN.split(999)] == [("sale", 74), ("link", 25)]


@pytest.mark.parametrize(
    "changed",
    [
        {"rule": "by_magic"},
        {"pool_bp": 10_001},
        {"pool_bp": -1},
        {"parts": ()},
        {"parts": (PLAN.parts[0], PLAN.parts[0])},
        {"parts": (PartTerm("king", "sale", 1),)},
        {"parts": (PartTerm("dealer", "moon", 1),)},
        {"parts": (PartTerm("dealer", "sale", 0),)},
        {"rule": "by_basis_points", "parts": (PartTerm("dealer", "sale", 10_001),)},
    ],
)
def test_a_plan_that_cannot_be_is_refused(changed):
    with pytest.raises(PlanError):
        check_plan(replace(PLAN, **changed))


def test_the_plan_that_started_last_is_in_force(db):
    ensure_default_plan(db)
    put_plans(db, plans=[PLAN, replace(PLAN, plan_id="P2", starts_on=date(2026, 7, 1))], today=TODAY)
    in_force = [plan_on(db, day=day).plan_id for day in (date(2026, 6, 14), TODAY, date(2026, 6, 30), date(2027, 1, 1))]
    assert in_force == ["default", "P1", "P1", "P2"]


def test_a_plan_comes_again_without_harm_but_never_with_other_terms(db):
    assert put_plans(db, plans=[PLAN], today=TODAY) == 1
    assert put_plans(db, plans=[PLAN], today=date(2027, 1, 1)) == 0
    with pytest.raises(PlanError, match="other terms"):
        put_plans(db, plans=[replace(PLAN, pool_bp=500)], today=TODAY)


def test_a_plan_cannot_start_in_the_past(db):
    with pytest.raises(PlanError, match="past"):
        put_plans(db, plans=[PLAN], today=date(2026, 6, 16))


def test_the_default_plan_is_made_once(db):
    ensure_default_plan(db)
    ensure_default_plan(db)
    assert [(part.receiver, cents) for part, cents in plan_on(db, day=TODAY).split(1_000)] == [("franchisee", 100)]
