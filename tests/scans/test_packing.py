"""Packing by range, held against boxes filled one by one."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scans.batches import level_sizes
from scans.catalogue import Catalogue, Found, IssuedBatch, Span
from scans.packing import at, children, merged, parent, without

sizes = st.integers(1, 9)


def packed(count, items_per_case=None, cases_per_pallet=None, first_no=1000):
    spans = []
    for level, size in level_sizes(count, items_per_case, cases_per_pallet).items():
        spans.append(Span(level, first_no, first_no + size - 1))
        first_no += size
    return IssuedBatch(
        1, "B-1", 1, "09506000134352", 0, "issued", "k", count, items_per_case, cases_per_pallet, tuple(spans), None
    )


def around(found):
    """Return what is around a code, from the nearest outwards."""
    outer = parent(found)
    return [] if outer is None else [outer, *around(outer)]


def fill(contents, size, first_no):
    """Put things into boxes one by one and return which box each is in."""
    return {thing: first_no + place // size for place, thing in enumerate(contents)}


@given(st.integers(1, 200), sizes, sizes)
def test_law_ranges_are_what_filling_boxes_one_by_one_gives(count, items_per_case, cases_per_pallet):
    batch = packed(count, items_per_case, cases_per_pallet)
    catalogue = Catalogue([batch])
    item_nos, case_nos, pallet_nos = (range(span.first_no, span.last_no + 1) for span in batch.spans)
    case_of = fill(item_nos, items_per_case, case_nos[0])
    pallet_of = fill(case_nos, cases_per_pallet, pallet_nos[0])
    for no in item_nos:
        assert [found.code_no for found in around(catalogue.find(no))] == [case_of[no], pallet_of[case_of[no]]]
    for no in case_nos:
        assert list(children(catalogue.find(no))) == [item for item in item_nos if case_of[item] == no]
    for no in pallet_nos:
        assert list(children(catalogue.find(no))) == [case for case in case_nos if pallet_of[case] == no]


@given(st.integers(1, 200), sizes, sizes)
def test_law_a_parent_is_what_the_catalogue_finds(count, items_per_case, cases_per_pallet):
    batch = packed(count, items_per_case, cases_per_pallet)
    last = at(batch, "item", count)
    assert [Catalogue([batch]).find(found.code_no) for found in around(last)] == around(last)


@given(st.lists(st.builds(range, st.integers(0, 30), st.integers(0, 30))))
def test_law_merged_ranges_hold_the_same_numbers_apart(ranges):
    joined = merged(ranges)
    assert {number for one in joined for number in one} == {number for one in ranges for number in one}
    assert all(one.stop < other.start for one, other in pairwise(joined))


@given(st.builds(range, st.integers(0, 30), st.integers(0, 30)), st.sets(st.integers(0, 30)))
def test_law_what_is_left_of_a_range_is_what_is_not_gone(held, gone):
    gone = sorted(gone & set(held))
    assert [no for part in without(held, gone) for no in part] == [no for no in held if no not in gone]


@given(st.lists(st.integers(1, 60).map(lambda count: (count, 7, 2)), min_size=1, max_size=3), st.data())
def test_law_parts_are_of_one_level_and_in_order(sizes, data):
    batches, first_no = [], 100
    for size in sizes:
        batches.append(packed(*size, first_no=first_no))
        first_no = batches[-1].spans[-1].last_no + 1
    catalogue = Catalogue(batches)
    start = data.draw(st.integers(100, first_no))
    wanted = range(start, data.draw(st.integers(start, first_no)))
    told = [(level, no) for level, part in catalogue.parts(wanted) for no in part]
    assert told == [(catalogue.find(no).level, no) for no in wanted]


@pytest.mark.parametrize(
    ("batch", "levels"),
    [(packed(10), []), (packed(10, 3), ["case"]), (packed(10, 3, 2), ["case", "pallet"])],
    ids=["loose", "cases", "pallets"],
)
def test_an_item_has_the_parents_its_batch_was_packed_into(batch, levels):
    assert [found.level for found in around(at(batch, "item", 1))] == levels


def test_the_outermost_has_no_parent_and_an_item_no_children():
    batch = packed(10, 3)
    assert parent(at(batch, "case", 1)) is None
    assert list(children(at(batch, "item", 1))) == []
    assert isinstance(parent(at(batch, "item", 1)), Found)
