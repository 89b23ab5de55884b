"""Calibration: a share promised is the share realised, and what was surely abnormal does not spoil it."""

import numpy as np
import pytest

from stores.calibration import Null, volume_class


def alike(evidence, level=3.0):
    return volume_class(np.full(len(evidence), level))


def taught(evidence):
    null = Null()
    null.remember(evidence, alike(evidence), np.ones(len(evidence), bool))
    return null


def p_of(null, evidence):
    return null.p_value(evidence, alike(evidence))


@pytest.mark.parametrize("promised", [0.2, 0.05, 0.01])
def test_the_promised_share_is_realised(promised):
    rng = np.random.default_rng(0)
    p_value = p_of(taught(rng.normal(-3, 2, 50_000)), rng.normal(-3, 2, 50_000))
    assert (p_value <= promised).mean() == pytest.approx(promised, rel=0.1)


def test_a_few_surely_abnormal_days_teach_nothing():
    rng = np.random.default_rng(0)
    evidence = rng.normal(-3, 2, 50_000)
    evidence[:1000] = 30.0
    p_value = p_of(taught(evidence), rng.normal(-3, 2, 50_000))
    assert (p_value <= 0.01).mean() == pytest.approx(0.01, rel=0.15)


def test_with_nothing_learnt_yet_the_bound_of_any_likelihood_ratio_holds():
    evidence = np.array([-5.0, 1.0, 3.0])
    assert p_of(Null(), evidence) == pytest.approx(np.exp(-np.maximum(evidence, 0)), rel=0.06)


@pytest.mark.parametrize("learnt", [0, 1, 10_000])
def test_more_evidence_is_never_likelier(learnt):
    null = taught(np.random.default_rng(1).normal(-3, 2, learnt))
    p_value = p_of(null, np.linspace(-20, 600, 5000))
    assert (np.diff(p_value) <= 0).all()
    assert p_value.min() > 0
    assert p_value.max() <= 1


def test_evidence_all_alike_is_no_trouble():
    with np.errstate(all="raise", under="ignore"):
        p_value = p_of(taught(np.full(100_000, 24.9)), np.array([-3.0, 24.9, 80.0]))
    assert np.isfinite(p_value).all()
