"""Stages 5 to 11 lined up: a scan is located, believed, claimed, rewarded, attributed, shared and booked.

Holds no rule: every stage decides for itself. `take_scans` is the only way a scan gets in, whatever door it came by.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from channel.config import Config
from scans.batches import catalogue
from scans.catalogue import UnknownCodeError
from scans.consumers import know
from scans.intake import (
    Checked,
    KeyReusedError,
    NewScan,
    check_scan,
    claim_row,
    record_scans,
    scan_row,
    stored_answers,
    take_claims,
)
from scans.keys import KeyRing
from scans.rewards import prize
from scans.trust import History, histories, is_suspect
from stores.accrual import Owed, accrue
from stores.attribution import Attribution, Claimed, attribute, record_sales
from stores.book import StoreBook, StoreFacts, store_book
from stores.links import home_stores, link_first
from stores.plans import plan_on
from stores.sales import mark_dirty


@dataclass(frozen=True, slots=True)
class Taken:
    """A scan with its answer as the outside reads it; `fresh` is false when a retry is told the same again."""

    body: dict[str, Any]
    fresh: bool = True


@dataclass(slots=True)
class _Draft:
    """A scan on its way through the stages."""

    checked: Checked
    consumer_id: int | None
    verdict: str
    scan_count: int
    first_scanned_at: datetime
    claims: bool = False
    reward_cents: int = 0
    sale: Attribution | None = None


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
    drafts = _judge(ring, list(fresh.values()), who, past)
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


def _walk(db: Session, config: Config, drafts: list[_Draft], now: datetime) -> dict[tuple[int, bytes], dict[str, Any]]:
    won = take_claims(db, claims=[_claim_row(draft, now) for draft in drafts if draft.claims])
    for draft in drafts:
        if draft.claims and draft.checked.found.code_no not in won:
            draft.claims, draft.verdict = False, "suspect" if draft.verdict == "suspect" else "repeat"
    _sell(db, config, [draft for draft in drafts if draft.claims], now)
    bodies = {draft.checked.ident: _body(draft) for draft in drafts}
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


def _judge(ring: KeyRing, fresh: list[Checked], who: dict[str, int], past: dict[int, History]) -> list[_Draft]:
    claimed: set[int] = set()
    drafts = []
    for one in fresh:
        history = past.setdefault(one.found.code_no, History())
        consumer_id = who.get(one.scan.consumer or "")
        drafts.append(_draft(one, history, consumer_id, ring, again=one.found.code_no in claimed))
        claimed |= {one.found.code_no} if drafts[-1].claims else set()
        history.add(at=one.scanned_at, consumer_id=consumer_id, position=one.position)
        drafts[-1].scan_count = history.count
    return drafts


def _draft(one: Checked, history: History, consumer_id: int | None, ring: KeyRing, *, again: bool) -> _Draft:
    doubted = is_suspect(history, at=one.scanned_at, consumer_id=consumer_id, position=one.position)
    state = one.found.state
    verdict = ("suspect" if doubted else "repeat" if again else "claimed") if state == "activated" else state
    first_at = one.scanned_at if history.first_at is None else min(history.first_at, one.scanned_at)
    draft = _Draft(one, consumer_id, verdict, history.count, first_at)
    draft.claims = state == "activated" and not again
    reward = one.found.batch.reward
    if draft.claims and reward is not None:
        draft.reward_cents = prize(
            reward.tiers,
            position=one.found.position,
            count=one.found.batch.count,
            secret=ring.key(reward.prize_key_id).secret,
            batch_key=one.found.batch.id,
        )
    return draft


def _claim_row(draft: _Draft, now: datetime) -> dict[str, Any]:
    return claim_row(
        draft.checked,
        consumer_id=draft.consumer_id,
        verdict=draft.verdict,
        reward_cents=draft.reward_cents,
        now=now,
    )


def _sell(db: Session, config: Config, claims: list[_Draft], now: datetime) -> None:
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
    record_sales(db, sales=sales, plan_id=plan.key if plan else None, now=now)
    mark_dirty(db, store_days={(sale.store.id, sale.day) for sale in sales if sale.store})
    homes = _home(db, book, claims, now)
    owed = [_owed(draft, homes) for draft in claims]
    accrue(db, owed=owed, plan=plan, now=now, hold=timedelta(hours=config.hold_hours), currency=config.currency)


def _home(db: Session, book: StoreBook, claims: list[_Draft], now: datetime) -> dict[int, StoreFacts]:
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


def _owed(draft: _Draft, homes: dict[int, StoreFacts]) -> Owed:
    assert draft.sale is not None
    price_cents = draft.checked.found.batch.list_price_cents
    home = homes.get(draft.consumer_id) if draft.consumer_id is not None else None
    return Owed(draft.sale, price_cents, home, draft.reward_cents, draft.verdict == "suspect")


def _body(draft: _Draft) -> dict[str, Any]:
    sale = draft.sale
    store = sale.store if sale else None
    near = sale.why.get("candidates", []) if sale else []
    others = [one for one in near if store is None or one["id"] != store.store_id]
    earned = draft.claims and draft.reward_cents > 0
    return {
        "scan_id": draft.checked.scan_id,
        "verdict": draft.verdict,
        "claim": draft.claims,
        "first_scanned_at": draft.first_scanned_at.isoformat().replace("+00:00", "Z"),
        "scan_count": draft.scan_count,
        "store": {"id": store.store_id, "name": store.name} if store else None,
        "runner_up": {"id": others[0]["id"], "name": others[0]["name"]} if others else None,
        "evidence": sale.evidence if sale else None,
        "confidence": sale.confidence if sale else None,
        "reward": {"kind": "cash", "amount_cents": draft.reward_cents} if earned else None,
    }
