"""Stage 12, what is usual, written down once a week; a party learns it from its own stores. Knows estimates."""

from collections.abc import Collection
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from scans.schema import table_of
from scans.versions import upsert
from stores.directory import Scope
from stores.estimates import Learned, learn, learned_of
from stores.instore import WINDOW_DAYS, goods_in, in_stores, places_of
from stores.tables import ClosedDay, StockNorm

LEARN_ON = 0  # Monday
MOST_TAUGHT = 2000  # stores that what is usual is learnt from; of more, every n-th
MOST_OWN_TAUGHT = 200


def learn_usual(db: Session, *, days: Collection[date]) -> None:
    """Learn what is usual up to each Monday among these days, and write it down; again is the same."""
    mondays = sorted(day for day in days if day.weekday() == LEARN_ON)
    if not mondays:
        return
    places = places_of(db)
    taught = places[:: max(1, -(-len(places) // MOST_TAUGHT))]
    first = mondays[0] - timedelta(days=WINDOW_DAYS)
    held = in_stores(db, places=taught, first=first, last=mondays[-1])
    rows = [{"day": day, "said": learn(held, day=day).told()} for day in mondays]
    written = upsert(db)(table_of(StockNorm))
    db.execute(written.on_conflict_do_update(index_elements=["day"], set_={"said": written.excluded.said}), rows)


def usual_on(db: Session, *, day: date) -> Learned:
    """Return what was usual up to a day, as it was written down last."""
    told = select(StockNorm.said).where(StockNorm.day <= day).order_by(StockNorm.day.desc()).limit(1)
    said = db.scalar(told)
    return learned_of(said) if said else Learned()


def usual_for(db: Session, *, scope: Scope) -> Learned:
    """Return what is usual as far as a principal may know it: a party learns from its own stores alone."""
    if scope.store_keys is None:
        return usual_on(db, day=scope.day)
    own = sorted(scope.store_keys)
    taught = own[:: max(1, -(-len(own) // MOST_OWN_TAUGHT))]
    return learn(goods_in(db, stores=taught, day=scope.day), day=scope.day)


def mondays_are_learnt(db: Session) -> int:
    """From the first week that was learnt on, every closed Monday has what was usual then, and no other day has."""
    learnt = set(db.scalars(select(StockNorm.day)))
    first = min(learnt, default=None)
    if first is None:
        return 0
    days = db.scalars(select(ClosedDay.day).where(ClosedDay.day >= first))
    return len({day for day in days if day.weekday() == LEARN_ON} ^ learnt)
