"""Rows with defaults for everything, so that a test states only what matters to it."""

from datetime import UTC, date, datetime
from itertools import count
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from scans import marks
from scans.batches import issue_batch
from scans.catalogue import Found, IssuedBatch
from scans.keys import KeyRing, make_ring
from scans.life import activate
from scans.packing import at
from scans.products import ProductRow, put_products
from scans.tables import Product
from scans.targets import TargetRow, put_targets
from stores.directory import PartyRow, RepRow, StoreRow, put_parties, put_reps, put_stores
from stores.tables import Party, Rep, Store

NOW = datetime(2026, 6, 15, 4, 0, tzinfo=UTC)  # noon in Shanghai, a Monday
TODAY = date(2026, 6, 15)
BASE_URL = "https://id.example.com"
CURRENCY = "CNY"
SHANGHAI = (31.2304, 121.4737)
_numbers = count(1)


def gtin(number: int | None = None) -> str:
    """Return a GTIN of 14 digits with its check digit."""
    body = f"06{next(_numbers) if number is None else number:011d}"
    total = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(body))
    return f"{body}{-total % 10}"


def product(db: Session, **said: Any) -> Product:
    """Make a product of 10.00."""
    row = ProductRow(**{"gtin": gtin(), "name": "Green tea", "list_price_cents": 1000} | said)
    put_products(db, rows=[row])
    return db.scalars(select(Product).where(Product.gtin == row.gtin)).one()


def link(db: Session, gtin: str, **said: Any) -> TargetRow:
    """Make a link to a page about a product."""
    number = next(_numbers)
    usual = {
        "target_id": f"L{number}",
        "link_type": "pip",
        "title": f"Page {number}",
        "href": f"https://b.example/{number}",
    }
    row = TargetRow(**{"gtin": gtin} | usual | said)
    assert not put_targets(db, rows=[row]).refused
    return row


def party(db: Session, **said: Any) -> Party:
    """Make a franchisee with nobody above."""
    row = PartyRow(**{"party_id": f"P{next(_numbers)}", "kind": "franchisee", "name": "Franchisee"} | said)
    assert not put_parties(db, rows=[row], currency=CURRENCY).refused
    return db.scalars(select(Party).where(Party.party_id == row.party_id)).one()


def store(db: Session, **said: Any) -> Store:
    """Make a store in Shanghai that belongs to nobody."""
    row = store_row(**said)
    assert not put_stores(db, rows=[row], day=TODAY).refused
    return db.scalars(select(Store).where(Store.store_id == row.store_id)).one()


def key_of(db: Session, *, store_id: str) -> int:
    """Return our own key of a store."""
    return db.scalars(select(Store.id).where(Store.store_id == store_id)).one()


def store_row(**said: Any) -> StoreRow:
    """Make what an import says of a store."""
    lat_deg, lon_deg = SHANGHAI
    place = {"lat_deg": lat_deg, "lon_deg": lon_deg, "zone": "Asia/Shanghai", "region": "East"}
    return StoreRow(**{"store_id": f"S{next(_numbers)}", "name": "Store"} | place | said)


def rep(db: Session, **said: Any) -> Rep:
    """Make a rep in Shanghai."""
    lat_deg, lon_deg = SHANGHAI
    place = {"region": "East", "base_lat_deg": lat_deg, "base_lon_deg": lon_deg}
    row = RepRow(**{"rep_id": f"R{next(_numbers)}", "name": "Rep", "visits_per_day": 8} | place | said)
    assert not put_reps(db, rows=[row], currency=CURRENCY).refused
    return db.scalars(select(Rep).join(Party).where(Party.party_id == row.rep_id)).one()


def ring(folder: Path) -> KeyRing:
    """Make a key ring in a folder."""
    return make_ring(folder / "keys.json", now=NOW)


def batch(db: Session, *, ring: KeyRing, state: str = "activated", **said: Any) -> IssuedBatch:
    """Issue a batch of 24 items in cases of 6 and pallets of 2 cases, activated without a reward."""
    size = {"count": 24, "items_per_case": 6, "cases_per_pallet": 2}
    made = {"gtin": said.pop("gtin", None) or product(db).gtin}
    issued = issue_batch(db, ring=ring, now=NOW, **made | size | said)
    if state == "activated":
        activate(db, batch_id=issued.batch_id, now=NOW)
    return issued


def uri(found: Found, *, ring: KeyRing) -> str:
    """Return what is printed on a code."""
    return marks.uri(found, ring=ring, base_url=BASE_URL)


def never_issued(uri: str) -> str:
    """Return the address of a code that was never issued: another one's with its last character changed."""
    return uri[:-1] + ("1" if uri.endswith("0") else "0")


def uri_at(batch: IssuedBatch, *, ring: KeyRing, level: str = "item", position: int = 1) -> str:
    """Return what is printed on the code at a position of a batch."""
    return uri(at(batch, level, position), ring=ring)
