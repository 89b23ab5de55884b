"""Two worlds that are alike, ids too, but for what others do: what they are called, sell, earn and were handed."""

import random
import shutil
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import NamedTuple

from flask import Flask
from sqlalchemy import Engine, update
from sqlalchemy.orm import Session

from channel.access import add_token, add_user, set_password
from channel.app import create_app
from channel.config import Config
from channel.database import make_engine, transaction
from channel.journey import NewScan, PlaceTold, activate_batch, release_due, take_deliveries, take_scans
from channel.night import close_days
from scans.batches import catalogue
from scans.catalogue import IssuedBatch
from scans.keys import KeyRing
from scans.rewards import RewardRow, put_rewards
from scans.tables import Batch
from stores.accounts import open_house_accounts
from stores.deliveries import DeliveryRow
from stores.directory import PartyRow, put_parties
from stores.plans import PartTerm, PlanTerms, put_plans
from tests import make

DAYS = 35
TODAY = make.TODAY
NOW = make.NOW
FIRST = TODAY - timedelta(days=DAYS)
PASSWORD = "a long password for tests"
PRINCIPALS = (("franchisee", "F1"), ("keeper", "K1"), ("dealer", "D1"))
STEP_DEG = 0.005  # 550 m from one store to the next
OWN_STORES = (("S1", "F1", "East", 0), ("S2", "K1", "East", 1), ("S3", "F1", "West", 9))
RIVAL_STORES = (("R1", "F2", "East", 2), ("R2", "F2", "East", 3), ("R3", "F3", "East", 4), ("R4", "F3", "West", 10))
OWN_DAILY = 3
UNSOLD = 1200
KINDS = ("franchisee", "keeper", "dealer", "rep")

Placed = tuple[str, str, str, int]


class Rivals(NamedTuple):
    """What others do: their names, whom they belong to, how much they sell, whether cases were handed to them."""

    name: str
    dealer: str
    rates: tuple[int, ...]
    delivered: bool


QUIET = Rivals("Quiet", "D2", (1, 2, 1, 1), delivered=False)
LOUD = Rivals("Loud", "D3", (9, 0, 6, 5), delivered=True)


@dataclass(frozen=True)
class World:
    """The settings of a world, and the tokens of those who ask in it."""

    config: Config
    tokens: dict[str, str]
    items: tuple[str, str]

    def app(self) -> Flask:
        """Make the application on this world."""
        return create_app(self.config, clock=lambda: NOW)


def world_of(url: str, home: Path, rivals: Rivals, *, keys: Path) -> World:
    """Make one world in an upgraded database, with the keys that the other has."""
    settings = {"HOME": str(home), "DATABASE_URL": url, "BASE_URL": "http://localhost", "SECRET_KEY": "only for tests"}
    config = Config.from_env({f"GLASSBOX_{name}": value for name, value in settings.items()})
    config.make_home()
    if keys.exists():
        shutil.copy(keys, config.keys_path)
    ring = make.ring(home)
    shutil.copy(config.keys_path, keys)
    engine = make_engine(url)
    with transaction(engine) as db:
        lay_out(db, rivals)
        issue(db, ring)
        tokens = {party: people(db, role, party) for role, party in PRINCIPALS}
    with transaction(engine) as db:
        activate_batch(db, config=config, ring=ring, batch_id="B-1", now=at(FIRST, 0))
        batch = catalogue(db).batch("B-1")
    live(engine, config, ring, batch, rivals)
    engine.dispose()
    sold, unsold = (make.uri_at(batch, ring=ring, position=position) for position in (1, UNSOLD))
    return World(config, tokens, (sold, unsold))


def lay_out(db: Session, rivals: Rivals) -> None:
    """Make parties and stores: seven in two regions; what others are called and whom they belong to is the rivals'."""
    open_house_accounts(db, currency=make.CURRENCY)
    start = date(2026, 1, 1)
    parts = tuple(PartTerm(kind, follows, 500) for kind in KINDS for follows in ("sale", "link"))
    put_plans(db, plans=[PlanTerms("P", start, 1000, "by_basis_points", parts)], today=start)
    rows = [PartyRow("OWNER", "owner", "Brand"), PartyRow("D1", "dealer", "Mine", "OWNER")]
    rows += [PartyRow(dealer, "dealer", f"{rivals.name} {dealer}", "OWNER", rivals.name) for dealer in ("D2", "D3")]
    rows += [PartyRow("F1", "franchisee", "Mine", "D1"), PartyRow("K1", "keeper", "Keeper", "F1")]
    rows += [PartyRow(party, "franchisee", f"{rivals.name} {party}", rivals.dealer) for party in ("F2", "F3")]
    assert not put_parties(db, rows=rows, currency=make.CURRENCY).refused
    make.rep(db, rep_id="REP")
    for store_id, party, region, step in (*OWN_STORES, *RIVAL_STORES):
        name = store_id if store_id[0] == "S" else f"{rivals.name} {store_id}"
        lat_deg = make.SHANGHAI[0] + STEP_DEG * step
        make.store(db, store_id=store_id, name=name, party_id=party, region=region, lat_deg=lat_deg)


def issue(db: Session, ring: KeyRing) -> None:
    """Issue a batch that pays, under an id that does not depend on chance."""
    gtin = make.product(db, gtin=make.gtin(1), list_price_cents=1990).gtin
    put_rewards(db, rows=[RewardRow("R", gtin, "drawn", ((188, 3000),), date(2026, 1, 1))])
    made = make.batch(db, ring=ring, state="issued", gtin=gtin, count=4800, items_per_case=24)
    db.execute(update(Batch).where(Batch.batch_id == made.batch_id).values(batch_id="B-1"))


def people(db: Session, role: str, party: str) -> str:
    """Let somebody sign in as a party, and return the token of a program with the same rights."""
    add_user(db, name=party, role=role, party=party, now=NOW)
    set_password(db, name=party, password=PASSWORD)
    return add_token(db, name=party, role=role, party=party, now=NOW)


def live(engine: Engine, config: Config, ring: KeyRing, batch: IssuedBatch, rivals: Rivals) -> None:
    """Let the stores sell day by day, others before, between and after one's own, and close the nights."""
    own, others = random.Random(1), random.Random(rivals.name)
    mine, theirs = iter(range(1, UNSOLD)), iter(range(UNSOLD + 1, batch.count))
    sellers = [(store, OWN_DAILY, mine, own) for store in OWN_STORES]
    sellers += [(store, rate, theirs, others) for store, rate in zip(RIVAL_STORES, rivals.rates, strict=True)]
    days = [FIRST + timedelta(days=number) for number in range(DAYS)]
    for number, day in enumerate(days):
        scans = [
            scan(make.uri_at(batch, ring=ring, position=next(positions)), day, store, chance)
            for store, rate, positions, chance in sellers
            for _ in range(rate)
        ]
        handed = [(1 + number, "S1")] if number % 5 == 0 else []
        handed += [(101 + number, "R1")] if rivals.delivered else []
        rows = [delivery(make.uri_at(batch, ring=ring, level="case", position=no), no, store) for no, store in handed]
        with transaction(engine) as db:
            take_deliveries(db, config=config, ring=ring, rows=rows, now=at(day, 1))
            scans.sort(key=lambda one: one.scanned_at or NOW)
            take_scans(db, config=config, ring=ring, scans=scans, now=at(day, 15))
        with transaction(engine) as db:
            release_due(db, config=config, now=at(day, 15))
    close_days(engine, config=config, days=days, now=NOW)


def at(day: date, hours: int) -> datetime:
    """Return an instant of a day."""
    return datetime.combine(day, time(0), UTC) + timedelta(hours=hours)


def scan(uri: str, day: date, store: Placed, chance: random.Random) -> NewScan:
    """Let somebody scan at a store; the phones of its buyers go nowhere else."""
    store_id, _, _, step = store
    lat_deg = make.SHANGHAI[0] + STEP_DEG * step + chance.gauss(0, 0.0004)
    place = PlaceTold(lat_deg, make.SHANGHAI[1] + chance.gauss(0, 0.0004), chance.uniform(10, 80), "wgs84")
    when = at(day, 1) + timedelta(seconds=chance.randrange(13 * 3600))
    return NewScan(uri, f"k{uri[-16:]}", f"{store_id}-{chance.randrange(30)}", when, place, public=False)


def delivery(uri: str, number: int, store_id: str) -> DeliveryRow:
    """Hand a case to a store."""
    return DeliveryRow(f"DEL-{number}", uri, "D1" if store_id[0] == "S" else "D2", store_id, at(FIRST, 0))
