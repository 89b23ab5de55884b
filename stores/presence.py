"""Stage 13, judge: where in its life a store stands on a day.  Pure arrays: no database, no clock."""

from dataclasses import dataclass
from enum import IntEnum
from typing import Self

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

NEW_DAYS = 28  # four of each weekday before a store is judged
RETURN_DAYS = 14  # ... and two after a silence
SILENT_DAYS = 21  # the longest window has told of it for a week by then
SILENT_SURPRISE = 12.0  # nats: a slow store's ordinary gap is no silence
CLOSED_WEEKS = 3
CLOSED_SURPRISE = 5.0  # nats: outweighs a prior of one weekday in a hundred


class Presence(IntEnum):
    """Where a store stands; only an ACTIVE day is judged."""

    ABSENT = 0
    NOT_OPEN = 1
    NEW = 2
    ACTIVE = 3
    CLOSED_WEEKDAY = 4
    SILENT = 5
    REOPENED = 6


@dataclass(slots=True)
class Life:
    """What is remembered of each store's life.

    Shapes: all (stores,) but the weekday runs, (7, stores).
    Units: surprise in nats: -log of the probability that so many zeros in a row are chance.
    """

    days_seen: Ints  # days with a row since the first sale (or since the return)
    days_needed: Ints
    opened: Bools
    silent: Bools
    zero_days: Ints
    zero_surprise: Floats
    weekday_zeros: Ints
    weekday_surprise: Floats

    @classmethod
    def before_first_day(cls, stores: int) -> Self:
        """Return the lives of stores of which nothing was seen yet."""
        return cls(
            days_seen=np.zeros(stores, np.int64),
            days_needed=np.full(stores, NEW_DAYS),
            opened=np.zeros(stores, bool),
            silent=np.zeros(stores, bool),
            zero_days=np.zeros(stores, np.int64),
            zero_surprise=np.zeros(stores),
            weekday_zeros=np.zeros((7, stores), np.int64),
            weekday_surprise=np.zeros((7, stores)),
        )

    def closed_weekday(self, weekday: int) -> Bools:
        """Tell which stores keep this weekday as a day off: zeros week after week, too many for chance."""
        closed: Bools = self.weekday_zeros[weekday] >= CLOSED_WEEKS
        closed &= self.weekday_surprise[weekday] >= CLOSED_SURPRISE
        return closed & ~self.silent

    def presence(self, counts: Ints, closed: Bools) -> NDArray[np.int8]:
        """Say where each store stands today, before today is remembered."""
        young = np.where(self.days_needed == NEW_DAYS, Presence.NEW, Presence.REOPENED)
        known = np.where(self.days_seen < self.days_needed, young, Presence.ACTIVE)
        known = np.where(closed, Presence.CLOSED_WEEKDAY, known)
        known = np.where(self.silent, Presence.SILENT, known)
        known = np.where(self.opened, known, Presence.NOT_OPEN)
        return np.where(counts < 0, Presence.ABSENT, known).astype(np.int8)

    def remember(self, counts: Ints, surprise: Floats, usual_surprise: Floats, weekday: int, closed: Bools) -> Bools:
        """Take in a day; return who opened today, or came back from a silence.

        `surprise` is that of a zero today for this store, `usual_surprise` on its weekday as in its region.
        """
        here, zero = (counts >= 0) & self.opened, counts == 0
        sold = counts > 0
        back = self.silent & sold
        starts = back | (sold & ~self.opened)
        self.zero_days = np.where(sold, 0, self.zero_days + (here & ~closed))
        self.zero_surprise = np.where(sold, 0.0, self.zero_surprise + np.where(here & ~closed, surprise, 0.0))
        runs, weight = self.weekday_zeros[weekday], self.weekday_surprise[weekday]
        counts_towards = here & zero & ~self.silent
        self.weekday_zeros[weekday] = np.where(sold, 0, runs + counts_towards)
        self.weekday_surprise[weekday] = np.where(sold, 0.0, weight + np.where(counts_towards, usual_surprise, 0.0))
        self.days_seen = np.where(back, 0, self.days_seen + here)
        self.days_needed = np.where(back, RETURN_DAYS, self.days_needed)
        went = (self.zero_days >= SILENT_DAYS) & (self.zero_surprise >= SILENT_SURPRISE)
        self.silent = (self.silent & ~sold) | went
        self.weekday_zeros[:, went | back] = 0
        self.weekday_surprise[:, went | back] = 0.0
        self.opened |= sold
        return starts
