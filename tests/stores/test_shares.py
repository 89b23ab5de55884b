import pytest
from hypothesis import given
from hypothesis import strategies as st

from stores.shares import OWNER, RULES, ShareError, by_basis_points, by_weight, fixed, pool_of

POOLS = (0, 1, 2, 3, 99, 100, 101, 9_999, 123_456_789)
VALUES = ({"a": 1}, {"a": 1, "b": 1, "c": 1}, {"a": 3, "b": 1}, {"a": 3333, "b": 3333, "c": 3334}, {"a": 0, "b": 7})


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
@pytest.mark.parametrize("pool_cents", POOLS)
@pytest.mark.parametrize("values", VALUES)
def test_law_no_cent_is_made_or_lost(rule, pool_cents, values):
    assert sum(rule(pool_cents, values).values()) == pool_cents


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
@pytest.mark.parametrize("pool_cents", POOLS)
@pytest.mark.parametrize("values", VALUES)
def test_law_no_part_is_negative_and_all_are_named(rule, pool_cents, values):
    parts = rule(pool_cents, values)
    assert min(parts.values()) >= 0
    assert set(parts) == {*values, OWNER}


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_law_a_negative_value_is_refused(rule):
    with pytest.raises(ShareError):
        rule(100, {"a": -1, "b": 3})


@given(st.integers(0, 10**12), st.dictionaries(st.text(min_size=1), st.integers(0, 10**6), min_size=1, max_size=8))
def test_by_weight_is_within_one_cent_of_the_exact_quota(pool_cents, weights):
    total = sum(weights.values())
    if total == 0:
        return
    parts = by_weight(pool_cents, weights)
    for who, weight in weights.items():
        if who != OWNER:
            assert abs(parts[who] * total - pool_cents * weight) < total


@pytest.mark.parametrize(
    ("rule", "pool_cents", "values", "parts", "reason"),
    [
        (by_weight, 100, {"a": 1, "b": 1, "c": 1}, (34, 33, 33), "the odd cent goes to whoever is listed first"),
        (by_weight, 101, {"a": 1, "b": 2}, (34, 67), "remainders 2/3 and 1/3: the larger takes the cent"),
        (by_basis_points, 1_000, {"a": 1_000, "b": 500}, (100, 50), "ten and five percent"),
        (by_basis_points, 5, {"a": 1_000}, (1,), "half a cent: the tie goes to whoever is listed first"),
        (fixed, 100, {"a": 30, "b": 30}, (30, 30), "fixed amounts, the rest stays with the owner"),
        (fixed, 40, {"a": 30, "b": 30}, (30, 10), "the pool ends: whoever is listed later gets less"),
    ],
)
def test_worked_examples(rule, pool_cents, values, parts, reason):
    given_parts = rule(pool_cents, values)
    assert tuple(given_parts[who] for who in values) == parts, reason


def test_basis_points_above_the_whole_are_refused():
    with pytest.raises(ShareError, match="10,000"):
        by_basis_points(100, {"a": 9_000, "b": 1_001})


def test_weights_that_are_all_zero_are_refused():
    with pytest.raises(ShareError):
        by_weight(100, {"a": 0})


def test_the_pool_is_rounded_down():
    assert pool_of(999, pool_bp=1_000) == 99
