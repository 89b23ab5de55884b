"""Stage 8, reward: what an item earns whoever scans it first, fixed at activation and inside its budget. Knows nobody.

A batch has no row per prize: the rank of an item is a keyed permutation of its position, its prize the tier whose
cumulative count holds the rank. So the numbers are exact, and nobody can tell a winning item without the key.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from scans.catalogue import FrozenReward, IssuedBatch
from scans.tables import Product, Reward
from scans.upserts import Put, Refusal, keys_of, put_rows

ROUNDS = 4
PER = 10_000
Tier = tuple[int, int]
Rule = Callable[[Sequence[Tier], int], list[Tier]]


class RewardError(ValueError):
    """A reward that cannot be."""


def every_item(tiers: Sequence[Tier], count: int) -> list[Tier]:
    """Pay every item the first tier's amount."""
    return [(tiers[0][0], count)]


def drawn(tiers: Sequence[Tier], count: int) -> list[Tier]:
    """Pay a fixed number of items of each tier: so many in 10,000, rounded down."""
    return [(amount_cents, count * per_10000 // PER) for amount_cents, per_10000 in tiers]


REWARDS: dict[str, Rule] = {"every_item": every_item, "drawn": drawn}


def check_tiers(rule: str, tiers: Sequence[Tier]) -> None:
    """Raise RewardError unless the rule exists and its tiers fit into 10,000 items."""
    if rule not in REWARDS:
        raise RewardError(f"the rule {rule} is not one of {', '.join(REWARDS)}")
    if not tiers or any(amount_cents <= 0 or per_10000 <= 0 for amount_cents, per_10000 in tiers):
        raise RewardError("every tier needs an amount and a number above zero")
    if sum(per_10000 for _, per_10000 in tiers) > PER:
        raise RewardError("the tiers give more than 10,000 prizes to 10,000 items")


def permute(position: int, count: int, *, secret: bytes, tweak: int) -> int:
    """Return the place of `position` in a keyed shuffle of range(count).

    Source: Black & Rogaway, "Ciphers with Arbitrary Finite Domains" (2002): a Feistel network with cycle walking.
    """
    half_bits = max(1, (max(1, count - 1).bit_length() + 1) // 2)
    at = position
    while True:
        at = _feistel(at, half_bits, secret, tweak)
        if at < count:
            return at


def _feistel(x: int, half_bits: int, secret: bytes, tweak: int) -> int:
    mask = (1 << half_bits) - 1
    left, right = x >> half_bits, x & mask
    for round_no in range(ROUNDS):
        told = b"%d.%d.%d" % (tweak, round_no, right)
        mixed = int.from_bytes(hashlib.blake2b(told, key=secret, digest_size=8).digest())
        left, right = right, left ^ (mixed & mask)
    return left << half_bits | right


def prize(tiers: Sequence[Sequence[int]], *, position: int, count: int, secret: bytes, batch_key: int) -> int:
    """Return the cents that the item at a 1-based position of a batch earns (0: nothing)."""
    rank = permute(position - 1, count, secret=secret, tweak=batch_key)
    for amount_cents, number in tiers:
        if rank < number:
            return amount_cents
        rank -= number
    return 0


def freeze(db: Session, *, batch: IssuedBatch, day: date, prize_key_id: str) -> FrozenReward | None:
    """Return what the rewards in force on `day` make of a batch; None where its product has none."""
    in_force = (
        select(Reward)
        .where(Reward.product_id == batch.product_id, Reward.starts_on <= day)
        .where(or_(Reward.ends_on.is_(None), Reward.ends_on >= day))
        .order_by(Reward.starts_on.desc(), Reward.reward_id)
        .limit(1)
    )
    reward = db.scalars(in_force).first()
    if reward is None:
        return None
    tiers = REWARDS[reward.rule]([(amount, per) for amount, per in reward.tiers], batch.count)
    told = json.dumps([batch.batch_id, reward.rule, tiers], separators=(",", ":"))
    return FrozenReward(reward.rule, tiers, hashlib.sha256(told.encode()).hexdigest(), prize_key_id)


@dataclass(frozen=True, slots=True)
class RewardRow:
    """One reward as it is imported: `tiers` lists (amount_cents, how many in 10,000)."""

    reward_id: str
    gtin: str
    rule: str
    tiers: tuple[Tier, ...]
    starts_on: date
    ends_on: date | None = None


def put_rewards(db: Session, *, rows: Sequence[RewardRow]) -> Put:
    """Write rewards by their outside id; batches activated before keep what they have."""
    found = keys_of(db, outside=Product.gtin, inside=Product.id, ids=[row.gtin for row in rows])
    refused = [refusal for index, row in enumerate(rows) if (refusal := _refusal(index, row, found))]
    bad = {refusal.index for refusal in refused}
    columns = [_columns(row, found) for index, row in enumerate(rows) if index not in bad]
    return put_rows(db, table=Reward, key="reward_id", rows=columns).tally(count=len(rows), refused=refused)


def reward_list(db: Session) -> list[RewardRow]:
    """Return all rewards, the latest to start first."""
    told = select(Reward, Product.gtin).join(Product, Product.id == Reward.product_id)
    return [
        RewardRow(
            reward.reward_id,
            gtin,
            reward.rule,
            tuple((amount_cents, per) for amount_cents, per in reward.tiers),
            reward.starts_on,
            reward.ends_on,
        )
        for reward, gtin in db.execute(told.order_by(Reward.starts_on.desc(), Reward.reward_id))
    ]


def _refusal(index: int, row: RewardRow, products: Mapping[str, int]) -> Refusal | None:
    if row.gtin not in products:
        return Refusal(index, "gtin", f"there is no product {row.gtin}")
    try:
        check_tiers(row.rule, row.tiers)
    except RewardError as error:
        return Refusal(index, "amount_cents", str(error))
    return None


def _columns(row: RewardRow, products: Mapping[str, int]) -> dict[str, Any]:
    return {
        "reward_id": row.reward_id,
        "product_id": products[row.gtin],
        "rule": row.rule,
        "tiers": [list(tier) for tier in row.tiers],
        "starts_on": row.starts_on,
        "ends_on": row.ends_on,
    }
