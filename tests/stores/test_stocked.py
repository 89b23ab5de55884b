"""Stock from rows: deliveries, counts, scans and tills as the doors leave them, on both databases."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from stores.deliveries import DeliveryRow, put_deliveries
from stores.estimates import Learned
from stores.instore import in_stores, places_of
from stores.learning import learn_usual, usual_on
from stores.stock import CountRow, PosRow, put_counts, put_pos_sales
from stores.stocked import stock_lines, stock_of_store
from stores.stocknotes import stock_whys
from stores.tables import StockNorm
from tests import make, selling
from tests.make import TODAY

MONDAY = TODAY


@pytest.fixture
def shop(db, tmp_path):
    """A store, a batch of cases of six, and what writes rows about them."""
    return Shop(db, make.ring(tmp_path))


class Shop:
    def __init__(self, db, ring):
        self.db, self.ring, self.number = db, ring, 0
        make.party(db, party_id="X", kind="dealer")
        self.store = make.store(db, store_id="S1")
        self.product = make.product(db, name="Tea")
        self.batch = make.batch(db, ring=ring, gtin=self.product.gtin)

    def day(self, back):
        return TODAY - timedelta(days=back)

    def deliver(self, *, back, to="S1", case=1, level="case"):
        self.number += 1
        uri = make.uri_at(self.batch, ring=self.ring, level=level, position=case)
        row = DeliveryRow(f"D{self.number}", uri, "X", to, selling.noon(self.day(back)))
        assert not put_deliveries(self.db, ring=self.ring, rows=[row], now=make.NOW).refused

    def count(self, items, *, back):
        self.number += 1
        row = CountRow(f"C{self.number}", "S1", self.product.gtin, self.day(back), items)
        assert not put_counts(self.db, rows=[row], day=TODAY).refused

    def sell(self, items, *, back):
        selling.sell(self.db, store=self.store, day=self.day(back), count=items, product=self.product)

    def till(self, items, *, back):
        self.number += 1
        row = PosRow(f"T{self.number}", "S1", self.product.gtin, self.day(back), items)
        assert not put_pos_sales(self.db, rows=[row], day=TODAY).refused

    def lines(self, *, back=0):
        return stock_lines(self.db, stores=[self.store.id], day=self.day(back), learned=Learned())


def test_nothing_is_known_of_a_store_that_nothing_was_told_of(db):
    assert stock_lines(db, stores=[make.store(db).id], day=TODAY, learned=Learned()) == []
    assert stock_lines(db, stores=[], day=TODAY, learned=Learned()) == []


def test_a_count_of_today_is_the_stock(shop):
    shop.count(17, back=0)
    (line,) = shop.lines()
    assert (line.stock, line.low, line.high, line.counted_on) == (17, 17, 17, TODAY)
    assert line.next_on is None


def test_what_came_since_the_count_is_there_less_what_was_scanned_and_some_that_was_not(shop):
    shop.count(10, back=20)
    shop.deliver(back=10)
    shop.sell(6, back=5)
    (line,) = shop.lines()
    assert line.low < line.stock < line.high <= 10 + 6 - 6
    assert line.counted_on == shop.day(20)
    assert line.next_on > TODAY
    assert (line.next_items, line.old_days) == (6, 10)


def test_a_store_never_counted_is_reckoned_from_its_first_delivery(shop):
    shop.deliver(back=10, level="pallet")
    shop.sell(2, back=4)
    (line,) = shop.lines()
    assert line.counted_on is None
    assert line.since == shop.day(11)
    assert 0 <= line.low <= line.stock <= line.high <= 10


def test_what_was_handed_on_has_left(shop):
    make.store(shop.db, store_id="S2")
    shop.count(0, back=20)
    shop.deliver(back=10)
    shop.deliver(back=9, case=2)
    shop.deliver(back=8, to="S2")
    held = in_stores(shop.db, places=places_of(shop.db), first=shop.day(200), last=TODAY)
    assert held.goods.came.total[-1] == 18
    assert held.goods.left.total[-1] == 6
    assert [line.store_id for line in shop.lines()] == ["S1"]
    assert shop.lines()[0].high <= 6


def test_a_till_is_believed_word_for_word(shop):
    shop.count(20, back=3)
    for back in (2, 1, 0):
        shop.till(4, back=back)
    shop.sell(2, back=1)
    (line,) = shop.lines()
    assert (line.stock, line.low, line.high) == (8, 8, 8)
    assert line.share < 0.5


def test_more_scanned_than_could_be_there_is_unknown_and_no_error(shop):
    shop.count(1, back=20)
    shop.sell(9, back=5)
    (line,) = shop.lines()
    assert (line.stock, line.low, line.high, line.lasts_days) == (None, None, None, None)


def test_nothing_later_than_the_day_asked_for_is_seen(shop):
    shop.count(20, back=20)
    before = shop.lines(back=10)
    shop.count(3, back=9)
    shop.deliver(back=8)
    shop.sell(5, back=7)
    shop.till(5, back=6)
    assert shop.lines(back=10) == before


def test_a_store_shows_its_share_and_its_stock_day_by_day(shop):
    shop.count(20, back=5)
    told = stock_of_store(shop.db, store=shop.store.id, first=shop.day(7), last=TODAY, learned=Learned())
    assert [day.stock for day in told.days[:3]] == [None, None, 20]
    assert told.days[-1].low <= told.days[-1].stock <= told.days[-1].high
    assert 0 < told.share.low < told.share.share < told.share.high < 1


def test_what_is_usual_is_learnt_on_mondays_and_again_is_the_same(shop):
    for back, items in ((60, 30), (30, 10), (1, 12)):
        shop.count(items, back=back)
    shop.sell(12, back=40)
    days = [MONDAY - timedelta(days=number) for number in range(14)]
    learn_usual(shop.db, days=days)
    kept = dict(shop.db.execute(select(StockNorm.day, StockNorm.said)).all())
    assert set(kept) == {MONDAY, MONDAY - timedelta(days=7)}
    learn_usual(shop.db, days=[MONDAY])
    assert dict(shop.db.execute(select(StockNorm.day, StockNorm.said)).all()) == kept
    assert usual_on(shop.db, day=MONDAY).told() == kept[MONDAY]
    assert usual_on(shop.db, day=MONDAY).norms.mean > 0.5
    assert usual_on(shop.db, day=MONDAY - timedelta(days=30)) == Learned()


@pytest.mark.parametrize(
    ("left", "code"),
    [(60, "stock_there"), (0, "stock_out"), (4, "stock_known")],
    ids=["a full shelf", "an empty one", "some"],
)
def test_a_flag_is_told_what_the_stock_says(shop, left, code):
    shop.count(60 + left, back=61)
    for back in range(60, 30, -1):
        shop.sell(1, back=back)
    shop.count(left, back=1)
    told = stock_whys(shop.db, wanted={(shop.store.id, TODAY)})
    said = told[shop.store.id, TODAY]["stock"]
    assert said["code"] == code
    assert said["low"] <= said["items"] <= said["high"]
    assert stock_whys(shop.db, wanted={(make.store(shop.db).id, TODAY)}) == {}
