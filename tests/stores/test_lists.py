from datetime import date, timedelta

import pytest
from sqlalchemy import insert, select

from stores.flags import put_flags
from stores.lists import Call, Went, likely, precision, publish, rank
from stores.sales import note_closed
from stores.tables import FlagDay, Outcome, Store, Visit
from tests import make

DAY = date(2026, 6, 10)
JUDGE = ("judge", "stretch_low")
PHONE = ("concentration", "one_phone")


def day(number):
    return DAY + timedelta(days=number)


def call(store, stake, *, flag_id=None, rep_id=1, reason=JUDGE, on=DAY):
    return Call(flag_id or ord(store), ord(store), store, rep_id, reason, on, stake)


def ranked(calls, *, went=(), right=None, on=1):
    lists = rank(calls, went=went, right=right or {}, day=day(on))
    return {rep_id: "".join(one.store_id for one in calls) for rep_id, calls in lists.items()}


@pytest.mark.parametrize(
    ("calls", "expected"),
    [
        ([call("a", 5), call("b", 9), call("c", 7)], {1: "bca"}),
        ([call("b", 5), call("a", 5)], {1: "ab"}),
        ([call("a", 5), call("b", 9, rep_id=2)], {1: "a", 2: "b"}),
        ([call("a", 5), call("b", 9, rep_id=None)], {1: "a"}),
        ([call("a", 5), call("a", 9, reason=PHONE, flag_id=7), call("b", 7)], {1: "ab"}),
        ([call("a", 9, on=day(-1)), call("a", 5), call("b", 7)], {1: "ba"}),
        ([call("a", 9, on=day(-2)), call("b", 5)], {1: "ab"}),
        ([call("a", 9, on=day(-3)), call("b", 5)], {1: "b"}),
        ([call("a", 9, on=day(1)), call("b", 5)], {1: "b"}),
        ([], {}),
    ],
    ids=[
        "worst loss first",
        "ties to the smaller id",
        "each rep has a list",
        "nobody visits there",
        "a store once, for its worst",
        "as found last",
        "quiet for two days",
        "quiet for three days",
        "not found yet",
        "nothing",
    ],
)
def test_the_worst_loss_comes_first(calls, expected):
    assert ranked(calls) == expected


@pytest.mark.parametrize(
    ("went", "expected"),
    [
        ([Went(ord("a"), day(0))], {1: "b"}),
        ([Went(ord("a"), day(-6))], {1: "b"}),
        ([Went(ord("a"), day(-7))], {1: "ab"}),
        ([Went(77, day(0))], {1: "ab"}),
        ([Went(ord("a"), day(1))], {1: "ab"}),
    ],
    ids=["yesterday", "a week ago", "longer ago", "for another flag", "on the day itself"],
)
def test_who_went_within_a_week_need_not_go_again(went, expected):
    assert ranked([call("a", 9), call("b", 5)], went=went) == expected


def test_a_reason_that_cries_wolf_comes_later():
    calls = [call("a", 9, reason=PHONE), call("b", 7)]
    assert ranked(calls) == {1: "ab"}
    assert ranked(calls, right={PHONE: likely(0, 10)}) == {1: "ba"}


def test_an_outcome_moves_the_precision_and_many_decide_it():
    assert likely(0, 0) == pytest.approx(0.7)
    assert likely(0, 1) < likely(0, 0) < likely(1, 1)
    assert likely(0, 1000) < 0.01


def find(db, store, number, *, stake=100, detector="judge", code="stretch_low"):
    said = {"store_id": store.id, "day": day(number), "detector": detector, "stake_cents": stake, "why": {"code": code}}
    db.execute(insert(FlagDay).values(direction="too_bad", p_value=0.01, **said))
    put_flags(db, first=day(number), last=day(number))


def listed(db, number):
    told = select(Store.store_id).join(Visit, Visit.store_id == Store.id).where(Visit.day == day(number))
    return "".join(db.scalars(told.order_by(Visit.rank)))


def went(db, number, *, was_real=True):
    for visit_id in db.scalars(select(Visit.id).where(Visit.day == day(number))).all():
        said = {"was_real": was_real, "cause": "other", "action": "none"}
        db.execute(insert(Outcome).values(visit_id=visit_id, key="k", at=make.NOW, **said))


@pytest.fixture
def stores(db):
    make.rep(db, visits_per_day=2)
    return [make.store(db, store_id=name) for name in "abc"]


def test_a_list_is_made_for_the_next_day_up_to_what_a_rep_can_do(db, stores):
    for store, stake in zip(stores, (5, 9, 7), strict=True):
        find(db, store, 0, stake=stake)
    assert publish(db, days=[day(0)]) == 2
    assert (listed(db, 0), listed(db, 1)) == ("", "bc")


def test_law_a_published_list_is_only_appended_to(db, stores):
    find(db, stores[0], 0, stake=5)
    publish(db, days=[day(0)])
    before = db.execute(select(Visit.visit_id, Visit.rank)).all()
    find(db, stores[1], 0, stake=9)
    find(db, stores[2], 0, stake=7)
    assert publish(db, days=[day(0)]) == 1
    assert publish(db, days=[day(0)]) == 0
    assert listed(db, 1) == "ab"
    assert set(before) < set(db.execute(select(Visit.visit_id, Visit.rank)).all())


def test_law_lists_of_many_nights_at_once_are_those_night_by_night(db, stores):
    for number, store, stake in ((0, 0, 5), (0, 1, 9), (1, 2, 7), (2, 0, 20), (4, 1, 3), (7, 2, 1)):
        find(db, stores[store], number, stake=stake)
    nights = [day(number) for number in range(9)]
    publish(db, days=nights)
    at_once = [listed(db, number) for number in range(10)]
    db.query(Visit).delete()
    for night in nights:
        publish(db, days=[night])
    assert [listed(db, number) for number in range(10)] == at_once
    assert at_once == ["", "ba", "bc", "ab", "ac", "ab", "b", "b", "c", "c"]


def test_a_store_visited_for_a_flag_rests_for_a_week(db, stores):
    for number in range(10):
        find(db, stores[0], number)
    for number in range(10):
        publish(db, days=[day(number)])
        went(db, number + 1)
    assert [listed(db, number) for number in range(11)] == ["", "a", *[""] * 7, "a", ""]


def test_outcomes_teach_what_a_reason_is_worth(db, stores):
    assert precision(db, day=day(9)) == {}
    find(db, stores[0], 0)
    find(db, stores[1], 0, detector="concentration", code="one_phone")
    publish(db, days=[day(0)])
    went(db, 1, was_real=False)
    assert precision(db, day=day(0)) == {}
    assert precision(db, day=day(1)) == {JUDGE: likely(0, 1), PHONE: likely(0, 1)}


def test_a_store_is_visited_by_the_nearest_rep_of_its_region(db):
    far, near = make.rep(db, base_lat_deg=40.0), make.rep(db)
    find(db, make.store(db), 0)
    find(db, make.store(db, region="elsewhere"), 0)
    publish(db, days=[day(0)])
    assert db.scalars(select(Visit.rep_id)).all() == [near.party_id]
    assert far.party_id != near.party_id


def test_stores_that_are_due_for_a_count_get_a_stop_in_four_and_what_is_left(db):
    make.rep(db, visits_per_day=4)
    due = [make.store(db, store_id=name, class_="A", opened_on=day(-20)) for name in "uvwxyz"]
    for name in "abcd":
        find(db, make.store(db, store_id=name), 0)
    note_closed(db, days=[day(-30)], now=make.NOW)
    publish(db, days=[day(0)])
    assert listed(db, 1) == "abcu"
    assert db.scalars(select(Visit.purpose).order_by(Visit.rank)).all() == ["flag", "flag", "flag", "count"]
    publish(db, days=[day(6)])
    assert listed(db, 7) == "uvwx"
    went(db, 7)
    publish(db, days=[day(7)])
    assert listed(db, 8) == "yz"
    assert len(due) == 6


def test_a_list_is_in_the_order_of_the_way_and_what_is_added_comes_after_it(db):
    make.rep(db, visits_per_day=4, base_lat_deg=31.0)
    for name, north, stake in (("a", 0.3, 9), ("b", 0.1, 8), ("c", 0.2, 7)):
        find(db, make.store(db, store_id=name, lat_deg=31.0 + north), 0, stake=stake * 1000)
    publish(db, days=[day(0)])
    first = listed(db, 1)
    assert first in ("acb", "abc", "bca", "cab")
    find(db, make.store(db, store_id="d", lat_deg=31.05), 0, stake=99000)
    publish(db, days=[day(0)])
    assert listed(db, 1) == first + "d"


def test_what_is_far_is_listed_only_if_it_is_worth_the_way(db):
    make.rep(db, visits_per_day=1)
    find(db, make.store(db, store_id="near"), 0, stake=500)
    find(db, make.store(db, store_id="far", lat_deg=make.SHANGHAI[0] + 0.5), 0, stake=900)
    publish(db, days=[day(0)])
    assert listed(db, 1) == "near"
