"""Tables of the channel, its money and its nights. Knows scans."""

import scans.tables  # noqa: F401 - foreign keys point there
from stores.tables.captured import CapturedEvent
from stores.tables.goods import PosSale, StockNorm
from stores.tables.leaks import DealerLeak, DiversionCase, LeakCell
from stores.tables.loop import Cadence, Draw, HoldOutRule
from stores.tables.money import (
    ACCOUNT_KINDS,
    ENTRY_KINDS,
    EVIDENCE,
    FOLLOWS,
    SHARE_STATES,
    Account,
    Entry,
    FormerSale,
    Link,
    Plan,
    PlanPart,
    Posting,
    Sale,
    Share,
)
from stores.tables.night import CheckIn, ClosedDay, DirtyDay, Flag, FlagDay, Outcome, StoreDay, Visit
from stores.tables.places import PARTY_KINDS, Delivery, Party, Rep, Source, StockCount, Store, StoreOwner
from stores.tables.shelf import PIN_STATES, PinProposal, ShelfFact, ShelfPhoto

__all__ = [
    "ACCOUNT_KINDS",
    "ENTRY_KINDS",
    "EVIDENCE",
    "FOLLOWS",
    "PARTY_KINDS",
    "PIN_STATES",
    "SHARE_STATES",
    "Account",
    "Cadence",
    "CapturedEvent",
    "CheckIn",
    "ClosedDay",
    "DealerLeak",
    "Delivery",
    "DirtyDay",
    "DiversionCase",
    "Draw",
    "Entry",
    "Flag",
    "FlagDay",
    "FormerSale",
    "HoldOutRule",
    "LeakCell",
    "Link",
    "Outcome",
    "Party",
    "PinProposal",
    "Plan",
    "PlanPart",
    "PosSale",
    "Posting",
    "Rep",
    "Sale",
    "Share",
    "ShelfFact",
    "ShelfPhoto",
    "Source",
    "StockCount",
    "StockNorm",
    "Store",
    "StoreDay",
    "StoreOwner",
    "Visit",
]
