"""Stage 14, visit: what a rep sees in a store: the shelf of each product, the stock, photos. Knows shelf, visits.

Everything comes under a key of the phone's own, so that what is sent twice is kept once.
"""

import hashlib
from datetime import date, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from scans.intake import KeyReusedError
from scans.products import UnknownProductError
from scans.reports import UnknownPhotoError
from scans.tables import Product
from scans.writing import insert_new
from stores.sales import COUNTED
from stores.shelf import Shelf, add_fact
from stores.tables import Party, ShelfFact, ShelfPhoto, Store, Visit
from stores.visits import visit_at

MOST_PHOTOS, MOST_GOODS = 40, 80


class TooManyPhotosError(ValueError):
    """This visit has as many photos as are kept of one."""


class PhotoLine(NamedTuple):
    """A photo of a store as the office lists it."""

    photo_id: str
    told_at: datetime
    product: str | None
    rep: str
    day: date


def id_under(kind: str, *, visit_id: str, key: str) -> str:
    """Return the outside id of what a phone tells of a visit under a key of its own."""
    mark = hashlib.blake2b(f"{visit_id} {key}".encode(), digest_size=12, person=b"glassbox visit")
    return f"{kind}{mark.hexdigest()}"


def see_shelf(
    db: Session, *, visit_id: str, key: str, gtin: str, shelf: Shelf, now: datetime, rep_id: str | None = None
) -> bool:
    """Keep what a visit saw of a product; return whether it is new: the same again under the same key is not.

    Raises: UnknownVisitError, UnknownProductError, ShelfError, KeyReusedError.
    """
    visit, store = visit_at(db, visit_id=visit_id, rep_id=rep_id)
    product_id = _product(db, gtin)
    fact_id, day = id_under("V", visit_id=visit_id, key=key), now.astimezone(ZoneInfo(store.zone)).date()
    at = {"visit_id": visit.id, "store_id": store.id, "product_id": product_id}
    if add_fact(db, fact_id=fact_id, shelf=shelf, day=day, now=now, **at):
        return True
    kept = db.execute(select(ShelfFact).where(ShelfFact.fact_id == fact_id)).scalar_one()
    rivals = [rival._asdict() for rival in shelf.rivals]
    told = shelf._asdict() | {"rivals": rivals, "product_id": product_id}
    if any(getattr(kept, name) != value for name, value in told.items()):
        raise KeyReusedError("the same key came before with something else")
    return False


def keep_photo(
    db: Session,
    *,
    visit_id: str,
    key: str,
    gtin: str | None,
    photo: bytes,
    now: datetime,
    rep_id: str | None = None,
) -> str:
    """Keep a photo of a visit that was made clean before, and return its id; sent twice it is one.

    Raises: UnknownVisitError, UnknownProductError, TooManyPhotosError.
    """
    visit, _ = visit_at(db, visit_id=visit_id, rep_id=rep_id)
    product_id = _product(db, gtin) if gtin else None
    photo_id = id_under("P", visit_id=visit_id, key=key)
    others = db.scalars(select(ShelfPhoto.photo_id).where(ShelfPhoto.visit_id == visit.id)).all()
    if photo_id not in others and len(others) >= MOST_PHOTOS:
        raise TooManyPhotosError(f"a visit has at most {MOST_PHOTOS} photos")
    row = {"photo_id": photo_id, "visit_id": visit.id, "product_id": product_id, "told_at": now, "photo": photo}
    insert_new(db, ShelfPhoto, [row], told="photo_id")
    return photo_id


def photos_of(db: Session, *, store_id: str, limit: int) -> list[PhotoLine]:
    """Return the photos of a store, the latest first."""
    told = select(ShelfPhoto.photo_id, ShelfPhoto.told_at, Product.name, Party.name, Visit.day)
    told = told.join(Visit, Visit.id == ShelfPhoto.visit_id).join(Store, Store.id == Visit.store_id)
    told = told.join(Party, Party.id == Visit.rep_id).outerjoin(Product, Product.id == ShelfPhoto.product_id)
    latest = told.where(Store.store_id == store_id).order_by(ShelfPhoto.told_at.desc(), ShelfPhoto.id.desc())
    return [PhotoLine(*row) for row in db.execute(latest.limit(limit))]


def photo_of_visit(db: Session, *, photo_id: str) -> bytes:
    """Return a photo.

    Raises: UnknownPhotoError.
    """
    photo = db.scalar(select(ShelfPhoto.photo).where(ShelfPhoto.photo_id == photo_id))
    if photo is None:
        raise UnknownPhotoError("there is no such photo")
    return photo


def _product(db: Session, gtin: str) -> int:
    key = db.scalar(select(Product.id).where(Product.gtin == gtin))
    if key is None:
        raise UnknownProductError(f"there is no product {gtin}")
    return key


def goods_to_see(db: Session, *, limit: int = MOST_GOODS) -> list[tuple[str, str]]:
    """Return the goods (GTIN, name) that a shelf is looked through for, by name."""
    told = select(Product.gtin, Product.name).where(Product.kind == COUNTED).order_by(Product.name, Product.gtin)
    return [(gtin, name) for gtin, name in db.execute(told.limit(limit))]
