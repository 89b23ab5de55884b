from datetime import date
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scans.packing import at as item
from scans.places import Position
from stores.attribution import Claimed, attribute, weigh
from stores.book import store_book
from stores.deliveries import DeliveryRow, put_deliveries
from tests import make

ZONE = ZoneInfo("Asia/Shanghai")
LAT_DEG, LON_DEG = make.SHANGHAI
DEGREES_A_METRE = 1 / 110_900


@pytest.fixture
def goods(db, tmp_path):
    ring = make.ring(tmp_path)
    make.store(db, store_id="near", sources=("poster-1",))
    make.store(db, store_id="far", lat_deg=LAT_DEG + 600 * DEGREES_A_METRE)
    make.party(db, party_id="D1", kind="dealer")
    return ring, make.batch(db, ring=ring)


def decide(db, goods, *, metres=0.0, accuracy_m=30.0, source=None, place=True, at=make.NOW):
    _, batch = goods
    position = Position(LAT_DEG + metres * DEGREES_A_METRE, LON_DEG, accuracy_m) if place else None
    claim = Claimed(item(batch, "item", 1), at, position, source)
    return attribute(db, claims=[claim], book=store_book(db), reach_m=3000, zone=ZONE)[0]


@pytest.mark.parametrize(
    ("told", "store_id", "evidence", "reason"),
    [
        ({}, "near", "position", "at the door"),
        ({"metres": 500}, "far", "position", "the other one is nearer"),
        ({"metres": 10_000}, None, "unknown", "nothing within reach"),
        ({"accuracy_m": 1_500}, None, "unknown", "too vague to tell"),
        ({"accuracy_m": None}, None, "unknown", "nobody says how exact it is"),
        ({"place": False}, None, "unknown", "no position"),
        ({"metres": 500, "source": "poster-1"}, "near", "source", "the store's own poster is better evidence"),
        ({"source": "no such poster", "place": False}, None, "unknown", "a poster nobody knows says nothing"),
    ],
)
def test_worked_examples(db, goods, told, store_id, evidence, reason):
    sale = decide(db, goods, **told)
    assert (sale.store.store_id if sale.store else None, sale.evidence) == (store_id, evidence), reason


def test_the_case_that_was_delivered_is_the_best_evidence(db, goods):
    ring, batch = goods
    case = make.uri_at(batch, ring=ring, level="case")
    put_deliveries(db, ring=ring, rows=[DeliveryRow("d", case, "D1", "far", make.NOW)], now=make.NOW)
    sale = decide(db, goods, source="poster-1")
    assert (sale.store.store_id, sale.evidence) == ("far", "delivered")
    assert sale.why["delivered_m"] == pytest.approx(600, abs=2)


def test_between_two_stores_the_confidence_says_so(db, goods):
    assert decide(db, goods).confidence > 0.85
    assert decide(db, goods, metres=290, accuracy_m=600).confidence < 0.6


def test_the_business_day_is_the_stores_own(db, goods):
    late = make.NOW.replace(hour=17)  # 01:00 on the next day in Shanghai
    assert decide(db, goods, at=late).day == date(2026, 6, 16)


@given(st.lists(st.floats(0, 10_000), min_size=1, max_size=5), st.none() | st.floats(0, 1_000))
def test_weights_are_probabilities_and_the_nearest_has_the_largest(distances_m, accuracy_m):
    weights = weigh(distances_m, accuracy_m=accuracy_m)
    assert sum(weights) == pytest.approx(1)
    assert weights[distances_m.index(min(distances_m))] == max(weights)
