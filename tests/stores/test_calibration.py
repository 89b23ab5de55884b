"""Calibration: a share promised is the share realised, and what was surely abnormal does not spoil it."""

import numpy as np
import pytest

from stores.calibration import Null


def taught(evidence, level=3.0):
    null = Null()
    null.remember(evidence, np.full(len(evidence), level), np.ones(len(evidence), bool))
    return null


@pytest.mark.parametrize("promised", [0.2, 0.05, 0.01])
def test_the_promised_share_is_realised(promised):
    rng = np.random.default_rng(0)
    p_value = taught(rng.normal(-3, 2, 50_000)).p_value(rng.normal(-3, 2, 50_000), np.full(50_000, 3.0))
    assert (p_value <= promised).mean() == pytest.approx(promised, rel=0.1)


def test_a_few_surely_abnormal_days_teach_nothing():
    rng = np.random.default_rng(0)
    evidence = rng.normal(-3, 2, 50_000)
    evidence[:1000] = 30.0
    p_value = taught(evidence).p_value(rng.normal(-3, 2, 50_000), np.full(50_000, 3.0))
    assert (p_value <= 0.01).mean() == pytest.approx(0.01, rel=0.15)


def test_with_nothing_learnt_yet_the_bound_of_any_likelihood_ratio_holds():
    evidence = np.array([-5.0, 1.0, 3.0])
    assert Null().p_value(evidence, np.ones(3)) == pytest.approx(np.exp(-np.maximum(evidence, 0)), rel=0.06)


@pytest.mark.parametrize("learnt", [0, 1, 10_000])
def test_more_evidence_is_never_likelier(learnt):
    null = taught(np.random.default_rng(1).normal(-3, 2, learnt))
    p_value = null.p_value(np.linspace(-20, 600, 5000), np.full(5000, 3.0))
    assert (np.diff(p_value) <= 0).all()
    assert p_value.min() > 0
    assert p_value.max() <= 1


def test_evidence_all_alike_is_no_trouble():
    with np.errstate(all="raise", under="ignore"):
        p_value = taught(np.full(100_000, 24.9)).p_value(np.array([-3.0, 24.9, 80.0]), np.ones(3))
    assert np.isfinite(p_value).all()
