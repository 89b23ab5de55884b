"""Stages 9 to 11 done again: what arrives after a claim moves its sale and shares, by reversal and repost."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from channel.config import Config
from scans.answers import claim_places, claimant, claims_of
from scans.batches import catalogue
from scans.catalogue import identify
from scans.doubts import states
from scans.gs1 import item_link
from scans.keys import KeyRing
from scans.packings import PackingRow, packed_codes, put_packings
from scans.places import Position
from scans.upserts import Put
from stores.accrual import Owed, accrue, reverse_shares
from stores.attribution import CONFIDENCE, Attribution, away, change_sales, sales_of
from stores.book import StoreFacts, store_book
from stores.deliveries import DeliveryRow, claimed_inside, delivered_to, late_claims, put_deliveries
from stores.links import home_stores
from stores.plans import plans
from stores.reattribution import Decided, without_delivery
from stores.sales import mark_dirty

BETTER_THAN_CHOSEN = ("delivered", "source")


class CannotChooseError(ValueError):
    """This device cannot say where the item was bought."""


def choose_store(
    db: Session, *, config: Config, ring: KeyRing, gtin: str, serial: str, consumer: str, store_id: str, now: datetime
) -> str:
    """Let the device that claimed an item say which store it was bought in; return the store the sale is now at.

    What the delivery or the store's own poster says is better evidence, and stays.

    Raises: CannotChooseError unless this device made the claim, UnknownStoreError, UnknownCodeError, LinkError.
    """
    link = item_link(gtin, serial)
    found = identify(catalogue(db), ring, gtin=link.gtin, serial=link.serial)
    consumer_id = claimant(db, code_no=found.code_no, device=consumer)
    if consumer_id is None:
        raise CannotChooseError("only the phone that scanned this item first can tell where it was bought")
    book = store_book(db)
    chosen = book.key(store_id)
    store = book.facts(db, store_ids=[chosen])[chosen]
    sale = sales_of(db, code_nos=[found.code_no]).get(found.code_no)
    if sale is None:
        raise CannotChooseError("this item was returned")
    if sale.evidence in BETTER_THAN_CHOSEN or sale.store_id == chosen:
        kept = sale.store_id if sale.store_id is not None else chosen
        return book.facts(db, store_ids=[kept])[kept].store_id
    decided = Decided(store, "chosen", CONFIDENCE["chosen"])
    move_sales(db, config=config, decided={found.code_no: decided}, now=now)
    return store.store_id


def take_deliveries(db: Session, *, config: Config, ring: KeyRing, rows: Sequence[DeliveryRow], now: datetime) -> Put:
    """Record deliveries, and move the sales of items that were claimed before theirs became known."""
    put = put_deliveries(db, ring=ring, rows=rows, now=now)
    move_sales(db, config=config, decided=_handed(db, late_claims(db, rows=rows)), now=now)
    return put


def take_packings(db: Session, *, config: Config, ring: KeyRing, rows: Sequence[PackingRow], now: datetime) -> Put:
    """Record packings, and move the sales of claimed items that were, or were not, in what was delivered."""
    put = put_packings(db, ring=ring, rows=rows, now=now)
    inside = claimed_inside(db, code_nos=packed_codes(db, rows=rows))
    handed = delivered_to(db, found=inside)
    others = sales_of(db, code_nos=[one.code_no for one in inside if one.code_no not in handed])
    left = {no: sale.why for no, sale in others.items() if sale.evidence == "delivered"}
    decided = _handed(db, handed) | without_delivery(db, whys=left, book=store_book(db))
    move_sales(db, config=config, decided=decided, now=now)
    return put


def move_sales(db: Session, *, config: Config, decided: Mapping[int, Decided], now: datetime) -> None:
    """Attribute claims anew: sale and shares follow, by the plan that the claim froze; days closed become dirty."""
    if not decided:
        return
    old = sales_of(db, code_nos=decided)
    moved = {no: decided[no] for no, sale in old.items() if (sale.store_id, sale.evidence) != _said(decided[no])}
    claims = claims_of(db, code_nos=moved)
    zone = ZoneInfo(config.zone)
    places = claim_places(db, code_nos=[no for no, one in moved.items() if one.evidence == "delivered"])
    sales = [
        Attribution(
            no,
            store,
            _day(store, claims[no].scanned_at, zone),
            evidence,
            confidence,
            _frozen(old[no].why, store if evidence == "delivered" else None, places.get(no)),
        )
        for no, (store, evidence, confidence) in moved.items()
    ]
    days = {(sale.store_id, sale.day) for no, sale in old.items() if no in moved and sale.store_id is not None}
    mark_dirty(db, store_days=days | {(sale.store.id, sale.day) for sale in sales if sale.store})
    plan_of = {no: old[no].plan_id for no in moved}
    change_sales(db, sales=sales, now=now)
    seqs = reverse_shares(db, code_nos=moved, now=now, currency=config.currency)
    homes = _homes(db, {claim.consumer_id for claim in claims.values() if claim.consumer_id is not None})
    price = {no: catalogue(db).find(no).batch.list_price_cents for no in moved}
    doubted = states(db, code_nos=moved)
    for plan in plans(db):
        owed = [
            Owed(sale, price[no], homes.get(claims[no].consumer_id or 0), 0, doubted.get(no) == "open")
            for sale in sales
            if plan_of[no := sale.code_no] == plan.key and doubted.get(no) != "confirmed"
        ]
        hold = timedelta(hours=config.hold_hours)
        accrue(db, owed=owed, plan=plan, now=now, hold=hold, currency=config.currency, seqs=seqs)


def _handed(db: Session, stores: Mapping[int, int]) -> dict[int, Decided]:
    facts = store_book(db).facts(db, store_ids=set(stores.values()))
    sure = CONFIDENCE["delivered"]
    return {code_no: Decided(facts[store_id], "delivered", sure) for code_no, store_id in stores.items()}


def _said(decided: Decided) -> tuple[int | None, str]:
    return decided.store.id if decided.store else None, decided.evidence


def _day(store: StoreFacts | None, scanned_at: datetime, zone: ZoneInfo) -> date:
    return store.day_of(scanned_at) if store else scanned_at.astimezone(zone).date()


def _frozen(why: dict[str, Any], handed: StoreFacts | None, place: Position | None) -> dict[str, Any]:
    kept = {name: value for name, value in why.items() if name != "delivered_m"}
    return kept | away(handed, place=place) if handed else kept


def _homes(db: Session, consumer_ids: Collection[int]) -> dict[int, StoreFacts]:
    homes = home_stores(db, consumer_ids=consumer_ids)
    facts = store_book(db).facts(db, store_ids=set(homes.values()))
    return {consumer_id: facts[store_id] for consumer_id, store_id in homes.items()}
