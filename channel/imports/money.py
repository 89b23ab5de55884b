"""Imports of plans and rewards, which take several rows each: one for a part, one for a tier."""

from collections.abc import Callable, Sequence
from datetime import date
from sys import maxsize
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from channel.imports.cells import cents, day, gtin, one_of, outside_id, whole
from channel.imports.kind import Cells, Door, Kind, blank, needed
from scans.rewards import PER, REWARDS, RewardRow, put_rewards
from scans.upserts import Put, Refusal
from stores.plans import PartTerm, PlanError, PlanTerms, put_plans
from stores.shares import RULES
from stores.tables import FOLLOWS, PARTY_KINDS


class _Part(NamedTuple):
    id: str
    head: tuple[date, int, str]
    receiver: str
    follows: str
    value: int


class _Tier(NamedTuple):
    id: str
    head: tuple[str, str, date, date | None]
    amount_cents: int
    per_10000: int


def _part(cells: Cells, _door: Door) -> _Part:
    head = (cells["starts_on"], cells["pool_bp"], cells["rule"])
    return _Part(cells["id"], head, cells["receiver"], cells["follows"], cells["value"])


def _tier(cells: Cells, _door: Door) -> _Tier:
    head = (cells["gtin"], cells["rule"], cells["starts_on"], cells["ends_on"])
    return _Tier(cells["id"], head, cells["amount_cents"], cells["per_10000"])


def _put_plans(db: Session, rows: Sequence[_Part], door: Door) -> Put:
    def put(id_: str, parts: list[_Part]) -> Put:
        terms = tuple(PartTerm(part.receiver, part.follows, part.value) for part in parts)
        try:
            new = put_plans(db, plans=[PlanTerms(id_, *parts[0].head, terms)], today=door.day)
        except PlanError as error:
            return Put(refused=(Refusal(0, "id", str(error)),))
        return Put(new=new, unchanged=1 - new)

    return _by_id(rows, put)


def _put_rewards(db: Session, rows: Sequence[_Tier], _door: Door) -> Put:
    def put(id_: str, tiers: list[_Tier]) -> Put:
        product, rule, starts_on, ends_on = tiers[0].head
        told = tuple((tier.amount_cents, tier.per_10000) for tier in tiers)
        return put_rewards(db, rows=[RewardRow(id_, product, rule, told, starts_on, ends_on)])

    return _by_id(rows, put)


def _by_id(rows: Sequence[Any], put: Callable[[str, list[Any]], Put]) -> Put:
    """Put what rows with the same id say together; they are counted, and refused, as rows."""
    together: dict[str, list[int]] = {}
    for index, row in enumerate(rows):
        together.setdefault(row.id, []).append(index)
    done = Put()
    for id_, indexes in together.items():
        same = [rows[index] for index in indexes]
        agree = all(row.head == same[0].head for row in same)
        one = put(id_, same) if agree else Put(refused=(Refusal(0, "id", "rows with this id say different things"),))
        n = len(same)
        refused = tuple(Refusal(index, why.column, why.reason) for index in indexes for why in one.refused)
        done = Put(
            done.new + n * one.new,
            done.changed + n * one.changed,
            done.unchanged + n * one.unchanged,
            done.refused + refused,
        )
    return done


PLANS = Kind(
    columns={
        "id": needed(outside_id, "plan-2030"),
        "starts_on": needed(day, "2030-01-01"),
        "pool_bp": needed(whole(0, 10_000), "10000"),
        "rule": needed(one_of(RULES), "by_basis_points"),
        "receiver": needed(one_of(PARTY_KINDS), "franchisee"),
        "follows": needed(one_of(FOLLOWS), "sale"),
        "value": needed(whole(0, 10**9), "1000"),
    },
    record=_part,
    put=_put_plans,
    names=lambda part: (("receiver", (part.id, part.receiver, part.follows)),),
    group=maxsize,  # the rows of a plan may stand anywhere in the file
)
REWARDS_OF_PRODUCTS = Kind(
    columns={
        "id": needed(outside_id, "spring-2026"),
        "gtin": needed(gtin, "06901234567892"),
        "rule": needed(one_of(REWARDS), "drawn"),
        "starts_on": needed(day, "2026-06-01"),
        "ends_on": blank(day, "2026-12-31"),
        "amount_cents": needed(cents, "100"),
        "per_10000": needed(whole(1, PER), "500"),
    },
    record=_tier,
    put=_put_rewards,
    names=lambda tier: (("amount_cents", (tier.id, tier.amount_cents)),),
    group=maxsize,
)
