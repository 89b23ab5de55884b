"""Stage 13, judge: what a finding's size really means, learnt from past findings.  Pure arrays: no clock."""

from dataclasses import dataclass, field

import numpy as np

from stores.presence import Bools, Floats, Ints

VOLUMES = np.exp(np.arange(-3.0, 5.01, 0.25))  # items a day: stores are calibrated among their like
BIN = 0.1
BEND = 5.0  # nats: bins are even up to here, then grow with the evidence
BINS = 601
EDGES = BEND * np.sinh(BIN * (np.arange(BINS) - BINS // 2) / BEND)
MEMORY = 0.99  # per day
ABNORMAL = 0.001  # prior share of store-days: how readily strong evidence is not counted as normal
START_WEIGHT = 50.0  # observations the start stands for
BODY, TAIL = 0.05, 0.01  # the tail of a class is continued with the slope that all stores have between these


@dataclass(slots=True)
class Null:
    """How often evidence at least so strong was seen on normal days, per volume class.

    Shapes: seen (classes, BINS) of the logarithm of the evidence.
    Source: Efron, "Large-scale simultaneous hypothesis testing: the choice of a null hypothesis" (2004).
    """

    seen: Floats = field(default_factory=lambda: np.zeros((len(VOLUMES) + 1, BINS)))

    def remember(self, evidence: Floats, class_: Ints, normal: Bools) -> None:
        """Add a day's findings, each as far as it is likely to be normal."""
        odds = ABNORMAL / (1 - ABNORMAL) * np.exp(np.minimum(evidence[normal], 600.0))
        at = place(evidence[normal]).astype(np.int64).clip(0, BINS - 1)
        flat = np.bincount(class_[normal] * BINS + at, 1 / (1 + odds), self.seen.size)
        self.seen = self.seen * MEMORY + flat.reshape(self.seen.shape)

    def p_value(self, evidence: Floats, class_: Ints) -> Floats:
        """Return the share of normal store-days of this volume class with evidence at least so strong."""
        near = np.pad(self.seen, ((1, 1), (0, 0)))
        near = near[:-2] + 8 * near[1:-1] + near[2:]
        p_value = np.ones(len(evidence))
        everywhere = _beyond(self.seen.sum(axis=0), np.exp(-np.clip(EDGES, 0.0, 600.0)))
        slope = _slope(np.log(everywhere))
        order = np.argsort(class_, kind="stable")
        ends = np.cumsum(np.bincount(class_, minlength=len(near)))
        for number, here in enumerate(np.split(order, ends[:-1])):
            if len(here):
                survival = np.log(_beyond(near[number], everywhere))
                p_value[here] = np.exp(_log_survival(survival, slope, evidence[here]))
        return p_value


def place(evidence: Floats) -> Floats:
    """Return where evidence lies among the bins, which are even near none and grow with it."""
    return np.arcsinh(evidence / BEND) * (BEND / BIN) + BINS // 2


def volume_class(level: Floats) -> Ints:
    """Number the class of stores that sell about as much."""
    return np.searchsorted(VOLUMES, level)


def _beyond(seen: Floats, start: Floats) -> Floats:
    """Return the share of what was seen beyond each edge; few observations lean on a share known before.

    A class leans on all stores, and these on the bound that holds for any likelihood ratio: evidence of s nats is seen
    with a probability of at most exp(-s).
    """
    beyond = np.cumsum(seen[::-1])[::-1]
    share: Floats = (beyond + START_WEIGHT * start) / (beyond[0] + START_WEIGHT)
    return share


def _slope(survival: Floats) -> float:
    """Return how the logarithm of the share beyond falls in the tail, per nat."""
    tail = _first_below(survival, TAIL)
    body = min(_first_below(survival, BODY), tail - 1)
    return float(np.clip((survival[tail] - survival[body]) / (EDGES[tail] - EDGES[body]), -5.0, -0.4))


def _log_survival(survival: Floats, slope: float, evidence: Floats) -> Floats:
    """Return the logarithm of the share beyond, counted in the body and continued in the tail.

    The tail goes on as that of all stores: the few of a class that are so odd do not tell.
    """
    tail = _first_below(survival, TAIL)
    inside = np.interp(evidence, EDGES[: tail + 1], survival[: tail + 1])
    outside: Floats = survival[tail] + slope * (evidence - EDGES[tail])
    return np.where(evidence > EDGES[tail], outside, inside)


def _first_below(survival: Floats, share: float) -> int:
    return int(np.searchsorted(-survival, -np.log(share)).clip(1, BINS - 1))
