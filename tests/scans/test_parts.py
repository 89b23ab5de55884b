"""Parts of a batch: as ranges they say just what a state of each single code would."""

from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scans.parts import Life, Part, Positions, advance, state_at, states_of
from scans.tables import BATCH_STATES

COUNT = 24
AT = datetime(2026, 6, 15, tzinfo=UTC)
RANK = {state: rank for rank, state in enumerate(BATCH_STATES)}
stretches = st.tuples(st.integers(1, COUNT), st.integers(1, COUNT)).map(lambda pair: Positions(min(pair), max(pair)))
steps = st.tuples(stretches, st.sampled_from([("activated",), ("recalled", "glass", AT), ("recalled", "lead", AT)]))


def lived(begun, told):
    """Return a life after steps, and the slow reference: the state and the reason of each single item."""
    life, items = Life(COUNT, begun), [(begun, None, None)] * COUNT
    for positions, (state, *why) in told:
        life = advance(life, Part(*positions, state, *why))
        for position in range(positions.first, positions.last + 1):
            if RANK[items[position - 1][0]] < RANK[state]:
                items[position - 1] = (state, *(why or (None, None)))
    return life, items


@given(st.sampled_from(["issued", "printed"]), st.lists(steps, max_size=12), stretches)
def test_law_parts_say_what_every_single_item_would(begun, told, asked):
    life, items = lived(begun, told)
    here = {state for state, _, _ in items[asked.first - 1 : asked.last]}
    assert states_of(life, asked) == here
    assert state_at(life, asked) == ("recalled" if "recalled" in here else min(here, key=RANK.__getitem__))
    for part in life.parts:
        assert set(items[part.first - 1 : part.last]) == {tuple(part[2:])}


@given(st.sampled_from(["issued", "printed"]), st.lists(steps, max_size=12))
def test_law_parts_are_few_apart_and_never_say_what_the_batch_says(begun, told):
    life, items = lived(begun, told)
    assert all(one.last < two.first for one, two in pairwise(life.parts))
    assert all(one.last + 1 < two.first or one[2:] != two[2:] for one, two in pairwise(life.parts))
    if life.state != "recalled":
        assert all(part.state != life.state for part in life.parts)
        assert life.state in {state for state, _, _ in items}


@given(st.lists(steps, max_size=12))
def test_law_again_changes_nothing(told):
    life, _ = lived("issued", told)
    assert all(advance(life, Part(*positions, *said)) == life for positions, said in told)


@pytest.mark.parametrize(
    ("told", "life"),
    [
        ([(1, 6), (7, 12)], Life(24, "issued", (Part(1, 12, "activated"),))),  # neighbours become one
        ([(1, 12), (13, 24)], Life(24, "activated")),  # all of its parts are the batch
        ([(1, 24)], Life(24, "activated")),
    ],
)
def test_parts_are_joined(told, life):
    assert lived("issued", [(Positions(*one), ("activated",)) for one in told])[0] == life


def test_a_recall_keeps_its_reason_through_later_ones():
    told = [(Positions(3, 4), ("recalled", "glass", AT)), (Positions(1, 24), ("recalled", "lead", AT))]
    life, _ = lived("issued", told)
    assert life.state == "recalled"
    assert [(part.first, part.last, part.why) for part in life.parts] == [
        (1, 2, "lead"),
        (3, 4, "glass"),
        (5, 24, "lead"),
    ]


def test_what_holds_no_item_is_in_the_batch_s_own_state():
    assert state_at(Life(24, "printed", (Part(1, 3, "activated"),)), Positions(1, 0)) == "printed"
