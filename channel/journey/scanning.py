"""Stages 5 to 11 lined up: a scan is located, believed, claimed, rewarded, attributed, shared and booked.

Holds no rule: every stage decides for itself. `take_scans` is the only way a scan gets in, whatever door it came by.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from channel.config import Config
from channel.journey.doubting import hold_doubted
from channel.journey.drafts import Draft, judge
from scans.batches import catalogue
from scans.catalogue import UnknownCodeError
from scans.consumers import know
from scans.intake import (
    Checked,
    KeyReusedError,
    NewScan,
    check_scan,
    record_scans,
    scan_row,
    stored_answers,
    take_claims,
)
from scans.keys import KeyRing
from scans.trust import histories
from scans.writing import in_one_go
from stores.accrual import Owed, accrue
from stores.attribution import Claimed, attribute, record_sales
from stores.book import StoreBook, StoreFacts, store_book
from stores.links import home_stores, link_first
from stores.plans import plan_on
from stores.sales import mark_dirty


@dataclass(frozen=True, slots=True)
class Taken:
    """A scan with its answer as the outside reads it; `fresh` is false when a retry is told the same again."""

    body: dict[str, Any]
    fresh: bool = True


def take_scan(db: Session, *, config: Config, ring: KeyRing, scan: NewScan, now: datetime) -> Taken:
    """Take one scan.

    Raises: LinkError, GtinError, UnknownCodeError, PositionError, ScannedAtError, KeyReusedError, ClaimLostError.
    """
    taken = take_scans(db, config=config, ring=ring, scans=[scan], now=now)[0]
    if isinstance(taken, Exception):
        raise taken
    return taken


def take_scans(
    db: Session, *, config: Config, ring: KeyRing, scans: Sequence[NewScan], now: datetime
) -> list[Taken | Exception]:
    """Take scans in the order of their receipt: an answer or a refusal for each, in the same order.

    Raises: ClaimLostError if the whole transaction has to be done again.
    """
    checked = _check(db, ring, scans, now)
    good = [one for one in checked if isinstance(one, Checked)]
    who = know(db, devices={one.scan.consumer for one in good if one.scan.consumer}, now=now)
    past = histories(db, code_nos={one.found.code_no for one in good}, consumer_ids=who.values())
    known = stored_answers(db, scans=[one for one in good if one.found.code_no in past])
    fresh: dict[tuple[int, bytes], Checked] = {}
    for one in good:
        if one.ident not in known:
            fresh.setdefault(one.ident, one)
    drafts = judge(db, ring=ring, fresh=list(fresh.values()), who=who, past=past, now=now)
    drafts = _decide(db, ring, drafts, who, now)
    bodies = _walk(db, config, drafts, now) if drafts else {}
    return [one if isinstance(one, Exception) else _answer(one, known, fresh, bodies) for one in checked]


def _check(db: Session, ring: KeyRing, scans: Sequence[NewScan], now: datetime) -> list[Checked | Exception]:
    issued = catalogue(db)
    checked: list[Checked | Exception] = []
    for scan in scans:
        try:
            checked.append(check_scan(scan, catalogue=issued, ring=ring, now=now))
        except (ValueError, UnknownCodeError) as refusal:
            checked.append(refusal)
    return checked


def _answer(
    one: Checked,
    known: dict[tuple[int, bytes], tuple[bytes, dict[str, Any]]],
    fresh: dict[tuple[int, bytes], Checked],
    bodies: dict[tuple[int, bytes], dict[str, Any]],
) -> Taken | Exception:
    first = fresh.get(one.ident)
    if first is one:
        return Taken(bodies[one.ident])
    body_hash, body = (first.body_hash, bodies[one.ident]) if first else known[one.ident]
    if body_hash != one.body_hash:
        return KeyReusedError("this key was used for this code with another body")
    return Taken(body, fresh=False)


def _decide(db: Session, ring: KeyRing, drafts: list[Draft], who: Mapping[str, int], now: datetime) -> list[Draft]:
    """Let the database say who claims, and judge anew whoever lost to a scan that could not be seen before."""
    won = take_claims(db, claims=[draft.claim_row(now) for draft in drafts if draft.claims])
    unseen = {draft.checked.found.code_no for draft in drafts if draft.claims and draft.scan_count == 1} - won
    behind = [draft.checked for draft in drafts if draft.checked.found.code_no in unseen]
    if behind:
        # Whoever won has committed by now, for its row was waited for.
        past = histories(db, code_nos=unseen, consumer_ids=who.values())
        anew = {one.checked.ident: one for one in judge(db, ring=ring, fresh=behind, who=who, past=past, now=now)}
        drafts = [anew.get(draft.checked.ident, draft) for draft in drafts]
    for draft in drafts:
        if draft.claims and draft.checked.found.code_no not in won:
            draft.claims, draft.verdict = False, "suspect" if draft.verdict == "suspect" else "repeat"
    return drafts


def _walk(db: Session, config: Config, drafts: list[Draft], now: datetime) -> dict[tuple[int, bytes], dict[str, Any]]:
    _sell(db, config, [draft for draft in drafts if draft.claims], now)
    hold_doubted(db, raised=[draft.raised for draft in drafts if draft.raised], now=now)
    bodies = {draft.checked.ident: draft.body() for draft in drafts}
    record_scans(
        db,
        scans=[
            {
                **scan_row(draft.checked, consumer_id=draft.consumer_id, verdict=draft.verdict, now=now),
                "answer": bodies[draft.checked.ident],
            }
            for draft in drafts
        ],
    )
    return bodies


def _sell(db: Session, config: Config, claims: list[Draft], now: datetime) -> None:
    if not claims:
        return
    book, zone = store_book(db), ZoneInfo(config.zone)
    asked = [
        Claimed(one.checked.found, one.checked.scanned_at, one.checked.position, one.checked.scan.source)
        for one in claims
    ]
    sales = attribute(db, claims=asked, book=book, reach_m=config.reach_m, zone=zone)
    for draft, sale in zip(claims, sales, strict=True):
        draft.sale = sale
    plan = plan_on(db, day=now.astimezone(zone).date())
    mark_dirty(db, store_days={(sale.store.id, sale.day) for sale in sales if sale.store})
    homes = _home(db, book, claims, now)
    owed = [_owed(draft, homes) for draft in claims if not draft.barred]
    with in_one_go(db):
        record_sales(db, sales=sales, plan_id=plan.key if plan else None, now=now)
        accrue(db, owed=owed, plan=plan, now=now, hold=timedelta(hours=config.hold_hours), currency=config.currency)


def _home(db: Session, book: StoreBook, claims: list[Draft], now: datetime) -> dict[int, StoreFacts]:
    first: dict[int, tuple[int, str]] = {}
    for draft in claims:
        if draft.consumer_id is not None and draft.sale is not None and draft.sale.store is not None:
            first.setdefault(draft.consumer_id, (draft.sale.store.id, draft.sale.evidence))
    new = link_first(db, stores=first, now=now)
    homes = {consumer_id: first[consumer_id][0] for consumer_id in new}
    known = {draft.consumer_id for draft in claims if draft.consumer_id is not None} - new
    homes |= home_stores(db, consumer_ids=known)
    facts = book.facts(db, store_ids=set(homes.values()))
    return {consumer_id: facts[store_id] for consumer_id, store_id in homes.items()}


def _owed(draft: Draft, homes: dict[int, StoreFacts]) -> Owed:
    assert draft.sale is not None
    price_cents = draft.checked.found.batch.list_price_cents
    home = homes.get(draft.consumer_id) if draft.consumer_id is not None else None
    return Owed(draft.sale, price_cents, home, draft.reward_cents, draft.verdict == "suspect")
