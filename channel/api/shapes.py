"""What the API answers with, as it is written in the OpenAPI document. Knows no stage."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

Cents = Annotated[int, Field(description="Integer minor units of the ledger's currency.")]
Direction = Literal["too_good", "too_bad"]


class StoreOut(BaseModel):
    """A store by its outside id."""

    id: str
    name: str


class RewardOut(BaseModel):
    """What a claim earned."""

    kind: str
    amount_cents: Cents


class DoubtOut(BaseModel):
    """What makes a code doubtful: new reasons, how many devices, roughly how far apart (5: near; null: unknown)."""

    reasons: list[str]
    devices: int
    apart_km: int | None


class ScanOut(BaseModel):
    """The answer to a scan. `verdict` is a growing list; `claim` tells whether this scan is the claim."""

    scan_id: str
    verdict: str
    claim: bool
    first_scanned_at: datetime
    scan_count: int
    store: StoreOut | None
    runner_up: StoreOut | None = None
    evidence: str | None
    confidence: float | None
    reward: RewardOut | None
    doubt: DoubtOut | None = None


class ReturnOut(BaseModel):
    """An item that came back: `state` is returned, scrapped or reissued."""

    id: str
    state: str
    returned_at: datetime
    batch: str
    position: int


class ErrorOut(BaseModel):
    """Which part of what came in cannot be, as a JSON pointer, and why."""

    pointer: str
    reason: str


class ProblemOut(BaseModel):
    """RFC 9457; `type` never changes its meaning."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[ErrorOut] = []


class DayOut(BaseModel):
    """What a store sold on a business day beside what a normal day would have been, and whether that is flagged."""

    day: date
    count: int
    expected: float | None
    low: int | None
    high: int | None
    flag: Direction | None


class FlagOut(BaseModel):
    """A store's stretch of days judged abnormal by one detector; `why` is a code with its numbers."""

    flag_id: str
    store_id: str
    store_name: str
    region: str
    detector: str
    direction: Direction
    first_day: date
    last_day: date
    p_value: float
    stake_cents: Cents
    why: dict[str, Any]
    state: Literal["open", "visited", "closed"]
    visited: bool
    closed_on: date | None
    closed_why: str | None
    closed_p: float | None


class FlagsOut(BaseModel):
    """A page of flags; `next` is what to send as `after` for the following one."""

    flags: list[FlagOut]
    next: str | None


class OverdueOut(BaseModel):
    """A store that should have been visited by a day; a day on which it just falls due is 0 days overdue."""

    store_id: str
    name: str
    region: str
    store_class: str = Field(validation_alias="class_")
    last_on: date | None
    planned_days: int
    overdue_days: int


class OverduesOut(BaseModel):
    """A page of stores in the order of their ids; `next` is what to send as `after` for the following one."""

    stores: list[OverdueOut]
    next: str | None


class CheckInOut(BaseModel):
    """When a rep arrived, and how far from the store's place the phone was."""

    at: datetime
    distance_m: float | None
    reason: str | None


class OutcomeOut(BaseModel):
    """What a visit found and what was done."""

    at: datetime
    was_real: bool
    cause: str
    action: str
    note: str | None


class VisitOut(BaseModel):
    """A stop on a rep's list, with the flag it is for, if any; counts and expected are of the days before, in order."""

    visit_id: str
    rank: int
    state: Literal["open", "checked_in", "done"]
    store_id: str
    store_name: str
    address: str | None
    phone: str | None
    lat_deg: float
    lon_deg: float
    distance_m: float
    purpose: str
    flag_id: str | None
    detector: str | None
    direction: Direction | None
    first_day: date | None
    why: dict[str, Any] | None
    stake_cents: Cents
    counts: list[int | None]
    expected: list[float | None]
    check_in: CheckInOut | None
    outcome: OutcomeOut | None


class VisitsOut(BaseModel):
    """All stops of one rep on one day."""

    visits: list[VisitOut]


class SeenOut(BaseModel):
    """Under which id is kept what a visit saw of a product."""

    fact_id: str


class RivalOut(BaseModel):
    """Another brand's goods beside ours."""

    name: str
    facings: int | None
    price_cents: Cents | None


class FactOut(BaseModel):
    """What was seen of a product on a day, and what the store sold of it a day in the four weeks before."""

    fact_id: str
    gtin: str
    product: str
    seen_on: date
    visit_id: str | None
    shelves: int | None
    facings: int | None
    displayed: int | None
    price_cents: Cents | None
    stock: int | None
    rivals: list[RivalOut]
    elsewhere_percent: int | None
    elsewhere_why: str | None
    sold_a_day: float


class LineOut(BaseModel):
    """One accrued part of a statement."""

    scan_id: str
    at: datetime
    store_id: str | None
    evidence: str
    plan: str
    part_cents: Cents
    state: Literal["held", "payable", "paid", "reversed"]


class StatementOut(BaseModel):
    """What a party was owed before a period, what came in it, what it is owed after it; `next` leads to more lines."""

    opening_cents: Cents
    lines: list[LineOut]
    closing_cents: Cents
    next: str | None = None


class TrialBalanceOut(BaseModel):
    """The sums of the accounts' debit and credit balances; the difference is 0 or something is very wrong."""

    debit_cents: Cents
    credit_cents: Cents
    difference_cents: Cents
