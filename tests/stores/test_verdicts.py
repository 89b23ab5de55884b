from datetime import date, timedelta

import numpy as np
import pytest
from sqlalchemy import select

from stores.findings import Finding, put_findings, surest, trailing
from stores.roll import Roll, roll
from stores.sales import count_days, note_closed
from stores.tables import FlagDay, StoreDay
from stores.verdicts import BLOCK_DAYS, PAST_DAYS, judge_days, judged_findings, name_findings, panel_start, put_verdicts
from tests import make
from tests.selling import consumer, sell

FIRST = date(2026, 1, 5)
DAYS = 100
STORES = 40


def called(stores=STORES):
    names = [f"S{number:03}" for number in range(stores)]
    nothing = np.zeros(stores, np.int64)
    return Roll(np.arange(1, stores + 1), names, nothing, nothing, np.full(stores, 10**6))


def sold(seed=3, stores=STORES):
    counts = np.random.default_rng(seed).poisson(4.0, (stores, DAYS))
    counts[0, 80:] = 0
    counts[1, 90:] *= 5
    return counts


def day(number):
    return FIRST + timedelta(days=number)


def judged(counts, *numbers, first=0):
    days = [day(number) for number in numbers]
    padded = np.concatenate([np.zeros((len(counts), PAST_DAYS + BLOCK_DAYS), np.int64), counts], axis=1)
    start = day(first) - timedelta(days=PAST_DAYS + BLOCK_DAYS)
    return dict(judge_days(called(len(counts)), counts=padded, first=start, days=days))


def same(one, other):
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def test_law_a_night_judged_alone_is_judged_as_among_others():
    counts = sold()
    nights = judged(counts, *range(30, DAYS))
    for number in (30, 59, 60, 61, DAYS - 1):
        assert same(judged(counts[:, : number + 1], number)[day(number)], nights[day(number)])


def test_a_night_before_the_first_sale_is_judged_too():
    counts = sold()
    counts[:, :10] = 0
    nights = judged(counts, *range(5, 60))
    assert not nights[day(5)].flagged.any()
    assert same(judged(counts, 59)[day(59)], nights[day(59)])


@pytest.mark.parametrize("number", [0, 1, 59, 60, 1000])
def test_the_past_is_half_a_year_or_a_little_more(number):
    at = date.fromordinal(730_000 + number)
    assert PAST_DAYS <= (at - panel_start(at)).days < PAST_DAYS + BLOCK_DAYS


def test_what_the_judge_flags_is_found_with_its_numbers():
    counts = sold()
    night = judged(counts, 85)[day(85)]
    (one,) = [finding for finding in judged_findings(day(85), night) if finding.row == 0]
    assert (one.day, one.detector, one.direction) == (day(85), "judge", "too_bad")
    assert one.why["code"] == "stretch_low"
    assert one.why["sold"] < one.why["low"] < one.why["expected"] < one.why["high"]
    assert one.why["sold"] == counts[0, 86 - one.why["days"] : 86].sum()
    assert one.items_a_day == pytest.approx((one.why["expected"] - one.why["sold"]) / one.why["days"], abs=0.01)


def test_only_what_could_be_judged_gets_a_band(db):
    for number in range(3):
        make.store(db, store_id=f"S{number:03}")
    counts = sold(stores=3)
    counts[2, :90] = 0
    note_closed(db, days=[day(95)], now=make.NOW)
    count_days(db, days=[day(95)])
    night = judged(counts, 95)[day(95)]
    put_verdicts(db, roll=roll(db), day=day(95), counts=counts[:, 95], judged=night)
    db.expire_all()
    dried, good, new = db.scalars(select(StoreDay).order_by(StoreDay.store_id))
    assert (dried.direction, good.direction, new.direction) == ("too_bad", "too_good", None)
    assert (good.expected, good.low, good.high) == (night.expected[1], night.low[1], night.high[1])
    assert good.p_value == night.p_value[1] < 0.05
    assert (new.expected, new.p_value, new.reason) == (None, None, {"code": "new"})
    assert good.reason is None or good.reason["code"] == "stretch_high"


def finding(row=0, detector="judge", p_value=0.01, direction="too_good", items_a_day=2.0):
    why = {"code": "stretch_high", "days": 1, "sold": 15, "expected": 3.0, "low": 0, "high": 7}
    return Finding(row, FIRST, detector, direction, p_value, items_a_day, why)


def test_the_surest_finding_of_a_detector_counts():
    weak, strong, other = finding(p_value=0.02), finding(), finding(detector="diversion", p_value=0.5)
    assert surest([weak, strong, other]) == [other, strong]


def test_sums_trail():
    assert trailing(np.array([[1, 2, 3, 4]]), 2).tolist() == [[1, 3, 5, 7]]
    assert trailing(np.array([[1, 2]]), 5).tolist() == [[1, 3]]


def named(db, *findings):
    return name_findings(db, roll=roll(db), counts=np.full((1, 1), 15), first=FIRST, days=[FIRST], judged=findings)


def test_a_carton_scanned_by_one_phone_gives_the_finding_its_name(db):
    store = make.store(db)
    sell(db, store=store, day=FIRST, count=12, consumer=consumer(db))
    sell(db, store=store, day=FIRST, count=3)
    (one,) = named(db, finding())
    assert (one.detector, one.why["code"], one.why["items"], one.why["sold"]) == ("concentration", "one_phone", 12, 15)


def test_goods_sold_far_away_give_the_finding_their_name(db):
    store = make.store(db)
    sell(db, store=store, day=FIRST, count=9, delivered_m=400_000.0)
    sell(db, store=store, day=FIRST, count=6, delivered_m=0.0)
    (one,) = named(db, finding())
    assert (one.detector, one.why["code"], one.why["items"], one.why["of"]) == ("diversion", "sold_far", 9, 15)


def test_what_nothing_explains_stays_the_judges(db):
    store = make.store(db)
    sell(db, store=store, day=FIRST, count=15)
    assert named(db, finding()) == [finding()]
    assert named(db, finding(direction="too_bad")) == [finding(direction="too_bad")]


@pytest.mark.parametrize(
    ("product", "stake_cents"),
    [
        ({"list_price_cents": 1000, "cost_cents": 400}, 36_000),
        ({"list_price_cents": 1000, "cost_cents": None}, 60_000),
        ({"list_price_cents": 1000, "cost_cents": 1200}, 0),
    ],
    ids=["margin", "no cost known", "sold at a loss"],
)
def test_a_stake_is_a_month_of_it_at_what_an_item_is_worth(db, product, stake_cents):
    store = make.store(db)
    sell(db, store=store, day=FIRST, product=make.product(db, **product))
    make.product(db, list_price_cents=9_999)
    put_findings(db, roll=roll(db), days=[FIRST], findings=[finding()])
    assert db.scalars(select(FlagDay.stake_cents)).all() == [stake_cents]


def test_a_store_that_sold_nothing_lately_loses_the_usual_item(db):
    make.store(db)
    make.product(db, list_price_cents=500)
    make.product(db, list_price_cents=1500)
    make.product(db, list_price_cents=9000, kind="gift")
    put_findings(db, roll=roll(db), days=[FIRST], findings=[finding()])
    assert db.scalars(select(FlagDay.stake_cents)).all() == [60_000]


def test_what_was_found_before_gives_way(db):
    make.store(db)
    put_findings(db, roll=roll(db), days=[FIRST], findings=[finding()])
    put_findings(db, roll=roll(db), days=[FIRST], findings=[])
    assert db.scalars(select(FlagDay.day)).all() == []
