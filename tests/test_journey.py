"""The whole way of a code, from ink to visit: the executable README."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import zxingcpp
from PIL import Image

from channel.database import transaction
from channel.journey import NewScan, PlaceTold, activate_batch, release_due, take_deliveries, take_scans
from channel.night import close_days
from scans.batches import issue_batch
from scans.codes import serial
from scans.gs1 import print_uri
from scans.packing import at
from scans.places import Position
from scans.symbols import matrix
from stores.accounts import open_house_accounts
from stores.deliveries import DeliveryRow
from stores.directory import scope_of
from stores.ledger import trial_balance
from stores.plans import ensure_default_plan
from stores.recount import recount
from stores.sales import sell_through
from stores.statements import statement
from stores.stops import visit_list
from stores.visits import check_in, record_outcome
from tests import make

ZONE = ZoneInfo("Asia/Shanghai")
FIRST, DAYS, DRY = date(2026, 4, 1), 60, 9
A_DAY = 8
LAT_DEG, LON_DEG = make.SHANGHAI


def noon(number):
    return datetime.combine(FIRST + timedelta(days=number), time(12), ZONE).astimezone(UTC)


def test_the_whole_way_of_a_code(engine, config):
    ring = make.ring(config.keys_path.parent)

    # The owner says whom it sells through, and what.
    with transaction(engine) as db:
        open_house_accounts(db, currency=config.currency)
        ensure_default_plan(db)
        make.party(db, party_id="owner", kind="owner")
        franchisee = make.party(db, party_id="F1", parent_id="owner")
        for number in range(6):
            make.store(db, store_id=f"S{number}", lat_deg=LAT_DEG + number * 0.02, party_id="F1")
        make.rep(db, rep_id="rep")
        tea = make.product(db, list_price_cents=1_000)

        # Codes are issued in cases; a symbol reads back as its own address.
        batch = issue_batch(db, ring=ring, gtin=tea.gtin, count=4_000, items_per_case=500, now=noon(-10))
    secret = ring.newest("code").secret
    uris = [print_uri(config.base_url, tea.gtin, serial(secret, no)) for no in range(1, 4_001)]
    assert at(batch, "item", 1).code_no == 1
    symbol = Image.fromarray(np.where(matrix(uris[0]), 0, 255).astype(np.uint8).repeat(4, axis=0).repeat(4, axis=1))
    assert zxingcpp.read_barcodes(symbol)[0].text == uris[0]

    with transaction(engine) as db:
        activate_batch(db, config=config, ring=ring, batch_id=batch.batch_id, now=noon(-9))
        case = make.uri_at(batch, ring=ring, level="case", position=1)
        handed = DeliveryRow("D1", case, "owner", "S0", noon(-5))
        take_deliveries(db, config=config, ring=ring, rows=[handed], now=noon(0))

    # Consumers scan; store S5 sells nothing any more in the last days.
    left = iter(uris)
    for number in range(DAYS):
        scans = []
        for store in range(6):
            if store == 5 and number >= DAYS - DRY:
                continue
            place = PlaceTold(LAT_DEG + store * 0.02, LON_DEG, 20.0, "wgs84")
            for _ in range(A_DAY + (number * 7 + store) % 3 - 1):
                uri = next(left)
                scans.append(NewScan(uri, "k", f"phone-{uri[-6:]}", noon(number), place, public=False))
        with transaction(engine) as db:
            answers = take_scans(db, config=config, ring=ring, scans=scans, now=noon(number))
        assert all(answer.body["verdict"] == "claimed" for answer in answers)
    with transaction(engine) as db:
        while release_due(db, config=config, now=noon(DAYS + 5)):
            pass

    # The night counts what each store sold, and judges it.
    days = [FIRST + timedelta(days=number) for number in range(DAYS)]
    close_days(engine, config=config, days=days, now=noon(DAYS + 5))
    with transaction(engine) as db:
        scope = scope_of(db, party_id=None, day=days[-1])
        sold = sell_through(db, store_id="S5", first_day=days[0], last_day=days[-1], scope=scope)
        assert [day.count for day in sold[-DRY:]] == [0] * DRY
        assert sold[-1].flag == "too_bad"

        # The rep finds the store on the list, goes there and says what was found.
        stops = visit_list(db, rep_id="rep", day=days[-1] + timedelta(days=1))
        assert [stop.store_id for stop in stops] == ["S5"]
        here = Position(stops[0].lat_deg, stops[0].lon_deg, 15.0)
        check_in(db, visit_id=stops[0].visit_id, position=here, reason=None, now=noon(DAYS + 5))
        said = {"was_real": True, "cause": "out_of_stock", "action": "restocked", "note": None}
        record_outcome(db, visit_id=stops[0].visit_id, key="o1", **said, now=noon(DAYS + 5))
        assert visit_list(db, rep_id="rep", day=days[-1] + timedelta(days=1))[0].state == "done"

        # The franchisee sees what was earned, line by line, and the books balance.
        told = statement(db, party_id=franchisee.id, first_day=None, last_day=None, zone=ZONE)
        assert told.closing_cents == sum(line.part_cents for line in told.lines) == 100 * len(told.lines)
        assert {line.state for line in told.lines} == {"payable"}
        assert {line.evidence for line in told.lines} == {"delivered", "position"}
        assert trial_balance(db).difference_cents == 0
        assert [name for name, wrong in recount(db) if wrong] == []
