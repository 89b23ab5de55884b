"""Stage 13, judge: what was learnt last night, so that tonight looks at the last days only. Knows judge.

A cache that changes nothing: it is used only where the same stores have the same counts on all the days it was learnt
from. Lost, it is learnt again.
"""

from collections.abc import Iterator
from copy import deepcopy

import numpy as np

from stores.judge import Judged, Panel, Radar, nights

OPEN_DAYS = 15  # the last days of a panel may change yet, by scans that come late: the memory ends before them


class Memory:
    """What a judge knew after the first days of a panel."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._known: tuple[Panel, Radar] | None = None

    def nights(self, panel: Panel, *, first: int, fdr: float) -> Iterator[tuple[int, Judged]]:
        """Yield day numbers and what the judge says of them, from `first` at the latest to the last, and remember."""
        radar, begin = self._recall(panel, first)
        last = panel.counts.shape[1] - 1
        for number, judged in enumerate(nights(panel, fdr=fdr, radar=radar, begin=begin), begin):
            yield number, judged
            if number == last - OPEN_DAYS:
                self._known = panel._replace(counts=panel.counts[:, : number + 1].copy()), deepcopy(radar)

    def _recall(self, panel: Panel, first: int) -> tuple[Radar, int]:
        """Return a radar and from which day it goes on."""
        if self._known is not None:
            known, radar = self._known
            days = known.counts.shape[1]
            if days <= first and _same(known, panel._replace(counts=panel.counts[:, :days])):
                return deepcopy(radar), days
        return Radar.before_first_day(panel.stores, panel.region), 0


def _same(one: Panel, other: Panel) -> bool:
    return (
        (one.first_day, one.stores) == (other.first_day, other.stores)
        and np.array_equal(one.region, other.region)
        and np.array_equal(one.counts, other.counts)
    )
