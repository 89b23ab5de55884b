"""Who diverts is found, who sells to travellers is not, and how sure that is does not depend on when one looks."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import comb, expit, gammaln, logit, logsumexp

from stores.leaks import (
    CHANCES,
    FDR,
    TRUSTED,
    Population,
    Tally,
    accused,
    diverted_part,
    fit,
    log_evidence,
    log_honest,
    mean_evidence,
    tally,
)

HONEST = Population(0.0, 0.4)


def scans_of(rng, *, dealers, scans, part=0.0, people=HONEST):
    """Return the row, the chance of travel and the outcome of scans, in the order in which they came."""
    chance = rng.uniform(0.02, 0.12, (dealers, scans))
    honest = expit(logit(chance) + people.shift + people.spread * rng.normal(size=(dealers, 1)))
    outside = rng.random((dealers, scans)) < part + (1 - part) * honest
    return np.repeat(np.arange(dealers), scans), chance.ravel(), outside.ravel().astype(float)


def tallied(row, chance, outside, *, dealers):
    return tally(row, rows=dealers, chance=chance, outside=outside, scans=np.ones(len(row)))


def test_law_scans_are_counted_once_each():
    rng = np.random.default_rng(1)
    row, chance, outside = scans_of(rng, dealers=7, scans=50)
    told = tallied(row, chance, outside, dealers=7)
    assert (told.outside + told.inside).sum(axis=1).tolist() == [50] * 7
    assert told.outside.sum() == outside.sum()
    assert told.outside.shape == (7, len(CHANCES))


@pytest.mark.parametrize("place", range(0, len(CHANCES), 4))
def test_law_evidence_is_a_bet_at_fair_odds(place):
    """Over all that may happen to an honest dealer's scans, the e-value is 1 on average."""
    scans = 60
    outside, inside = np.zeros((2, scans + 1, len(CHANCES)))
    outside[:, place] = np.arange(scans + 1)
    inside[:, place] = scans - outside[:, place]
    told, ways = Tally(outside, inside), comb(scans, np.arange(scans + 1))
    honest = ways * np.exp(log_honest(told, HONEST))
    assert honest.sum() == pytest.approx(1)
    assert (honest * np.exp(log_evidence(told, HONEST))).sum() == pytest.approx(1)


def test_law_evidence_of_very_many_scans_is_a_bet_at_less_than_fair_odds():
    scans, place = 4 * TRUSTED, 9
    outside, inside = np.zeros((2, scans + 1, len(CHANCES)))
    outside[:, place] = np.arange(scans + 1)
    inside[:, place] = scans - outside[:, place]
    told = Tally(outside, inside)
    log_ways = gammaln(scans + 1) - gammaln(outside[:, place] + 1) - gammaln(inside[:, place] + 1)
    assert np.exp(logsumexp(log_ways + log_honest(told, HONEST) + log_evidence(told, HONEST))) < 1


def test_what_is_roughly_known_of_travel_accuses_nobody_however_many_scans_there_are():
    """Each store's chance is off by a factor of its own, which no dealer's spread explains."""
    rng = np.random.default_rng(7)
    dealers, stores, scans = 200, 3, 2000
    chance = rng.uniform(0.02, 0.2, (dealers, stores))
    truly = expit(logit(chance) + 0.5 * rng.normal(size=chance.shape))
    outside = rng.binomial(scans, truly).astype(float)
    row = np.repeat(np.arange(dealers), stores)
    told = tally(
        row, rows=dealers, chance=chance.ravel(), outside=outside.ravel(), scans=np.full(row.size, float(scans))
    )
    assert not accused(log_evidence(told, fit(told))).any()


def test_honest_dealers_looked_at_after_every_scan_are_rarely_ever_found():
    """Ville's inequality: the chance that the evidence ever reaches 20 is at most one in 20."""
    rng = np.random.default_rng(3)
    dealers, scans = 400, 120
    row, chance, outside = scans_of(rng, dealers=dealers, scans=scans)
    order = np.tile(np.arange(scans), dealers)
    ever = np.zeros(dealers, bool)
    for seen in range(1, scans + 1, 3):
        now = order < seen
        ever |= log_evidence(tallied(row[now], chance[now], outside[now], dealers=dealers), HONEST) >= np.log(20)
    assert ever.mean() <= 1 / 20


@pytest.mark.parametrize(
    "people", [Population(0.0, 0.25), Population(0.5, 0.4)], ids=["as expected", "they travel more"]
)
def test_ten_dealers_of_two_hundred_who_divert_are_found_within_two_hundred_scans(people):
    found = wrong = 0
    for seed in range(5):
        rng = np.random.default_rng(seed)
        honest = scans_of(rng, dealers=190, scans=200, people=people)
        bad = scans_of(rng, dealers=10, scans=200, part=0.3, people=people)
        row, chance, outside = (np.concatenate(pair) for pair in zip(honest, (bad[0] + 190, *bad[1:]), strict=True))
        told = tallied(row, chance, outside, dealers=200)
        named = accused(log_evidence(told, fit(told)))
        found, wrong = found + named[190:].sum(), wrong + named[:190].sum()
    assert found >= 9 * 5
    assert wrong <= 1 * 5


def test_a_population_is_learnt_although_a_few_divert():
    rng = np.random.default_rng(5)
    people = Population(0.5, 0.4)
    honest = scans_of(rng, dealers=190, scans=300, people=people)
    bad = scans_of(rng, dealers=10, scans=300, part=0.4, people=people)
    row, chance, outside = (np.concatenate(pair) for pair in zip(honest, (bad[0] + 190, *bad[1:]), strict=True))
    told = fit(tallied(row, chance, outside, dealers=200))
    assert told.shift == pytest.approx(0.5, abs=0.25)
    assert told.spread == pytest.approx(0.4, abs=0.2)


def test_the_part_that_is_diverted_is_told_with_its_bounds():
    rng = np.random.default_rng(6)
    told = tallied(*scans_of(rng, dealers=60, scans=400, part=0.3), dealers=60)
    low, middle, high = diverted_part(told, HONEST)
    assert ((low <= 0.3) & (high >= 0.3)).mean() >= 0.8
    assert np.median(middle) == pytest.approx(0.3, abs=0.03)
    assert (low <= middle).all()
    assert (middle <= high).all()


@given(st.lists(st.floats(-50, 50), min_size=1, max_size=60))
def test_law_who_is_accused_follows_the_e_values(log_e):
    named = accused(np.array(log_e))
    count = named.sum()
    if count:
        assert min(np.array(log_e)[named]) >= max([*np.array(log_e)[~named], -np.inf])
        assert min(np.array(log_e)[named]) >= np.log(len(log_e) / FDR / count)
    ordered = np.sort(log_e)[::-1]
    assert all(ordered[k - 1] < np.log(len(log_e) / FDR / k) for k in range(count + 1, len(log_e) + 1))


def test_evidence_of_parts_is_their_mean():
    log_e = np.log([4.0, 2.0, 9.0])
    assert np.exp(mean_evidence(log_e, np.array([0, 0, 2]), rows=3)).tolist() == pytest.approx([3, 0, 9])
