"""False discoveries: the promised share of a night, and of a year of nights."""

import numpy as np
import pytest
from scipy.stats import false_discovery_control

from stores.discovery import MEMORY, Family, discoveries

EVERYONE = np.ones(1000, bool)


def quiet_night(rng, stores=1000):
    return rng.random(stores)


def troubled_night(rng, *, ill, stores=1000):
    p_value = quiet_night(rng, stores)
    p_value[:ill] = 10.0 ** -rng.uniform(3, 9, ill)
    return p_value


@pytest.mark.parametrize("ill", [0, 1, 30])
def test_a_night_alone_is_benjamini_and_hochbergs(ill):
    rng = np.random.default_rng(ill)
    for _ in range(50):
        p_value, tested = troubled_night(rng, ill=ill), rng.random(1000) < 0.9
        wanted = np.zeros(1000, bool)
        wanted[tested] = false_discovery_control(p_value[tested]) <= 0.10
        assert np.array_equal(discoveries(p_value, tested, 0.10), wanted)


def test_who_is_not_tested_is_not_flagged():
    assert not discoveries(np.full(1000, 1e-9), ~EVERYONE, 0.10).any()
    assert discoveries(np.array([]), np.array([], bool), 0.10).shape == (0,)


def years(family_of_night, *, nights=5000, stores=50):
    """Return which share of all flags is wrong and how many there are a night, one night in ten having an ill store."""
    rng = np.random.default_rng(5)
    family, wrong, flags = Family(), 0, 0
    for _ in range(nights):
        ill = int(rng.random() < 0.1)
        p_value = troubled_night(rng, ill=ill, stores=stores)
        flagged = family_of_night(family).discover(p_value, np.ones(stores, bool), 0.10)
        wrong, flags = wrong + int(flagged[ill:].sum()), flags + int(flagged.sum())
    return wrong / flags, flags / nights


def test_over_the_years_the_promise_is_kept_but_for_the_first_flag_after_quiet_nights():
    wrong, a_night = years(lambda family: family)
    assert wrong == pytest.approx(0.10 * (1 + (1 - MEMORY) / a_night), rel=0.1)
    assert wrong < 0.2


def test_negative_control_each_night_for_itself_most_flags_are_wrong():
    wrong, _ = years(lambda family: Family())
    assert wrong > 0.5


def test_after_troubled_nights_less_is_enough_and_after_quiet_ones_more_is_asked_for():
    rng = np.random.default_rng(7)
    after_quiet, after_ill = Family(), Family()
    for _ in range(20):
        after_quiet.discover(quiet_night(rng), EVERYONE, 0.10)
        after_ill.discover(troubled_night(rng, ill=100), EVERYONE, 0.10)
    odd = np.where(np.arange(1000) == 0, 0.002, 0.9)
    assert after_ill.discover(odd, EVERYONE, 0.10).sum() == 1
    alone = np.where(np.arange(1000) == 0, 0.00009, 0.9)
    assert discoveries(alone, EVERYONE, 0.10).sum() == 1
    assert not after_quiet.discover(alone, EVERYONE, 0.10).any()


def test_the_order_of_stores_is_nothing_to_it():
    rng = np.random.default_rng(9)
    one, other, order = Family(), Family(), rng.permutation(1000)
    for _ in range(30):
        p_value = troubled_night(rng, ill=5)
        assert np.array_equal(
            one.discover(p_value, EVERYONE, 0.10)[order], other.discover(p_value[order], EVERYONE, 0.10)
        )


def test_the_smallest_p_values_there_are_count():
    p_value = np.append([0.0, 5e-324, 1e-30], np.full(997, 0.5))
    assert discoveries(p_value, EVERYONE, 0.10).sum() == 3
