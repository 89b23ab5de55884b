"""The API's ledger. Knows stores.ledger."""

from flask import Blueprint

from channel import providers
from channel.api.shapes import TrialBalanceOut
from channel.calls import call
from stores.ledger import trial_balance

api = Blueprint("ledger", __name__)


@call(api, "GET", "/ledger/trial-balance", roles=("owner", "finance", "auditor", "api"), answers={200: TrialBalanceOut})
def get_trial_balance() -> TrialBalanceOut:
    """Tell the sums of the accounts' debit and credit balances."""
    with providers.reading() as db:
        balance = trial_balance(db)
    return TrialBalanceOut(
        debit_cents=balance.debit_cents,
        credit_cents=balance.credit_cents,
        difference_cents=balance.difference_cents,
    )
