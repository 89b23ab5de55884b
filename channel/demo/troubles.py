"""What goes wrong in the demo's world, planted by the generator and told to nobody but its sealed truth file."""

import json
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

import numpy as np

from channel.demo.world import World

DRIED = 0.04
CARTON_ITEMS = 48
DIVERTED_A_DAY = 5
COPIES = 30
QUIET_DAYS = 40


@dataclass(frozen=True)
class Trouble:
    """One planted case: `dried_up`, `carton`, `diverted` (of a store, from day to day) or `copied` (of an address)."""

    kind: str
    subject: str
    first_day: str
    last_day: str


@dataclass(frozen=True)
class Plan:
    """Which stores have which trouble on which days, by number."""

    dried_up: list[tuple[int, int]]
    carton: list[tuple[int, int]]
    diverted: list[tuple[int, int]]
    copied: int

    def stores(self) -> set[int]:
        """Return every store that anything was planted in."""
        return {store for some in (self.dried_up, self.carton, self.diverted) for store, _ in some}


def plan_troubles(rng: np.random.Generator, world: World, *, direct: np.ndarray) -> Plan:
    """Choose stores that sell enough for a trouble to be noticed; `direct` marks those that get deliveries."""
    stores, days = world.rate.shape
    usual = np.median(world.rate, axis=1)
    busy = rng.permutation(np.flatnonzero((usual > 1.3) & direct)).tolist()
    each = max(1, stores // 100)
    if days <= QUIET_DAYS:
        return Plan([], [], [], 0)
    take = iter(busy)
    return Plan(
        dried_up=[(next(take), int(days - rng.integers(12, 22))) for _ in range(min(2 * each, len(busy) // 4))],
        carton=[(next(take), int(days - rng.integers(3, 25))) for _ in range(min(each, len(busy) // 4))],
        diverted=[(next(take), int(days - rng.integers(20, 30))) for _ in range(min(each, len(busy) // 4))],
        copied=each + 2,
    )


def dry_up(world: World, plan: Plan) -> None:
    """Let the rates of the stores that dry up fall."""
    for store, first in plan.dried_up:
        world.rate[store, first:] *= DRIED


def truth_of(world: World, plan: Plan, copied: list[tuple[str, int]]) -> list[Trouble]:
    """Return what was planted, in words that the check compares with what the product found."""
    last = world.days - 1

    def at(kind: str, number: int, first: int, until: int) -> Trouble:
        subject = world.stores[number]["id"]
        return Trouble(kind, subject, world.day(first).isoformat(), world.day(until).isoformat())

    found = [at("dried_up", store, first, last) for store, first in plan.dried_up]
    found += [at("carton", store, day, day) for store, day in plan.carton]
    found += [at("diverted", store, first, last) for store, first in plan.diverted]
    return found + [
        Trouble("copied", uri, world.day(first).isoformat(), world.day(last).isoformat()) for uri, first in copied
    ]


def seal(path: Path, troubles: list[Trouble]) -> None:
    """Write the truth where only the check looks."""
    path.unlink(missing_ok=True)
    path.write_text(json.dumps([asdict(one) for one in troubles], ensure_ascii=False, indent=1), encoding="utf-8")
    path.chmod(0o400)


def unseal(path: Path) -> list[Trouble]:
    """Read the truth."""
    return [Trouble(**one) for one in json.loads(path.read_text(encoding="utf-8"))]


def days_between(trouble: Trouble) -> tuple[date, date]:
    """Return the first and the last day of a trouble."""
    return date.fromisoformat(trouble.first_day), date.fromisoformat(trouble.last_day)
