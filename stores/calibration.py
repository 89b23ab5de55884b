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
BODY, TAIL = 0.05, 0.01  # the tail is continued from here with the slope between


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
        everywhere = self.seen.sum(axis=0)
        order = np.argsort(class_, kind="stable")
        ends = np.cumsum(np.bincount(class_, minlength=len(near)))
        for number, here in enumerate(np.split(order, ends[:-1])):
            if len(here):
                p_value[here] = np.exp(_log_survival(near[number], everywhere, evidence[here]))
        return p_value


def place(evidence: Floats) -> Floats:
    """Return where evidence lies among the bins, which are even near none and grow with it."""
    return np.arcsinh(evidence / BEND) * (BEND / BIN) + BINS // 2


def volume_class(level: Floats) -> Ints:
    """Number the class of stores that sell about as much."""
    return np.searchsorted(VOLUMES, level)


def _log_survival(seen: Floats, everywhere: Floats, evidence: Floats) -> Floats:
    """Return the logarithm of the share beyond, counted in the body and continued in the tail.

    Few observations lean on those of all stores, and these on the bound that holds for any
    likelihood ratio: evidence of s nats is seen with a probability of at most exp(-s).
    """
    above = np.exp(-np.clip(EDGES, 0.0, 600.0))
    for counts in (everywhere, seen):
        beyond = np.cumsum(counts[::-1])[::-1]
        above = (beyond + START_WEIGHT * above) / (beyond[0] + START_WEIGHT)
    survival = np.log(above)
    tail = int(np.searchsorted(-survival, -np.log(TAIL)).clip(1, BINS - 1))
    body = int(np.searchsorted(-survival, -np.log(BODY)).clip(0, tail - 1))
    slope = np.clip((survival[tail] - survival[body]) / (EDGES[tail] - EDGES[body]), -5.0, -0.4)
    inside = np.interp(evidence, EDGES[: tail + 1], survival[: tail + 1])
    outside: Floats = survival[tail] + slope * (evidence - EDGES[tail])
    return np.where(evidence > EDGES[tail], outside, inside)
