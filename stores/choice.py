"""Stage 14, visit: which of the stores that might be visited are worth most for the time that they cost. Pure."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from scans.places import Position
from stores.routes import VISIT_MINUTES, minutes, ways_m


class Wanted(NamedTuple):
    """A store that might be on a list, and what a visit is worth: cents for a flag, intervals missed for a count."""

    store_key: int
    store_id: str
    place: Position
    worth: float
    purpose: str = "count"
    flag_id: int | None = None
    stake_cents: int = 0


def choose(
    wanted: Sequence[Wanted], *, start: Position, end: Position, room: int, admit: Callable[[Wanted], bool]
) -> list[Wanted]:
    """Return the stores that are worth most for the time that they cost, one after the other, up to the room there is.

    A store costs the time of a visit and what it adds to the way from the start over those chosen before to the end, at
    the cheapest place in it. Who is not admitted is left out. Ties go to the smaller store id.
    """
    left = sorted(wanted, key=lambda one: one.store_id)
    chosen: list[Wanted] = []
    way = [start, end]
    to = ways_m(way, [one.place for one in left])
    while left and len(chosen) < room:
        between = np.array([ways_m([one], [other])[0, 0] for one, other in pairwise(way)])
        more = (to[:-1] + to[1:] - between[:, None]).clip(0)
        scores = np.array([one.worth for one in left]) / (VISIT_MINUTES + minutes(1.0) * more.min(axis=0))
        best = int(np.argmax(scores))
        one, at = left.pop(best), int(np.argmin(more[:, best])) + 1
        to = np.delete(to, best, axis=1)
        if admit(one):
            chosen.append(one)
            way.insert(at, one.place)
            to = np.insert(to, at, ways_m([one.place], [other.place for other in left])[0], axis=0)
    return chosen
