"""Stage 13, judge: what a finding's size really means, learnt from past findings.  Pure arrays: no clock."""

from dataclasses import dataclass, field

import numpy as np
from scipy.special import log_ndtr

from stores.presence import Bools, Floats

VOLUMES = (0.1, 0.3, 1.0, 3.0, 10.0, 30.0)  # items a day: stores are calibrated among their like
BIN = 0.1  # nats
BINS = 300
MEMORY = 0.99  # per day
LOOKS = 3.5  # as many independent tests the overlapping windows are worth; a start, soon outweighed
START_WEIGHT = 300.0  # observations the start stands for
START_FADES = 200.0  # observations that halve it
BODY, TAIL = 0.05, 0.01  # the tail is continued from here with the slope between


@dataclass(slots=True)
class Null:
    """How often a finding at least so odd was seen on normal days, per volume class.

    Shapes: seen (classes, BINS) of -log of the nominal probability.
    Source: Efron, "Large-scale simultaneous hypothesis testing: the choice of a null hypothesis" (2004).
    """

    seen: Floats = field(default_factory=lambda: np.zeros((len(VOLUMES) + 1, BINS)))

    def remember(self, z: Floats, level: Floats, normal: Bools) -> None:
        """Add a day's findings; what was flagged teaches nothing about the normal."""
        at = np.minimum((nominal(z[normal]) / BIN).astype(np.int64), BINS - 1)
        flat = np.bincount(np.searchsorted(VOLUMES, level[normal]) * BINS + at, minlength=self.seen.size)
        self.seen = self.seen * MEMORY + flat.reshape(self.seen.shape)

    def p_value(self, z: Floats, level: Floats) -> Floats:
        """Return the share of normal store-days of this volume that look at least so odd."""
        oddness, volume = nominal(z), np.searchsorted(VOLUMES, level)
        p_value = np.ones(len(z))
        for number in range(len(VOLUMES) + 1):
            here = volume == number
            p_value[here] = np.exp(self._log_survival(number, oddness[here]))
        return p_value

    def _log_survival(self, number: int, oddness: Floats) -> Floats:
        edges = BIN * np.arange(BINS)
        start = -np.expm1(LOOKS * np.log1p(-np.exp(-np.maximum(edges, 1e-12))))
        above = np.cumsum(self.seen[number][::-1])[::-1]
        weight = START_WEIGHT / (1 + above[0] / START_FADES)
        survival = np.log((above + weight * start) / (above[0] + weight))
        body, tail = (np.searchsorted(-survival, -np.log(part)) for part in (BODY, TAIL))
        slope = np.clip((survival[tail] - survival[body]) / (edges[tail] - edges[body]), -5.0, -0.4)
        inside = np.interp(oddness, edges[: tail + 1], survival[: tail + 1])
        outside: Floats = survival[tail] + slope * (oddness - edges[tail])
        return np.where(oddness > edges[tail], outside, inside)


def nominal(z: Floats) -> Floats:
    """Return -log of the two-sided probability of a standard normal so far out."""
    one_sided: Floats = log_ndtr(-np.abs(z))
    return -one_sided - float(np.log(2))
