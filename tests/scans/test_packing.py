"""Packing by range, held against boxes filled one by one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scans.batches import level_sizes
from scans.catalogue import Catalogue, Found, IssuedBatch, Span
from scans.packing import at, children, items, parent, parents

sizes = st.integers(1, 9)


def packed(count, items_per_case=None, cases_per_pallet=None, first_no=1000):
    spans = []
    for level, size in level_sizes(count, items_per_case, cases_per_pallet).items():
        spans.append(Span(level, first_no, first_no + size - 1))
        first_no += size
    return IssuedBatch(
        1, "B-1", 1, "09506000134352", 0, "issued", "k", count, items_per_case, cases_per_pallet, tuple(spans), None
    )


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
        assert [found.code_no for found in parents(catalogue.find(no))] == [case_of[no], pallet_of[case_of[no]]]
        assert list(items(catalogue.find(no))) == [no]
    for no in case_nos:
        assert list(children(catalogue.find(no))) == [item for item in item_nos if case_of[item] == no]
        assert children(catalogue.find(no)) == items(catalogue.find(no))
    for no in pallet_nos:
        assert list(children(catalogue.find(no))) == [case for case in case_nos if pallet_of[case] == no]
        assert list(items(catalogue.find(no))) == [item for item in item_nos if pallet_of[case_of[item]] == no]


@given(st.integers(1, 200), sizes, sizes)
def test_law_a_parent_is_what_the_catalogue_finds(count, items_per_case, cases_per_pallet):
    batch = packed(count, items_per_case, cases_per_pallet)
    last = at(batch, "item", count)
    assert [Catalogue([batch]).find(found.code_no) for found in parents(last)] == parents(last)


@pytest.mark.parametrize(
    ("batch", "levels"),
    [(packed(10), []), (packed(10, 3), ["case"]), (packed(10, 3, 2), ["case", "pallet"])],
    ids=["loose", "cases", "pallets"],
)
def test_an_item_has_the_parents_its_batch_was_packed_into(batch, levels):
    assert [found.level for found in parents(at(batch, "item", 1))] == levels


def test_the_outermost_has_no_parent_and_an_item_no_children():
    batch = packed(10, 3)
    assert parent(at(batch, "case", 1)) is None
    assert list(children(at(batch, "item", 1))) == []
    assert isinstance(parent(at(batch, "item", 1)), Found)
