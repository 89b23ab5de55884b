"""When a store orders next: rhythm, level, and what little history does."""

import numpy as np
import pytest

from stores.reorder import OrderNorms, Orders, fit_orders, next_orders

NORMS = OrderNorms()


def orders(*rows):
    """Deliveries of (cell, day, items, stock found)."""
    columns = np.array(rows, np.float64).reshape(-1, 4).T
    cell, day, items = (x.astype(np.int64) for x in columns[:3])
    return Orders(cell, day, items, columns[3], np.zeros(len(columns[3])))


def due(some, *, stock, today, rate=1.0, norms=NORMS):
    one = np.array([stock], np.float64)
    return next_orders(some, np.array([rate]), one, np.zeros(1), today=today, norms=norms)


REGULAR = orders(*((0, day, 24, 6) for day in range(100, 220, 24)))


def test_a_store_that_orders_at_six_left_orders_when_six_are_left():
    told = due(REGULAR, stock=16, today=210)
    assert told.due[0] == pytest.approx(10, abs=2.5)
    assert told.cover_days[0] == pytest.approx(6, abs=1)
    assert told.items[0] == 24
    assert told.low[0] < told.due[0] < told.high[0]


def test_more_stock_comes_later():
    dues = [due(REGULAR, stock=stock, today=210).due[0] for stock in (8, 16, 40)]
    assert dues == sorted(dues)


def test_without_stock_the_rhythm_alone_tells():
    assert due(REGULAR, stock=np.nan, today=200).due[0] == pytest.approx(20, abs=4)


def test_a_store_that_was_never_delivered_to_is_unknown():
    told = due(orders(), stock=5, today=200)
    assert np.isnan(told.due[0])
    assert np.isnan(told.items[0])


@pytest.mark.parametrize("stock", [0, 1e7, np.nan])
@pytest.mark.parametrize("rate", [0, 1e-9, 1e4])
@pytest.mark.parametrize("today", [196, 2000])
def test_odd_numbers_give_a_sound_answer(stock, rate, today):
    told = due(REGULAR, stock=stock, today=today, rate=rate)
    assert np.isfinite([told.due[0], told.low[0], told.high[0], told.items[0]]).all()
    assert told.due[0] >= 1
    assert 0 <= told.low[0] <= told.high[0]


def test_few_deliveries_leave_what_is_usual():
    assert fit_orders(REGULAR, np.array([1.0]), start=NORMS) == NORMS


def test_what_is_usual_is_learnt():
    rng = np.random.default_rng(1)
    rows = [(cell, day, 24, 5) for cell in range(40) for day in np.cumsum(rng.integers(15, 26, 8)).tolist()]
    told = fit_orders(orders(*rows), np.ones(40), start=NORMS)
    assert told.gap_days == pytest.approx(20, abs=1)
    assert told.cover_days == pytest.approx(5, abs=0.1)
    assert told.gap_varies < 0.05
