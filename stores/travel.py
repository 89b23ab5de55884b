"""Stage 13, judge: how often honest goods are scanned outside the region they were shipped to. Pure arrays.

People carry goods home. How far they do is learnt from all dealers together, robustly, so that a few who divert do not
teach what is normal; how often that leads into another region follows from where the stores lie. See docs/diversion.md.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from stores.nearest import to_ecef
from stores.presence import Floats, Ints

EDGES_M = np.array([10e3, 25e3, 50e3, 100e3, 200e3, 400e3, 800e3, 1600e3])
BINS = len(EDGES_M) + 1
CELL_DEG = 0.1
LEAST_SCANS = 20  # a dealer with fewer says nothing of how far people travel
TRIMMED = 0.2  # the part of the dealers, those with the most of a distance, that is not listened to
ANYWHERE = 0.0005  # the least share of a distance: somebody has carried something anywhere


class Stores(NamedTuple):
    """Where all stores lie, and in which of the regions numbered from 0.

    Units: WGS-84 degrees.
    Shapes: all (stores,).
    """

    lat_deg: Floats
    lon_deg: Floats
    region: Ints


def distances_m(stores: Stores, one: Ints, other: Ints) -> Floats:
    """Return how far two stores are apart, along the chord, for many pairs.

    Shapes: (n,), (n,) to (n,).
    """
    places = to_ecef(stores.lat_deg, stores.lon_deg)
    apart: Floats = np.linalg.norm(places[one] - places[other], axis=1)
    return apart


def journeys(dealer: Ints, apart_m: Floats) -> Floats | None:
    """Return the share of honest scans at each distance from the store the goods were shipped to.

    Of each distance the dealers with the largest shares are left out; None where too few dealers tell anything.

    Shapes: (n,), (n,) to (BINS,), which sums to one.
    """
    known, number = np.unique(dealer, return_inverse=True)
    counts = np.zeros((len(known), BINS))
    np.add.at(counts, (number, np.searchsorted(EDGES_M, apart_m, side="right")), 1)
    counts = counts[counts.sum(axis=1) >= LEAST_SCANS]
    if not len(counts):
        return None
    shares = np.sort(counts / counts.sum(axis=1, keepdims=True), axis=0)
    kept = shares[: max(1, int(np.ceil(len(shares) * (1 - TRIMMED))))].mean(axis=0)
    spread: Floats = kept / kept.sum()
    return spread


def expected_regions(stores: Stores, *, at: Ints, regions: int, shares: Floats) -> Floats:
    """Return how likely an honest scan of goods shipped to a store is to fall into each region.

    Whoever carries goods so far goes where people live, and people live where stores are.

    Shapes: at (k,), shares (BINS,) to (k, regions), whose rows sum to one.
    """
    region, counts, places = _cells(stores)
    grid = np.column_stack([np.round(part[at] / CELL_DEG) for part in (stores.lat_deg, stores.lon_deg)])
    homes, back = np.unique(grid.astype(np.int64), axis=0, return_inverse=True)
    chances = np.empty((len(homes), regions))
    for row, home in enumerate(to_ecef(homes[:, 0] * CELL_DEG, homes[:, 1] * CELL_DEG)):
        near = np.searchsorted(EDGES_M, np.linalg.norm(places - home, axis=1), side="right")
        there = np.bincount(near * regions + region, counts, BINS * regions).reshape(BINS, regions)
        total = there.sum(axis=1)
        weight = np.where(total > 0, (shares + ANYWHERE) / np.maximum(total, 1), 0)
        chances[row] = weight @ there / (weight @ total)
    told: Floats = chances[back.ravel()]
    return told


def _cells(stores: Stores) -> tuple[Ints, Floats, NDArray[np.float64]]:
    """Return stores of one region in one cell of a grid as one: its region, how many there are, where it is."""
    grid = np.column_stack(
        [np.round(stores.lat_deg / CELL_DEG), np.round(stores.lon_deg / CELL_DEG), stores.region]
    ).astype(np.int64)
    cells, counts = np.unique(grid, axis=0, return_counts=True)
    return cells[:, 2], counts.astype(float), to_ecef(cells[:, 0] * CELL_DEG, cells[:, 1] * CELL_DEG)
