"""Stage 13, judge: which p-values are too small, all told, to be chance.  Pure arrays: no clock."""

from dataclasses import dataclass, field

import numpy as np

from stores.presence import Bools, Floats, Ints

MEMORY = 0.9  # per night: a night counts for ten or so, half of it after a week
STEP = 0.05  # of -log10 p: how finely the nights before are remembered
STEPS = 400  # p-values below 1e-20 are alike


@dataclass(slots=True)
class Family:
    """What shares one false-discovery rate: tonight's tests and those of the nights before, fading.

    A night alone would promise nothing over a year: where one in ten of quiet nights flags something and most nights
    are quiet, most flags are wrong. With r flags a night, fdr (1 + (1 - MEMORY) / r) of them are.

    Shapes: small (STEPS,), how many p-values were so small.
    Source: Benjamini & Hochberg (1995); for tests that come batch by batch Zrnic, Jiang, Ramdas & Jordan, "The power of
    batching in multiple hypothesis testing" (2020).
    """

    tested: float = 0.0
    small: Floats = field(default_factory=lambda: np.zeros(STEPS))

    def discover(self, p_value: Floats, tested: Bools, fdr: float) -> Bools:
        """Flag as many of tonight's as keep the expected share of false ones at `fdr`, and remember the night."""
        self.tested = MEMORY * self.tested + np.count_nonzero(tested)
        small = np.sort(p_value[tested & (p_value <= fdr)])  # no other can be one
        place = _place(small)
        before = MEMORY * np.cumsum(self.small[::-1])[::-1]
        rank = np.arange(1, len(small) + 1) + before[place]
        most = small[small * self.tested <= fdr * rank].max(initial=-1.0)
        self.small = MEMORY * self.small + np.bincount(place, minlength=STEPS)
        flagged: Bools = tested & (p_value <= most)
        return flagged


def discoveries(p_value: Floats, tested: Bools, fdr: float) -> Bools:
    """Flag as many of some tests as keep the expected share of false ones at `fdr`, whatever was tested before."""
    return Family().discover(p_value, tested, fdr)


def _place(p_value: Floats) -> Ints:
    steps = -np.log10(np.maximum(p_value, 1e-300)) / STEP
    return np.minimum(steps, STEPS - 1).astype(np.int64)
