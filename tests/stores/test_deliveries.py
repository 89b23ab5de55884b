"""A case is in one place at a time, and its items were sold where it was."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from channel.database import transaction
from scans.catalogue import IssuedBatch
from scans.keys import KeyRing
from scans.packing import at
from scans.packings import PackingRow, put_packings
from scans.tables import Claim
from scans.upserts import Put
from stores.deliveries import DeliveryRow, delivered_to, late_claims, put_deliveries
from stores.tables import Delivery
from tests import make

Row = Callable[..., DeliveryRow]
WRITERS = 6
BEFORE = make.NOW - timedelta(days=3)


@pytest.fixture
def ring(tmp_path: Path) -> KeyRing:
    return make.ring(tmp_path)


@pytest.fixture
def batch(db: Session, ring: KeyRing) -> IssuedBatch:
    """24 items in 4 cases on 2 pallets, a dealer D and stores A and B."""
    make.party(db, party_id="D", kind="dealer")
    make.store(db, store_id="A")
    make.store(db, store_id="B")
    return make.batch(db, ring=ring)


@pytest.fixture
def row(batch: IssuedBatch, ring: KeyRing) -> Row:
    def make_row(level: str = "case", position: int = 1, **said: Any) -> DeliveryRow:
        uri = make.uri_at(batch, ring=ring, level=level, position=position)
        told = {"delivery_id": "1", "from_id": "D", "to_id": "A", "delivered_at": BEFORE}
        return DeliveryRow(**{"uri": uri} | told | said)

    return make_row


def claim(db: Session, batch: IssuedBatch, *positions: int) -> None:
    same = {"key_hash": b"k", "batch_id": batch.id, "product_id": batch.product_id, "reward_cents": 0}
    times = {"received_at": make.NOW, "scanned_at": make.NOW, "verdict": "claimed"}
    db.execute(insert(Claim), [{"code_no": at(batch, "item", p).code_no} | same | times for p in positions])


def sold_at(db: Session, batch: IssuedBatch, *positions: int) -> list[int | None]:
    found = [at(batch, "item", position) for position in positions]
    stores = delivered_to(db, found=found)
    return [stores.get(one.code_no) for one in found]


def test_the_same_delivery_again_changes_nothing(db: Session, ring: KeyRing, row: Row) -> None:
    assert put_deliveries(db, ring=ring, rows=[row(), row()], now=make.NOW) == Put(new=1, unchanged=1)
    assert put_deliveries(db, ring=ring, rows=[row()], now=make.NOW) == Put(unchanged=1)
    assert db.scalar(select(func.count()).select_from(Delivery)) == 1


@pytest.mark.parametrize(
    ("said", "column"),
    [
        ({"delivery_id": "0", "to_id": "B"}, "id"),
        ({"to_id": "B"}, "delivered_at"),
        ({"to_id": "Z"}, "to_id"),
        ({"from_id": "Z"}, "from_id"),
        ({"to_id": "D"}, "to_id"),
        ({"delivered_at": make.NOW + timedelta(hours=1)}, "delivered_at"),
        ({"uri": "https://id.example.com/01/06901234567892/21/0000000000000000"}, "uri"),
        ({"uri": "nonsense"}, "uri"),
    ],
    ids=["another content", "two places", "nobody", "from nobody", "from itself", "future", "not issued", "no address"],
)
def test_what_cannot_be_is_refused(db: Session, ring: KeyRing, row: Row, said: dict[str, Any], column: str) -> None:
    put_deliveries(db, ring=ring, rows=[row(delivery_id="0")], now=make.NOW)
    put = put_deliveries(db, ring=ring, rows=[row(**said), row(position=2, delivery_id="2")], now=make.NOW)
    assert (put.new, [(refusal.index, refusal.column) for refusal in put.refused]) == (1, [(0, column)])


def test_two_places_at_one_instant_in_one_file_are_refused(db: Session, ring: KeyRing, row: Row) -> None:
    rows = [row(), row(delivery_id="2", to_id="B")]
    assert [refusal.index for refusal in put_deliveries(db, ring=ring, rows=rows, now=make.NOW).refused] == [1]


@pytest.mark.parametrize(
    ("handed", "first", "last"),
    [
        ([], None, None),
        ([("case", 1, "A", 0)], "A", None),
        ([("case", 1, "A", 0), ("case", 1, "B", 1)], "B", None),
        ([("pallet", 1, "A", 0)], "A", None),
        ([("pallet", 2, "A", 0)], None, "A"),
        ([("pallet", 1, "A", 0), ("case", 1, "B", 1)], "B", None),
        ([("pallet", 1, "A", 0), ("case", 1, "B", 0)], "B", None),
        ([("case", 1, "A", 1), ("pallet", 1, "B", 0)], "A", None),
        ([("case", 1, "A", 0), ("item", 1, "B", 1)], "B", None),
        ([("case", 1, "A", 0), ("case", 1, "D", 1)], "A", None),
        ([("case", 4, "B", 0)], None, "B"),
    ],
    ids=[
        "nothing delivered",
        "its case",
        "the later delivery",
        "its pallet",
        "another pallet",
        "a case taken from the pallet",
        "both at one instant: the nearer",
        "the later one, whatever its level",
        "the item itself",
        "a dealer is no store",
        "another case",
    ],
)
def test_an_item_was_sold_where_it_was_last_delivered(
    db: Session,
    ring: KeyRing,
    row: Row,
    batch: IssuedBatch,
    handed: list[tuple[str, int, str, int]],
    first: str | None,
    last: str | None,
) -> None:
    def when(hours: int) -> datetime:
        return BEFORE + timedelta(hours=hours)

    rows = [
        row(level, position, delivery_id=str(number), from_id="D" if to != "D" else "A", to_id=to, delivered_at=when(h))
        for number, (level, position, to, h) in enumerate(handed)
    ]
    assert not put_deliveries(db, ring=ring, rows=rows, now=make.NOW).refused
    keys = {delivered.to_id: None for delivered in rows} | {
        store_id: make.key_of(db, store_id=store_id) for store_id in ("A", "B")
    }
    assert sold_at(db, batch, 1, 24) == [keys.get(first or ""), keys.get(last or "")]


def test_items_claimed_before_their_delivery_was_known_are_told(
    db: Session, ring: KeyRing, row: Row, batch: IssuedBatch
) -> None:
    claim(db, batch, 6, 7, 13)
    rows = [row("case", 1), row("pallet", 1, delivery_id="2", delivered_at=BEFORE - timedelta(days=1), to_id="B")]
    put_deliveries(db, ring=ring, rows=rows, now=make.NOW)
    a, b = make.key_of(db, store_id="A"), make.key_of(db, store_id="B")
    assert late_claims(db, rows=rows) == {at(batch, "item", 6).code_no: a, at(batch, "item", 7).code_no: b}
    assert late_claims(db, rows=[]) == {}


def test_an_item_was_sold_where_it_was_when_its_case_was_delivered(
    db: Session, ring: KeyRing, row: Row, batch: IssuedBatch
) -> None:
    def uri(level: str, position: int) -> str:
        return make.uri_at(batch, ring=ring, level=level, position=position)

    def after(hours: int) -> datetime:
        return BEFORE + timedelta(hours=hours)

    # Case 1 goes to A at hour 0; case 2 to B at hour 4, on a pallet to A at hour 8.
    rows = [row(), row(position=2, delivery_id="2", to_id="B", delivered_at=after(4))]
    rows.append(row("pallet", 2, delivery_id="3", delivered_at=after(8)))
    put_deliveries(db, ring=ring, rows=rows, now=make.NOW)
    packed = [
        ("1", uri("item", 1), None, after(-1)),  # left before A: was nowhere
        ("2", uri("item", 2), None, after(0)),  # taken out at the very instant of the delivery
        ("3", uri("item", 3), None, after(1)),  # taken out at A: was sold there
        ("4", uri("item", 4), uri("case", 2), after(1)),  # went from A on to B
        ("5", uri("item", 7), uri("case", 3), after(0)),  # left case 2 before B, and case 3 stays in the house
        ("6", uri("case", 2), uri("pallet", 2), after(6)),
        ("7", uri("item", 8), None, after(7)),  # left case 2 before its pallet came back to A
    ]
    moved = [PackingRow(*one) for one in packed]
    assert put_packings(db, ring=ring, rows=moved[::-1], now=make.NOW).new == 7
    a, b = make.key_of(db, store_id="A"), make.key_of(db, store_id="B")
    assert sold_at(db, batch, 1, 2, 3, 4, 5) == [None, None, a, a, a]
    assert sold_at(db, batch, 7, 8, 9) == [a, b, a]
    claim(db, batch, 4, 8, 24)
    assert late_claims(db, rows=rows[1:2]) == {at(batch, "item", 4).code_no: a, at(batch, "item", 8).code_no: b}


def test_two_writers_who_have_a_case_in_two_places_at_once_get_one_word(engine, ring):
    """Whoever writes second is told so, whatever it saw before the first had written."""
    with transaction(engine) as db:
        make.party(db, party_id="D", kind="dealer")
        for number in range(WRITERS):
            make.store(db, store_id=f"S{number}")
        uri = make.uri_at(make.batch(db, ring=ring), ring=ring, level="case")
    ready, put = Barrier(WRITERS), []

    def write(number: int) -> None:
        with transaction(engine) as db:
            if engine.dialect.name == "postgresql":
                ready.wait()
            row = DeliveryRow(f"N{number}", uri, "D", f"S{number}", BEFORE)
            put.append(put_deliveries(db, ring=ring, rows=[row], now=make.NOW))

    with ThreadPoolExecutor(WRITERS) as threads:
        list(threads.map(write, range(WRITERS)))
    assert sorted(one.new for one in put) == [0] * (WRITERS - 1) + [1]
    assert all("has it elsewhere at the same instant" in one.refused[0].reason for one in put if not one.new)
