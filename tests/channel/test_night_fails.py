"""A night that fails half way leaves nothing, and closed again it is the night that would have been."""

from datetime import timedelta

import numpy as np
import pytest
from sqlalchemy import event

from channel.database import transaction
from channel.night import close_run
from stores.flags import flags_equal_stretches
from stores.sales import days_equal_recount, mark_dirty
from stores.tables import Store
from tests import make
from tests.channel.test_night import FIRST, day, reps, told
from tests.selling import after, sell_days

DAYS = 36
POINTS = 6  # of the night, evenly spaced over its statements


class PlannedError(RuntimeError):
    """The database is gone in the middle of a night."""


def world(engine):
    """Sell for five weeks at six stores, of which one dries up, and close all days but the last."""
    with transaction(engine) as db:
        reps(db)
        stores = [make.store(db, store_id=f"S{number}", region=("East", "West")[number % 2]) for number in range(6)]
        counts = np.random.default_rng(5).poisson(9.0, (6, DAYS))
        counts[0, 31:] = 0
        for store, sold in zip(stores, counts, strict=True):
            sell_days(db, store=store, first=FIRST, counts=sold)
        for number in (DAYS - 3, DAYS - 2):
            close_run(db, days=[day(number)], now=after(day(number)))
        mark_dirty(db, store_days={(db.query(Store).first().id, day(DAYS - 3))})


def close(engine, *, fail_at=None):
    """Close the last day; the statement `fail_at` fails. Return how many there were."""
    seen = 0

    def count(*_):
        nonlocal seen
        seen += 1
        if seen == fail_at:
            raise PlannedError

    event.listen(engine, "before_cursor_execute", count)
    try:
        with transaction(engine) as db:
            close_run(db, days=[day(DAYS - 1)], now=after(day(DAYS - 1)) + timedelta(hours=1))
    finally:
        event.remove(engine, "before_cursor_execute", count)
    return seen


def whole(engine):
    with transaction(engine) as db:
        assert (days_equal_recount(db), flags_equal_stretches(db)) == (0, 0)
        return told(db)


def test_law_a_night_that_fails_anywhere_is_closed_again_as_if_it_had_not(engine):
    world(engine)
    before = whole(engine)
    with transaction(engine) as db, db.begin_nested() as savepoint:
        close_run(db, days=[day(DAYS - 1)], now=after(day(DAYS - 1)))
        wanted = told(db)
        savepoint.rollback()
    assert wanted != before
    assert whole(engine) == before
    for fail_at in np.linspace(2, statements(engine), POINTS).astype(int).tolist():
        with pytest.raises(PlannedError):
            close(engine, fail_at=fail_at)
        assert whole(engine) == before
    close(engine)
    assert whole(engine) == wanted
    close(engine)
    assert whole(engine) == wanted


def statements(engine):
    """Count the statements of a night that is undone."""
    seen = []

    def count(*_):
        seen.append(1)

    event.listen(engine, "before_cursor_execute", count)
    with transaction(engine) as db:
        close_run(db, days=[day(DAYS - 1)], now=after(day(DAYS - 1)))
        db.rollback()
    event.remove(engine, "before_cursor_execute", count)
    return len(seen)
