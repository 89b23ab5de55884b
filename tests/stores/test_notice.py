"""How soon a drop would be noticed: more sales, sooner; and the judge itself keeps what is said."""

from datetime import date, timedelta

import numpy as np
import pytest

from stores.calibration import VOLUMES
from stores.judge import Panel, judge
from stores.notice import ALARM, NOISE, NOTICED, days_to_notice, try_out, usual_sales
from stores.tables import StoreDay
from tests import make

START = date(2026, 1, 5)


def test_law_more_sales_are_noticed_sooner():
    told = [days_to_notice(items) or 99 for items in (0.001, 0.3, 2.0, 10.0, 20.0, 60.0, 150.0, 10**6)]
    assert told == sorted(told, reverse=True)
    assert told[0] == 99
    assert 3 < told[-1] <= 10


def test_what_is_kept_is_what_the_detectors_count():
    assert tuple(try_out(float(items)) for items in VOLUMES) == NOTICED


@pytest.mark.parametrize("items", [12.0, 50.0])
def test_the_judge_keeps_what_is_said(items):
    rng, stores, before = np.random.default_rng(4), 2000, 90
    days = days_to_notice(items)
    mean = np.full((stores, before + days), items)
    mean[:60, before:] /= 3  # three of a region's hundred: where a quarter falls, the neighbours fall too
    counts = rng.poisson(mean * rng.gamma(1 / NOISE, NOISE, mean.shape))
    panel = Panel([f"s{n}" for n in range(stores)], np.arange(stores) % 20, START, counts)
    judged = judge(panel, first=before)
    noticed = ((judged.p_value <= ALARM) & (judged.direction < 0)).any(axis=1)
    assert 0.65 < noticed[:60].mean() < 0.95
    assert noticed[60:].mean() < 0.002 * days


def test_usual_sales_are_of_judged_days_only(db):
    one, other = make.store(db, store_id="A"), make.store(db, store_id="B")
    days = [START + timedelta(days=number) for number in range(3)]
    db.add_all(
        StoreDay(store_id=store.id, day=day, count=1, expected=expected)
        for store, by_day in ((one, (2.0, 4.0, None)), (other, (None, 0.0, None)))
        for day, expected in zip(days, by_day, strict=True)
    )
    db.flush()
    assert usual_sales(db, day=days[-1], store_ids=["A", "B"]) == {"A": 3.0}
    assert usual_sales(db, day=days[-1], store_ids=[]) == {}
