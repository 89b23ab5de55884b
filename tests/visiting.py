"""A year of stores that fall ill, of the judge who notices, and of a rep who goes there: arrays, without a database.

What a visit does is planted, so that what the hold-out says of it can be held against the truth.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import islice
from typing import NamedTuple

import numpy as np

from stores.effects import Case, came_back
from stores.holdout import HoldOut, Rule, Seen
from stores.judge import REASONS, Radar, judge_night
from stores.verdicts import why_odd

FIRST = date(2026, 1, 5)
REST_DAYS = 7
ITEM_CENTS = 100


@dataclass(frozen=True)
class Ways:
    """How stores fall ill, how they get well by themselves, and how by a visit."""

    falls_ill: float = 1 / 120
    left: float = 0.15
    by_itself: float = 1 / 18
    by_visit: float = 0.8


class Flagged(NamedTuple):
    """A reason to visit a store, as the list takes it."""

    flag_id: int
    store_key: int
    stake_cents: int


@dataclass
class Year:
    """What came of it: the cases as the office would see them, and what visits were truly worth in each."""

    cases: list[Case] = field(default_factory=list)
    truth: list[float] = field(default_factory=list)
    visits: int = 0


class Town:
    """Stores with a rate of their own, some of them ill."""

    def __init__(self, *, stores: int, seed: int, ways: Ways) -> None:
        self.rng, self.ways = np.random.default_rng(seed), ways
        self.rate = np.exp(self.rng.normal(1.3, 0.5, stores))
        self.ill = np.zeros(stores, bool)
        self.seen = np.zeros(stores, bool)

    def night(self) -> np.ndarray:
        """Let a day pass and return what was sold on it; who was seen yesterday is well by now, or not."""
        ways, chance = self.ways, self.rng.random((3, len(self.rate)))
        self.ill &= ~(chance[0] < ways.by_itself) & ~(self.seen & (chance[1] < ways.by_visit))
        self.ill |= chance[2] < ways.falls_ill
        self.seen[:] = False
        return self.rng.poisson(self.rate * np.where(self.ill, ways.left, 1.0))

    def gain(self, store: int, days: int, *, first: int = 2) -> float:
        """Return what a visit today is worth in items a day over so many days, on average, from the `first` night on.

        A store that would have been well by itself, or falls ill again, has gained nothing by that night.
        """
        ways = self.ways
        if not self.ill[store]:
            return 0.0
        nightly = (1 - ways.by_itself) * (1 - ways.falls_ill)
        still = np.mean([nightly**number for number in range(first, first + days)])
        return float(self.rate[store] * (1 - ways.left) * ways.by_visit * still)


def live(town: Town, *, days: int, capacity: int, rule: Rule) -> Year:
    """Let days pass: each is sold, judged, listed and visited."""
    stores = len(town.rate)
    names = [f"T{n:04}" for n in range(stores)]
    radar = Radar.before_first_day(names, np.zeros(stores, np.int64))
    out, year = HoldOut(rule), Year()
    sold = np.zeros((stores, days), np.int64)
    flag_of, last, went = np.full(stores, -1), np.full(stores, -99), np.full(stores, -99)
    for number in range(days):
        sold[:, number] = town.night()
        today = FIRST + timedelta(days=number)
        judged = judge_night(radar, sold[:, number], day=today.toordinal())
        for store in np.flatnonzero(judged.flagged & (judged.direction < 0)).tolist():
            if number - last[store] > 2:
                flag_of[store] = len(out.ids) + 1
            last[store] = number
            flag = int(flag_of[store])
            out.ids[flag] = (names[store], "judge")
            out.seen.setdefault(flag, []).append(_seen(judged, store, today))
        ready = np.flatnonzero((number - last <= 2) & (number + 1 - went > REST_DAYS))
        calls = [Flagged(int(flag_of[s]), int(s), out.seen[int(flag_of[s])][-1].stake_cents) for s in ready]
        calls.sort(key=lambda call: (-call.stake_cents, call.store_key))
        _visit(out, year, town, calls, went, number + 1, capacity)
    year.cases = list(_cases(out, sold, days))
    year.truth = [gain for flag, gain in zip(out.lots, year.truth, strict=True) if _is_over(out, flag, days)]
    return year


def _visit(
    out: HoldOut, year: Year, town: Town, calls: list[Flagged], went: np.ndarray, number: int, capacity: int
) -> None:
    day, drawn = FIRST + timedelta(days=number), set(out.lots)
    for call in list(islice((call for call in calls if out.admits(call, day=day)), capacity)):
        town.seen[call.store_key] = True
        went[call.store_key] = number
        out.listed.setdefault(call.flag_id, day)
        year.visits += 1
    year.truth += [town.gain(out.lots[flag].store_key, out.rule.days - 1) for flag in out.lots if flag not in drawn]


def _seen(judged, store: int, day: date) -> Seen:
    days, found, normal = (
        int(judged.window_days[store]),
        int(judged.window_sold[store]),
        judged.window_expected[store],
    )
    why = why_odd(REASONS[judged.reason[store]], days, found, float(normal), 0, 0)
    stake = round(abs(found - normal) / days * 30 * ITEM_CENTS)
    return Seen(day, float(judged.p_value[store]), stake, why)


def _is_over(out: HoldOut, flag: int, days: int) -> bool:
    return (out.lots[flag].until - FIRST).days <= days


def _cases(out: HoldOut, sold: np.ndarray, days: int) -> Iterator[Case]:
    for flag, lot in out.lots.items():
        if not _is_over(out, flag, days):
            continue
        seen = [one for one in out.seen[flag] if one.day < lot.day][-1]
        begin, end = (lot.day - FIRST).days + 1, (lot.until - FIRST).days
        back = came_back(seen.why, "too_bad", float(sold[lot.store_key, begin:end].mean()), seen.stake_cents)
        yield Case(lot.held, not lot.held, lot.until - timedelta(days=1), ("judge", seen.why["code"]), *back)
