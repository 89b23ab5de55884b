"""Plans and rewards in the office: by which rules money goes where, from when on. They come in as files."""

from flask import render_template

from channel import access, providers
from channel.pages.office.door import READERS, page
from scans.rewards import reward_list
from stores.ledger import balances_by_kind
from stores.plans import plan_on, plans


@page.get("/money")
@access.allow(*READERS)
def money() -> str:
    """List plans and rewards, above what the ledger owes to whom."""
    with providers.reading() as db:
        known = plans(db)
        in_force = plan_on(db, day=providers.today())
        rewards = reward_list(db)
        kinds = balances_by_kind(db)
    return render_template(
        "office/money.html",
        plans=known,
        in_force=in_force,
        rewards=rewards,
        kinds=kinds,
        off_cents=sum(kinds.values()),
        today=providers.today(),
    )
