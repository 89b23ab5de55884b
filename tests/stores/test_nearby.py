"""A store that sells too much near one that no longer sells."""

from datetime import date, timedelta

import numpy as np
import pytest
from sqlalchemy import select

from stores.nearby import NEAR_M, QUIET_DAYS, RATE_DAYS, TOLD_DAYS, left, nearby_whys
from stores.roll import roll
from stores.tables import Store
from tests import make

FIRST, DAYS = date(2026, 1, 5), 150
LAST = FIRST + timedelta(days=DAYS - 1)
LAT, LON = make.SHANGHAI
M_DEG = 1 / 110_900  # of latitude


def sold(db, **changed):
    """Return what each store of the books sold, some every day unless told otherwise."""
    called = roll(db)
    counts = np.random.default_rng(3).poisson(2.0, (len(called.keys), DAYS)) + 1
    for name, days in changed.items():
        counts[called.store_ids.index(name), days] = 0
    return called, np.where(called.is_open(FIRST, LAST), counts, -1)


def since(db, **changed):
    called, counts = sold(db, **changed)
    told = left(called, counts, first=FIRST, day=LAST).tolist()
    return {name: date.fromordinal(when) for name, when in zip(called.store_ids, told, strict=True) if when}


def whys(db, *store_ids, day=LAST, **changed):
    called, counts = sold(db, **changed)
    keys = {name: key for key, name in db.execute(select(Store.id, Store.store_id))}
    told = nearby_whys(db, roll=called, counts=counts, first=FIRST, wanted={(keys[one], day) for one in store_ids})
    return {name: told[keys[name], day]["nearby"] for name in store_ids if (keys[name], day) in told}


def stores(db, *metres):
    for number, north_m in enumerate(metres):
        make.store(db, store_id=f"S{number}", name=f"Shop {number}", lat_deg=LAT + north_m * M_DEG, lon_deg=LON)


def test_who_closed_or_fell_silent_has_left_since_its_last_sale(db):
    stores(db, 0, 10, 20)
    make.store(db, store_id="C", name="Closed", closed_on=LAST - timedelta(days=9))
    make.store(db, store_id="E", name="Ended long ago", closed_on=LAST - timedelta(days=TOLD_DAYS + 5))
    make.store(db, store_id="N", name="Not yet there", opened_on=LAST + timedelta(days=1))
    told = since(db, S0=slice(-10, None), S1=slice(-3, None))
    assert told == {"S0": LAST - timedelta(days=9), "C": LAST - timedelta(days=8)}


@pytest.mark.parametrize(("days", "gone"), [(QUIET_DAYS - 1, False), (QUIET_DAYS, True), (TOLD_DAYS - 1, True)])
def test_a_week_is_the_least_and_two_months_the_most(db, days, gone):
    stores(db, 0)
    assert (since(db, S0=slice(-days, None)) != {}) is gone


def test_a_slow_stores_ordinary_gap_is_no_leaving(db):
    stores(db, 0)
    called, counts = sold(db)
    counts[0] = np.arange(DAYS) % 8 == 0
    counts[0, -12:] = 0
    assert not left(called, counts, first=FIRST, day=LAST).any()


def test_the_store_tells_of_the_nearest_that_left(db):
    stores(db, 0, 300, 600, NEAR_M + 400)
    told = whys(db, "S0", "S3", S1=slice(-9, None), S2=slice(-9, None))
    assert told["S0"] == {"store": "Shop 1", "m": pytest.approx(300, abs=2), "since": str(LAST - timedelta(days=8))}
    assert told["S3"]["store"] == "Shop 2"
    assert whys(db, "S0", S3=slice(-9, None)) == {}, "too far"
    assert whys(db, "S0") == {}, "nobody left"
    assert whys(db, "S0", day=FIRST + timedelta(days=3), S1=slice(-9, None)) == {}, "nobody had left by then"


def test_a_store_that_left_itself_says_nothing_of_another(db):
    stores(db, 0, 300)
    assert whys(db, "S0", S0=slice(-9, None), S1=slice(-9, None)) == {}


@pytest.mark.parametrize("days", [1, RATE_DAYS, TOLD_DAYS + RATE_DAYS + 20])
def test_a_short_past_and_no_store_are_no_trouble(db, days):
    assert whys(db) == {}
    stores(db, 0)
    called, counts = sold(db)
    day = FIRST + timedelta(days=days - 1)
    assert left(called, counts[:, :days] * 0, first=FIRST, day=day).tolist() == [0]
