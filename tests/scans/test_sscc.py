"""Numbers of pallets that all of trade can read."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scans.gs1 import check_value
from scans.sscc import SsccPrefixError, check_prefix, number_of, room, sscc, ssccs

prefixes = st.text("0123456789", min_size=4, max_size=12)


@given(prefixes, st.data())
def test_law_an_sscc_is_one_by_its_own_rules_and_gives_its_number_back(prefix: str, data: st.DataObject) -> None:
    number = data.draw(st.integers(0, room(prefix) - 1))
    text = sscc(prefix, number)
    assert text[1:].startswith(prefix)
    assert number_of(prefix, text) == number
    # Whether the prefix is any company's is not ours to know: a rule of the list says that it has four digits.
    assert check_value("00", text) == text


@given(prefixes, st.data())
def test_law_many_are_what_each_is(prefix: str, data: st.DataObject) -> None:
    numbers = data.draw(st.lists(st.integers(0, room(prefix) - 1), max_size=5))
    made = ssccs(prefix, np.array(numbers, dtype=np.int64))
    assert [one.decode() for one in made] == [sscc(prefix, number) for number in numbers]


def test_the_example_of_the_specifications() -> None:
    assert sscc("0614141", 123456789) == "006141411234567890"


@pytest.mark.parametrize("text", ["", "123", "1234567890123", "12a4", "１２３４"])
def test_what_is_no_prefix_is_refused(text: str) -> None:
    with pytest.raises(SsccPrefixError):
        check_prefix(text)
