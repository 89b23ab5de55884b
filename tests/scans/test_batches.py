"""Issuing and listing batches."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import func, insert, select, update

from scans import versions
from scans.batches import (
    BatchError,
    batch_list,
    catalogue,
    issue_batch,
    level_sizes,
    named_keys,
)
from scans.catalogue import FrozenReward, identify
from scans.codes import MAX_CODE_NO, serial
from scans.gs1 import GtinError
from scans.keys import KeyRing, KeyRingError, RingKey
from scans.life import activate, fix_reward
from scans.products import UnknownProductError
from scans.tables import CodeRange, Product

NOW = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
KEY = RingKey("k1", "code", "active", NOW, bytes(16))
RING = KeyRing((KEY,))
GTIN = "09506000134352"
REWARD = FrozenReward("drawn", [(100, 2), (10, 20)], "0" * 64, "p1")


@pytest.fixture
def product(db):
    row = {"gtin": GTIN, "name": "Serum 30 ml", "kind": "goods", "list_price_cents": 19900, "attributes": {}}
    return db.scalar(insert(Product).values(row).returning(Product.id))


def issue(db, **changes):
    return issue_batch(db, **{"ring": RING, "gtin": GTIN, "count": 100, "now": NOW, **changes})


@pytest.mark.parametrize(
    ("asked", "sizes"),
    [
        ((100, None, None), {"item": 100}),
        ((100, 12, None), {"item": 100, "case": 9}),  # the last case is part full
        ((100, 10, 4), {"item": 100, "case": 10, "pallet": 3}),
        ((1, 12, 40), {"item": 1, "case": 1, "pallet": 1}),
    ],
)
def test_a_batch_has_as_many_cases_and_pallets_as_it_needs(asked, sizes):
    assert level_sizes(*asked) == sizes


@pytest.mark.parametrize(
    "asked", [(0, None, None), (100_000_001, None, None), (10, 0, None), (10, 5, -1), (10, None, 4)]
)
def test_what_cannot_be_packed_is_refused(asked):
    with pytest.raises(BatchError):
        level_sizes(*asked)


def test_a_batch_writes_a_row_per_level_and_none_per_code(db, product):
    batch = issue(db, count=100_000, items_per_case=12, cases_per_pallet=50)
    assert [(span.level, span.size) for span in batch.spans] == [("item", 100_000), ("case", 8334), ("pallet", 167)]
    assert db.scalar(select(func.count()).select_from(CodeRange)) == 3
    assert (batch.gtin, batch.product_id, batch.list_price_cents, batch.state) == (GTIN, product, 19900, "issued")


def test_code_numbers_are_never_given_twice(db, product):
    one, two = issue(db, count=10, items_per_case=5), issue(db, count=10)
    assert one.spans[1].last_no < two.spans[0].first_no
    assert one.batch_id != two.batch_id


def test_every_issued_code_is_known_at_once(db, product):
    assert catalogue(db)  # loaded while there was nothing
    batch = issue(db, count=24, items_per_case=12)
    case = identify(catalogue(db), RING, gtin=GTIN, serial=serial(KEY.secret, batch.span("case").first_no + 1))
    assert (case.batch, case.level, case.position) == (batch, "case", 2)
    assert batch.span("pallet").size == 0


def test_a_short_gtin_names_the_same_product(db, product):
    assert issue(db, gtin="9506000134352").gtin == GTIN


def test_what_cannot_be_issued_says_why(db, product):
    with pytest.raises(UnknownProductError):
        issue(db, gtin="00614141123452")
    with pytest.raises(GtinError):
        issue(db, gtin="09506000134353")
    with pytest.raises(KeyRingError):
        issue(db, ring=KeyRing((replace(KEY, state="verify"),)))


def test_the_last_code_number_is_the_end(db, product):
    versions.draw(db, name="code_no", count=MAX_CODE_NO - 200)
    issue(db, count=100)
    with pytest.raises(BatchError, match="used up"):
        issue(db, count=101)


def test_the_keys_that_batches_need_are_told(db, product):
    assert named_keys(db) == set()
    fix_reward(db, batch_id=issue(db).batch_id, reward=REWARD, now=NOW)
    assert named_keys(db) == {"k1", "p1"}


def test_a_change_of_price_reaches_the_catalogue(db, product):
    batch_id = issue(db).batch_id
    assert catalogue(db).batch(batch_id).list_price_cents == 19900
    db.execute(update(Product).values(list_price_cents=1))
    versions.touch(db, name="batches")
    assert catalogue(db).batch(batch_id).list_price_cents == 1


def test_batches_are_listed_latest_first_with_what_was_scanned(db, product):
    first, second = issue(db).batch_id, issue(db).batch_id
    fix_reward(db, batch_id=first, reward=REWARD, now=NOW)
    activate(db, batch_id=first, now=NOW)
    lines = batch_list(db)
    assert [line.batch_id for line in lines] == [second, first]
    assert (lines[1].state, lines[1].reward_rule, lines[1].claimed) == ("activated", REWARD.rule, 0)
    assert batch_list(db, limit=1, offset=1) == batch_list(db, batch_id=first) == lines[1:]
    assert batch_list(db, batch_id="B0") == []
