"""Parties, stores and their owners come in again and again; a principal sees what lies below."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from channel.database import transaction
from scans.upserts import Put
from scans.versions import kept
from stores.accounts import HOUSE_ACCOUNTS, account_no, open_house_accounts
from stores.directory import (
    BEGINNING,
    PartyRow,
    RepRow,
    UnknownPartyError,
    UnknownRepError,
    UnknownStoreError,
    brand,
    chains,
    owners_on,
    party,
    party_list,
    put_parties,
    put_reps,
    put_stores,
    rep,
    rep_list,
    scope_of,
    sees_store,
    store,
    store_list,
)
from stores.directory.parties import rooted
from stores.tables import ACCOUNT_KINDS, Account, Party, Source, Store, StoreOwner
from tests import make

TOMORROW = make.TODAY + timedelta(days=1)
OWNER = PartyRow("brand", "owner", "Brand")
DEALER = PartyRow("d1", "dealer", "Dealer", "brand", phone="021 1234")
FRANCHISEE = PartyRow("f1", "franchisee", "加盟商", "d1")
REP = RepRow("r1", "Rep", "East", 31.2, 121.4, 8)


def put(db: Session, *rows: PartyRow) -> Put:
    return put_parties(db, rows=rows, currency=make.CURRENCY)


@given(st.dictionaries(st.integers(0, 9), st.none() | st.integers(0, 9)))
def test_law_whoever_can_be_climbed_from_to_the_top_is_rooted(tree: dict[int, int | None]) -> None:
    parents = {str(child): None if parent is None else str(parent) for child, parent in tree.items()}

    def climbs(child: str | None) -> bool:
        for _ in range(len(parents) + 1):
            if child is None:
                return True
            child = parents.get(child, "nobody")
        return False

    assert rooted(parents) == {child for child in parents if climbs(child)}


def test_an_account_number_tells_kind_and_party() -> None:
    numbers = {account_no(kind, party) for party in (0, 1, 2) for kind in ACCOUNT_KINDS}
    assert len(numbers) == 3 * len(ACCOUNT_KINDS)
    assert account_no("payable", 3) // 16 == 3


def test_house_accounts_open_once(db: Session) -> None:
    for _ in range(2):
        open_house_accounts(db, currency="CNY")
    assert db.scalar(select(func.count()).select_from(Account)) == len(HOUSE_ACCOUNTS)


def test_parents_may_come_later_in_the_file(db: Session) -> None:
    assert put(db, FRANCHISEE, DEALER, OWNER) == Put(new=3)
    assert put(db, FRANCHISEE, DEALER, OWNER) == Put(unchanged=3)
    key = db.scalars(select(Party.id).where(Party.party_id == "f1")).one()
    line = chains(db, party_ids=[key])[key]
    assert [one.party_id for one in line] == ["f1", "d1", "brand"]


def test_a_new_party_has_its_accounts(db: Session) -> None:
    put(db, OWNER)
    key = db.scalars(select(Party.id)).one()
    assert set(db.scalars(select(Account.account_no))) == {account_no("held", key), account_no("payable", key)}


def test_a_party_under_another_parent_has_changed(db: Session) -> None:
    put(db, OWNER, DEALER, FRANCHISEE)
    assert put(db, FRANCHISEE._replace(parent_id="brand")) == Put(changed=1)
    assert party(db, scope=scope_of(db, party_id=None, day=make.TODAY), party_id="f1").parent_id == "brand"


@pytest.mark.parametrize(
    ("rows", "refused"),
    [
        ([FRANCHISEE], [(0, "there is no party d1")]),
        ([FRANCHISEE, DEALER], [(0, "never reaches the top"), (1, "there is no party brand")]),
        ([OWNER._replace(parent_id="f1"), DEALER, FRANCHISEE], [(0, "circle"), (1, "circle"), (2, "circle")]),
        ([DEALER._replace(parent_id="d1")], [(0, "circle")]),
    ],
    ids=["unknown parent", "refused parent", "circle", "its own parent"],
)
def test_a_line_that_does_not_reach_the_top_is_refused(
    db: Session, rows: list[PartyRow], refused: list[tuple[int, str]]
) -> None:
    told = put(db, *rows)
    assert (told.new, len(told.refused)) == (0, len(refused))
    for refusal, (index, reason) in zip(told.refused, refused, strict=True):
        assert (refusal.index, reason in refusal.reason) == (index, True)


def test_a_circle_with_a_party_that_is_there_is_refused(db: Session) -> None:
    put(db, OWNER, DEALER, FRANCHISEE)
    (refusal,) = put(db, DEALER._replace(parent_id="f1")).refused
    assert "circle" in refusal.reason


def test_a_rep_is_a_party_with_a_base(db: Session) -> None:
    put(db, OWNER)
    assert put_reps(db, rows=[REP], currency="CNY") == Put(new=1)
    assert put_reps(db, rows=[REP], currency="CNY") == Put(unchanged=1)
    assert put_reps(db, rows=[REP._replace(visits_per_day=9)], currency="CNY") == Put(changed=1)
    assert put_reps(db, rows=[REP._replace(rep_id="brand")], currency="CNY").refused[0].column == "id"
    assert put(db, PartyRow("r1", "dealer", "No rep")).refused[0].reason == "this id is a rep's"


def test_a_store_belongs_to_its_first_owner_from_the_beginning_and_to_the_next_from_then_on(db: Session) -> None:
    first, second = make.party(db), make.party(db)
    row = make.store_row(party_id=first.party_id)
    assert put_stores(db, rows=[row], day=make.TODAY) == Put(new=1)
    assert put_stores(db, rows=[row._replace(party_id=second.party_id)], day=make.TODAY) == Put(changed=1)
    key = db.scalars(select(Store.id)).one()
    assert owners_on(db, store_ids=[key], day=make.TODAY - timedelta(days=1)) == {key: first.id}
    assert owners_on(db, store_ids=[key], day=TOMORROW) == {key: second.id}
    assert owners_on(db, store_ids=[key], day=BEGINNING) == {key: first.id}


def test_an_owner_corrected_on_the_same_day_leaves_one_row(db: Session) -> None:
    owners = [make.party(db) for _ in range(3)]
    row = make.store_row()
    for owner in owners:
        put_stores(db, rows=[row._replace(party_id=owner.party_id)], day=make.TODAY)
    told = db.execute(select(StoreOwner.from_on, StoreOwner.party_id).order_by(StoreOwner.from_on)).all()
    assert told == [(BEGINNING, owners[0].id), (make.TODAY, owners[2].id)]


def test_a_store_without_an_owner_keeps_the_one_it_has(db: Session) -> None:
    owner = make.party(db)
    row = make.store_row(party_id=owner.party_id)
    put_stores(db, rows=[row], day=make.TODAY)
    assert put_stores(db, rows=[row._replace(party_id=None)], day=make.TODAY) == Put(unchanged=1)


def test_posters_stand_where_the_last_import_says(db: Session) -> None:
    one, two = make.store_row(sources=("till-1", "door")), make.store_row()
    assert put_stores(db, rows=[one, two], day=make.TODAY) == Put(new=2)
    moved = [one._replace(sources=("till-1",)), two._replace(sources=("door",))]
    assert put_stores(db, rows=moved, day=make.TODAY) == Put(changed=2)
    assert put_stores(db, rows=[one._replace(sources=())], day=make.TODAY, keep={"sources"}) == Put(unchanged=1)
    found = select(Source.source_id, Store.store_id).join(Store).order_by(Source.source_id)
    assert db.execute(found).all() == [("door", two.store_id), ("till-1", one.store_id)]


def test_a_store_of_nobody_we_know_is_refused_and_others_go_in(db: Session) -> None:
    bad = make.store_row(party_id="nobody"), make.store_row(opened_on=TOMORROW, closed_on=make.TODAY)
    told = put_stores(db, rows=[*bad, make.store_row()], day=make.TODAY)
    assert told.new == 1
    assert [(refusal.index, refusal.column) for refusal in told.refused] == [(0, "party_id"), (1, "closed_on")]


def test_workers_learn_that_stores_changed_and_only_then(engine: Engine) -> None:
    loads: list[int] = []
    row = make.store_row()
    for _ in range(3):
        with transaction(engine) as db:
            put_stores(db, rows=[row], day=make.TODAY)
        with transaction(engine) as db:
            kept(db, name="stores", load=lambda _: loads.append(1))
    assert len(loads) == 1


def test_a_principal_sees_what_lies_below_and_nothing_beside(db: Session) -> None:
    put(db, OWNER, DEALER, FRANCHISEE, PartyRow("f2", "franchisee", "Rival", "brand"))
    mine, theirs = make.store(db, party_id="f1"), make.store(db, party_id="f2")
    keys = {row[0]: row[1] for row in db.execute(select(Party.party_id, Party.id))}
    scope = scope_of(db, party_id=keys["d1"], day=make.TODAY)
    assert (scope.party_keys, scope.store_keys) == ({keys["d1"], keys["f1"]}, {mine.id})
    assert [line.store_id for line in store_list(db, scope=scope)] == [mine.store_id]
    assert list(db.scalars(select(Store.id).where(sees_store(scope, Store.id)))) == [mine.id]
    assert [(line.party_id, line.parent_id) for line in party_list(db, scope=scope)] == [("d1", None), ("f1", "d1")]
    with pytest.raises(UnknownStoreError):
        store(db, scope=scope, store_id=theirs.store_id)
    with pytest.raises(UnknownPartyError):
        party(db, scope=scope, party_id="f2")


def test_a_store_sold_is_out_of_sight_from_that_day(db: Session) -> None:
    seller, buyer = make.party(db), make.party(db)
    sold = make.store(db, store_id="S", party_id=seller.party_id)
    put_stores(db, rows=[make.store_row(store_id="S", party_id=buyer.party_id)], day=TOMORROW)
    assert scope_of(db, party_id=seller.id, day=make.TODAY).store_keys == {sold.id}
    assert scope_of(db, party_id=seller.id, day=TOMORROW).store_keys == frozenset()


def test_the_owner_sees_everything_page_by_page(db: Session) -> None:
    owner = make.party(db, name="Wang")
    put_stores(db, rows=[make.store_row(store_id=f"S{n}", name=f"Store {n}") for n in range(5)], day=make.TODAY)
    row = make.store_row(store_id="S3", party_id=owner.party_id, address="Nanjing Road 1")
    put_stores(db, rows=[row], day=make.TODAY)
    scope = scope_of(db, party_id=None, day=make.TODAY)
    assert [line.store_id for line in store_list(db, scope=scope, after="S1", limit=2)] == ["S2", "S3"]
    assert [line.store_id for line in store_list(db, scope=scope, search="nanjing")] == ["S3"]
    assert store(db, scope=scope, store_id="S3").party_name == "Wang"
    assert store(db, scope=scope, store_id="S1").opened_on is None
    assert date.min < BEGINNING


def test_reps_are_listed_and_found_by_their_region(db: Session) -> None:
    rows = [RepRow("R-1", "Lin", "East", 31.2, 121.4, 8), RepRow("R-2", "Zhou", "West", 30.5, 104.0, 5)]
    put_reps(db, rows=rows, currency="CNY")
    assert rep_list(db) == rows
    assert rep_list(db, after="R-1") == rep_list(db, search="west") == rows[1:]
    assert rep(db, rep_id="R-1") == rows[0]
    with pytest.raises(UnknownRepError):
        rep(db, rep_id="R-3")


def test_the_brand_is_the_owners_name(db: Session) -> None:
    assert brand(db) is None
    put_parties(db, rows=[PartyRow("D", "dealer", "Dealer"), PartyRow("O", "owner", "Tea House")], currency="CNY")
    assert brand(db) == "Tea House"
