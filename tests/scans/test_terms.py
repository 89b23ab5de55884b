"""What a batch is issued on: its lot, its last day, its outer marks."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scans.batches import catalogue, issue_batch
from scans.packing import at, goods, parent
from scans.terms import Terms, TermsError, check_terms, expiry, near_days
from tests import make

DAY = date(2026, 6, 15)


@pytest.mark.parametrize(
    ("terms", "shelf_life_days", "last_on"),
    [
        (Terms(expires_on=DAY), None, DAY),
        (Terms(made_on=DAY), 10, date(2026, 6, 25)),
        (Terms(made_on=DAY, expires_on=DAY + timedelta(days=3)), 10, date(2026, 6, 18)),  # what is said counts
        (Terms(), 10, None),
    ],
)
def test_the_last_day_is_said_or_follows_from_the_shelf_life(terms, shelf_life_days, last_on):
    assert check_terms(terms, shelf_life_days=shelf_life_days).expires_on == last_on


@pytest.mark.parametrize(
    ("terms", "why"),
    [
        (Terms(lot="x" * 21), "1 to 20"),
        (Terms(lot="A B"), "1 to 20"),
        (Terms(lot="批"), "1 to 20"),
        (Terms(made_on=DAY), "no shelf life"),
        (Terms(made_on=DAY, expires_on=DAY - timedelta(days=1)), "before it was made"),
        (Terms(earns="now"), "earns once"),
        (Terms(expires_on=date(1, 1, 1)), "between 1970 and 2100"),
        (Terms(expires_on=date(9999, 12, 31)), "between 1970 and 2100"),
    ],
)
def test_what_cannot_be_is_refused(terms, why):
    with pytest.raises(TermsError, match=why):
        check_terms(terms, shelf_life_days=None)


def test_a_last_day_beyond_all_days_is_refused():
    with pytest.raises(TermsError, match="between 1970 and 2100"):
        check_terms(Terms(made_on=date(9999, 12, 31)), shelf_life_days=10)


@given(st.text("!\"%&'()*+,-./0123456789:;<=>?ABCXYZ_abcxyz", min_size=1, max_size=20))
def test_law_every_lot_of_gs1_is_taken(lot):
    assert check_terms(Terms(lot=lot), shelf_life_days=None).lot == lot


@pytest.mark.parametrize(
    ("days_left", "shelf_life_days", "said"),
    [
        (-1, 365, "expired"),
        (0, 365, "near"),  # on its last day it is good
        (19, 365, "near"),
        (20, 365, None),
        (44, 730, "near"),
        (45, 730, None),
        (1, 14, None),
        (0, 14, "near"),
        (19, None, "near"),
        (20, None, None),
    ],
)
def test_goods_near_their_last_day_are_said_to_be(days_left, shelf_life_days, said):
    assert expiry(DAY + timedelta(days=days_left), day=DAY, shelf_life_days=shelf_life_days) == said


def test_what_has_no_last_day_never_expires():
    assert expiry(None, day=DAY, shelf_life_days=3) is None


@given(st.integers(1, 5_000))
def test_law_goods_are_never_near_for_their_whole_life(shelf_life_days):
    assert 0 < near_days(shelf_life_days) <= max(1, shelf_life_days // 2)


def test_an_outer_mark_stands_for_its_item_and_is_in_its_case(db, tmp_path):
    ring = make.ring(tmp_path)
    issued = issue_batch(
        db, ring=ring, gtin=make.product(db).gtin, count=24, items_per_case=6,
        terms=Terms(lot="L7", expires_on=DAY, has_outer=True), now=make.NOW,
    )  # fmt: skip
    assert [(span.level, span.size) for span in issued.spans] == [("item", 24), ("case", 4), ("outer", 24)]
    known = catalogue(db).batch(issued.batch_id)
    assert (known.lot, known.expires_on, known.earns) == ("L7", DAY, "activated")
    mark = at(known, "outer", 7)
    assert goods(mark) == at(known, "item", 7)
    assert parent(mark) == at(known, "case", 2)
