"""The demo's world before anything goes wrong: who sells what where, how much a normal day is, who buys.

Pure: numbers and rows from a seed; the rows are those of the import files.
"""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from channel.demo.cities import CITIES, KINDS, STREETS, ZONE

Row = dict[str, str]
MEDIAN_A_DAY = 2.2
SPREAD = 0.55
WEEK = np.array([0.95, 0.93, 0.95, 1.0, 1.1, 1.12, 0.95])
GAMMA_SHAPE = 9.0
STORES_PER_FRANCHISEE = 8
PLANNED_ONE_IN = 3  # so many stores have a class, and are to be seen every month
LINKED = 2  # so many of the products have links; the others show the page of the house
PRODUCTS = (
    ("06901234500011", "茉莉花茶 50g", "茶", "2800", 0.34),
    ("06901234500028", "铁观音 100g", "茶", "6800", 0.18),
    ("06901234500035", "乌龙茶饮 500ml", "饮料", "500", 0.26),
    ("06901234500042", "柠檬红茶 500ml", "饮料", "550", 0.22),
)


@dataclass(frozen=True)
class World:
    """A deployment as it is imported, and the rate (items a day) at which its stores sell.

    Shapes: rate (stores, days); city, lat_deg, lon_deg (stores,).
    """

    first_day: date
    stores: list[Row]
    parties: list[Row]
    reps: list[Row]
    products: list[Row]
    links: list[Row]
    rewards: list[Row]
    plans: list[Row]
    rate: NDArray[np.float64]
    city: NDArray[np.int64]
    lat_deg: NDArray[np.float64]
    lon_deg: NDArray[np.float64]

    @property
    def days(self) -> int:
        """How many business days the world has lived."""
        return int(self.rate.shape[1])

    def day(self, number: int) -> date:
        """Return a day by its number."""
        return self.first_day + timedelta(days=number)


def make_world(rng: np.random.Generator, *, stores: int, days: int, first_day: date) -> World:
    """Return a world without troubles."""
    city = np.arange(stores) % min(len(CITIES), max(1, stores // 8))
    centre = np.array([(one.lat_deg, one.lon_deg) for one in CITIES])[city]
    place = centre + rng.normal(0, (0.045, 0.05), (stores, 2))
    franchisee = _franchisees(city)
    parties = _parties(city, franchisee)
    return World(
        first_day=first_day,
        stores=[_store(n, city, place, franchisee) for n in range(stores)],
        parties=parties,
        reps=[_rep(n) for n in sorted(set(city.tolist()))],
        products=[_product(*one[:4]) for one in PRODUCTS],
        links=[row for one in PRODUCTS[:LINKED] for row in _links(one[0], one[1])],
        rewards=[row for one in PRODUCTS for row in _rewards(one[0])],
        plans=_plan(first_day),
        rate=_rates(rng, city, days, first_day),
        city=city,
        lat_deg=place[:, 0],
        lon_deg=place[:, 1],
    )


def _rates(rng: np.random.Generator, city: NDArray[np.int64], days: int, first_day: date) -> NDArray[np.float64]:
    stores = len(city)
    level = np.exp(rng.normal(np.log(MEDIAN_A_DAY), SPREAD, stores))
    habit = WEEK * np.exp(rng.normal(0, 0.08, (stores, 7)))
    weekday = (np.arange(days) + first_day.weekday()) % 7
    weather = np.exp(rng.normal(0, 0.08, (len(CITIES), days)))[city]
    noise = rng.gamma(GAMMA_SHAPE, 1 / GAMMA_SHAPE, (stores, days))
    rate: NDArray[np.float64] = level[:, None] * habit[:, weekday] * weather * noise
    return rate


def _franchisees(city: NDArray[np.int64]) -> list[str]:
    seen: dict[int, int] = {}
    names = []
    for one in city.tolist():
        seen[one] = seen.get(one, 0) + 1
        names.append(f"F{one + 1:02d}-{(seen[one] - 1) // STORES_PER_FRANCHISEE + 1}")
    return names


def _parties(city: NDArray[np.int64], franchisee: list[str]) -> list[Row]:
    rows = [_party("OWNER", "owner", "品牌总部", "")]
    for n in sorted(set(city.tolist())):
        name = CITIES[n].name
        rows.append(_party(f"R{n + 1:02d}", "region", f"{CITIES[n].province}大区", "OWNER"))
        rows.append(_party(f"D{n + 1:02d}", "dealer", f"{name}经销商", f"R{n + 1:02d}"))
    for one in dict.fromkeys(franchisee):
        n = int(one[1:3])
        rows.append(_party(one, "franchisee", f"{CITIES[n - 1].name}加盟商 {one[4:]}", f"D{n:02d}"))
    return rows


def _party(id_: str, kind: str, name: str, parent_id: str) -> Row:
    return {"id": id_, "kind": kind, "name": name, "parent_id": parent_id}


def _store(n: int, city: NDArray[np.int64], place: NDArray[np.float64], franchisee: list[str]) -> Row:
    home = CITIES[city[n]]
    return {
        "id": f"S{n + 1:04d}",
        "name": f"{home.name}{STREETS[n % len(STREETS)]}{KINDS[n // 7 % len(KINDS)]} {n + 1}",
        "lat_deg": f"{place[n, 0]:.6f}",
        "lon_deg": f"{place[n, 1]:.6f}",
        "datum": "wgs84",
        "zone": ZONE,
        "region": home.province,
        "party_id": franchisee[n],
        "class": "" if n % PLANNED_ONE_IN else "B",
        "address": f"{home.name}{STREETS[n % len(STREETS)]} {n * 7 % 300 + 1} 号",
    }


def _rep(n: int) -> Row:
    home = CITIES[n]
    return {
        "id": f"REP{n + 1:02d}",
        "name": f"{home.name}业务员",
        "region": home.province,
        "base_lat_deg": str(home.lat_deg),
        "base_lon_deg": str(home.lon_deg),
        "datum": "wgs84",
        "visits_per_day": "5",
    }


def _product(gtin: str, name: str, category: str, list_price_cents: str) -> Row:
    return {"gtin": gtin, "name": name, "list_price_cents": list_price_cents, "category": category, "kind": "goods"}


def _links(gtin: str, name: str) -> list[Row]:
    pages = (
        ("pip", f"关于{name}", "zh", "yes"),
        ("pip", "About this tea", "en", "no"),
        ("instructions", "怎样冲泡", "zh", "no"),
        ("certificationInfo", "有机认证", "zh", "no"),
    )
    row = {"gtin": gtin, "lot": "", "serial": ""}
    return [
        {
            "id": f"LINK-{gtin[-4:]}-{number}",
            **row,
            "link_type": f"gs1:{link_type}",
            "title": title,
            "href": f"https://brand.example/{gtin}/{link_type}?lang={language}",
            "default": default,
            "languages": language,
        }
        for number, (link_type, title, language, default) in enumerate(pages, start=1)
    ]


def _rewards(gtin: str) -> list[Row]:
    tiers = (("888", "10"), ("188", "500"), ("38", "6000"))
    row = {"id": f"RW-{gtin[-4:]}", "gtin": gtin, "rule": "drawn", "starts_on": "2020-01-01", "ends_on": ""}
    return [{**row, "amount_cents": amount, "per_10000": per} for amount, per in tiers]


def _plan(first_day: date) -> list[Row]:
    parts = (("franchisee", "sale", "1000"), ("franchisee", "link", "200"))
    row = {"id": "PLAN-1", "starts_on": first_day.isoformat(), "pool_bp": "10000", "rule": "by_basis_points"}
    return [{**row, "receiver": receiver, "follows": follows, "value": value} for receiver, follows, value in parts]
