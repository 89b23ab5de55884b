"""The demo's loop: stores that fall ill for a while, and reps who go where their lists lead, so that most get well.

An ill store sells a tenth. It gets well by itself now and then, and on the day after a visit four times in five; which
of its items were not sold is drawn when their day comes, because it hangs on the visits before.
"""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.orm import Session

from channel.demo.cities import ZONE
from channel.demo.goods import Sold
from channel.demo.troubles import Plan, Trouble
from channel.demo.world import World
from scans.places import Position
from stores.holdout import Rule, put_rule
from stores.tables import Flag, Party, Store, Visit
from stores.visits import check_in, record_outcome

HEALTHY_DAYS = 60  # before the judge knows a store there is nobody to be sent
BUSY = 1.3
ONE_IN = 8  # so many stores may fall ill
FALLS_ILL, BY_ITSELF, BY_VISIT, LEFT = 1 / 45, 1 / 18, 0.8, 0.1
GOES, REPORTS_LATE = 0.88, 0.06
SUNDAY = 6
RULE = Rule(share_bp=3000, severe_cents=600_000)
ON_THE_SPOT_M = 15.0


@dataclass
class Passing:
    """Who is ill, since when, who was seen yesterday, and which items were therefore never sold.

    Shapes: may, ill, seen, since (stores,); gone, spared (items,).
    """

    rng: np.random.Generator
    may: NDArray[np.bool_]
    ill: NDArray[np.bool_]
    seen: NDArray[np.bool_]
    since: NDArray[np.int64]
    gone: NDArray[np.bool_]
    spared: NDArray[np.bool_]
    spells: list[tuple[int, int, int]] = field(default_factory=list)


def busy(world: World, plan: Plan) -> NDArray[np.bool_]:
    """Return which stores sell enough to be noticed and have no other trouble."""
    troubled = np.isin(np.arange(len(world.stores)), [*plan.stores()])
    enough: NDArray[np.bool_] = ~troubled & (np.median(world.rate, axis=1) > BUSY)
    return enough


def plan_passing(world: World, sold: Sold, *, busy: NDArray[np.bool_]) -> Passing:
    """Choose who may fall ill; what is drawn hangs on the world, and changes nothing else that is drawn of it."""
    rng = np.random.default_rng(np.abs(world.rate[:, 0] * 1e6).astype(np.int64))
    stores = len(world.stores)
    may = np.zeros(stores, bool)
    may[rng.permutation(np.flatnonzero(busy))[: stores // ONE_IN]] = True
    ill, seen, since = np.zeros(stores, bool), np.zeros(stores, bool), np.zeros(stores, np.int64)
    items = len(sold.store)
    return Passing(rng, may, ill, seen, since, np.zeros(items, bool), rng.random(items) < LEFT)


def dawn(passing: Passing, sold: Sold, number: int) -> None:
    """Let a day begin: some get well, some fall ill, and what ill stores will not sell today is gone."""
    chance = passing.rng.random((3, len(passing.ill)))
    well = passing.ill & ((chance[0] < BY_ITSELF) | (passing.seen & (chance[1] < BY_VISIT)))
    passing.spells += [(store, int(passing.since[store]), number - 1) for store in np.flatnonzero(well).tolist()]
    passing.ill &= ~well
    if number >= HEALTHY_DAYS:
        falls = passing.may & ~passing.ill & ~well & (chance[2] < FALLS_ILL)
        passing.since[falls] = number
        passing.ill |= falls
    passing.seen[:] = False
    today = sold.at_s // 86_400 == number
    passing.gone[today] = passing.ill[sold.store[today]] & ~passing.spared[today]


def troubles(passing: Passing, world: World) -> list[Trouble]:
    """Return who was ill when: what explains a flag, and need not be found, because it may pass before."""
    now = [(int(n), int(passing.since[n]), world.days - 1) for n in np.flatnonzero(passing.ill)]
    return [
        Trouble("passing", world.stores[n]["id"], world.day(first).isoformat(), world.day(last).isoformat())
        for n, first, last in sorted([*passing.spells, *now])
    ]


def hold_some_out(db: Session) -> None:
    """Let more wait than a house would, so that what visits are worth is known after months instead of years."""
    put_rule(db, RULE)


def go_round(db: Session, passing: Passing, world: World, *, day: date) -> None:
    """Let every rep go where the list of a day leads; some stops are left out, some are reported a day late."""
    if day.weekday() == SUNDAY:
        return
    place = {row["id"]: number for number, row in enumerate(world.stores)}
    told = select(Visit.visit_id, Party.party_id, Store.store_id, Store.lat_deg, Store.lon_deg, Flag.direction)
    told = told.join(Party, Party.id == Visit.rep_id).join(Store, Store.id == Visit.store_id)
    told = told.outerjoin(Flag, Flag.id == Visit.flag_id).where(Visit.day == day)
    for visit_id, rep_id, store_id, lat_deg, lon_deg, direction in db.execute(
        told.order_by(Party.party_id, Visit.rank)
    ):
        chance = float(passing.rng.random())
        if chance > GOES + REPORTS_LATE:
            continue
        number = place[store_id]
        late = timedelta(days=1) if chance > GOES else timedelta()
        at = datetime.combine(day, time(10), ZoneInfo(ZONE)).astimezone(UTC)
        here = Position(lat_deg, lon_deg, ON_THE_SPOT_M)
        check_in(db, visit_id=visit_id, position=here, reason=None, now=at, rep_id=rep_id)
        was_real, cause, action = _found(direction, ill=bool(passing.ill[number]))
        record_outcome(
            db, visit_id=visit_id, key=f"demo-{visit_id}", was_real=was_real, cause=cause, action=action, note=None,
            now=at + late, rep_id=rep_id,
        )  # fmt: skip
        passing.seen[number] = True


def _found(direction: str | None, *, ill: bool) -> tuple[bool, str, str]:
    if ill:
        return True, "out_of_stock", "restocked"
    if direction == "too_good":
        return True, "keeper_scanning", "warned"
    return False, "nothing_found", "none"
