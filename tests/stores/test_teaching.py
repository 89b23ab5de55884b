import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import beta

from stores.teaching import Question, lessons, open_lessons

LOW, PHONE = ("judge", "stretch_low"), ("concentration", "one_phone")


def ask(store, stake, reason=LOW):
    return Question(f"f{store}", store, store, "East", reason, stake)


def test_a_reason_that_is_unknown_teaches_more_than_one_that_is_known():
    told = lessons([ask("a", 100), ask("b", 100, PHONE)], {LOW: (200, 140)})
    assert {one.question.store_id: round(one.own_cents, 1) for one in told} == {"a": 45.8, "b": 45.8}
    many = [ask(f"a{n}", 100) for n in range(20)] + [ask(f"b{n}", 100, PHONE) for n in range(20)]
    first = lessons(many, {LOW: (200, 140)})[:20]
    assert {one.question.reason for one in first} == {PHONE}


def test_what_is_sure_teaches_little_of_itself():
    sure, unsure = lessons([ask("a", 100), ask("b", 100, PHONE)], {LOW: (100, 100), PHONE: (100, 50)})[::-1]
    assert (sure.question.store_id, unsure.question.store_id) == ("a", "b")
    assert sure.own_cents < 20 < unsure.own_cents


@given(st.integers(0, 60), st.integers(0, 60))
def test_law_the_reason_learns_what_one_more_outcome_takes_from_its_variance_on_average(real, wrong):
    """Against the definition: variance now, less the expected variance after one more outcome."""
    a, b = 7 + real, 3 + wrong
    mean = a / (a + b)
    after = mean * beta(a + 1, b).var() + (1 - mean) * beta(a, b + 1).var()
    (one, _) = lessons([ask("a", 0), ask("b", 1000)], {LOW: (real + wrong, real)})[::-1]
    assert one.question.store_id == "a"
    assert one.reason_cents**2 == pytest.approx(1000**2 * (beta(a, b).var() - after), rel=1e-6)


@given(st.lists(st.tuples(st.integers(0, 10**7), st.sampled_from([LOW, PHONE])), max_size=6))
def test_law_the_most_comes_first(rows):
    told = [one.cents for one in lessons([ask(str(n), *row) for n, row in enumerate(rows)], {})]
    assert told == sorted(told, reverse=True)


def test_an_empty_house_has_nothing_to_ask(db):
    assert open_lessons(db) == []
