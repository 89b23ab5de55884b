"""A rival whose goods went from the shelf explains what is too good."""

from datetime import timedelta

import pytest

from stores.rivals import fallen_rival, rival_whys
from stores.shelf import FactRow, Rival, Shelf, put_facts
from tests import make

DAY = make.TODAY


def test_the_rival_that_lost_most_beside_all_our_products_is_told(db):
    store = make.store(db, store_id="S1")
    for number in (7, 8):
        make.product(db, gtin=make.gtin(number))
    looks = [
        ("a", 7, 30, (Rival("Brand A", 4), Rival("Brand B", 3))),
        ("b", 8, 30, (Rival("Brand A", 2),)),
        ("c", 7, 2, (Rival("Brand A", 1), Rival("Brand B", 2), Rival("Brand C"))),
        ("d", 8, 2, (Rival("Brand A", 0), Rival("Brand B", None, 990))),
    ]
    rows = [
        FactRow(ident, "S1", make.gtin(number), DAY - timedelta(days=ago), Shelf(facings=5, rivals=rivals))
        for ident, number, ago, rivals in looks
    ]
    assert not put_facts(db, rows=rows, day=DAY, now=make.NOW).refused
    told = rival_whys(db, wanted={(store.id, DAY), (store.id, DAY - timedelta(days=3)), (store.id + 1, DAY)})
    assert told == {(store.id, DAY): {"rival": {"name": "Brand A", "facings": 1, "before": 6}}}
    assert rival_whys(db, wanted=set()) == {}


@pytest.mark.parametrize(
    ("facings", "falls"),
    [
        ([4, 3], False),
        ([4, 2], True),
        ([4, 0], True),
        ([0, 0], False),
        ([2, 4], False),
        ([4], False),
        ([9, 2, 2], False),
    ],
)
def test_a_fall_is_less_than_three_quarters_of_the_look_before(facings, falls):
    seen = {("A", 1, DAY - timedelta(days=20 - number)): told for number, told in enumerate(facings)}
    assert bool(fallen_rival(seen, day=DAY)) is falls
