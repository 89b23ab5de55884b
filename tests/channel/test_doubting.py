"""A doubt delays money and never the answer; the office's word lets it go on or back, once."""

from dataclasses import replace
from datetime import timedelta
from threading import Barrier

import pytest
from sqlalchemy import select, update

from channel.database import reading, transaction
from channel.journey import (
    NewScan,
    PlaceTold,
    activate_batch,
    choose_store,
    decide_doubt,
    look_at,
    release_due,
    take_return,
    take_scans,
    withdraw_doubts,
)
from scans.doubts import (
    DecisionError,
    DoubtDecidedError,
    UnknownDoubtError,
    add_note,
    open_dossier,
    states,
)
from scans.gs1 import parse_link
from scans.norms import LEAST_DEVICES, LEAST_WIDE, Tail, put_norms
from scans.packing import at
from scans.returns import ReturnRow
from scans.tables import Doubt, DoubtStep
from stores.doubted import Waiting, doubted_shares, waiting
from stores.ledger import balances_by_kind
from stores.recount import recount
from tests import make, worlds
from tests.races import at_once
from tests.worlds import PLACE, PRIZE_CENTS

HERE = PlaceTold(*PLACE, 30.0, "wgs84")
BEIJING = PlaceTold(39.90, 116.40, 30.0, "wgs84")
SHARE_CENTS = 100
LATER = make.NOW + timedelta(days=2)


@pytest.fixture
def world(engine, config):
    return worlds.small(engine, config)


def take(world, *scans, now=make.NOW):
    with transaction(world.engine) as db:
        taken = take_scans(db, config=world.config, ring=world.ring, scans=scans, now=now)
        assert not [name for name, wrong in recount(db) if wrong]
    return [one.body for one in taken]


def scan(world, item=1, device=0, **said):
    told = {"uri": world.uri(item), "key": f"k{item}-{device}", "consumer": f"phone{device}"}
    return NewScan(**told | said)


def crowd(world, item=1, devices=LEAST_DEVICES + 1, **said):
    return [scan(world, item, device, **said) for device in range(devices)]


def ledger(world):
    with reading(world.engine) as db:
        kinds = balances_by_kind(db)
    return {kind: -kinds.get(kind, 0) for kind in ("consumer_held", "consumer_wallet", "held", "payable")}


def the_doubt(world):
    with reading(world.engine) as db:
        return db.scalars(select(Doubt)).one()


def decide(world, act, *, who="boss", said="looked at the photos"):
    with transaction(world.engine) as db:
        decided = decide_doubt(
            db, config=world.config, doubt_id=the_doubt_id(db), act=act, who=who, said=said, now=LATER
        )
        assert not [name for name, wrong in recount(db) if wrong]
    return decided


def the_doubt_id(db):
    return db.scalars(select(Doubt.doubt_id)).one()


def suspect_claim(world):
    """Let the claim itself be doubted: phones far apart before it, while the batch could not be claimed yet."""
    with transaction(world.engine) as db:
        batch = make.batch(db, ring=world.ring, state="issued", gtin=world.batch.gtin)
    world = replace(world, batch=batch)
    take(world, *crowd(world))
    with transaction(world.engine) as db:
        activate_batch(db, config=world.config, ring=world.ring, batch_id=batch.batch_id, now=make.NOW)
    return world, take(world, scan(world, device=99, position=HERE))[0]


def test_a_doubted_claim_is_answered_in_full_and_its_money_waits(world):
    world, body = suspect_claim(world)
    assert (body["verdict"], body["claim"]) == ("suspect", True)
    assert body["reward"] == {"kind": "cash", "amount_cents": PRIZE_CENTS}
    assert body["doubt"] == {"reasons": ["devices"], "devices": LEAST_DEVICES + 2, "apart_km": None}
    assert ledger(world) == {"consumer_held": PRIZE_CENTS, "consumer_wallet": 0, "held": SHARE_CENTS, "payable": 0}
    with transaction(world.engine) as db:
        assert release_due(db, config=world.config, now=make.NOW + timedelta(days=99)) == 0


def test_an_answer_to_a_scan_without_doubt_says_nothing_of_one(world):
    assert "doubt" not in take(world, scan(world))[0]


def test_a_doubt_freezes_its_evidence_and_the_norm_it_was_held_against(world):
    with transaction(world.engine) as db:
        tails = {None: Tail(1000), world.batch.product_id: Tail(100_000, 0.5, 0.3)}
        put_norms(db, tails=tails, near_m=60_000.0, wide_codes=40, now=make.NOW)
    take(world, *crowd(world, devices=40, position=HERE))
    found = the_doubt(world)
    assert (found.state, found.raised_at) == ("open", make.NOW)
    assert found.why == {
        "reasons": [{"code": "devices", "devices": 13, "most": 12}], "devices": 13, "apart_km": 5,
    }  # fmt: skip
    assert found.norm_id is not None


def test_a_doubt_after_the_claim_holds_what_is_held_and_lists_what_was_given(world):
    take(world, scan(world, position=HERE))
    take(world, *crowd(world)[1:])
    assert ledger(world) == {"consumer_held": 0, "consumer_wallet": PRIZE_CENTS, "held": SHARE_CENTS, "payable": 0}
    with transaction(world.engine) as db:
        assert release_due(db, config=world.config, now=make.NOW + timedelta(days=99)) == 0
        code_no = the_doubt(world).code_no
        assert waiting(db, code_nos=[code_no]) == {code_no: Waiting(SHARE_CENTS, 0, 0)}
        assert [(one.store_id, one.cents, one.state) for one in doubted_shares(db, code_no=code_no)] == [
            ("S-near", SHARE_CENTS, "held")
        ]


def test_two_phones_too_far_apart_in_one_group_raise_one_doubt(world):
    bodies = take(world, scan(world, position=HERE), scan(world, device=1, position=BEIJING))
    assert [body["verdict"] for body in bodies] == ["claimed", "suspect"]
    assert bodies[1]["doubt"] == {"reasons": ["travel"], "devices": 2, "apart_km": 1000}
    assert ledger(world)["held"] == SHARE_CENTS
    with transaction(world.engine) as db:
        assert release_due(db, config=world.config, now=make.NOW + timedelta(days=99)) == 0


def test_a_code_stays_doubted_for_the_next_phone(world):
    take(world, scan(world, position=HERE), scan(world, device=1, position=BEIJING))
    body = take(world, scan(world, device=2), now=LATER)[0]
    assert (body["verdict"], body["doubt"]["reasons"]) == ("suspect", [])
    with reading(world.engine) as db:
        assert len(db.scalars(select(DoubtStep)).all()) == 1


def test_releasing_lets_all_have_what_waited(world):
    world, _ = suspect_claim(world)
    assert decide(world, "release") is True
    assert ledger(world) == {"consumer_held": 0, "consumer_wallet": PRIZE_CENTS, "held": 0, "payable": SHARE_CENTS}
    assert decide(world, "release", who="other") is False
    with reading(world.engine) as db:
        steps = db.execute(select(DoubtStep.act, DoubtStep.who, DoubtStep.said).order_by(DoubtStep.seq)).all()
    assert [tuple(one) for one in steps] == [("raise", None, None), ("release", "boss", "looked at the photos")]


def test_reversing_takes_back_what_waited_by_entries_and_leaves_what_was_given(world):
    world, _ = suspect_claim(world)
    assert decide(world, "reverse") is True
    assert ledger(world) == {"consumer_held": 0, "consumer_wallet": 0, "held": 0, "payable": 0}
    assert decide(world, "reverse") is False
    assert take(world, scan(world, device=7))[0]["verdict"] == "suspect"


def test_reversing_leaves_a_prize_that_was_given_before_the_doubt(world):
    take(world, *crowd(world, position=HERE))
    decide(world, "reverse")
    assert ledger(world) == {"consumer_held": 0, "consumer_wallet": PRIZE_CENTS, "held": 0, "payable": 0}


def test_a_decision_is_not_turned_round(world):
    take(world, *crowd(world))
    decide(world, "release")
    with pytest.raises(DoubtDecidedError):
        decide(world, "reverse")


@pytest.mark.parametrize("said", ["", "   ", "x" * 501, "a\x00b"])
def test_a_decision_needs_a_reason(world, said):
    take(world, *crowd(world))
    with pytest.raises(DecisionError):
        decide(world, "release", said=said)


def test_an_unknown_doubt_is_told(world):
    with pytest.raises(UnknownDoubtError), transaction(world.engine) as db:
        decide_doubt(db, config=world.config, doubt_id="D0", act="release", who="boss", said="x", now=LATER)


def test_a_cleared_code_is_believed_until_as_many_new_phones_come(world):
    take(world, *crowd(world))
    decide(world, "release")
    again = [scan(world, device=100 + number) for number in range(LEAST_DEVICES + 1)]
    assert [body["verdict"] for body in take(world, *again, now=LATER)] == ["repeat"] * LEAST_DEVICES + ["suspect"]
    assert the_doubt(world).state == "open"
    with reading(world.engine) as db:
        assert db.scalars(select(DoubtStep.act).order_by(DoubtStep.seq)).all() == ["raise", "release", "raise"]


def test_a_claim_of_a_confirmed_copy_earns_nobody_anything(world):
    with transaction(world.engine) as db:
        batch = make.batch(db, ring=world.ring, state="issued", gtin=world.batch.gtin)
        open_dossier(db, found=at(batch, "item", 1), now=make.NOW)
    decide(world, "reverse")
    with transaction(world.engine) as db:
        activate_batch(db, config=world.config, ring=world.ring, batch_id=batch.batch_id, now=make.NOW)
    body = take(world, scan(replace(world, batch=batch), position=HERE))[0]
    assert (body["verdict"], body["claim"], body["reward"]) == ("suspect", True, None)
    assert ledger(world) == {"consumer_held": 0, "consumer_wallet": 0, "held": 0, "payable": 0}


def test_the_page_of_a_confirmed_copy_says_so(world):
    take(world, *crowd(world))
    decide(world, "reverse")
    link = parse_link(world.uri())
    with reading(world.engine) as db:
        look = look_at(db, ring=world.ring, gtin=link.gtin, serial=link.serial, day=make.TODAY)
    assert (look.state, look.is_copied, look.devices) == ("suspect", True, LEAST_DEVICES + 1)


def test_moving_the_sale_of_a_doubted_code_keeps_its_money_waiting_and_of_a_released_one_does_not(world):
    world, _ = suspect_claim(world)
    move(world, "S-far")
    assert (ledger(world)["held"], ledger(world)["payable"]) == (SHARE_CENTS, 0)
    decide(world, "release")
    move(world, "S-near")
    with transaction(world.engine) as db:
        release_due(db, config=world.config, now=make.NOW + timedelta(days=99))
    assert (ledger(world)["held"], ledger(world)["payable"]) == (0, SHARE_CENTS)


def test_moving_the_sale_of_a_confirmed_copy_pays_nobody(world):
    world, _ = suspect_claim(world)
    decide(world, "reverse")
    move(world, "S-far")
    assert (ledger(world)["held"], ledger(world)["payable"]) == (0, 0)


def move(world, store_id):
    link = parse_link(world.uri())
    with transaction(world.engine) as db:
        choose_store(
            db, config=world.config, ring=world.ring, gtin=link.gtin, serial=link.serial, consumer="phone99",
            store_id=store_id, now=LATER,
        )  # fmt: skip
        assert not [name for name, wrong in recount(db) if wrong]


def test_one_phone_that_scans_a_whole_shelf_makes_no_code_doubtful(world):
    shelf = range(1, 101)
    take(world, *[scan(world, item) for item in shelf])
    liar = [scan(world, item, 666, position=BEIJING, key=f"liar{item}") for item in shelf]
    assert {body["verdict"] for body in take(world, *liar[:LEAST_WIDE])} == {"repeat"}
    buyers = [scan(world, item, 1000 + item, position=HERE, key=f"late{item}") for item in shelf]
    take(world, *liar[LEAST_WIDE:])
    assert {body["verdict"] for body in take(world, *buyers)} == {"repeat"}
    with reading(world.engine) as db:
        assert db.scalars(select(Doubt)).all() == []


def test_withdrawing_lets_go_what_waited_and_says_so(world):
    world, _ = suspect_claim(world)
    with transaction(world.engine) as db:
        code_nos = db.scalars(select(Doubt.code_no)).all()
        assert withdraw_doubts(db, config=world.config, code_nos=code_nos, now=LATER) == 1
        assert withdraw_doubts(db, config=world.config, code_nos=code_nos, now=LATER) == 0
        assert states(db, code_nos=code_nos) == dict.fromkeys(code_nos, "cleared")
    assert ledger(world)["payable"] == SHARE_CENTS


def test_notes_are_kept_in_order(world):
    take(world, *crowd(world))
    with transaction(world.engine) as db:
        for said in ("asked the store", "waiting  for\nphotos"):
            add_note(db, code_no=the_doubt(world).code_no, who="qian", said=said, now=LATER)
    with reading(world.engine) as db:
        assert db.scalars(select(DoubtStep.said).order_by(DoubtStep.seq)).all() == [
            None, "asked the store", "waiting for photos",
        ]  # fmt: skip


def both_at_once(world, decided):
    """Let two people decide at the same moment and return how often money moved."""

    def one(n):
        with transaction(world.engine) as db:
            return decided(db, ("boss", "qian")[n])

    return at_once(one, 2)


def test_two_people_who_decide_at_once_decide_once(world):
    world, _ = suspect_claim(world)

    def decided(db, who):
        return decide_doubt(
            db, config=world.config, doubt_id=the_doubt_id(db), act="release", who=who, said="fine", now=LATER
        )

    assert sorted(both_at_once(world, decided)) == [False, True]
    assert ledger(world) == {"consumer_held": 0, "consumer_wallet": PRIZE_CENTS, "held": 0, "payable": SHARE_CENTS}
    with reading(world.engine) as db:
        assert db.scalars(select(DoubtStep.act).order_by(DoubtStep.seq)).all() == ["raise", "release"]


@pytest.mark.postgresql_only
def test_who_looks_before_deciding_decides_twice(world):
    """The negative control: the same race by look-then-write lets both believe that they decided."""
    world, _ = suspect_claim(world)
    looked = Barrier(2)

    def decided(db, _who):
        is_open = db.scalars(select(Doubt.state)).one() == "open"
        looked.wait()
        db.execute(update(Doubt).values(state="cleared"))
        return is_open

    assert both_at_once(world, decided) == [True, True]


def take_back(world):
    row = ReturnRow(return_id="R1", uri=world.uri(1))
    with transaction(world.engine) as db:
        taken = take_return(db, config=world.config, ring=world.ring, row=row, now=LATER)
        assert not [name for name, wrong in recount(db) if wrong]
    return taken


@pytest.mark.parametrize("act", ["release", "reverse"])
@pytest.mark.parametrize("back_first", [True, False], ids=["returned, then decided", "decided, then returned"])
def test_an_item_that_is_doubted_and_comes_back_pays_nothing_in_either_order(world, act, back_first):
    world, _ = suspect_claim(world)
    steps = [lambda: take_back(world), lambda: decide(world, act)]
    for step in steps if back_first else reversed(steps):
        step()
    assert ledger(world) == {"consumer_held": 0, "consumer_wallet": 0, "held": 0, "payable": 0}
