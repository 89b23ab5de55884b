from datetime import date, timedelta

import pytest
from sqlalchemy import delete, insert, select

from stores.flags import flags_equal_stretches, put_flags
from stores.holdout import HoldOutError, Rule, held_out, is_drawn, is_severe, put_rule, rule
from stores.holdout import Seen as Told
from stores.lists import publish
from stores.tables import Draw, FlagDay, Store, Visit
from tests import make

DAY = date(2026, 6, 10)
HALF = Rule(share_bp=5000)
WHY = {"code": "stretch_low", "days": 7, "sold": 4, "expected": 35.0}


def day(number):
    return DAY + timedelta(days=number)


def find(db, store, number, *, stake=100, p_value=0.001, why=WHY, detector="judge"):
    said = {"store_id": store.id, "day": day(number), "detector": detector, "direction": "too_bad"}
    db.execute(insert(FlagDay).values(p_value=p_value, stake_cents=stake, why=why, **said))
    put_flags(db, first=day(number), last=day(number))


def listed(db, number):
    told = select(Store.store_id).join(Visit, Visit.store_id == Store.id).where(Visit.day == day(number))
    return "".join(sorted(db.scalars(told)))


def lots(db):
    return {
        flag: (at, until, held) for flag, at, until, held in db.execute(select(*Draw.__table__.c[:4]).order_by("day"))
    }


@pytest.fixture
def stores(db):
    make.rep(db, visits_per_day=50)
    put_rule(db, HALF)
    return [make.store(db, store_id=name) for name in "abcdefgh"]


def expected(number):
    """Return who is held and who is not, of those that would be listed on a day."""
    held = {one for one in "abcdefgh" if is_drawn(store_id=one, detector="judge", day=day(number), share_bp=5000)}
    return "".join(sorted(held)), "".join(sorted(set("abcdefgh") - held))


def test_a_share_is_drawn_and_the_same_again():
    def drawn(share_bp):
        return [is_drawn(store_id=f"S{n}", detector="judge", day=DAY, share_bp=share_bp) for n in range(4000)]

    assert sum(drawn(1000)) == pytest.approx(400, abs=4 * (4000 * 0.1 * 0.9) ** 0.5)
    assert drawn(1000) == drawn(1000)
    assert not any(drawn(0))
    assert all(small <= large for small, large in zip(drawn(1000), drawn(2000), strict=True))


def test_who_is_held_is_listed_when_the_wait_is_over(db, stores):
    for number in range(10):
        for store in stores:
            find(db, store, number)
        publish(db, days=[day(number)])
    held, rest = expected(1)
    assert held
    assert rest
    assert [listed(db, number) for number in (1, 7)] == [rest, rest]
    assert listed(db, 8) == "abcdefgh"
    assert {one.store_id for one in held_out(db, day=day(7))} == set(held)
    assert held_out(db, day=day(8)) == []
    assert {one.until for one in held_out(db, day=day(1))} == {day(8)}


def test_law_lists_made_again_or_at_once_draw_the_same(db, stores):
    for number in range(6):
        for store in stores[: number + 2]:
            find(db, store, number)
    nights = [day(number) for number in range(6)]
    publish(db, days=nights)
    at_once = [listed(db, number) for number in range(8)], lots(db)
    assert publish(db, days=nights[3:]) == 0
    assert ([listed(db, number) for number in range(8)], lots(db)) == at_once
    db.execute(delete(Visit))
    db.execute(delete(Draw))
    for night in nights:
        publish(db, days=[night])
    assert ([listed(db, number) for number in range(8)], lots(db)) == at_once
    assert {held for *_, held in lots(db).values()} == {True, False}


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"stake": HALF.severe_cents}, "much at stake"),
        ({"p_value": HALF.severe_p}, "sure"),
        ({"why": {"code": "one_phone", "items": 30, "days": 14}}, "no level to come back to"),
    ],
    ids=["stake", "p", "not measured"],
)
def test_law_who_may_not_wait_never_does(db, stores, said, why):
    for store in stores:
        find(db, store, 0, **said)
    publish(db, days=[day(0)])
    assert listed(db, 1) == "abcdefgh", why
    assert lots(db) == {}


def test_a_store_that_becomes_severe_waits_no_more(db, stores):
    for store in stores:
        find(db, store, 0)
    publish(db, days=[day(0)])
    held, rest = expected(1)
    for store in stores:
        find(db, store, 1, stake=HALF.severe_cents)
    publish(db, days=[day(1)])
    assert (listed(db, 1), listed(db, 2)) == (rest, "abcdefgh")
    assert sum(held for *_, held in lots(db).values()) == len(held)


def test_a_store_that_waits_is_not_listed_for_another_flag(db, stores):
    for store in stores:
        find(db, store, 0)
    publish(db, days=[day(0)])
    held, _ = expected(1)
    for store in stores:
        find(db, store, 1, detector="concentration", why={"code": "one_phone"})
    publish(db, days=[day(1)])
    assert set(listed(db, 2)).isdisjoint(held)


def test_only_who_would_be_listed_draws(db):
    make.rep(db, visits_per_day=2)
    put_rule(db, HALF)
    for number, name in enumerate("abcdefgh"):
        find(db, make.store(db, store_id=name), 0, stake=100 - number)
    publish(db, days=[day(0)])
    assert len(listed(db, 1)) == 2
    drawn = lots(db)
    assert sum(not held for *_, held in drawn.values()) == 2
    assert len(drawn) < 8


def test_a_share_of_nothing_holds_nobody_and_keeps_what_was_drawn(db, stores):
    for store in stores:
        find(db, store, 0)
    publish(db, days=[day(0)])
    before = lots(db)
    put_rule(db, HALF._replace(share_bp=0))
    new = make.store(db, store_id="new")
    for store in (*stores, new):
        find(db, store, 1)
    publish(db, days=[day(1)])
    held, rest = expected(1)
    assert listed(db, 2) == "".join(sorted(f"{rest}")) + "new"
    assert lots(db) == before
    assert held


def test_a_flag_that_a_lot_was_drawn_for_stays(db, stores):
    for store in stores:
        find(db, store, 0)
    publish(db, days=[day(0)])
    before = lots(db)
    db.execute(delete(FlagDay))
    put_flags(db, first=day(0), last=day(0))
    assert lots(db) == before
    assert flags_equal_stretches(db) == 0


@pytest.mark.parametrize("seen", [Told(DAY, 0.001, 299_999, WHY), Told(DAY, 1.1e-9, 0, WHY)])
def test_what_is_not_severe(seen):
    assert not is_severe(seen, Rule())


@pytest.mark.parametrize(
    "bad", [{"share_bp": -1}, {"share_bp": 5001}, {"days": 1}, {"days": 29}, {"severe_cents": -1}, {"severe_p": 1.1},
            {"severe_p": float("nan")}]
)  # fmt: skip
def test_a_rule_that_cannot_be_is_refused(db, bad):
    with pytest.raises(HoldOutError):
        put_rule(db, Rule()._replace(**bad))
    assert rule(db) == Rule()
