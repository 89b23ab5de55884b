"""Stage 13, judge: which dealer's goods turn up elsewhere more often than travel explains. Pure arrays.

For every dealer, and for every batch of a dealer, one number weighs how much likelier the scans are if goods are
diverted than if people travel. It may be looked at after every scan: that a dealer who diverts nothing ever reaches
1/a has a chance of at most a. All dealers together are held to a false-discovery rate. See docs/diversion.md.
"""

from typing import NamedTuple

import numpy as np
from scipy.special import expit, logit, logsumexp

from stores.presence import Bools, Floats, Ints

FDR = 0.05
TRUSTED = 400
CHANCES = logit(
    [0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.035, 0.05, 0.08, 0.12, 0.18, 0.25, 0.35, 0.5, 0.7, 0.9]
)
DIVERTED = np.array([0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.65, 0.8])
FINE = np.linspace(0, 0.95, 96)
SHIFTS, SHIFT_SPREAD = np.linspace(-2, 2, 17), 0.75
SPREADS = np.array([0.1, 0.25, 0.4, 0.6, 0.9, 1.3])
ASKED = 1000
GUILTY = np.array([0.001, 0.01, 0.03, 0.06, 0.1, 0.2])
_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(15)
_LOG_WEIGHTS = np.log(_WEIGHTS / _WEIGHTS.sum())


class Tally(NamedTuple):
    """Scans outside and inside of where the goods belong, by how likely travel alone made the outside.

    Shapes: (rows, chances) each; a row is a dealer, or a batch of a dealer.
    """

    outside: Floats
    inside: Floats


class Population(NamedTuple):
    """What honest dealers are like: how much more their goods travel than expected, and how they differ.

    Units: logits.
    """

    shift: float
    spread: float


def tally(row: Ints, *, rows: int, chance: Floats, outside: Floats, scans: Floats) -> Tally:
    """Count scans by row and by the nearest of the listed chances; `outside` are how many of `scans` are.

    Shapes: row, chance, outside, scans (n,).
    """
    edges = (CHANCES[1:] + CHANCES[:-1]) / 2
    place = row * len(CHANCES) + np.searchsorted(edges, logit(chance.clip(1e-6, 1 - 1e-6)))
    size = rows * len(CHANCES)
    out: Floats = np.bincount(place, outside, size).reshape(rows, -1).astype(float)
    everything: Floats = np.bincount(place, scans, size).reshape(rows, -1).astype(float)
    return Tally(out, everything - out)


def fit(some: Tally) -> Population:
    """Return the population under which these rows are likeliest, a few of whom may divert; of many, a sample is asked.

    Source: empirical Bayes with a contaminated population, Efron, "Large-Scale Inference" (2010), chapters 1 and 5.
    """
    every = max(1, len(some.outside) // ASKED)
    some = Tally(some.outside[::every], some.inside[::every])
    best, found = -np.inf, Population(0.0, float(SPREADS[0]))
    for shift in SHIFTS:
        for spread in SPREADS:
            asked = Population(float(shift), float(spread))
            honest, diverting = log_honest(some, asked), log_diverting(some, asked)
            mixed = np.logaddexp(honest + np.log1p(-GUILTY)[:, None], diverting + np.log(GUILTY)[:, None])
            likely = mixed.sum(axis=1).max() - shift**2 / (2 * SHIFT_SPREAD**2)
            if likely > best:
                best, found = float(likely), asked
    return found


def log_honest(some: Tally, population: Population) -> Floats:
    """Return the logarithm of how likely the scans of each row are if people travel, and nothing else.

    Shapes: to (rows,).
    """
    return _given(some, population, 0.0)


def log_diverting(some: Tally, population: Population) -> Floats:
    """Return the same if a part of the goods is diverted, each listed part as likely as any other.

    Shapes: to (rows,).
    """
    each = [_given(some, population, part) for part in DIVERTED]
    told: Floats = logsumexp(np.stack(each), axis=0) - np.log(len(DIVERTED))
    return told


def log_evidence(some: Tally, population: Population) -> Floats:
    """Return the logarithm of the e-value of each row against the claim that nothing is diverted.

    Beyond TRUSTED scans it is taken to a power below one: so many scans would test how well travel is known, not the
    dealer. A power below one of an e-value is an e-value (Jensen).

    Shapes: to (rows,).
    Source: Grünwald, de Heide & Koolen, "Safe Testing" (2024): a Bayes factor against a given prior is an e-variable;
    Miller & Dunson, "Robust Bayesian inference via coarsening" (2019): the power.
    """
    told: Floats = (log_diverting(some, population) - log_honest(some, population)) * _power(some)
    return told


def mean_evidence(log_e: Floats, row: Ints, *, rows: int, of: Ints | int | None = None) -> Floats:
    """Return the mean e-value of what belongs to each row, an e-value again; of `of` ones, those not listed being 0.

    Shapes: log_e, row (n,) to (rows,); of (rows,).
    """
    total = np.full(rows, -np.inf)
    np.logaddexp.at(total, row, log_e)
    count = np.bincount(row, minlength=rows) if of is None else of
    mean: Floats = total - np.log(np.maximum(count, 1))
    return mean


def accused(log_e: Floats, *, fdr: float = FDR) -> Bools:
    """Return which rows are found: of these at most `fdr` are wrong on average, however they depend on each other.

    Shapes: (n,) to (n,).
    Source: Wang & Ramdas, "False discovery rate control with e-values" (2022).
    """
    order = np.argsort(-log_e)
    needed = np.log(len(log_e)) - np.log(fdr) - np.log(np.arange(1, len(log_e) + 1))
    passed = np.flatnonzero(log_e[order] >= needed)
    chosen = np.zeros(len(log_e), bool)
    chosen[order[: passed[-1] + 1 if len(passed) else 0]] = True
    return chosen


def diverted_part(some: Tally, population: Population) -> tuple[Floats, Floats, Floats]:
    """Return the part of each row's goods that is diverted: the 5 %, 50 % and 95 % points of what is believed of it.

    Shapes: to three (rows,).
    """
    power = _power(some)[:, None]
    some = Tally(some.outside * power, some.inside * power)
    log = np.stack([_given(some, population, part) for part in FINE], axis=1)
    below = np.cumsum(np.exp(log - logsumexp(log, axis=1, keepdims=True)), axis=1)
    low, middle, high = (FINE[(below < point).sum(axis=1).clip(max=len(FINE) - 1)] for point in (0.05, 0.5, 0.95))
    return low, middle, high


def _power(some: Tally) -> Floats:
    power: Floats = TRUSTED / np.maximum((some.outside + some.inside).sum(axis=1), TRUSTED)
    return power


def _given(some: Tally, population: Population, part: float) -> Floats:
    """Return the logarithm of how likely each row is if this part of its goods is diverted."""
    travel = _travel(population)
    told: Floats = logsumexp(_log_likely(some, part + (1 - part) * travel) + _LOG_WEIGHTS, axis=1)
    return told


def _travel(population: Population) -> Floats:
    """Return the chance of an honest scan outside, for each listed chance and each kind of honest dealer.

    Shapes: to (chances, nodes).
    """
    travel: Floats = expit(CHANCES[:, None] + population.shift + population.spread * _NODES)
    return travel


def _log_likely(some: Tally, chance: Floats) -> Floats:
    told: Floats = some.outside @ np.log(chance) + some.inside @ np.log1p(-chance)
    return told
