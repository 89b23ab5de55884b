import numpy as np
import pytest

from scans.places import Position
from stores.choice import Wanted, choose
from stores.routes import VISIT_MINUTES, minutes, way_m

BASE = Position(31.2, 121.4, None)
KM = 1 / 111.0  # degrees of latitude


def store(name, worth, *, north_km=0.0, east_km=0.0):
    place = Position(BASE.lat_deg + north_km * KM, BASE.lon_deg + east_km * KM / 0.855, None)
    return Wanted(ord(name[0]), name, place, worth)


def chosen(*wanted, room=9, admit=lambda one: True, start=BASE):
    return "".join(one.store_id for one in choose(wanted, start=start, end=BASE, room=room, admit=admit))


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ([store("a", 5), store("b", 9), store("c", 7)], "bca"),
        ([store("b", 5), store("a", 5)], "ab"),
        ([store("a", 9, north_km=40), store("b", 5)], "ba"),
        ([store("a", 90, north_km=40), store("b", 5)], "ab"),
        ([store("a", 90, north_km=40), store("b", 8, east_km=9), store("c", 5, north_km=39)], "acb"),
        ([store("a", 0)], "a"),
        ([], ""),
    ],
    ids=[
        "the worth alone", "ties to the smaller id", "not worth the way", "worth the way", "on the way", "nothing",
        "nobody",
    ],
)  # fmt: skip
def test_a_store_is_taken_for_what_it_is_worth_and_what_it_costs(wanted, expected):
    assert chosen(*wanted) == expected


def test_there_are_no_more_than_there_is_room_for_and_who_is_not_admitted_takes_none():
    some = [store(name, worth) for worth, name in enumerate("abcd")]
    assert chosen(*some, room=2) == "dc"
    assert chosen(*some, room=0) == ""
    assert chosen(*some, room=-1) == ""
    assert chosen(*some, room=2, admit=lambda one: one.store_id != "d") == "cb"


def slow(wanted, room):
    """Choose as the page says, in the plainest words."""
    left, way, taken = sorted(wanted, key=lambda one: one.store_id), [BASE, BASE], []
    while left and len(taken) < room:

        def cost(one):
            longer = [way_m([*way[:at], one.place, *way[at:]]) for at in range(1, len(way))]
            return VISIT_MINUTES + minutes(min(longer) - way_m(way)), longer.index(min(longer)) + 1

        best = max(left, key=lambda one: one.worth / cost(one)[0])
        way.insert(cost(best)[1], best.place)
        left.remove(best)
        taken.append(best)
    return taken


@pytest.mark.parametrize("seed", range(5))
def test_it_chooses_as_the_plain_reference_does(seed):
    chance = np.random.default_rng(seed)
    told = zip(chance.gamma(1, 1000, 12), chance.normal(0, 15, (12, 2)), strict=True)
    some = [
        store(f"{name}", worth, north_km=n, east_km=e)
        for name, (worth, (n, e)) in zip("abcdefghijkl", told, strict=True)
    ]
    assert choose(some, start=BASE, end=BASE, room=6, admit=lambda one: True) == slow(some, 6)
