"""What was packed after issuing, held against boxes opened one by one, in whatever order it became known."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, delete, event, func, select
from sqlalchemy.orm import Session

from channel.database import transaction
from scans.batches import catalogue
from scans.catalogue import IssuedBatch
from scans.holdings import contents, ever_inside, items_at, stretches, surroundings
from scans.keys import KeyRing
from scans.packing import at, parent
from scans.packings import PackingRow, put_packings
from scans.tables import Packing
from scans.upserts import Put
from tests import make

Row = Callable[..., PackingRow]
BEFORE = make.NOW - timedelta(days=3)
Moves = list[tuple[tuple[str, int], tuple[str, int] | None, int]]


@pytest.fixture
def ring(tmp_path: Path) -> KeyRing:
    return make.ring(tmp_path)


@pytest.fixture
def batch(db: Session, ring: KeyRing) -> IssuedBatch:
    """24 items in 4 cases on 2 pallets."""
    return make.batch(db, ring=ring)


@pytest.fixture
def committed(engine: Engine, ring: KeyRing) -> IssuedBatch:
    with transaction(engine) as db:
        return make.batch(db, ring=ring)


@pytest.fixture
def row(batch: IssuedBatch, ring: KeyRing) -> Row:
    def make_row(child: tuple[str, int], outer: tuple[str, int] | None, hours: int = 0, **said: Any) -> PackingRow:
        uris = [place and make.uri_at(batch, ring=ring, level=place[0], position=place[1]) for place in (child, outer)]
        told = {"packing_id": "1", "child_uri": uris[0], "parent_uri": uris[1]}
        return PackingRow(**{"packed_at": BEFORE + timedelta(hours=hours)} | told | said)

    return make_row


def place_of(found: Any) -> tuple[str, int]:
    return found.level, found.position


def around(db: Session, batch: IssuedBatch, place: tuple[str, int], hours: int) -> list[tuple[str, int]]:
    found = at(batch, *place)
    line = surroundings(db, found=[found])[found.code_no]
    return [place_of(one.outer) for one in line if one.covers(BEFORE + timedelta(hours=hours))]


def inside(db: Session, batch: IssuedBatch, place: tuple[str, int], hours: int) -> list[tuple[str, int]]:
    found = at(batch, *place)
    held = contents(db, found=[found], at=BEFORE + timedelta(hours=hours))[found.code_no]
    return [place_of(catalogue(db).find(no)) for one in held for no in one]


def slowly(batch: IssuedBatch, moves: Moves, hours: int) -> dict[tuple[str, int], tuple[str, int] | None]:
    """Return what everything is in, by carrying each thing by hand from box to box."""
    things = [("item", n + 1) for n in range(24)] + [("case", n + 1) for n in range(4)]
    boxes = {thing: place_of(outer) if (outer := parent(at(batch, *thing))) else None for thing in things}
    for child, outer, _ in sorted((move for move in moves if move[2] <= hours), key=lambda move: move[2]):
        boxes |= {child: outer}
    return boxes


places = st.one_of(
    st.tuples(
        st.tuples(st.just("item"), st.integers(1, 24)),
        st.none() | st.tuples(st.just("case"), st.integers(1, 4)) | st.tuples(st.just("pallet"), st.integers(1, 2)),
    ),
    st.tuples(
        st.tuples(st.just("case"), st.integers(1, 4)), st.none() | st.tuples(st.just("pallet"), st.integers(1, 2))
    ),
)
histories = st.lists(
    st.tuples(places, st.integers(0, 9)), max_size=12, unique_by=lambda move: (move[0][0], move[1])
).map(lambda moves: [(child, outer, when) for (child, outer), when in moves])


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moves=histories, data=st.data())
def test_law_any_order_of_arrival_gives_what_boxes_opened_one_by_one_give(
    db: Session, batch: IssuedBatch, ring: KeyRing, row: Row, moves: Moves, data: st.DataObject
) -> None:
    db.execute(delete(Packing))
    rows = [row(*move, packing_id=str(number)) for number, move in enumerate(moves)]
    told = data.draw(st.permutations(rows))
    cut = data.draw(st.integers(0, len(told)))
    for part in (told[:cut], told[cut:], told[:cut]):
        assert not put_packings(db, ring=ring, rows=part, now=make.NOW).refused
    hours = data.draw(st.integers(0, 10))
    boxes = slowly(batch, moves, hours)
    for thing, box in boxes.items():
        outer = boxes.get(box) if box else None
        assert around(db, batch, thing, hours) == [one for one in (box, outer) if one]
    for level, count in (("case", 4), ("pallet", 2)):
        for n in range(1, count + 1):
            assert sorted(inside(db, batch, (level, n), hours)) == sorted(
                t for t, b in boxes.items() if b == (level, n)
            )
            found = at(batch, level, n)
            items = {no for one in items_at(db, found=found, at=BEFORE + timedelta(hours=hours)) for no in one}
            within = {b for t, b in boxes.items() if t[0] == "item" and (level, n) in (b, boxes.get(b or ("", 0)))}
            assert items == {
                at(batch, *t).code_no for t, b in boxes.items() if t[0] == "item" and b is not None and b in within
            }
            assert items <= {no for one in ever_inside(db, found=[found]) for no in one}


@given(st.lists(st.tuples(st.integers(0, 20), st.none() | st.integers(1, 3)), unique_by=lambda event: event[0]))
def test_law_stretches_follow_one_another_and_say_what_was_last(events: list[tuple[int, int | None]]) -> None:
    instants = sorted((BEFORE + timedelta(hours=hour), outer) for hour, outer in events)
    known = stretches(instants, by_range=1)
    for hour in range(-1, 22):
        now = BEFORE + timedelta(hours=hour)
        told = [no for no, since, until in known if (since is None or since <= now) and (until is None or now < until)]
        last = [outer for when, outer in instants if when <= now]
        assert told == [no for no in [*[1], *last][-1:] if no is not None]


def test_a_code_without_a_packing_follows_its_range_at_no_cost(engine: Engine, committed: IssuedBatch) -> None:
    found = [at(committed, "item", 7), at(committed, "case", 4), at(committed, "pallet", 1)]
    statements: list[str] = []
    with transaction(engine) as db:
        catalogue(db)
        event.listen(db.connection(), "before_cursor_execute", lambda *told: statements.append(told[2]))
        lines = surroundings(db, found=found)
    assert [[place_of(one.outer) for one in line] for line in lines.values()] == [
        [("case", 2), ("pallet", 1)],
        [("pallet", 2)],
        [],
    ]
    assert not statements


def test_the_same_packing_again_changes_nothing(db: Session, ring: KeyRing, row: Row) -> None:
    one, same = row(("item", 1), ("case", 2)), row(("item", 1), ("case", 2), packing_id="another id")
    assert put_packings(db, ring=ring, rows=[one, one, same], now=make.NOW) == Put(new=1, unchanged=2)
    assert put_packings(db, ring=ring, rows=[one, same], now=make.NOW) == Put(unchanged=2)
    assert db.scalar(select(func.count()).select_from(Packing)) == 1


@pytest.mark.parametrize(
    ("child", "outer", "said", "column"),
    [
        (("item", 2), ("case", 2), {"packing_id": "0"}, "id"),
        (("item", 1), ("case", 3), {}, "packed_at"),
        (("item", 1), None, {}, "packed_at"),
        (("item", 1), ("item", 2), {}, "parent_uri"),
        (("case", 1), ("case", 2), {}, "parent_uri"),
        (("case", 1), ("item", 1), {}, "parent_uri"),
        (("case", 1), ("case", 1), {}, "parent_uri"),
        (("pallet", 1), ("pallet", 2), {}, "parent_uri"),
        (("pallet", 1), None, {}, "child_uri"),
        (("item", 2), ("case", 2), {"packed_at": make.NOW + timedelta(hours=1)}, "packed_at"),
        (
            ("item", 2),
            None,
            {"parent_uri": "https://id.example.com/01/06901234567892/21/0000000000000000"},
            "parent_uri",
        ),
        (("item", 2), None, {"child_uri": "nonsense"}, "child_uri"),
    ],
    ids=[
        "another content",
        "two parents at one instant",
        "in and out at one instant",
        "in an item",
        "a case in a case",
        "a case in an item",
        "in itself",
        "a pallet on a pallet",
        "a pallet taken out",
        "future",
        "parent not issued",
        "no address",
    ],
)
def test_what_cannot_be_is_refused_and_the_rest_goes_in(
    db: Session,
    ring: KeyRing,
    row: Row,
    child: tuple[str, int],
    outer: tuple[str, int] | None,
    said: dict[str, Any],
    column: str,
) -> None:
    put_packings(db, ring=ring, rows=[row(("item", 1), ("case", 2), packing_id="0")], now=make.NOW)
    rows = [row(child, outer, **said), row(("item", 3), None, packing_id="2")]
    put = put_packings(db, ring=ring, rows=rows, now=make.NOW)
    assert (put.new, [(refusal.index, refusal.column) for refusal in put.refused]) == (1, [(0, column)])


def test_two_parents_at_one_instant_in_one_file_are_refused(db: Session, ring: KeyRing, row: Row) -> None:
    rows = [row(("item", 1), ("case", 2)), row(("item", 1), ("case", 3), packing_id="2")]
    assert [refusal.index for refusal in put_packings(db, ring=ring, rows=rows, now=make.NOW).refused] == [1]


def test_a_case_of_another_batch_may_hold_an_item(db: Session, ring: KeyRing, batch: IssuedBatch, row: Row) -> None:
    other = make.batch(db, ring=ring)
    mixed = row(("item", 1), None, parent_uri=make.uri_at(other, ring=ring, level="case"))
    assert put_packings(db, ring=ring, rows=[mixed], now=make.NOW).new == 1
    item = at(batch, "item", 1)
    line = [one.outer for one in surroundings(db, found=[item])[item.code_no] if one.covers(make.NOW)]
    assert [(one.batch.batch_id, one.level) for one in line] == [(other.batch_id, "case"), (other.batch_id, "pallet")]
    assert (catalogue(db).batch(batch.batch_id).repacked, catalogue(db).batch(other.batch_id).repacked) == (True, False)


def test_of_two_writers_at_one_instant_one_is_refused(engine: Engine, ring: KeyRing, committed: IssuedBatch) -> None:
    child = make.uri_at(committed, ring=ring)
    barrier, puts = Barrier(2), []

    def write(case: int) -> None:
        uri = make.uri_at(committed, ring=ring, level="case", position=case)
        barrier.wait()
        with transaction(engine) as db:
            rows = [PackingRow(str(case), child, uri, BEFORE)]
            puts.append(put_packings(db, ring=ring, rows=rows, now=make.NOW))

    writers = [Thread(target=write, args=(case,)) for case in (2, 3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert sorted((put.new, len(put.refused)) for put in puts) == [(0, 1), (1, 0)]
