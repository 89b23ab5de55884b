"""Stages 5 to 8 before anything is written: each scan's verdict, whether it claims, its prize, and its answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from scans.catalogue import Found, FrozenReward
from scans.doubts import Raised
from scans.intake import Checked, claim_row
from scans.keys import KeyRing, RingKey
from scans.norms import Norm, norms
from scans.rewards import prize
from scans.trust import History, Sighting, apart_km, reasons
from scans.witnesses import look_closer
from stores.attribution import Attribution
from stores.deliveries import awaited


@dataclass(slots=True)
class Draft:
    """A scan on its way through the stages; `raised` is the doubt it raises, `doubt` what its answer says of one.

    `barred`: the office has confirmed that the code was copied, so that this claim earns nobody anything.
    """

    checked: Checked
    consumer_id: int | None
    verdict: str
    scan_count: int
    first_scanned_at: datetime
    claims: bool = False
    reward_cents: int = 0
    sale: Attribution | None = None
    raised: Raised | None = None
    doubt: dict[str, Any] | None = None
    barred: bool = False

    def claim_row(self, now: datetime) -> dict[str, Any]:
        """Return the row that claims the item."""
        return claim_row(
            self.checked, consumer_id=self.consumer_id, verdict=self.verdict, reward_cents=self.reward_cents, now=now
        )

    def body(self) -> dict[str, Any]:
        """Return the answer as the outside reads it."""
        sale = self.sale
        store = sale.store if sale else None
        near = sale.why.get("candidates", []) if sale else []
        others = [one for one in near if store is None or one["id"] != store.store_id]
        earned = self.claims and self.reward_cents > 0
        return {
            "scan_id": self.checked.scan_id,
            "verdict": self.verdict,
            "claim": self.claims,
            "first_scanned_at": self.first_scanned_at.isoformat().replace("+00:00", "Z"),
            "scan_count": self.scan_count,
            "store": {"id": store.store_id, "name": store.name} if store else None,
            "runner_up": {"id": others[0]["id"], "name": others[0]["name"]} if others else None,
            "evidence": sale.evidence if sale else None,
            "confidence": sale.confidence if sale else None,
            "reward": {"kind": "cash", "amount_cents": self.reward_cents} if earned else None,
        } | ({"doubt": self.doubt} if self.doubt else {})


def judge(
    db: Session,
    *,
    ring: KeyRing,
    fresh: Sequence[Checked],
    who: Mapping[str, int],
    past: dict[int, History],
    now: datetime,
) -> list[Draft]:
    """Return a draft for each scan, in the order of receipt."""
    known = norms(db)
    seen: dict[int, list[Sighting]] = {}
    held: dict[int, Norm] = {}
    for one in fresh:
        seen.setdefault(one.found.code_no, []).append(_sighting(one, who))
        held[one.found.code_no] = known.of(one.found.batch.product_id)
    look_closer(db, past=past, seen=seen, norms=held, now=now)
    waiting = awaited(db, found=[one.found for one in fresh])
    fresh = [_not_earning(one) if one.found.code_no in waiting else one for one in fresh]
    claimed: set[int] = set()
    drafts = []
    for one in fresh:
        code_no = one.found.code_no
        history, sighting = past.setdefault(code_no, History()), _sighting(one, who)
        drafts.append(_draft(one, history, sighting, held[code_no], ring, again=code_no in claimed))
        claimed |= {code_no} if drafts[-1].claims else set()
        history.add(sighting)
        drafts[-1].scan_count = history.count
    return drafts


def _not_earning(one: Checked) -> Checked:
    return replace(one, found=one.found._replace(earns=False))


def _sighting(one: Checked, who: Mapping[str, int]) -> Sighting:
    return Sighting(one.scanned_at, who.get(one.scan.consumer or ""), one.position)


def _draft(one: Checked, history: History, seen: Sighting, norm: Norm, ring: KeyRing, *, again: bool) -> Draft:
    state = one.found.state if one.found.state != "activated" or not history.is_returned else "returned"
    why = reasons(history, seen=seen, norm=norm) if state == "activated" else []
    doubted = bool(why) or history.is_doubted
    verdict = ("suspect" if doubted else "repeat" if again else "claimed") if state == "activated" else state
    first_at = one.scanned_at if history.first_at is None else min(history.first_at, one.scanned_at)
    draft = Draft(one, seen.device, verdict, history.count, first_at)
    if verdict == "suspect":
        _doubt(draft, history, seen, norm, why)
    draft.claims, draft.barred = state == "activated" and not again, history.state == "confirmed"
    reward = one.found.batch.reward
    if draft.claims and reward is not None and not draft.barred:
        draft.reward_cents = _prize(one.found, reward, ring.key(reward.prize_key_id))
    return draft


def _prize(found: Found, reward: FrozenReward, key: RingKey) -> int:
    if key.state == "revoked":
        return 0  # whoever has it knows which items win
    return prize(
        reward.tiers, position=found.position, count=found.batch.count, secret=key.secret, batch_key=found.batch.id
    )


def _doubt(draft: Draft, history: History, seen: Sighting, norm: Norm, why: Sequence[dict[str, Any]]) -> None:
    devices = history.devices + (seen.device is not None and seen.device not in history.consumers)
    apart = apart_km([one.position for one in (*history.sightings, seen) if one.position is not None])
    draft.doubt = {"reasons": [one["code"] for one in why], "devices": devices, "apart_km": apart}
    if not history.is_doubted:
        batch = draft.checked.found.batch
        draft.raised = Raised(draft.checked.found.code_no, batch.id, batch.product_id, why, devices, apart, norm.no)
        history.state = "open"
