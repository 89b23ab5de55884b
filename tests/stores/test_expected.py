"""The model of a normal day: it finds a level, a weekday, a shared day, a noise, and is not led astray."""

import numpy as np
import pytest

from stores.expected import Normal, foresee, learn


def taught(counts, region=None):
    """Return the model after these days (shape (days, stores), Monday first) and what it foresaw of each."""
    counts = np.asarray(counts)
    normal = Normal.before_first_day(np.zeros(counts.shape[1], int) if region is None else region)
    foreseen = []
    for number, day in enumerate(counts):
        foreseen.append(foresee(normal, day, number % 7))
        learn(normal, foreseen[-1], number % 7)
    return normal, foreseen


def draw(mean, *, days=84, size=None, seed=0):
    rng = np.random.default_rng(seed)
    mean = np.broadcast_to(mean, (days, np.shape(mean)[-1]))
    return rng.poisson(mean if size is None else mean * rng.gamma(size, 1 / size, mean.shape))


@pytest.mark.parametrize("rate", [0.2, 3.0, 60.0, 1e5])
def test_the_level_is_found_at_every_volume(rate):
    _, foreseen = taught(draw(np.full(200, rate)))
    assert np.mean([day.mean for day in foreseen[-14:]]) == pytest.approx(rate, rel=0.06)


def test_weekdays_are_found_and_a_store_may_differ_from_its_region():
    week = np.ones((7, 60))
    week[6], week[6, :20] = 0.5, 2.0
    _, foreseen = taught(draw(10 * np.tile(week, (12, 1))))
    sunday = foreseen[-1].mean
    assert sunday[20:].mean() == pytest.approx(5, rel=0.4)
    assert sunday[:20].mean() == pytest.approx(20, rel=0.3)


def test_a_day_shared_by_the_neighbours_is_expected():
    mean = np.full((84, 500), 8.0)
    mean[-1, :50] = 16.0
    _, foreseen = taught(draw(mean), np.repeat(np.arange(10), 50))
    assert foreseen[-1].mean[:50].mean() == pytest.approx(16, rel=0.15)
    assert foreseen[-1].mean[50:].mean() == pytest.approx(8, rel=0.1)


def test_a_store_alone_in_its_region_is_not_its_own_neighbour():
    mean = np.full((84, 30), 8.0)
    mean[-1, 0] = 80.0
    _, foreseen = taught(draw(mean), np.arange(30))
    assert foreseen[-1].mean[0] < 12


def test_an_outbreak_teaches_the_level_little():
    mean = np.full((84, 50), 8.0)
    mean[-7:, 0] = 0.0
    mean[-7:, 1] = 40.0
    _, foreseen = taught(draw(mean))
    assert foreseen[-1].level[0] > 6.5
    assert foreseen[-1].level[1] < 13


def test_noise_is_learnt():
    normal, _ = taught(draw(np.full(300, 20.0), size=5.0))
    assert normal.pooled.noise == pytest.approx(0.2, rel=0.2)
    normal, _ = taught(draw(np.full(300, 20.0)))
    assert normal.pooled.noise < 0.02
