"""A year with a rep who visits, through the real nights: stores fall ill, are found, listed, visited, and get well.

What is planted is known: so that flags close by themselves, and the hold-out says what visits are worth, can be seen.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from channel.night import close_run
from scans.places import Position
from stores.closing import closings_equal_recount
from stores.directory import put_stores
from stores.effects import cases, worth
from stores.flags import flags_equal_stretches
from stores.holdout import Rule, put_rule
from stores.sales import days_equal_recount
from stores.tables import Draw, Flag, Party, Store, Visit
from stores.visits import check_in, record_outcome
from tests import make, visiting
from tests.selling import after, noon, sell_all

FIRST = visiting.FIRST
LEARNING = 28
YEAR = timedelta(days=365)
FOUND = {True: ("out_of_stock", "restocked"), False: ("nothing_found", "none")}
RULE = Rule(share_bp=2500, severe_cents=10**11, severe_p=0.0)


@dataclass
class Year:
    """What came of it: which stores were ill on which days, who was seen when, what each lot's visit was worth."""

    keys: list[int]
    ill: list[np.ndarray] = field(default_factory=list)
    seen: dict[int, list[date]] = field(default_factory=dict)
    gains: dict[int, float] = field(default_factory=dict)


def live(db: Session, *, stores: int, days: int, seed: int = 1) -> Year:
    """Let days pass: sales, the night, its list, and the visits of the next day, which act from the day after on."""
    town = visiting.Town(stores=stores, seed=seed, ways=visiting.Ways())
    town.rate += 2
    make.rep(db, rep_id="R", visits_per_day=stores)
    rows = [make.store_row(store_id=f"T{n:03}") for n in range(stores)]
    assert not put_stores(db, rows=rows, day=FIRST).refused
    put_rule(db, RULE)
    year = Year(list(db.scalars(select(Store.id).order_by(Store.store_id))))
    for number in range(days):
        day = FIRST + timedelta(days=number)
        if number < LEARNING:
            town.ill[:] = False
        sell_all(db, stores=year.keys, day=day, counts=town.night())
        year.ill.append(town.ill.copy())
        _visit(db, year, town, day)
        if number >= LEARNING - 1:
            night = [FIRST + timedelta(days=n) for n in range(LEARNING)] if number == LEARNING - 1 else [day]
            close_run(db, days=night, now=after(day))
    return year


def _visit(db: Session, year: Year, town: visiting.Town, day: date) -> None:
    """Go where the list of the day leads, and note what each lot of the day would be worth."""
    place = {key: number for number, key in enumerate(year.keys)}
    drawn = select(Draw.flag_id, Flag.store_id).join(Flag, Flag.id == Draw.flag_id).where(Draw.day == day)
    for flag, key in db.execute(drawn):
        year.gains[flag] = town.gain(place[key], RULE.days - 1, first=1)
    rep = db.scalars(select(Party.party_id).where(Party.kind == "rep")).one()
    for visit_id, key in db.execute(select(Visit.visit_id, Visit.store_id).where(Visit.day == day)).all():
        here = Position(*make.SHANGHAI, 20.0)
        check_in(db, visit_id=visit_id, position=here, reason=None, now=noon(day), rep_id=rep)
        found = bool(town.ill[place[key]])
        said = (
            {"cause": "out_of_stock", "action": "restocked"} if found else {"cause": "nothing_found", "action": "none"}
        )
        record_outcome(db, visit_id=visit_id, key="k", was_real=found, note=None, now=noon(day), rep_id=rep, **said)
        town.seen[place[key]] = True
        year.seen.setdefault(key, []).append(day)


def spells(year: Year) -> Iterator[tuple[int, date, date]]:
    """Yield every store's time of being ill: from the first day to the last."""
    ill = np.array(year.ill)
    for number, key in enumerate(year.keys):
        edges = np.flatnonzero(np.diff(np.r_[0, ill[:, number], 0]))
        for begin, end in edges.reshape(-1, 2).tolist():
            yield key, FIRST + timedelta(days=begin), FIRST + timedelta(days=end - 1)


def loop_is_closed(db: Session, year: Year, *, days: int) -> None:
    """Flags of those who got well are closed, as back to normal, and what is derived can be derived again."""
    over = FIRST + timedelta(days=days - 40)
    flags = db.scalars(select(Flag).where(Flag.direction == "too_bad", Flag.last_day < over)).all()
    ended = [flag for flag in flags if flag.closed_on]
    assert len(flags) >= 3
    assert len(ended) >= 0.9 * len(flags)
    assert sum(flag.closed_why == "returned" for flag in ended) >= 0.8 * len(ended)
    assert (closings_equal_recount(db), flags_equal_stretches(db), days_equal_recount(db)) == (0, 0, 0)
    assert db.scalars(select(Flag.id)).all()
    assert {flag.id for flag in ended} & set(db.scalars(select(Visit.flag_id).where(Visit.flag_id.is_not(None))))


def written(db: Session) -> list[list[tuple]]:
    """Return all that the loop has written: flags with their ends, lots and lists."""
    db.expire_all()
    asked = [select(table.__table__).order_by(*table.__table__.primary_key) for table in (Flag, Draw, Visit)]
    return [[tuple(row) for row in db.execute(one)] for one in asked]


@pytest.mark.sqlite_only
def test_a_spring_with_a_rep_closes_the_loop(db):
    days = 100
    year = live(db, stores=24, days=days)
    found = [
        any(begin <= day <= end + timedelta(days=7) for day in year.seen.get(key, ()))
        for key, begin, end in spells(year)
        if (end - begin).days >= 7 and end < FIRST + timedelta(days=days - 3)
    ]
    assert len(found) >= 3
    assert sum(found) >= 0.5 * len(found)
    loop_is_closed(db, year, days=days)
    assert worth(cases(db)).at_once > 0
    before = written(db)
    close_run(db, days=[FIRST + timedelta(days=number) for number in range(days - 10, days)], now=after(FIRST + YEAR))
    assert written(db) == before


@pytest.mark.slow
@pytest.mark.sqlite_only
def test_law_a_year_shows_what_was_planted_within_its_interval(db):
    year = live(db, stores=60, days=365)
    loop_is_closed(db, year, days=365)
    told = worth(cases(db))
    drawn = db.execute(select(Draw.flag_id).where(Draw.until <= FIRST + timedelta(days=364))).scalars()
    truth = float(np.mean([year.gains[flag] for flag in drawn]))
    assert told.held >= 10
    assert told.visited > 0.95
    assert told.items.low <= truth <= told.items.high
    assert told.items.low > 0
