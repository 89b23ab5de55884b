import numpy as np
import pytest

from stores.precisions import precision_of


def test_nobody_has_visited_yet():
    one = precision_of("judge", "stretch_low", visits=0, real=0)
    assert (one.mean, one.weight) == (pytest.approx(0.7), pytest.approx(1.0))
    assert one.low < 0.5 < one.high
    assert not one.cries_wolf


def test_a_reason_that_is_never_real_cries_wolf_and_counts_little():
    some = [precision_of("judge", "x", visits=n, real=0) for n in (0, 5, 10, 40)]
    assert [one.cries_wolf for one in some] == [False, False, False, True]
    assert [one.weight for one in some] == sorted((one.weight for one in some), reverse=True)
    assert some[-1].weight == pytest.approx(7 / 50 / 0.7)


def test_law_the_interval_holds_the_share_as_often_as_it_promises():
    """The shares are drawn from the prior itself: 2,000 intervals of 95 %, whose count scatters by 10."""
    rng = np.random.default_rng(7)
    true = rng.beta(7, 3, 2000)
    real = rng.binomial(12, true)
    told = {n: precision_of("judge", "x", visits=12, real=n) for n in range(13)}
    held = sum(told[n].low <= share <= told[n].high for n, share in zip(real.tolist(), true, strict=True))
    assert held == pytest.approx(1900, abs=40)
