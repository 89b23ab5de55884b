from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from sqlalchemy import select

from channel.database import transaction
from channel.night import AGAIN_DAYS, DayNotOverError, close_days, close_run, runs
from stores.directory import put_stores
from stores.flags import flags_equal_stretches
from stores.sales import days_equal_recount, mark_dirty, stores_have_every_day
from stores.tables import ClosedDay, DirtyDay, Flag, FlagDay, Store, StoreDay, Visit
from tests import make
from tests.selling import after, consumer, sell, sell_days

FIRST = date(2026, 1, 5)
DAYS = 42
OVER = datetime(2026, 12, 1, tzinfo=UTC)


def day(number):
    return FIRST + timedelta(days=number)


def reps(db):
    make.rep(db, rep_id="R1", visits_per_day=2)
    make.rep(db, rep_id="R2", region="West", visits_per_day=1)


def world(db, *, stores=12, days=DAYS, missing=(), visited=True):
    """Sell for some weeks: store 0 dries up, store 1's keeper scans cartons, store 2's goods go elsewhere."""
    rng = np.random.default_rng(5)
    if visited:
        reps(db)
    rows = [make.store_row(store_id=f"S{n:02}", region=("East", "West")[n % 2]) for n in range(stores)]
    assert not put_stores(db, rows=rows, day=FIRST).refused
    keys = db.scalars(select(Store).order_by(Store.store_id)).all()
    counts = rng.poisson(6.0, (stores, days))
    counts[0, 33:] = 0
    keeper = consumer(db)
    for number, store in enumerate(keys):
        kept = [0 if (number, at) in missing else counts[number, at] for at in range(days)]
        sell_days(db, store=store, first=FIRST, counts=kept, delivered_m=400_000.0 if number == 2 else 100.0)
    for at in range(34, days, 2):
        sell(db, store=keys[1], day=day(at), count=12, consumer=keeper, delivered_m=0.0)
    return keys, counts


def nightly(db, *numbers):
    for number in numbers:
        close_run(db, days=[day(number)], now=after(day(number)))


def told(db):
    """Return all that nights have written, ids and instants left out."""
    db.expire_all()
    flag = select(Store.store_id, Flag.detector, Flag.direction, Flag.first_day, Flag.last_day, Flag.p_value)
    stop = select(Visit.rep_id, Visit.day, Visit.rank, Store.store_id, Visit.stake_cents, Flag.detector)
    stop = stop.join(Store, Store.id == Visit.store_id).join(Flag, Flag.id == Visit.flag_id)
    asked = [
        select(StoreDay.__table__).order_by(StoreDay.day, StoreDay.store_id),
        select(FlagDay.__table__).order_by(FlagDay.day, FlagDay.store_id, FlagDay.detector),
        flag.add_columns(Flag.stake_cents, Flag.why, Flag.closed_on, Flag.closed_why, Flag.closed_p)
        .join(Store)
        .order_by(Store.store_id, Flag.detector, Flag.first_day),
        stop.order_by(Visit.rep_id, Visit.day, Visit.rank),
        select(ClosedDay.day).order_by(ClosedDay.day),
        select(DirtyDay.__table__),
    ]
    return [[tuple(row) for row in db.execute(one)] for one in asked]


def sound(db):
    return (days_equal_recount(db), stores_have_every_day(db), flags_equal_stretches(db)) == (0, 0, 0)


def test_a_night_finds_what_was_planted_and_sends_somebody(db):
    world(db)
    nightly(db, *range(36, DAYS))
    assert sound(db)
    found = {(row[0], row[1], row[2]) for row in told(db)[2]}
    assert {
        ("S00", "judge", "too_bad"),
        ("S01", "concentration", "too_good"),
        ("S02", "diversion", "too_good"),
    } <= found
    last = {(row[3], row[5]) for row in told(db)[3] if row[1] == day(DAYS)}
    assert ("S01", "concentration") in last
    assert len(last) <= 3


def test_a_store_that_is_too_good_tells_of_the_one_beside_it_that_dried_up(db):
    world(db)
    nightly(db, *range(DAYS))
    asked = select(Store.store_id, Flag.direction, Flag.why).join(Store, Store.id == Flag.store_id)
    told = {(store, way): why.get("nearby") for store, way, why in db.execute(asked)}
    beside = {"store": make.store_row().name, "m": 0, "since": str(day(33))}
    assert told["S01", "too_good"] == told["S02", "too_good"] == beside
    assert told["S00", "too_bad"] is None


def test_law_closing_again_changes_nothing_ids_too(db):
    world(db)
    nightly(db, *range(36, DAYS))
    before, ids = told(db), set(db.scalars(select(Flag.flag_id))) | set(db.scalars(select(Visit.visit_id)))
    nightly(db, DAYS - 1, 37)
    assert told(db) == before
    assert set(db.scalars(select(Flag.flag_id))) | set(db.scalars(select(Visit.visit_id))) == ids


def test_law_many_nights_at_once_are_those_one_by_one(db):
    world(db)
    with db.begin_nested() as savepoint:
        nightly(db, *range(34, DAYS))
        one_by_one = told(db)
        savepoint.rollback()
    close_run(db, days=[day(number) for number in range(34, DAYS)], now=OVER)
    assert told(db) == one_by_one


LATE = ((3, 36), (3, 37), (4, 38), (0, 32), (5, 39))


def come_late(db, stores, counts, some):
    for number, at in some:
        sell(db, store=stores[number], day=day(at), count=int(counts[number, at]), delivered_m=100.0)
        mark_dirty(db, store_days={(stores[number].id, day(at))})


@pytest.mark.parametrize("order", [LATE, LATE[::-1]], ids=["as they were made", "backwards"])
def test_law_late_scans_give_what_they_would_have_given_in_time(db, order):
    """The last list included, since none was published before."""
    with db.begin_nested() as savepoint:
        world(db, visited=False)
        nightly(db, *range(32, DAYS - 1))
        reps(db)
        nightly(db, DAYS - 1)
        in_time = told(db)
        savepoint.rollback()
    stores, counts = world(db, missing=set(LATE), visited=False)
    nightly(db, *range(32, 40))
    come_late(db, stores, counts, order[:3])
    nightly(db, 40)
    come_late(db, stores, counts, order[3:])
    reps(db)
    nightly(db, DAYS - 1)
    assert sound(db)
    for table, timely in zip(told(db), in_time, strict=True):
        assert [row[1:] for row in table] == [row[1:] for row in timely]


def test_a_day_changed_long_ago_is_counted_again_and_judged_no_more(db):
    stores, _ = world(db)
    nightly(db, *range(24, DAYS, 3))
    old = 24
    assert DAYS - 1 - old > AGAIN_DAYS
    verdicts = select(StoreDay.expected, StoreDay.p_value).where(StoreDay.store_id == stores[3].id)
    before = db.execute(verdicts.where(StoreDay.day <= day(old)).order_by(StoreDay.day)).all()
    sell(db, store=stores[3], day=day(old), count=50)
    mark_dirty(db, store_days={(stores[3].id, day(old))})
    night = close_run(db, days=[day(DAYS - 1)], now=OVER)
    assert night.again == []
    assert sound(db)
    assert db.execute(verdicts.where(StoreDay.day <= day(old)).order_by(StoreDay.day)).all() == before


def test_a_sale_that_slipped_by_unmarked_is_seen_by_the_next_night(db):
    stores, _ = world(db, days=5)
    nightly(db, 2, 3)
    sell(db, store=stores[3], day=day(2))
    assert not sound(db)
    assert close_run(db, days=[day(4)], now=OVER).again == [day(2), day(3)]
    assert sound(db)


@pytest.mark.parametrize(
    ("zone", "now", "over"),
    [
        ("Asia/Shanghai", datetime(2026, 6, 1, 16, tzinfo=UTC), True),
        ("Asia/Shanghai", datetime(2026, 6, 1, 15, 59, 59, tzinfo=UTC), False),
        ("America/New_York", datetime(2026, 6, 2, 3, 59, tzinfo=UTC), False),
        ("Africa/Cairo", datetime(2026, 4, 23, 22, tzinfo=UTC), True),
    ],
    ids=["midnight in Shanghai", "just before", "New York sells on", "a day that begins at one"],
)
def test_a_day_is_closed_when_it_is_over_everywhere(db, zone, now, over):
    make.store(db)
    make.store(db, zone=zone)
    closing = date(2026, 4, 23) if zone == "Africa/Cairo" else date(2026, 6, 1)
    if over:
        assert close_run(db, days=[closing], now=now).days == [closing]
        return
    with pytest.raises(DayNotOverError):
        close_run(db, days=[closing], now=now)
    assert db.scalars(select(ClosedDay.day)).all() == []


def test_a_house_without_stores_has_quiet_nights(db):
    night = close_run(db, days=[FIRST], now=OVER)
    assert (night.sold, night.odd, night.stops) == (0, 0, 0)
    assert sound(db)


def test_a_store_without_a_sale_has_a_row_and_no_flag(db):
    make.store(db)
    nightly(db, 0, 1)
    assert [row[2] for row in told(db)[0]] == [0, 0]
    assert told(db)[2] == []


def test_days_are_closed_in_transactions_of_their_own(engine, config):
    with transaction(engine) as db:
        world(db, stores=3, days=4)
    seen = []
    nights = close_days(
        engine, config=config, days=[day(3), day(1), day(0)], now=OVER, progress=lambda *done: seen.append(done)
    )
    assert [night.days for night in nights] == [[day(0), day(1)], [day(3)]]
    assert seen == [(2, 3), (3, 3)]
    with transaction(engine) as db:
        assert sound(db)
    with pytest.raises(DayNotOverError):
        close_days(engine, config=config, days=[day(2)], now=after(day(1)))


def test_runs_have_no_gap_and_an_end():
    days = [day(number) for number in (*range(70), 80)]
    assert [len(run) for run in runs(days)] == [60, 10, 1]
    assert runs([]) == []
