"""Stage 1, mint: parts of a batch that are further on than the batch itself, as ranges of positions. Knows nobody.

There is a part per stretch, never one per code: neighbours that say the same are one, so that a state is found by
binary search in memory. The states are in the order of a batch's life, and nothing leads back.
"""

from bisect import bisect_left
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise
from operator import attrgetter
from typing import NamedTuple

from scans.tables import BATCH_STATES

_RANK = {state: rank for rank, state in enumerate(BATCH_STATES)}
_last = attrgetter("last")


class Positions(NamedTuple):
    """Item positions of a batch, from 1, both ends included."""

    first: int
    last: int


class Part(NamedTuple):
    """Items that are in a state, and for a recall why and since when."""

    first: int
    last: int
    state: str
    why: str | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Life:
    """The state of a batch of `count` items and its parts that are further on, in their order, none over another."""

    count: int
    state: str
    parts: tuple[Part, ...] = ()


def is_before(state: str, other: str) -> bool:
    """Tell whether a state comes before another in a batch's life."""
    return _RANK[state] < _RANK[other]


def advance(life: Life, to: Part) -> Life:
    """Return a life after a part has come to a state; what is that far on already stays as it is, reasons too.

    When no item is left in the batch's own state, the batch itself is what the least of its parts are.
    """
    if not is_before(life.state, to.state):
        return life
    parts = tuple(_joined(sorted([*_left(life.parts, to), *_gaps(life.parts, to)])))
    if sum(part.last - part.first + 1 for part in parts) < life.count:
        return replace(life, parts=parts)
    state = min((part.state for part in parts), key=_RANK.__getitem__)
    kept = parts if state == "recalled" and len(parts) > 1 else tuple(part for part in parts if part.state != state)
    return Life(life.count, state, kept)


def states_of(life: Life, positions: Positions) -> set[str]:
    """Return the states that items are in; a single one is found in log n steps."""
    states: set[str] = set()
    at = positions.first
    for part in _over(life.parts, positions):
        states |= {part.state} if part.first <= at else {life.state, part.state}
        at = part.last + 1
    return states | {life.state} if at <= positions.last else states


def state_at(life: Life, positions: Positions) -> str:
    """Return the state of items together; what holds no item is in the batch's own state."""
    return together(states_of(life, positions)) or life.state


def together(states: Collection[str]) -> str | None:
    """Return the state of a whole: recalled if a part of it is, else that of the one least far on; None of nothing."""
    return "recalled" if "recalled" in states else min(states, key=_RANK.__getitem__, default=None)


def _over(parts: Sequence[Part], positions: Positions) -> Iterator[Part]:
    for index in range(bisect_left(parts, positions.first, key=_last), len(parts)):
        if parts[index].first > positions.last:
            return
        yield parts[index]


def _left(parts: Sequence[Part], to: Part) -> Iterator[Part]:
    """Give what stays of the parts beside a new one."""
    for part in parts:
        if part.last < to.first or part.first > to.last or not is_before(part.state, to.state):
            yield part
            continue
        if part.first < to.first:
            yield part._replace(last=to.first - 1)
        if part.last > to.last:
            yield part._replace(first=to.last + 1)


def _gaps(parts: Sequence[Part], to: Part) -> Iterator[Part]:
    """Give what a new part takes: all of it where nothing is as far on."""
    at = to.first
    for part in _over(parts, Positions(to.first, to.last)):
        if is_before(part.state, to.state):
            continue
        if part.first > at:
            yield to._replace(first=at, last=part.first - 1)
        at = part.last + 1
    if at <= to.last:
        yield to._replace(first=at)


def _joined(parts: Sequence[Part]) -> Iterator[Part]:
    """Join neighbours that say the same."""
    if not parts:
        return
    starts = [0] + [n for n, (one, next_) in enumerate(pairwise(parts), 1) if not _touch(one, next_)] + [len(parts)]
    for start, end in pairwise(starts):
        yield parts[start]._replace(last=parts[end - 1].last)


def _touch(one: Part, following: Part) -> bool:
    return one.last + 1 == following.first and one[2:] == following[2:]
