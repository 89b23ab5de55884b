from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scans.rewards import (
    REWARDS,
    RewardError,
    RewardRow,
    check_tiers,
    permute,
    prize,
    put_rewards,
    reward_list,
)
from tests import make

SECRET = bytes(range(16))


@pytest.mark.parametrize("rule", REWARDS)
@pytest.mark.parametrize("count", [1, 7, 10, 9_999, 10_000, 123_457])
def test_law_the_prizes_of_a_batch_are_exact_and_fit_its_items(rule, count):
    tiers = REWARDS[rule]([(500, 10), (100, 1_000)], count)
    assert sum(number for _, number in tiers) <= count
    if count < 10_000:
        drawn = [prize(tiers, position=p, count=count, secret=SECRET, batch_key=3) for p in range(1, count + 1)]
        assert sum(drawn) == sum(amount * number for amount, number in tiers)


@given(st.integers(1, 2_000), st.binary(min_size=16, max_size=16), st.integers(0, 2**40))
def test_a_shuffle_gives_every_place_once(count, secret, tweak):
    assert sorted(permute(p, count, secret=secret, tweak=tweak) for p in range(count)) == list(range(count))


def test_another_key_or_batch_shuffles_otherwise():
    def order(secret, batch_key):
        return [permute(p, 1_000, secret=secret, tweak=batch_key) for p in range(1_000)]

    assert order(SECRET, 1) != order(SECRET, 2) != order(bytes(16), 2)


@pytest.mark.parametrize(
    ("rule", "tiers"),
    [("nope", [(1, 1)]), ("drawn", []), ("drawn", [(0, 5)]), ("drawn", [(5, 0)]), ("drawn", [(5, 6_000), (1, 4_001)])],
)
def test_a_reward_that_cannot_be_is_refused(rule, tiers):
    with pytest.raises(RewardError):
        check_tiers(rule, tiers)


def test_rewards_are_listed_as_they_came_in(db):
    gtin = make.product(db).gtin
    rows = [RewardRow(f"R{year}", gtin, "drawn", ((188, 3000),), date(year, 1, 1)) for year in (2025, 2026)]
    put_rewards(db, rows=rows)
    assert reward_list(db) == rows[::-1]
