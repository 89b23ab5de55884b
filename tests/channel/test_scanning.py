from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from channel.database import transaction
from channel.journey import (
    NewScan,
    PlaceTold,
    activate_batch,
    choose_store,
    release_due,
    take_deliveries,
    take_scan,
    take_scans,
)
from scans.catalogue import UnknownCodeError
from scans.intake import KeyReusedError, ScannedAtError
from scans.life import recall
from scans.parts import Positions
from scans.places import PositionError
from scans.terms import Terms
from stores.deliveries import DeliveryRow
from stores.ledger import balances_by_kind, trial_balance
from stores.recount import recount
from stores.tables import Sale
from tests import make, worlds
from tests.worlds import PLACE, PRIZE_CENTS

HERE = PlaceTold(*PLACE, 30.0, "wgs84")


@pytest.fixture
def world(engine, config):
    return worlds.small(engine, config)


def take(world, *scans, now=make.NOW):
    with transaction(world.engine) as db:
        return take_scans(db, config=world.config, ring=world.ring, scans=scans, now=now)


def scan(world, item=1, **said):
    return NewScan(**{"uri": world.uri(item), "key": f"k{item}", "consumer": "phone", "position": HERE} | said)


def broken(world):
    with transaction(world.engine) as db:
        return [name for name, wrong in recount(db) if wrong]


def test_a_first_scan_is_the_claim_with_store_reward_and_share(world):
    body = take(world, scan(world))[0].body
    assert (body["verdict"], body["claim"], body["scan_count"]) == ("claimed", True, 1)
    assert body["store"] == {"id": "S-near", "name": "Near"}
    assert body["runner_up"] == {"id": "S-far", "name": "Far"}
    assert (body["evidence"], body["reward"]) == ("position", {"kind": "cash", "amount_cents": PRIZE_CENTS})
    with transaction(world.engine) as db:
        kinds = balances_by_kind(db)
    assert (kinds["consumer_wallet"], kinds["held"], kinds["share_expense"]) == (-PRIZE_CENTS, -100, 100)
    assert broken(world) == []


def test_without_a_position_the_answer_and_the_reward_are_the_same(world):
    body = take(world, replace(scan(world), position=None))[0].body
    assert (body["verdict"], body["claim"], body["store"], body["evidence"]) == ("claimed", True, None, "unknown")
    assert body["reward"] == {"kind": "cash", "amount_cents": PRIZE_CENTS}


def test_what_nobody_stands_for_goes_to_suspense(world):
    take(world, replace(scan(world), position=None))
    with transaction(world.engine) as db:
        assert balances_by_kind(db)["suspense"] == -100


def test_a_vague_position_is_unknown_and_never_the_nearest(world):
    body = take(world, scan(world, position=PlaceTold(*PLACE, 5_000.0, "wgs84")))[0].body
    assert (body["store"], body["evidence"]) == (None, "unknown")


def test_the_same_key_again_is_told_the_same(world):
    first, again = take(world, scan(world))[0], take(world, scan(world), now=make.NOW + timedelta(hours=1))[0]
    assert (first.fresh, again.fresh) == (True, False)
    assert first.body == again.body


def test_the_same_key_twice_in_one_group_is_told_the_same(world):
    first, again = take(world, scan(world), scan(world))
    assert (first.fresh, again.fresh, first.body) == (True, False, again.body)


@pytest.mark.parametrize("together", [True, False])
def test_the_same_key_with_another_body_is_refused(world, together):
    other = scan(world, consumer="someone-else")
    outcomes = take(world, scan(world), other) if together else [*take(world, scan(world)), *take(world, other)]
    assert isinstance(outcomes[1], KeyReusedError)


def test_the_second_of_two_in_one_group_is_a_repeat(world):
    first, second = take(world, scan(world), scan(world, key="other", consumer="friend"))
    assert (first.body["claim"], second.body["claim"], second.body["verdict"]) == (True, False, "repeat")
    assert (second.body["scan_count"], second.body["reward"]) == (2, None)


def test_a_refused_scan_does_not_disturb_its_neighbours(world):
    unknown = scan(world, uri=world.uri(1)[:-4] + "0000")
    outcomes = take(world, unknown, scan(world))
    assert isinstance(outcomes[0], UnknownCodeError)
    assert outcomes[1].body["claim"]


def test_a_batch_not_yet_activated_is_inactive_and_can_be_claimed_later(engine, config):
    world = worlds.small(engine, config)
    with transaction(engine) as db:
        batch = make.batch(db, ring=world.ring, state="issued")
    uri = make.uri_at(batch, ring=world.ring)
    assert take(world, scan(world, uri=uri))[0].body["verdict"] == "inactive"
    with transaction(engine) as db:
        activate_batch(db, config=config, ring=world.ring, batch_id=batch.batch_id, now=make.NOW)
    assert take(world, scan(world, uri=uri, key="later"))[0].body["verdict"] == "claimed"


def test_only_the_activated_part_of_a_batch_earns_and_its_reward_is_set_aside_once(engine, config):
    world = worlds.small(engine, config)
    with transaction(engine) as db:
        batch = make.batch(db, ring=world.ring, state="issued", gtin=world.batch.gtin)
    for part in (Positions(1, 6), Positions(7, 12)):
        with transaction(engine) as db:
            activate_batch(db, config=config, ring=world.ring, batch_id=batch.batch_id, now=make.NOW, part=part)
    with transaction(engine) as db:
        recall(db, batch_id=batch.batch_id, why="glass", now=make.NOW, part=Positions(12, 12))
        assert balances_by_kind(db)["reward_reserve"] == -(120 + 24) * PRIZE_CENTS
    uris = [make.uri_at(batch, ring=world.ring, position=position) for position in (6, 7, 12, 13)]
    answers = take(world, *[scan(world, uri=uri, key=f"n{n}") for n, uri in enumerate(uris)])
    assert [one.body["verdict"] for one in answers] == ["claimed", "claimed", "recalled", "inactive"]
    assert broken(world) == []


def test_an_outer_mark_answers_and_never_claims(engine, config):
    world = worlds.small(engine, config)
    with transaction(engine) as db:
        batch = make.batch(db, ring=world.ring, gtin=world.batch.gtin, terms=Terms(has_outer=True))
    outer, item = (make.uri_at(batch, ring=world.ring, level=level, position=3) for level in ("outer", "item"))
    verdicts = [one.body["verdict"] for one in take(world, scan(world, uri=outer), scan(world, uri=item, key="i"))]
    assert verdicts == ["not_for_sale", "claimed"]
    with transaction(engine) as db:
        recall(db, batch_id=batch.batch_id, why="glass", now=make.NOW, part=Positions(3, 3))
    assert take(world, scan(world, uri=outer, key="late"))[0].body["verdict"] == "recalled"
    assert broken(world) == []


@pytest.mark.parametrize(("level", "number"), [("item", 8), ("case", 2), ("pallet", 1), ("outer", 8)])
def test_a_batch_may_earn_only_once_it_is_delivered_to_a_store(engine, config, level, number):
    world = worlds.small(engine, config)
    terms = Terms(earns="delivered", has_outer=True)
    with transaction(engine) as db:
        batch = make.batch(db, ring=world.ring, gtin=world.batch.gtin, terms=terms)
    uri = make.uri_at(batch, ring=world.ring, position=8)
    handed = make.uri_at(batch, ring=world.ring, level=level, position=number)
    assert take(world, scan(world, uri=uri))[0].body["verdict"] == "inactive"
    earlier = make.NOW - timedelta(hours=1)
    for at, to_id, verdict in ((earlier, "F1", "inactive"), (make.NOW, "S-far", "claimed")):
        with transaction(engine) as db:
            rows = [DeliveryRow(f"to-{to_id}", handed, "owner", to_id, at)]
            assert not take_deliveries(db, config=config, ring=world.ring, rows=rows, now=make.NOW).refused
        assert take(world, scan(world, uri=uri, key=to_id))[0].body["verdict"] == verdict
    assert broken(world) == []


def test_a_recalled_batch_warns_and_pays_nothing(world):
    with transaction(world.engine) as db:
        recall(db, batch_id=world.batch.batch_id, why="glass", now=make.NOW)
    body = take(world, scan(world))[0].body
    assert (body["verdict"], body["claim"], body["reward"]) == ("recalled", False, None)


def test_a_case_is_not_for_sale(world):
    body = take(world, scan(world, uri=world.uri(1, "case")))[0].body
    assert (body["verdict"], body["claim"]) == ("not_for_sale", False)


def test_shares_that_rest_on_a_position_are_payable_after_a_day(world):
    take(world, scan(world))
    with transaction(world.engine) as db:
        assert release_due(db, config=world.config, now=make.NOW + timedelta(hours=23)) == 0
        assert release_due(db, config=world.config, now=make.NOW + timedelta(hours=24)) == 1
        assert release_due(db, config=world.config, now=make.NOW + timedelta(hours=25)) == 0
        assert balances_by_kind(db)["payable"] == -100
    assert broken(world) == []


def test_the_consumer_who_claimed_may_say_which_store_it_was(world):
    take(world, scan(world))
    link = world.uri(1).split("/")
    said = {"config": world.config, "ring": world.ring, "gtin": link[-3], "serial": link[-1], "consumer": "phone"}
    for store_id in ("S-far", "S-far", "S-near", "S-far"):
        with transaction(world.engine) as db:
            assert choose_store(db, **said, store_id=store_id, now=make.NOW) == store_id
    with transaction(world.engine) as db:
        assert trial_balance(db).difference_cents == 0
    assert broken(world) == []


def test_a_delivery_told_after_the_claim_moves_the_sale_and_says_how_far_away_it_was_scanned(world):
    north = PlaceTold(PLACE[0] + 4.5, PLACE[1], 30.0, "wgs84")
    take(world, scan(world, position=north))
    row = DeliveryRow("D1", world.uri(1, "case"), "owner", "S-near", make.NOW - timedelta(days=3))
    with transaction(world.engine) as db:
        take_deliveries(db, config=world.config, ring=world.ring, rows=[row], now=make.NOW)
        sale = db.scalars(select(Sale)).one()
        assert sale.evidence == "delivered"
        assert sale.why["delivered_m"] == pytest.approx(500_000, rel=0.01)
    assert broken(world) == []


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ({"position": PlaceTold(91.0, 0.5, 10.0, "wgs84")}, PositionError),
        ({"position": PlaceTold(float("nan"), 0.5, 10.0, "wgs84")}, PositionError),
        ({"position": PlaceTold(31.0, 121.0, 10.0, "mars")}, PositionError),
        ({"scanned_at": make.NOW + timedelta(days=1)}, ScannedAtError),
        ({"scanned_at": make.NOW - timedelta(days=365)}, ScannedAtError),
    ],
)
def test_what_cannot_be_is_refused(world, said, error):
    assert isinstance(take(world, scan(world, **said))[0], error)


def test_a_phone_with_a_slow_clock_is_believed_within_a_week(world):
    late = scan(world, scanned_at=make.NOW - timedelta(days=20))
    told = take(world, late)[0].body["first_scanned_at"]
    assert told == (make.NOW - timedelta(days=7)).isoformat().replace("+00:00", "Z")


def test_take_scan_raises_what_take_scans_returns(world):
    with transaction(world.engine) as db, pytest.raises(UnknownCodeError):
        take_scan(db, config=world.config, ring=world.ring, scan=scan(world, uri=world.uri()[:-1] + "?"), now=make.NOW)
