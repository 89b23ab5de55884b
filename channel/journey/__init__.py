"""The way of a code, lined up: each journey is one call inside the caller's transaction, all of it or none."""

from channel.journey.arriving import take_arrivals
from channel.journey.batches import activate_batch, parts_named
from channel.journey.correcting import choose_store, take_deliveries, take_packings
from channel.journey.doubting import decide_doubt, fit_norms, hold_doubted, report_code, withdraw_doubts
from channel.journey.keeping import forget_photos, forget_positions, release_due, return_reserves
from channel.journey.looking import Look, answer_for, bought_at, inspect, look_at
from channel.journey.returning import reissue_items, scrap_items, take_return, take_returns
from channel.journey.scanning import Taken, take_scan, take_scans
from scans.intake import NewScan, PlaceTold

__all__ = [
    "Look",
    "NewScan",
    "PlaceTold",
    "Taken",
    "activate_batch",
    "answer_for",
    "bought_at",
    "choose_store",
    "decide_doubt",
    "fit_norms",
    "forget_photos",
    "forget_positions",
    "hold_doubted",
    "inspect",
    "look_at",
    "parts_named",
    "reissue_items",
    "release_due",
    "report_code",
    "return_reserves",
    "scrap_items",
    "take_arrivals",
    "take_deliveries",
    "take_packings",
    "take_return",
    "take_returns",
    "take_scan",
    "take_scans",
    "withdraw_doubts",
]
