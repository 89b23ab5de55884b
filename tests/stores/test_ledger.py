import pytest
from hypothesis import given
from hypothesis import strategies as st

from stores.accounts import account_no, open_house_accounts
from stores.ledger import NewEntry, NewPosting, PostingError, balances_by_kind, last_seqs, post, trial_balance
from tests import make

EXPENSE, SUSPENSE = account_no("share_expense"), account_no("suspense")


def entry(*amounts, shard_no=1, seq=0):
    return NewEntry(shard_no, seq, "claim", make.NOW, [NewPosting(EXPENSE, SUSPENSE, amount) for amount in amounts])


def test_an_entry_moves_cents_and_the_books_balance(db):
    open_house_accounts(db, currency="CNY")
    post(db, entries=[entry(70, 30), entry(5, seq=1)], currency="CNY")
    assert balances_by_kind(db) == {"share_expense": 105, "suspense": -105}
    assert (trial_balance(db).debit_cents, trial_balance(db).difference_cents) == (105, 0)
    assert last_seqs(db, shard_nos=[1, 2]) == {1: 1}


def test_an_entry_without_postings_is_left_out(db):
    open_house_accounts(db, currency="CNY")
    post(db, entries=[entry()], currency="CNY")
    assert last_seqs(db, shard_nos=[1]) == {}


@pytest.mark.parametrize("posting", [NewPosting(EXPENSE, SUSPENSE, 0), NewPosting(EXPENSE, EXPENSE, 1)])
def test_a_posting_that_says_nothing_is_refused(db, posting):
    with pytest.raises(PostingError):
        post(db, entries=[NewEntry(1, 0, "claim", make.NOW, [posting])], currency="CNY")


@given(st.integers(1, 10**6), st.integers(0, 10**6))
def test_account_numbers_do_not_meet(one, other):
    if one != other:
        assert account_no("held", one) not in (account_no("held", other), account_no("payable", other))
