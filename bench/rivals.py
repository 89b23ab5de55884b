"""What one would use instead of the judge: each gives every judged store-day a score and a sign from the days before.

All take counts, with 0 where a store has no row, and the first judged day; all return score and sign, each of shape
(stores, judged days).
"""

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray
from scipy import stats

try:
    from statsforecast import StatsForecast
    from statsforecast.models import AutoETS
except ImportError:  # the extra `bench` brings it
    StatsForecast = None

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Scored = tuple[Floats, Floats]
LEAST_SD = 0.5
WINDOW_DAYS, GUARD_DAYS = 98, 3
REFIT_DAYS = 15


def z_28_days(counts: Ints, first: int) -> Scored:
    """Standard deviations from the mean of the four weeks before."""
    return _by_day(counts, first, lambda day: counts[:, max(0, day - 28) : day])


def same_weekday(counts: Ints, first: int) -> Scored:
    """Standard deviations from the mean of the same weekday in eight weeks."""
    return _by_day(counts, first, lambda day: counts[:, max(day % 7, day - 56) : day : 7])


def ears_c2(counts: Ints, first: int) -> Scored:
    """Early Aberration Reporting System, C2: a week's mean, two days apart (Hutwagner et al. 2003)."""
    return _by_day(counts, first, lambda day: counts[:, max(0, day - 9) : day - 2])


def _by_day(counts: Ints, first: int, past: Callable[[int], Ints]) -> Scored:
    z = np.zeros((len(counts), counts.shape[1] - first))
    for number in range(z.shape[1]):
        before = past(first + number)
        sd = np.maximum(before.std(axis=1, ddof=1), LEAST_SD)
        z[:, number] = (counts[:, first + number] - before.mean(axis=1)) / sd
    return np.abs(z), np.sign(z)


def farrington_type(counts: Ints, first: int) -> Scored:
    """Quasi-Poisson regression on trend and weekday, odd days of the past weighing less; negative binomial tails.

    Source: Farrington et al. (1996), with the changes of Noufaily et al. (2013), brought to days.
    """
    scores, signs = zip(*(_regress(counts, day) for day in range(first, counts.shape[1])), strict=True)
    return np.stack(scores, axis=1), np.stack(signs, axis=1)


def _regress(counts: Ints, day: int) -> tuple[Floats, Floats]:
    at = np.arange(max(0, day - GUARD_DAYS - WINDOW_DAYS), day - GUARD_DAYS)
    x, today = _design(at, day), _design(np.array([day]), day)
    past, weight = counts[:, at].astype(float), np.ones((len(counts), len(at)))
    for _ in range(2):
        beta = _fit(x, past, weight)
        mean = np.exp(np.clip(beta @ x.T, -8, 16))
        spread = (((past - mean) ** 2 / mean) * weight).sum(axis=1, keepdims=True) / max(len(at) - x.shape[1], 1)
        spread = np.maximum(spread, 1.0)
        anscombe = 1.5 * (past ** (2 / 3) - mean ** (2 / 3)) / (mean ** (1 / 6) * np.sqrt(spread))
        weight = np.where(anscombe > 2.58, (2.58 / np.maximum(anscombe, 2.58)) ** 2, 1.0)
        weight *= len(at) / weight.sum(axis=1, keepdims=True)
    expected = np.minimum(np.exp(np.clip(today @ beta.T, -8, 16))[0], past.max(axis=1) + 1)
    size = expected / np.maximum(spread[:, 0] - 1, 1e-3)
    share = size / (size + expected)
    above = stats.nbinom.sf(counts[:, day] - 1, size, share)
    below = stats.nbinom.cdf(counts[:, day], size, share)
    return -np.log10(np.clip(np.minimum(above, below), 1e-300, 1.0)), np.where(above < below, 1.0, -1.0)


def _design(at: Ints, day: int) -> Floats:
    return np.column_stack([np.ones(len(at)), (at - day) / 100.0, *((at % 7 == weekday) for weekday in range(1, 7))])


def _fit(x: Floats, past: Floats, weight: Floats) -> Floats:
    """Return the coefficients of every store's log-linear regression by eight reweighted least squares."""
    beta = np.zeros((len(past), x.shape[1]))
    beta[:, 0] = np.log(past.mean(axis=1) + 0.1)
    for _ in range(8):
        mean = np.exp(np.clip(beta @ x.T, -8, 16))
        w = mean * weight
        normal = np.einsum("nt,tp,tq->npq", w, x, x, optimize=True) + 1e-3 * np.eye(x.shape[1])
        target = (w * (np.log(mean) + (past - mean) / mean)) @ x
        beta = np.linalg.solve(normal, target[..., None])[..., 0]
    return beta


def statsforecast_ets(counts: Ints, first: int) -> Scored:
    """Exponential smoothing with a week's season, by statsforecast: one day ahead, in its own standard deviations."""
    import pandas as pd

    stores, days = counts.shape
    dates = pd.date_range("2026-01-05", periods=days)
    long = pd.DataFrame(
        {
            "unique_id": np.repeat(np.arange(stores), days),
            "ds": np.tile(dates, stores),
            "y": counts.ravel().astype(float),
        }
    )
    model = StatsForecast(models=[AutoETS(season_length=7, model="ANA", alias="ets")], freq="D")
    told = model.cross_validation(df=long, h=1, n_windows=days - first, refit=REFIT_DAYS, level=[68.27])
    told = told.sort_values(["unique_id", "ds"])
    sd = np.maximum((told["ets-hi-68.27"] - told["ets-lo-68.27"]).to_numpy() / 2, LEAST_SD)
    z = np.nan_to_num((told["y"] - told["ets"]).to_numpy() / sd).reshape(stores, days - first)
    return np.abs(z), np.sign(z)


def rivals() -> Iterator[tuple[str, Callable[[Ints, int], Scored]]]:
    """Yield the methods by name, the quick ones first."""
    yield "z, 28 days", z_28_days
    yield "same weekday", same_weekday
    yield "EARS C2", ears_c2
    yield "Farrington type", farrington_type
    if StatsForecast is not None:
        yield "statsforecast ETS", statsforecast_ets
