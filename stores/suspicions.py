"""Stage 13, judge: which dealers divert, on what evidence. Pure arrays over trails; the numbers of one run.

Three looks at the same purchases, each an e-value, whose mean is one: all that fell outside, batch by batch, and
region by region, since diverted goods go where somebody takes them and travellers go everywhere.
"""

from typing import NamedTuple

import numpy as np
from scipy.special import logsumexp

from stores import leaks
from stores.leaks import Population, Tally
from stores.presence import Bools, Floats, Ints
from stores.trails import NOBODY, Map, Trails
from stores.travel import distances_m, expected_regions, journeys

# How far people carry goods, until enough is seen of it: a guess that the shift of the population corrects.
GUESSED = np.array([0.85, 0.06, 0.04, 0.02, 0.012, 0.008, 0.005, 0.003, 0.002])


class Origins(NamedTuple):
    """From where goods of a dealer started: a store, or all stores of the dealer; and where that lets them turn up.

    Shapes: dealer, home (k,), home a region; chances, allowed (k, regions); of (purchases,), which origin is theirs.
    """

    dealer: Ints
    home: Ints
    chances: Floats
    allowed: Bools
    of: Ints


class Suspicion(NamedTuple):
    """What is held against each dealer, in the order of `dealers`.

    Shapes: all (dealers,), but cells: rows of (dealer, shipped region, scanned region, scans), with `cells_expected`;
    batches: rows of (dealer, batch, scans, outside), with `batches_log_e`.
    """

    dealers: Ints
    scans: Ints
    outside: Ints
    expected: Floats
    log_e: Floats
    part: tuple[Floats, Floats, Floats]
    found: Bools
    cells: Ints
    cells_expected: Floats
    batches: Ints
    batches_log_e: Floats


def suspect_dealers(known: Map, trails: Trails) -> Suspicion:
    """Weigh the purchases of every dealer's goods."""
    origins = _origins(known, trails)
    dealers, row = np.unique(trails.dealer, return_inverse=True)
    region = known.stores.region[trails.scanned]
    away: Floats = np.where(origins.allowed, 0, origins.chances)
    outside = (~origins.allowed[origins.of, region]).astype(float)
    chance: Floats = away.sum(axis=1)[origins.of]
    overall = leaks.tally(row, rows=len(dealers), chance=chance, outside=outside, scans=np.ones(len(row)))
    people = leaks.fit(overall)
    batches, log_batches = _by_batch(row, trails.batch, chance, outside, people)
    looks = [
        leaks.log_evidence(overall, people),
        leaks.mean_evidence(log_batches, batches[:, 0], rows=len(dealers)),
        _by_region(origins, away, row, region, len(dealers)),
    ]
    log_e: Floats = logsumexp(np.stack(looks), axis=0) - np.log(len(looks))
    cells, expected = _cells(origins, dealers, region)
    return Suspicion(
        dealers=dealers,
        scans=np.bincount(row, minlength=len(dealers)),
        outside=overall.outside.sum(axis=1).astype(np.int64),
        expected=np.bincount(row, chance, len(dealers)).astype(float),
        log_e=log_e,
        part=leaks.diverted_part(overall, people),
        found=leaks.accused(log_e),
        cells=cells,
        cells_expected=expected,
        batches=np.column_stack([dealers[batches[:, 0]], batches[:, 1:]]),
        batches_log_e=log_batches,
    )


def _by_batch(row: Ints, batch: Ints, chance: Floats, outside: Floats, people: Population) -> tuple[Ints, Floats]:
    """Return (dealer's row, batch, scans, outside) of every batch of every dealer, and its evidence."""
    pairs, of, sizes = np.unique(np.column_stack([row, batch]), axis=0, return_inverse=True, return_counts=True)
    of = of.ravel()
    told = leaks.tally(of, rows=len(pairs), chance=chance, outside=outside, scans=np.ones(len(of)))
    counts = np.column_stack([sizes, told.outside.sum(axis=1)]).astype(np.int64)
    return np.column_stack([pairs, counts]), leaks.log_evidence(told, people)


def _origins(known: Map, trails: Trails) -> Origins:
    sent = trails.where(trails.shipped != NOBODY)
    learnt = journeys(sent.dealer, distances_m(known.stores, sent.shipped, sent.scanned))
    shares = GUESSED if learnt is None else learnt
    regions = len(known.regions)
    starts, of = np.unique(np.column_stack([trails.dealer, trails.shipped]), axis=0, return_inverse=True)
    theirs = np.flatnonzero(np.isin(known.dealer, starts[:, 0]))
    used = np.unique(np.concatenate([starts[starts[:, 1] != NOBODY, 1], theirs]))
    chances_at = expected_regions(known.stores, at=used, regions=regions, shares=shares)
    chances, allowed = np.empty((len(starts), regions)), np.zeros((len(starts), regions), bool)
    home = np.empty(len(starts), np.int64)
    for place, (dealer, store) in enumerate(starts):
        begun = [store] if store >= 0 else np.flatnonzero(known.dealer == dealer)
        chances[place] = chances_at[np.searchsorted(used, begun)].mean(axis=0) if len(begun) else 1 / regions
        belongs = known.stores.region[begun]
        allowed[place, belongs] = True
        home[place] = np.bincount(belongs).argmax() if len(begun) else 0
    return Origins(starts[:, 0], home, chances, allowed, of.ravel())


def _by_region(origins: Origins, away: Floats, row: Ints, region: Ints, dealers: int) -> Floats:
    """Return each dealer's mean e-value over all regions that its goods do not belong in."""
    count = away.shape[1]
    scans = np.bincount(origins.of, minlength=len(away))
    hits = np.zeros_like(away)
    np.add.at(hits, (origins.of, region), 1)
    dealer_row = np.zeros(len(away), np.int64)
    dealer_row[origins.of] = row
    pairs = (dealer_row[:, None] * count + np.arange(count)).ravel()
    asked = ~origins.allowed.ravel()
    told = leaks.tally(
        pairs[asked],
        rows=dealers * count,
        chance=away.ravel()[asked],
        outside=hits.ravel()[asked],
        scans=np.repeat(scans.astype(float), count)[asked],
    )
    used = np.flatnonzero((told.outside + told.inside).sum(axis=1))
    some = Tally(told.outside[used], told.inside[used])
    log_e = leaks.log_evidence(some, leaks.fit(some))
    return leaks.mean_evidence(log_e, used // count, rows=dealers)


def _cells(origins: Origins, dealers: Ints, region: Ints) -> tuple[Ints, Floats]:
    """Return (dealer, shipped region, scanned region, scans) wherever something was scanned, and what was expected."""
    count = origins.chances.shape[1]
    scans = np.bincount(origins.of, minlength=len(origins.home))
    home = np.searchsorted(dealers, origins.dealer) * count + origins.home
    expected = np.zeros((len(dealers) * count, count))
    np.add.at(expected, home, origins.chances * scans[:, None])
    seen = np.zeros_like(expected)
    np.add.at(seen, (home[origins.of], region), 1)
    start, scanned = np.nonzero(seen)
    cells = np.column_stack([dealers[start // count], start % count, scanned, seen[start, scanned]])
    return cells.astype(np.int64), expected[start, scanned]
