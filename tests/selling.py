"""Sales without the way through the doors: rows as the stages before the night leave them."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from scans.tables import Batch, Claim, Consumer, Product
from stores.tables import Sale, Store
from tests import make

_code_nos = count(1)
_devices = count(1)


def noon(day: date) -> datetime:
    """Return noon in Shanghai."""
    return datetime.combine(day, time(4), UTC)


def after(day: date) -> datetime:
    """Return the instant at which a day is just over in Shanghai."""
    return datetime.combine(day, time(16), UTC)


def batch_of(db: Session, product: Product) -> int:
    """Return the key of the product's one batch, made if need be."""
    known = db.scalar(select(Batch.id).where(Batch.product_id == product.id))
    if known is None:
        batch = Batch(
            batch_id=f"B-{product.gtin}",
            product_id=product.id,
            key_id="k",
            state="activated",
            count=1,
            issued_at=make.NOW,
        )
        db.add(batch)
        db.flush()
        return batch.id
    return known


def consumer(db: Session) -> int:
    """Return the key of a new consumer."""
    who = Consumer(device=f"device-{next(_devices)}", first_seen_at=make.NOW)
    db.add(who)
    db.flush()
    return who.id


def goods(db: Session) -> Product:
    """Return a product to sell: the first there is, made if need be."""
    return db.scalars(select(Product).where(Product.kind == "goods").order_by(Product.id)).first() or make.product(db)


def sell(
    db: Session,
    *,
    store: Store | None,
    day: date,
    count: int = 1,
    product: Product | None = None,
    consumer: int | None = None,
    at: Sequence[datetime] = (),
    delivered_m: float | None = None,
) -> None:
    """Sell items at a store, or nobody knows where, to one consumer or nobody known, at noon or at these instants."""
    product = product or goods(db)
    batch = batch_of(db, product)
    claims: list[dict[str, Any]] = []
    for instant in list(at) or [noon(day)] * count:
        claim = {"code_no": next(_code_nos), "key_hash": bytes(16), "batch_id": batch, "product_id": product.id}
        claims.append(
            claim | {"consumer_id": consumer, "received_at": instant, "scanned_at": instant, "verdict": "claimed"}
        )
    if not claims:
        return
    db.execute(insert(Claim), claims)
    evidence = "unknown" if store is None else "position" if delivered_m is None else "delivered"
    same = {
        "store_id": store and store.id,
        "day": day,
        "evidence": evidence,
        "confidence": 0.5,
        "decided_at": noon(day),
    }
    same["why"] = {} if delivered_m is None else {"delivered_m": delivered_m}
    db.execute(insert(Sale), [{"code_no": claim["code_no"], **same} for claim in claims])


def sell_days(db: Session, *, store: Store, first: date, counts: Sequence[int], **said: Any) -> None:
    """Sell so many items a day."""
    for number, items in enumerate(counts):
        sell(db, store=store, day=first + timedelta(days=number), count=int(items), **said)


def sell_all(db: Session, *, stores: Sequence[int], day: date, counts: Sequence[int]) -> None:
    """Sell so many items of the first product at each of the stores, by key, in two statements."""
    product = goods(db)
    batch, at = batch_of(db, product), noon(day)
    keys = [key for key, items in zip(stores, counts, strict=True) for _ in range(int(items))]
    numbers = [next(_code_nos) for _ in keys]
    if not keys:
        return
    claim = {"key_hash": bytes(16), "batch_id": batch, "product_id": product.id, "consumer_id": None}
    claim |= {"received_at": at, "scanned_at": at, "verdict": "claimed"}
    db.execute(insert(Claim), [{"code_no": number, **claim} for number in numbers])
    sale = {"day": day, "evidence": "position", "confidence": 0.5, "decided_at": at, "why": {}}
    db.execute(
        insert(Sale), [{"code_no": number, "store_id": key, **sale} for number, key in zip(numbers, keys, strict=True)]
    )
