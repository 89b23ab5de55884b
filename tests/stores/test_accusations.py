"""From deliveries and claims to the dealers who divert, the cases and what is decided about them."""

from datetime import timedelta
from threading import Barrier, Thread
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, update

from channel.database import reading, transaction
from scans.doubts import DecisionError
from scans.tables import Claim
from stores.accusations import CaseDecidedError, UnknownCaseError, decide, judge_dealers
from stores.diverters import case_lines, dealer_lines, leak_lines, trail_lines
from stores.tables import DiversionCase
from tests import diverting, make
from tests.make import NOW, TODAY

ZONE = ZoneInfo("Asia/Shanghai")
YESTERDAY = TODAY - timedelta(days=1)
BAD = (3, 11)


@pytest.fixture
def ring(tmp_path):
    return make.ring(tmp_path)


def world(db, ring, *, by="store", bad=BAD, scans=90):
    brand = diverting.make_brand(db, ring=ring, dealers=24, regions=8, scans=400, by=by)
    diverting.buy(db, brand, scans=scans, diverting=bad)
    return brand


def found(db):
    return {line.party_id for line in dealer_lines(db) if line.found}


@pytest.mark.parametrize("by", ["store", "dealer"])
def test_those_who_divert_are_found_and_nobody_else(db, ring, by):
    """Whether cases are scanned at the store's door or only when they leave for the dealer."""
    world(db, ring, by=by)
    assert judge_dealers(db, day=YESTERDAY, zone=ZONE) == 2
    assert found(db) == {"D3", "D11"}
    worst = dealer_lines(db)[0]
    assert [one.decision for one in case_lines(db, party_id=worst.party_id)] == [None]
    assert worst.outside > 2 * worst.expected
    assert worst.part_low <= 0.3 <= worst.part_high


def test_where_nobody_diverts_nobody_is_found(db, ring):
    world(db, ring, bad=())
    assert judge_dealers(db, day=YESTERDAY, zone=ZONE) == 0
    assert found(db) == set()


def test_nothing_delivered_is_no_reason_to_fail(db):
    assert judge_dealers(db, day=YESTERDAY, zone=ZONE) == 0
    assert (dealer_lines(db), leak_lines(db), case_lines(db)) == ([], [], [])


def test_the_matrix_counts_every_purchase_once_and_shows_where_the_goods_went(db, ring):
    world(db, ring)
    judge_dealers(db, day=YESTERDAY, zone=ZONE)
    assert sum(line.scans for line in leak_lines(db)) == sum(line.scans for line in dealer_lines(db)) == 24 * 90
    most = max(
        (line for line in leak_lines(db, party_id="D3") if line.shipped_region != line.scanned_region),
        key=lambda line: line.scans,
    )
    assert (most.shipped_region, most.scanned_region) == ("R03", f"R{(3 + 1 + 4) % 8:02}")
    assert most.scans > 5 * most.expected


def test_the_purchases_behind_a_case_can_be_put_on_the_table(db, ring):
    brand = world(db, ring)
    judge_dealers(db, day=YESTERDAY, zone=ZONE)
    line = next(one for one in dealer_lines(db) if one.party_id == "D3")
    lines = trail_lines(db, party_id="D3", since=line.since, until=line.until, zone=ZONE)
    assert len(lines) == line.outside
    assert {one.batch_id for one in lines} == {brand.batch.batch_id}
    assert all(one.shipped_to.startswith("D3S") and one.delivery_id.startswith("H") for one in lines)
    assert all(one.scanned_region != one.shipped_region == "R03" and one.apart_m > 0 for one in lines)
    assert [one.day for one in lines] == sorted(one.day for one in lines)


def test_a_carton_carried_off_is_one_purchase(db, ring):
    world(db, ring, bad=())
    judge_dealers(db, day=YESTERDAY, zone=ZONE)
    before = sum(line.scans for line in dealer_lines(db))
    one = db.scalar(select(Claim.consumer_id).limit(1))
    db.execute(update(Claim).where(Claim.consumer_id.between(one, one + 89)).values(consumer_id=one))
    judge_dealers(db, day=YESTERDAY, zone=ZONE)
    assert sum(line.scans for line in dealer_lines(db)) < before - 20


def test_copied_codes_tell_nothing(db, ring):
    world(db, ring)
    db.execute(update(Claim).values(verdict="suspect"))
    assert judge_dealers(db, day=YESTERDAY, zone=ZONE) == 0
    assert dealer_lines(db) == []


def test_a_second_run_opens_no_second_case_and_a_decision_begins_anew(db, ring):
    world(db, ring)
    assert judge_dealers(db, day=YESTERDAY, zone=ZONE) == 2
    assert judge_dealers(db, day=YESTERDAY, zone=ZONE) == 0
    case = next(one for one in case_lines(db) if one.party_id == "D3")
    decide(
        db, case_id=case.case_id, decision="confirmed", reason="sold to the north", by="head", now=NOW, day=YESTERDAY
    )
    assert judge_dealers(db, day=TODAY, zone=ZONE) == 0
    assert found(db) == {"D11"}
    told = next(one for one in case_lines(db) if one.party_id == "D3")
    assert (told.decision, told.decided_by, told.reason) == ("confirmed", "head", "sold to the north")


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ({"decision": "guilty"}, DecisionError),
        ({"reason": "  "}, DecisionError),
        ({"reason": "x" * 501}, DecisionError),
        ({"reason": "a\x00b"}, DecisionError),
        ({"case_id": "C0"}, UnknownCaseError),
    ],
    ids=["no such decision", "no reason", "too long a reason", "a zero byte", "no such case"],
)
def test_what_is_no_decision_is_refused(db, ring, said, error):
    world(db, ring)
    judge_dealers(db, day=YESTERDAY, zone=ZONE)
    good = {"case_id": case_lines(db)[0].case_id, "decision": "dismissed", "reason": "a fair", "by": "head"}
    with pytest.raises(error):
        decide(db, **(good | said), now=NOW, day=TODAY)


def decided_at_once(engine, case_id, act):
    """Let two people decide at the same moment, and return who believes to have decided."""
    ready, believed = Barrier(2), []

    def one(name):
        try:
            act(engine, ready, case_id, name)
            believed.append(name)
        except CaseDecidedError:
            pass

    threads = [Thread(target=one, args=(name,)) for name in ("Ann", "Bo")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return believed


def by_one_statement(engine, ready, case_id, name):
    ready.wait()
    with transaction(engine) as db:
        decide(db, case_id=case_id, decision="confirmed", reason="seen", by=name, now=NOW, day=TODAY)


def look_then_write(engine, ready, case_id, name):
    with reading(engine) as db:
        if db.scalar(select(DiversionCase.decision).where(DiversionCase.case_id == case_id)) is not None:
            raise CaseDecidedError
    ready.wait()
    with transaction(engine) as db:
        this = update(DiversionCase).where(DiversionCase.case_id == case_id)
        db.execute(this.values(decision="confirmed", decided_by=name))


@pytest.mark.parametrize(("act", "deciders"), [(by_one_statement, 1), (look_then_write, 2)])
def test_of_two_decisions_at_once_one_counts(engine, ring, act, deciders):
    with transaction(engine) as db:
        world(db, ring)
        judge_dealers(db, day=YESTERDAY, zone=ZONE)
        case_id = case_lines(db)[0].case_id
    assert len(decided_at_once(engine, case_id, act)) == deciders
