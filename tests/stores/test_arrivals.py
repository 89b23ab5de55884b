"""What a keeper scans arrives once, from where it was last known, at the time it was scanned."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from scans.catalogue import IssuedBatch
from scans.keys import KeyRing
from scans.packing import at
from scans.tables import Claim
from stores.arrivals import Arrival, NewArrival, arrivals_of, plan_arrivals
from stores.deliveries import DeliveryRow, put_deliveries
from stores.directory import UnknownStoreError, scope_of
from stores.tables import Delivery, Party
from tests import make

Arrive = Callable[..., list[Arrival]]
EARLIER = make.NOW - timedelta(hours=5)


@pytest.fixture
def ring(tmp_path: Path) -> KeyRing:
    return make.ring(tmp_path)


@pytest.fixture
def batch(db: Session, ring: KeyRing) -> IssuedBatch:
    """24 items in 4 cases on 2 pallets, the owner, a dealer D, stores A and B of F and a rival's."""
    make.party(db, party_id="OWNER", kind="owner")
    make.party(db, party_id="D", kind="dealer")
    make.party(db, party_id="F")
    make.store(db, store_id="A", party_id="F")
    make.store(db, store_id="B", party_id="F")
    make.store(db, store_id="RIVAL")
    return make.batch(db, ring=ring)


@pytest.fixture
def code(batch: IssuedBatch, ring: KeyRing) -> Callable[..., str]:
    return lambda level="case", position=1: make.uri_at(batch, ring=ring, level=level, position=position)


@pytest.fixture
def arrive(db: Session, ring: KeyRing, batch: IssuedBatch) -> Arrive:
    mine = db.scalar(select(Party.id).where(Party.party_id == "F"))

    def scan(*codes: str, at: datetime = make.NOW, key: str = "k", where: str = "A") -> list[Arrival]:
        told = [NewArrival(f"{key}{number}", one, at) for number, one in enumerate(codes)]
        scope = scope_of(db, party_id=mine, day=make.TODAY)
        plan = plan_arrivals(db, ring=ring, scope=scope, store_id=where, arrivals=told, now=make.NOW)
        assert not put_deliveries(db, ring=ring, rows=list(plan.rows.values()), now=make.NOW).refused
        return plan.answers

    return scan


@pytest.fixture
def handed(db: Session, ring: KeyRing) -> Callable[..., None]:
    def deliver(uri: str, to: str, at: datetime = EARLIER, **said: Any) -> None:
        row = DeliveryRow(f"{to}-{at:%H%M%S}", uri, "OWNER", to, at)
        assert not put_deliveries(db, ring=ring, rows=[row], now=make.NOW).refused

    return deliver


def recorded(db: Session) -> list[tuple[str, datetime]]:
    return [tuple(row) for row in db.execute(select(Delivery.from_id, Delivery.delivered_at).order_by(Delivery.id))]


def said(answers: list[Arrival]) -> list[str]:
    return [one.why or one.state for one in answers]


def test_what_nobody_moved_before_comes_from_the_owner(arrive, code, db):
    assert said(arrive(code(), code(position=2))) == ["recorded", "recorded"]
    assert recorded(db) == [("OWNER", make.NOW)] * 2


@pytest.mark.parametrize("level", ["case", "pallet"])
def test_a_case_comes_from_where_it_or_its_pallet_was_last_known(arrive, code, handed, db, level):
    handed(code(level), "D")
    assert said(arrive(code())) == ["recorded"]
    assert recorded(db)[-1] == ("D", make.NOW)


def test_the_same_key_again_says_the_same_and_records_nothing(arrive, code, db):
    first = arrive(code(), at=EARLIER)
    again = arrive(code(), at=EARLIER + timedelta(seconds=9))
    assert again == first
    assert len(recorded(db)) == 1


def test_a_key_stands_for_one_code_and_one_store(arrive, code):
    arrive(code())
    assert said(arrive(code(position=2))) == ["key"]
    assert said(arrive(code(position=2), where="B")) == ["recorded"]


def test_what_is_here_is_here_and_no_error(arrive, code, handed, db):
    handed(code("pallet"), "A")
    assert said(arrive(code("pallet"), code(), code("item"))) == ["here"] * 3
    assert len(recorded(db)) == 1


def test_one_case_scanned_by_two_phones_arrives_once_whichever_sends_first(arrive, code, db):
    assert said(arrive(code(), at=make.NOW - timedelta(minutes=5), key="first")) == ["recorded"]
    assert said(arrive(code(), at=make.NOW - timedelta(minutes=9), key="second")) == ["here"]
    assert said(arrive(code(), code(), key="twice in one")) == ["here", "here"]
    assert len(recorded(db)) == 1


def test_a_pallet_and_its_cases_in_one_go_arrive_once(arrive, code):
    assert sorted(said(arrive(code("pallet"), code(), code(position=2)))) == ["here", "here", "recorded"]


def test_what_moved_on_before_the_phone_could_send_stays_where_it_went(arrive, code, handed, db):
    handed(code(), "B", at=make.NOW - timedelta(hours=1))
    assert said(arrive(code(), at=EARLIER)) == ["recorded"]
    assert recorded(db)[-1] == ("OWNER", EARLIER)


def test_what_comes_back_arrives_again(arrive, code):
    assert said(arrive(code(), at=EARLIER, key="a")) == ["recorded"]
    assert said(arrive(code(), at=EARLIER + timedelta(hours=1), where="B", key="b")) == ["recorded"]
    assert said(arrive(code(), key="c")) == ["recorded"]


def test_the_same_instant_at_two_stores_is_refused(arrive, code):
    arrive(code(), where="B")
    assert said(arrive(code())) == ["elsewhere"]


def test_a_serial_typed_by_hand_is_enough(arrive, code, db):
    typed = code()[-16:].lower()
    assert said(arrive(f"{typed[:4]}-{typed[4:8]} {typed[8:]}")) == ["recorded"]
    assert len(recorded(db)) == 1


def test_what_others_sold_or_were_given_arrives_only_with_its_case(arrive, code, handed, db, batch):
    claim = {"code_no": at(batch, "item", 1).code_no, "key_hash": b"k", "batch_id": batch.id, "verdict": "claimed"}
    claim |= {"received_at": make.NOW, "scanned_at": make.NOW, "product_id": batch.product_id, "reward_cents": 0}
    db.execute(insert(Claim), [claim])
    handed(code(position=2), "RIVAL")
    assert said(arrive(code("item"), code("item", 7), code("item", 13))) == ["gone", "gone", "recorded"]
    assert said(arrive(code(), code(position=2), key="cases")) == ["recorded", "recorded"]


def test_goods_move_among_ones_own_stores_item_by_item(arrive, code, handed):
    handed(code(), "B")
    assert said(arrive(code("item"))) == ["recorded"]


def test_nothing_arrives_at_a_store_of_others(arrive, code):
    with pytest.raises(UnknownStoreError):
        arrive(code(), where="RIVAL")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("https://weixin.example.com/q/1", "not_ours"),
        ("6901234567892", "never_issued"),
        ("0000000000000000", "never_issued"),
        ("HTTPS://ID.EXAMPLE.COM/01/06901234567892/21/0000000000000000", "never_issued"),
        ("HTTPS://ID.EXAMPLE.COM/01/06901234567893/21/0000000000000000", "not_ours"),
        ("这不是码", "not_ours"),
        ("\0", "not_ours"),
    ],
)
def test_what_is_no_code_of_ours_says_so_and_holds_up_nothing(arrive, code, text, why):
    assert said(arrive(text, code())) == [why, "recorded"]


def test_a_phones_time_is_bounded_as_that_of_a_scan(arrive, code, db):
    assert said(arrive(code(), at=make.NOW - timedelta(days=20))) == ["recorded"]
    assert said(arrive(code(position=2), at=make.NOW - timedelta(days=31), key="b")) == ["clock"]
    assert recorded(db) == [("OWNER", make.NOW - timedelta(days=7))]


def test_without_anybody_it_could_come_from_it_is_refused(db, ring, tmp_path):
    make.store(db, store_id="A")
    case = make.uri_at(make.batch(db, ring=ring), ring=ring, level="case")
    scope = scope_of(db, party_id=None, day=make.TODAY)
    told = [NewArrival("k", case, make.NOW)]
    plan = plan_arrivals(db, ring=ring, scope=scope, store_id="A", arrivals=told, now=make.NOW)
    assert said(plan.answers) == ["nobody"]
    assert plan.rows == {}


def test_the_list_tells_what_came_however_it_was_recorded(arrive, code, handed, db, batch):
    handed(code(position=3), "A", at=EARLIER)
    handed(code(position=4), "B", at=EARLIER + timedelta(minutes=1))
    arrive(code())
    day = {"since": make.NOW - timedelta(days=1), "until": make.NOW + timedelta(days=1), "limit": 9}
    listed = arrivals_of(db, store_key=make.key_of(db, store_id="A"), **day)
    assert [(one.found.level, one.found.position, one.at) for one in listed] == [
        ("case", 1, make.NOW),
        ("case", 3, EARLIER),
    ]
