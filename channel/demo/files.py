"""The demo's import files: what the generator drew, written as any owner's system would write it."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import numpy as np

from channel.demo.goods import CASE, Cases, Scanned, Sold, instant
from channel.demo.world import PRODUCTS, Row, World

MASTER = ("products", "links", "rewards", "plans", "parties", "stores", "reps")
HAND_OVER = timedelta(days=2, hours=5)
TO_DEALER = timedelta(days=6)
VISIT_DAYS = 30
SCAN_COLUMNS = ("key", "uri", "consumer", "scanned_at", "lat_deg", "lon_deg", "accuracy_m", "datum")


class Drawn(NamedTuple):
    """All that was drawn of what is sold and scanned; addresses of items by product and position."""

    world: World
    sold: Sold
    cases: Cases
    scanned: Scanned
    item_uris: Sequence[Sequence[str]]


def write_rows(path: Path, rows: Iterable[Row]) -> Path:
    """Write rows that all have the same columns."""
    told = list(rows)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(told[0]) if told else ["id"], lineterminator="\n")
        writer.writeheader()
        writer.writerows(told)
    return path


def write_master(folder: Path, world: World) -> list[tuple[str, Path]]:
    """Write the master data, in the order in which it has to be imported."""
    return [(kind, write_rows(folder / f"{kind}.csv", getattr(world, kind))) for kind in MASTER]


def read_codes(path: Path) -> tuple[list[str], list[str]]:
    """Return the addresses of a batch file's items and of its cases, by position."""
    with path.open(newline="", encoding="utf-8") as file:
        rows = [(row["level"], row["uri"]) for row in csv.DictReader(file)]
    return [uri for level, uri in rows if level == "item"], [uri for level, uri in rows if level == "case"]


def deliveries(world: World, cases: Cases, case_uris: Sequence[Sequence[str]], *, direct: np.ndarray) -> Iterator[Row]:
    """Yield the hand-overs: every case to the store's dealer, and on to the store where that is reported."""
    for product, case_no, store, first_s in cases.cases:
        sold_at = instant(world, first_s)
        dealer = f"D{world.city[store] + 1:02d}"
        row = {"id": f"DN{product}-{case_no}", "uri": case_uris[product][case_no], "from_id": "OWNER", "to_id": dealer}
        yield {**row, "delivered_at": (sold_at - TO_DEALER).isoformat()}
        if direct[store]:
            onward = {"id": f"DS{product}-{case_no}", "from_id": dealer, "to_id": world.stores[store]["id"]}
            yield {**row, **onward, "delivered_at": (sold_at - HAND_OVER).isoformat()}


def stock_counts(world: World, sold: Sold, cases: Cases, *, direct: np.ndarray) -> Iterator[Row]:
    """Yield what was counted of each product at a visit a month to the stores whose deliveries are reported."""
    came: dict[tuple[int, int], list[int]] = {}
    for product, _case_no, store, first_s in cases.cases:
        came.setdefault((store, product), []).append(first_s - int(HAND_OVER.total_seconds()))
    group = sold.store * len(PRODUCTS) + sold.product
    for (store, product), times in sorted(came.items()):
        here = store * len(PRODUCTS) + product
        at_s = sold.at_s[slice(*np.searchsorted(group, (here, here + 1)))]
        for day in range(store % VISIT_DAYS, world.days, VISIT_DAYS) if direct[store] else ():
            end_s = (day + 1) * 86_400
            items = CASE * int(np.searchsorted(np.sort(times), end_s)) - int(np.searchsorted(at_s, end_s))
            place = {"store_id": world.stores[store]["id"], "gtin": PRODUCTS[product][0]}
            yield {"id": f"SC{here}-{day}", **place, "counted_on": world.day(day).isoformat(), "count": str(items)}


def write_scans(folder: Path, drawn: Drawn, *, number: int, gone: np.ndarray) -> Path:
    """Write the scans of a day into a file of its own, without those of items that were never sold."""
    world, scanned = drawn.world, drawn.scanned
    first, last = np.searchsorted(scanned.at_s // 86_400, (number, number + 1)).tolist()
    path = folder / f"scans-{world.day(number)}.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(SCAN_COLUMNS)
        for n in range(first, last):
            if not gone[scanned.sold[n]]:
                writer.writerow(_scan(n, drawn))
    return path


def _scan(n: int, drawn: Drawn) -> list[str]:
    world, sold, cases, scanned, item_uris = drawn
    item = int(scanned.sold[n])
    uri = item_uris[int(sold.product[item])][int(cases.item_no[item])]
    head = [f"demo-{n}", uri, f"phone-{scanned.consumer[n]}", instant(world, int(scanned.at_s[n])).isoformat()]
    if np.isnan(scanned.lat_deg[n]):
        return [*head, "", "", "", ""]
    place = [f"{scanned.lat_deg[n]:.6f}", f"{scanned.lon_deg[n]:.6f}", str(scanned.accuracy_m[n])]
    return [*head, *place, "wgs84"]


def products() -> list[str]:
    """Return the GTINs in the order in which goods are numbered."""
    return [one[0] for one in PRODUCTS]
