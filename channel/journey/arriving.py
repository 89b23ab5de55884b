"""Stage 4 lined up: what a keeper scanned becomes deliveries, and what was sold of it before moves to the store."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from channel.config import Config
from channel.journey.correcting import take_deliveries
from scans.keys import KeyRing
from stores.arrivals import Arrival, NewArrival, plan_arrivals
from stores.directory import Scope


def take_arrivals(
    db: Session,
    *,
    config: Config,
    ring: KeyRing,
    scope: Scope,
    store_id: str,
    arrivals: Sequence[NewArrival],
    now: datetime,
) -> list[Arrival]:
    """Record what arrived at a store and say of each what became of it; again, it says the same and records nothing.

    Raises: UnknownStoreError if there is no such store in the scope.
    """
    plan = plan_arrivals(db, ring=ring, scope=scope, store_id=store_id, arrivals=arrivals, now=now)
    places = list(plan.rows)
    put = take_deliveries(db, config=config, ring=ring, rows=list(plan.rows.values()), now=now)
    answers = list(plan.answers)
    for refusal in put.refused:
        answer = answers[places[refusal.index]]
        answers[places[refusal.index]] = Arrival(answer.key, "refused", "elsewhere")
    return answers
