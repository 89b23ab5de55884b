"""A brand of the size that is measured: 100,000 stores of 5,000 franchisees, one batch that pays, all by the house's
own imports. Scans of it as they come over the wire.
"""

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime

from sqlalchemy import Engine

from channel.config import Config
from channel.database import make_engine, transaction, upgrade
from channel.journey import activate_batch
from scans.catalogue import IssuedBatch
from scans.keys import KeyRing, make_ring
from scans.rewards import RewardRow, put_rewards
from stores.accounts import open_house_accounts
from stores.directory import PartyRow, RepRow, StoreRow, put_parties, put_reps, put_stores
from stores.plans import PartTerm, PlanTerms, put_plans
from tests import make

ITEMS = 1_000_000
DEALERS, FRANCHISEES, REGIONS = 100, 5_000, 30
CHINA_DEG = ((22.0, 40.0), (103.0, 121.0))
SPREAD_DEG = 0.0003
START = date(2026, 1, 1)
SPLIT = (("franchisee", "sale", 6_000), ("dealer", "sale", 3_000), ("franchisee", "link", 1_000))


@dataclass
class Brand:
    """What is needed to scan its items; `used` counts those that were."""

    config: Config
    ring: KeyRing
    batch: IssuedBatch
    stores: list[StoreRow]
    used: int = 0

    def scans(self, count: int) -> Iterator[bytes]:
        """Give scans, one for each of the next items, at stores drawn at random, by phones of which some come again."""
        chance = random.Random(self.used)
        for _ in range(count):
            self.used += 1
            store = chance.choice(self.stores)
            place = {
                "lat_deg": chance.gauss(store.lat_deg, SPREAD_DEG),
                "lon_deg": chance.gauss(store.lon_deg, SPREAD_DEG),
            }
            told = {
                "key": f"k{self.used}",
                "uri": make.uri_at(self.batch, ring=self.ring, position=self.used),
                "consumer": f"phone{chance.randrange(ITEMS)}",
                "scanned_at": datetime.now(UTC).isoformat(),
                "position": place | {"accuracy_m": 30.0, "datum": "wgs84"},
            }
            yield json.dumps(told).encode()


def make_brand(config: Config, *, stores: int) -> Brand:
    """Make the brand in an empty database, newly made."""
    config.make_home()
    engine, now = make_engine(config.database_url), datetime.now(UTC)
    upgrade(engine)
    ring, rows = make_ring(config.keys_path, now=now), store_rows(stores)
    with transaction(engine) as db:
        open_house_accounts(db, currency=config.currency)
        put_plans(
            db,
            plans=[PlanTerms("P", START, 1_000, "by_basis_points", tuple(PartTerm(*part) for part in SPLIT))],
            today=START,
        )
        put_parties(db, rows=party_rows(), currency=config.currency)
        put_reps(db, rows=rep_rows(), currency=config.currency)
        put_stores(db, rows=rows, day=START)
        gtin = make.product(db, list_price_cents=1_990).gtin
        put_rewards(db, rows=[RewardRow("R", gtin, "drawn", ((188, 3_000), (880, 100)), START)])
    batch = issue(engine, config, ring, gtin)
    engine.dispose()
    return Brand(config, ring, batch, rows)


def issue(engine: Engine, config: Config, ring: KeyRing, gtin: str) -> IssuedBatch:
    """Issue and activate the batch."""
    with transaction(engine) as db:
        packs = {"count": ITEMS, "items_per_case": 24, "cases_per_pallet": 40}
        batch = make.batch(db, ring=ring, state="issued", gtin=gtin, **packs)
    with transaction(engine) as db:
        activate_batch(db, config=config, ring=ring, batch_id=batch.batch_id, now=datetime.now(UTC))
    return batch


def party_rows() -> list[PartyRow]:
    """Return an owner, dealers below, franchisees below them."""
    dealers = [PartyRow(f"D{n}", "dealer", f"Dealer {n}", "owner") for n in range(DEALERS)]
    below = [PartyRow(f"F{n}", "franchisee", f"Franchisee {n}", f"D{n % DEALERS}") for n in range(FRANCHISEES)]
    return [PartyRow("owner", "owner", "Owner"), *dealers, *below]


def rep_rows() -> list[RepRow]:
    """Return five reps for each region."""
    chance = random.Random(3)
    return [
        RepRow(f"R{n}", f"Rep {n}", f"Region {n % REGIONS}", *(chance.uniform(*span) for span in CHINA_DEG), 8)
        for n in range(5 * REGIONS)
    ]


def store_rows(count: int) -> list[StoreRow]:
    """Return stores all over the country."""
    chance = random.Random(1)
    return [
        StoreRow(
            f"S{n:07}",
            f"Store {n}",
            *(chance.uniform(*span) for span in CHINA_DEG),
            "Asia/Shanghai",
            f"Region {n % REGIONS}",
            party_id=f"F{n % FRANCHISEES}",
        )
        for n in range(count)
    ]
