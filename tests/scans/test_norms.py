from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scans.norms import (
    FALSE_DOUBTS,
    LEAST_DEVICES,
    LEAST_NEAR_M,
    LEAST_WIDE,
    MOST_DEVICES,
    MOST_NEAR_M,
    MOST_WIDE,
    Norm,
    Tail,
    fit_near_m,
    fit_tail,
    fit_wide_codes,
    most_devices,
    norms,
    put_norms,
)
from tests import make

FIRST = Tail(0)


def drawn(again, more, codes, *, seed=1):
    chance = np.random.default_rng(seed)
    return np.where(chance.random(codes) < again, 1 + chance.geometric(1 - more, codes), 1)


def counted(devices):
    return Counter(devices.tolist())


@pytest.mark.parametrize(("again", "more"), [(0.02, 0.05), (0.05, 0.15), (0.3, 0.4), (0.5, 0.6)])
def test_the_tail_is_found_again_and_hardly_a_code_lies_beyond_it(again, more):
    devices = drawn(again, more, 200_000)
    tail = fit_tail(counted(devices), prior=FIRST)
    assert tail.again == pytest.approx(again, rel=0.05)
    assert tail.more == pytest.approx(more, abs=0.02)
    assert (devices > most_devices(tail)).sum() <= 1
    assert again * more ** (most_devices(tail) - 1) <= FALSE_DOUBTS or most_devices(tail) == MOST_DEVICES


@pytest.mark.parametrize(("again", "more"), [(0.0, 0.1), (0.05, 0.15), (0.5, 0.6)])
def test_copied_codes_do_not_pull_the_tail(again, more):
    honest = drawn(again, more, 20_000)
    copied = np.random.default_rng(2).integers(20, 5000, 40)
    alone, both = (most_devices(fit_tail(counted(one), prior=FIRST)) for one in (honest, np.r_[honest, copied]))
    assert both <= alone + 1


def test_a_product_without_scans_is_as_all_products_are():
    assert most_devices(fit_tail({}, prior=Tail(10**6, 0.4, 0.5))) > most_devices(fit_tail({}, prior=FIRST))


@given(st.dictionaries(st.integers(1, 500), st.integers(1, 10**6), max_size=30))
def test_law_whatever_comes_the_threshold_stays_between_its_bounds(codes_of):
    tail = fit_tail(codes_of, prior=FIRST)
    assert LEAST_DEVICES <= most_devices(tail) <= MOST_DEVICES
    assert 0 <= tail.again <= 1
    assert 0 <= tail.more <= 1


@pytest.mark.parametrize(
    ("pairs", "far_m", "near_m", "reason"),
    [
        (100, [900_000.0] * 50, LEAST_NEAR_M, "too few pairs to tell"),
        (10_000, [900_000.0] * 10, LEAST_NEAR_M, "one in a thousand may be as odd as it likes"),
        (10_000, [200_000.0] * 20, 200_000.0, "phones here err by 200 km"),
        (10_000, [900_000.0] * 20, MOST_NEAR_M, "never beyond the ceiling"),
        (10_000, [60.0] * 9000, LEAST_NEAR_M, "never below the floor"),
    ],
)
def test_how_far_phones_err(pairs, far_m, near_m, reason):
    assert fit_near_m(pairs, far_m) == near_m, reason


@pytest.mark.parametrize(
    ("devices_of", "wide", "reason"),
    [
        ({}, LEAST_WIDE, "nobody has scanned"),
        ({1: 10_000, 3: 500, 1000: 5}, LEAST_WIDE, "a few shelf readers are not what people do"),
        ({1: 10_000, 60: 200}, 60, "a brand whose people scan sixty a month"),
        ({5000: 10}, MOST_WIDE, "never beyond the ceiling"),
    ],
)
def test_from_how_many_codes_on_a_phone_reads_shelves(devices_of, wide, reason):
    assert fit_wide_codes(devices_of) == wide, reason


def test_norms_are_kept_as_numbered_rows_and_only_where_they_differ(db):
    tea = make.product(db).id
    assert norms(db).of(tea) == Norm()
    tails = {None: Tail(1000), tea: Tail(1000, 0.5, 0.6)}
    assert put_norms(db, tails=tails, near_m=60_000.0, wide_codes=40, now=make.NOW) == 2
    first = norms(db)
    assert (first.of(tea).most_devices, first.of(tea).near_m, first.of(tea).wide_codes) == (29, 60_000.0, 40)
    assert first.of(tea + 1) == first.of_all
    assert put_norms(db, tails=tails, near_m=60_000.0, wide_codes=40, now=make.NOW) == 0
    assert put_norms(db, tails={tea: FIRST}, near_m=60_000.0, wide_codes=40, now=make.NOW) == 1
    assert norms(db).of(tea).no > first.of(tea).no
    assert norms(db).of_all == first.of_all
