"""A small brand in its eighth week, made by the product's own journeys: something for every page to show."""

import random
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from urllib.parse import urlsplit

from PIL import Image
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from channel.access import add_user, set_password
from channel.config import Config
from channel.database import transaction
from channel.jobs import JOBS, run_due
from channel.journey import NewScan, PlaceTold, activate_batch, release_due, report_code, take_deliveries, take_scans
from channel.night import close_days
from channel.tasks import cancel
from channel.tasks import order as order_task
from scans.catalogue import IssuedBatch
from scans.codefiles import choose
from scans.custody import Order, begin_export
from scans.gs1 import parse_link
from scans.keys import KeyRing
from scans.photos import clean_photo
from scans.places import Position
from scans.rewards import RewardRow, put_rewards
from stores.accounts import open_house_accounts
from stores.deliveries import DeliveryRow
from stores.pins import propose_pin
from stores.plans import PartTerm, PlanTerms, put_plans
from stores.shelf import FactRow, Rival, Shelf, put_facts
from stores.tables import Visit
from tests import make

DAYS = 56
COPIED = 2  # the position of an item that was copied
NOW = datetime(2026, 6, 15, 13, 0, tzinfo=UTC)  # nine in the evening in Shanghai, a Monday
TODAY = date(2026, 6, 15)
PASSWORD = "a long password for tests"
USERS = (
    ("boss", "owner", None),
    ("qian", "auditor", None),
    ("zhou", "rep", "R-1"),
    ("xu", "franchisee", "F-XUHUI"),
    ("shen", "dealer", "D-SH"),
    ("lin", "franchisee", "F-MINHANG"),
)
STORES = (
    ("S-01", "徐汇小杨便利店", "F-XUHUI", 31.1885, 121.4365, 5.0),
    ("S-02", "漕溪北路联华", "F-XUHUI", 31.1903, 121.4372, 4.0),
    ("S-03", "龙华烟酒店", "F-XUHUI", 31.1762, 121.4512, 4.0),
    ("S-04", "上中路生鲜", "F-MINHANG", 31.1420, 121.4310, 3.0),
    ("S-05", "华泾小卖部", "F-MINHANG", 31.1205, 121.4525, 3.0),
    ("S-06", "西湖文三路便利店", "F-HANGZHOU", 30.2790, 120.1270, 4.0),
)
DRIED_UP = {"S-03": 8, "S-05": 6}  # sells nothing in its last days
TOO_GOOD = {"S-04": 4}  # sells too much in its last days
SSCC_PREFIX = "690123456"


@dataclass(frozen=True)
class World:
    """What a test needs to look around in it."""

    engine: Engine
    config: Config
    ring: KeyRing
    batch: IssuedBatch
    sold: int

    def path(self, position: int) -> str:
        """Return the path of the page of an item."""
        return urlsplit(make.uri_at(self.batch, ring=self.ring, position=position)).path.lower()

    @property
    def fresh(self) -> str:
        """The page of an item that nobody has scanned."""
        return self.path(self.batch.count)


def brand(engine: Engine, config: Config) -> World:
    """Make the world in an empty, upgraded database."""
    ring = make.ring(config.keys_path.parent)
    with transaction(engine) as db:
        open_house_accounts(db, currency=config.currency)
        parts = (PartTerm("franchisee", "sale", 6000), PartTerm("dealer", "sale", 3000), PartTerm("rep", "link", 1000))
        put_plans(
            db,
            plans=[PlanTerms("plan-2026", date(2026, 1, 1), 1000, "by_basis_points", parts)],
            today=date(2025, 12, 1),
        )
        make.party(db, party_id="OWNER", kind="owner", name="山海茶业")
        make.party(db, party_id="D-SH", kind="dealer", name="申城经销", parent_id="OWNER")
        make.party(db, party_id="D-ZJ", kind="dealer", name="之江经销", parent_id="OWNER")
        make.party(db, party_id="F-XUHUI", name="徐汇加盟店", parent_id="D-SH")
        make.party(db, party_id="F-MINHANG", name="闵行加盟店", parent_id="D-SH")
        make.party(db, party_id="F-HANGZHOU", name="杭州加盟店", parent_id="D-ZJ")
        make.rep(db, rep_id="R-1", name="周业务", region="上海", base_lat_deg=31.195, base_lon_deg=121.43)
        for store_id, name, party, lat_deg, lon_deg, _rate in STORES:
            region = "浙江" if party == "F-HANGZHOU" else "上海"
            make.store(
                db, store_id=store_id, name=name, party_id=party, lat_deg=lat_deg, lon_deg=lon_deg, region=region,
                address=f"{region}{name[:3]}路 {int(store_id[2:])} 号", phone="021 5555 0100",
            )  # fmt: skip
        gtin = make.product(db, name="茉莉花茶 50g", list_price_cents=1980, category="花茶", series="清香").gtin
        make.product(db, name="乌龙茶 100g", list_price_cents=3980, category="乌龙")
        tiers = ((188, 3000), (880, 100))
        put_rewards(db, rows=[RewardRow("R-TEA", gtin, "drawn", tiers, date(2026, 1, 1))])
        batch = make.batch(db, ring=ring, state="issued", gtin=gtin, count=4800, items_per_case=24, cases_per_pallet=10)
        waiting = make.batch(db, ring=ring, state="issued", gtin=gtin, count=240)
        _hand_over(db, waiting)
        make.batch(db, ring=ring, gtin=gtin, sscc_prefix=SSCC_PREFIX)
        for name, role, party in USERS:
            add_user(db, name=name, role=role, party=party, now=NOW)
            set_password(db, name=name, password=PASSWORD)
        add_user(db, name="lin", role="rep", party="R-1", now=NOW)
    with transaction(engine) as db:
        activate_batch(db, config=config, ring=ring, batch_id=batch.batch_id, now=NOW - timedelta(days=DAYS + 5))
    sold = _sell(engine, config, ring, batch)
    _copy(engine, config, ring, batch)
    leaked = [NewScan(make.uri_at(waiting, ring=ring, position=n), f"early{n}", f"p{n}") for n in (3, 9, 201)]
    with transaction(engine) as db:
        take_scans(db, config=config, ring=ring, scans=leaked, now=NOW - timedelta(hours=3))
    close_days(engine, config=config, days=[TODAY - timedelta(days=number) for number in range(DAYS, 0, -1)], now=NOW)
    run_due(engine, config=config, now=NOW, jobs=[job for job in JOBS if job.name == "diversion"])
    _look(engine, gtin)
    return World(engine, config, ring, batch, sold)


def _hand_over(db: Session, batch: IssuedBatch) -> None:
    """Give the codes of a batch to two printers; a third file is being made."""
    at = NOW - timedelta(days=1)
    for number, receiver, first in ((1, "江南印务", 1), (2, "Printer Wang", 121), (3, "江南印务", 1)):
        order = Order(choose(batch, level="item", first=first), "csv", receiver, ())
        ident, when = f"F{number}", at + timedelta(minutes=number)
        line = begin_export(db, ident=ident, batch=batch, order=order, made_by="boss", now=when)
        about = {"parameters": {"ident": ident}, "about": batch.batch_id, "total": line.size, "made_by": "boss"}
        order_task(db, task_id=f"task-{number}", kind="codes", now=when, **about)
        if number < 3:
            cancel(db, task_id=f"task-{number}", now=when)


def _sell(engine: Engine, config: Config, ring: KeyRing, batch: IssuedBatch) -> int:
    """Let the stores sell: some cases were delivered before, most scans give a position."""
    chance, position = random.Random(7), 0
    for number in range(DAYS):
        day = TODAY - timedelta(days=DAYS - number)
        opened = datetime(day.year, day.month, day.day, 1, tzinfo=UTC)
        scans = []
        for store_id, _name, _party, lat_deg, lon_deg, rate in STORES:
            left = DAYS - number
            rate *= 0 if left <= DRIED_UP.get(store_id, 0) else 5 if left <= TOO_GOOD.get(store_id, 0) else 1
            count = round(chance.gauss(rate * (1.4 if day.weekday() > 4 else 1), rate**0.5))
            for _ in range(max(0, count)):
                position += 1
                place = PlaceTold(
                    lat_deg + chance.gauss(0, 0.0004),
                    lon_deg + chance.gauss(0, 0.0004),
                    chance.uniform(10, 60),
                    "wgs84",
                )
                told = {"position": place, "consent": "given"} if chance.random() < 0.8 else {"consent": "refused"}
                scans.append(
                    NewScan(
                        uri=make.uri_at(batch, ring=ring, position=position),
                        key=f"k{position}",
                        consumer=f"phone-{store_id}-{chance.randrange(40)}",
                        scanned_at=opened + timedelta(minutes=chance.triangular(0, 780, 600)),
                        public=False,
                        **told,
                    )
                )
        scans.sort(key=lambda scan: scan.scanned_at)
        with transaction(engine) as db:
            if number % 7 == 0:
                case = batch.span("case").first_no + position // 24 + 2
                row = DeliveryRow(
                    f"DEL-{number}", _case(batch, ring, case), "D-SH", "S-01", opened - timedelta(hours=1)
                )
                take_deliveries(db, config=config, ring=ring, rows=[row], now=opened)
            take_scans(db, config=config, ring=ring, scans=scans, now=opened + timedelta(hours=13))
        with transaction(engine) as db:
            release_due(db, config=config, now=opened + timedelta(hours=13))
    return position


def _copy(engine: Engine, config: Config, ring: KeyRing, batch: IssuedBatch) -> None:
    """Let strangers far apart scan a sold item within a day, and one of them report it."""
    uri = make.uri_at(batch, ring=ring, position=COPIED)
    far = ((39.90, 116.40), (23.13, 113.26), (30.57, 104.07))
    for number, (lat_deg, lon_deg) in enumerate(far):
        at = NOW - timedelta(hours=20 - number / 2)
        place = PlaceTold(lat_deg, lon_deg, 40.0, "wgs84")
        scan = NewScan(uri, f"far{number}", f"stranger-{number}", at, place, consent="given", public=False)
        with transaction(engine) as db:
            take_scans(db, config=config, ring=ring, scans=[scan], now=at)
    link = parse_link(uri)
    out = BytesIO()
    Image.new("RGB", (320, 240), "#7a5").save(out, "PNG")
    with transaction(engine) as db:
        report_code(
            db, ring=ring, gtin=link.gtin, serial=link.serial, key="told", device=None,
            said="路边摊买的，印刷模糊", photo=clean_photo(out.getvalue()), now=NOW - timedelta(hours=2),
        )  # fmt: skip


def _look(engine: Engine, gtin: str) -> None:
    """Let somebody have looked at a shelf twice, a rep say that a store stands elsewhere, and a product have a link."""
    looks = [(30, Shelf(facings=6, displayed=18, price_cents=1980, stock=60)), (2, Shelf(facings=2, stock=20))]
    rival = Rival("对面红茶", 4, 1290)
    rows = [
        FactRow(f"SF-{ago}", "S-03", gtin, TODAY - timedelta(days=ago), seen._replace(rivals=(rival,)))
        for ago, seen in looks
    ]
    with transaction(engine) as db:
        assert not put_facts(db, rows=rows, day=TODAY, now=NOW).refused
        visit_id = db.scalars(select(Visit.visit_id).order_by(Visit.id).limit(1)).one()
        propose_pin(db, visit_id=visit_id, key="n", position=Position(31.2, 121.43, 15.0), note="学校后面", now=NOW)
        make.link(db, gtin, title="冲泡方法")


def _case(batch: IssuedBatch, ring: KeyRing, code_no: int) -> str:
    position = code_no - batch.span("case").first_no + 1
    return make.uri_at(batch, ring=ring, level="case", position=position)
