"""How far honest goods are carried is learnt from many dealers, and where that leads follows from where stores lie."""

import numpy as np
import pytest

from stores.travel import BINS, EDGES_M, LEAST_SCANS, Stores, distances_m, expected_regions, journeys

# Two towns of region 0 and 1, 40 km apart, and one of region 2, 600 km away.
TOWNS = Stores(np.array([30.0, 30.0, 30.36, 35.4]), np.array([110.0, 110.01, 110.0, 110.0]), np.array([0, 0, 1, 2]))
NEAR_AND_FAR = np.bincount([0, 2, 6], [0.7, 0.2, 0.1], BINS)


def test_distances_are_those_of_the_ground():
    assert distances_m(TOWNS, np.array([0, 0]), np.array([2, 0])).tolist() == pytest.approx([39_900, 0], rel=0.01)


def test_law_chances_of_all_regions_sum_to_one():
    chances = expected_regions(TOWNS, at=np.arange(4), regions=3, shares=NEAR_AND_FAR)
    assert chances.sum(axis=1).tolist() == pytest.approx([1] * 4)


def test_who_lives_near_a_border_crosses_it_and_hardly_anybody_goes_far():
    chances = expected_regions(TOWNS, at=np.array([0, 3]), regions=3, shares=NEAR_AND_FAR)
    assert chances[0].tolist() == pytest.approx([0.7, 0.2, 0.1], abs=0.01)
    assert chances[1, 2] == pytest.approx(0.7 / 0.8, abs=0.02)  # nothing lies 40 km from there


def test_a_distance_without_a_store_leads_nowhere():
    alone = Stores(np.array([0.0]), np.array([0.0]), np.array([0]))
    assert expected_regions(alone, at=np.array([0]), regions=2, shares=NEAR_AND_FAR).tolist() == [[1.0, 0.0]]


def test_few_who_divert_do_not_teach_how_far_people_travel():
    dealer = np.repeat(np.arange(20), 100)
    near = np.where(np.tile(np.arange(100), 20) < 95, 5e3, 150e3)
    apart_m = np.where((dealer < 2) & (np.tile(np.arange(100), 20) % 2 == 0), 900e3, near)
    shares = journeys(dealer, apart_m)
    assert shares[0] == pytest.approx(0.95, abs=0.01)
    assert shares[np.searchsorted(EDGES_M, 900e3)] == 0


def test_too_few_scans_teach_nothing():
    assert journeys(np.zeros(LEAST_SCANS - 1, int), np.zeros(LEAST_SCANS - 1)) is None
    assert journeys(np.zeros(0, int), np.zeros(0)) is None
