"""A small deployment, made through the product's own journeys: an owner, a franchisee, stores, a batch that pays."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Engine

from channel.config import Config
from channel.database import transaction
from channel.journey import activate_batch
from scans.catalogue import IssuedBatch
from scans.keys import KeyRing
from scans.rewards import RewardRow, put_rewards
from stores.accounts import open_house_accounts
from stores.plans import ensure_default_plan
from tests import make

PRICE_CENTS = 1_000
PRIZE_CENTS = 50
PLACE = make.SHANGHAI


@dataclass(frozen=True)
class World:
    """What a test needs to scan in it."""

    engine: Engine
    config: Config
    ring: KeyRing
    batch: IssuedBatch

    def uri(self, position: int = 1, level: str = "item") -> str:
        """Return what is printed on the code at a position."""
        return make.uri_at(self.batch, ring=self.ring, level=level, position=position)


def small(engine: Engine, config: Config, *, items: int = 120) -> World:
    """Make a world in an empty database: store S-near at PLACE, S-far 600 m north; every item pays PRIZE_CENTS."""
    ring = make.ring(config.keys_path.parent)
    lat_deg, lon_deg = PLACE
    with transaction(engine) as db:
        open_house_accounts(db, currency=config.currency)
        ensure_default_plan(db)
        make.party(db, party_id="owner", kind="owner", name="Owner")
        make.party(db, party_id="F1", parent_id="owner")
        make.party(db, party_id="F2", parent_id="owner")
        make.store(db, store_id="S-near", name="Near", lat_deg=lat_deg, lon_deg=lon_deg, party_id="F1")
        make.store(db, store_id="S-far", name="Far", lat_deg=lat_deg + 0.0054, lon_deg=lon_deg, party_id="F2")
        product = make.product(db, list_price_cents=PRICE_CENTS)
        prizes = ((PRIZE_CENTS, 10_000),)
        put_rewards(db, rows=[RewardRow("R", product.gtin, "every_item", prizes, date(2026, 1, 1))])
        batch = make.batch(db, ring=ring, state="issued", gtin=product.gtin, count=items)
    with transaction(engine) as db:
        activate_batch(db, config=config, ring=ring, batch_id=batch.batch_id, now=make.NOW)
    return World(engine, config, ring, batch)
