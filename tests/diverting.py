"""A brand whose dealers' goods are bought at home, elsewhere by travellers, and some where they were sold on to."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from scans.catalogue import IssuedBatch
from scans.keys import KeyRing
from scans.tables import Claim, Consumer
from scans.writing import insert_rows
from stores.deliveries import DeliveryRow, put_deliveries
from stores.directory import PartyRow, put_parties, put_stores
from stores.tables import Sale, Store
from stores.travel import Stores, distances_m
from tests import make, selling

DAYS = 60
STORES_EACH = 3
TRAVELS, NEAR_KM, FAR_KM = 0.15, 10, 120
ACROSS_DEG = 2.0
ITEMS_PER_CASE = 20


@dataclass
class Brand:
    """What was made: store keys in the order of their dealers, and their places."""

    dealers: int
    regions: int
    batch: IssuedBatch
    store_keys: list[int]
    store_ids: list[str]
    places: Stores
    first_item: int
    used: int = 0


def make_brand(db: Session, *, ring: KeyRing, dealers: int, regions: int, scans: int, by: str = "store") -> Brand:
    """Make dealers, STORES_EACH stores each in one region, and hand goods enough for `scans` each to stores or dealers.

    Regions are squares side by side, five in a row.
    """
    chance, count = np.random.default_rng(1), dealers * STORES_EACH
    region = np.repeat(np.arange(dealers) % regions, STORES_EACH)
    lat_deg = 24 + ACROSS_DEG * (region // 5) + chance.uniform(0, ACROSS_DEG, count)
    lon_deg = 104 + ACROSS_DEG * (region % 5) + chance.uniform(0, ACROSS_DEG, count)
    parties = [PartyRow("owner", "owner", "Owner")]
    parties += [PartyRow(f"D{one}", "dealer", f"Dealer {one}", "owner") for one in range(dealers)]
    put_parties(db, rows=parties, currency=make.CURRENCY)
    rows = [
        make.store_row(
            store_id=f"D{one // STORES_EACH}S{one}",
            lat_deg=float(lat_deg[one]),
            lon_deg=float(lon_deg[one]),
            region=f"R{region[one]:02}",
            party_id=f"D{one // STORES_EACH}",
        )
        for one in range(count)
    ]
    put_stores(db, rows=rows, day=date(2026, 1, 1))
    cases = -(-scans // STORES_EACH // ITEMS_PER_CASE)
    batch = make.batch(
        db, ring=ring, count=count * cases * ITEMS_PER_CASE, items_per_case=ITEMS_PER_CASE, cases_per_pallet=cases
    )
    handed = [
        DeliveryRow(
            f"H{one}",
            make.uri_at(batch, ring=ring, level="pallet", position=one + 1),
            "owner",
            row.store_id if by == "store" else f"D{one // STORES_EACH}",
            make.NOW - timedelta(days=90),
        )
        for one, row in enumerate(rows)
    ]
    assert not put_deliveries(db, ring=ring, rows=handed, now=make.NOW).refused
    keys = {store_id: key for store_id, key in db.execute(select(Store.store_id, Store.id))}
    ids = [row.store_id for row in rows]
    places = Stores(lat_deg, lon_deg, region)
    return Brand(dealers, regions, batch, [keys[one] for one in ids], ids, places, batch.span("item").first_no)


def buy(
    db: Session, brand: Brand, *, scans: int, diverting: Sequence[int] = (), part: float = 0.3, seed: int = 1
) -> None:
    """Let consumers buy `scans` items of each dealer; of those in `diverting` a part is bought in one other region."""
    chance = np.random.default_rng(seed)
    per_store = brand.batch.count // len(brand.store_keys)
    number = np.arange(brand.dealers * scans)
    dealer, turn = number // scans, number % scans
    shipped = dealer * STORES_EACH + turn % STORES_EACH
    position = shipped * per_store + brand.used + turn // STORES_EACH
    brand.used += -(-scans // STORES_EACH)
    scanned = _travelled(brand, shipped, chance)
    for one in diverting:
        other = (one + 1 + brand.regions // 2) % brand.regions
        there = np.flatnonzero(brand.places.region == other)
        sold_on = (dealer == one) & (chance.random(len(number)) < part)
        scanned[sold_on] = chance.choice(there, sold_on.sum())
    days = make.TODAY - timedelta(days=DAYS)
    rows = [
        (brand.first_item + int(item), days + timedelta(days=int(day)), brand.store_ids[at])
        for item, day, at in zip(position, turn * DAYS // scans, scanned, strict=True)
    ]
    _record(db, brand, rows, [brand.store_keys[at] for at in shipped])


def _travelled(brand: Brand, shipped: Any, chance: np.random.Generator) -> Any:
    """Return near which store each item is scanned: most near the one it was shipped to, some carried away."""
    km = np.where(
        chance.random(len(shipped)) < TRAVELS,
        chance.exponential(FAR_KM, len(shipped)),
        chance.exponential(NEAR_KM, len(shipped)),
    )
    every = np.arange(len(brand.store_keys))
    near = np.empty(len(shipped), np.int64)
    for store in np.unique(shipped):
        apart_km = distances_m(brand.places, np.full(len(every), store), every) / 1000
        mine = np.flatnonzero(shipped == store)
        off = np.abs(apart_km[None] - km[mine][:, None]) + chance.uniform(0, 15, (len(mine), len(every)))
        near[mine] = off.argmin(axis=1)
    return near


def _record(db: Session, brand: Brand, rows: Sequence[tuple[int, date, str]], sold_by: Sequence[int]) -> None:
    known = db.scalars(select(Consumer.id).order_by(Consumer.id)).all()
    if len(known) < len(rows):
        new = [{"device": f"p{len(known)}-{one}", "first_seen_at": make.NOW} for one in range(len(rows) - len(known))]
        insert_rows(db, Consumer, new)
        known = db.scalars(select(Consumer.id).order_by(Consumer.id)).all()
    batch = brand.batch
    insert_rows(db, Claim, [_claim(batch, *row[:2], who) for row, who in zip(rows, known, strict=False)])
    insert_rows(db, Sale, [_sale(*row, store) for row, store in zip(rows, sold_by, strict=True)])


def _claim(batch: IssuedBatch, code_no: int, day: date, consumer_id: int) -> dict[str, Any]:
    at = selling.noon(day)
    same = {"code_no": code_no, "key_hash": bytes(16), "batch_id": batch.id, "product_id": batch.product_id}
    told = {"consumer_id": consumer_id, "received_at": at, "scanned_at": at, "verdict": "claimed"}
    return same | told | {"reward_kind": None, "reward_cents": 0}


def _sale(code_no: int, day: date, near: str, store: int) -> dict[str, Any]:
    why = {"accuracy": "exact", "accuracy_m": 20.0, "candidates": [{"id": near, "name": near, "m": 10.0}]}
    told = {"code_no": code_no, "seq": 0, "store_id": store, "day": day, "evidence": "delivered", "confidence": 0.95}
    return told | {"decided_at": selling.noon(day), "plan_id": None, "why": why}
