"""Setting up: `init`."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from channel.commands.opening import say

if TYPE_CHECKING:
    from channel.config import Config


@click.command()
def init() -> None:
    """Create or upgrade the database, make a key ring, open the house's accounts and leave one share plan in force."""
    from channel.config import Config
    from channel.database import make_engine, transaction, upgrade
    from scans.batches import named_keys
    from stores.accounts import open_house_accounts
    from stores.plans import ensure_default_plan

    config = Config.from_env()
    config.make_home()
    engine = make_engine(config.database_url)
    upgrade(engine)
    with transaction(engine) as db:
        _make_ring(config, needed=named_keys(db))
        open_house_accounts(db, currency=config.currency)
        ensure_default_plan(db)
    shown = engine.url.render_as_string(hide_password=True)
    engine.dispose()
    say(f"ready: database {shown}, key ring {config.keys_path}")


def _make_ring(config: "Config", *, needed: set[str]) -> None:
    """Make a key ring, unless codes are out there that only a lost one can read."""
    from scans.keys import KeyRing, KeyRingError, make_ring

    there = {key.id for key in KeyRing.load(config.keys_path).keys} if config.keys_path.exists() else set()
    if needed - there:
        missing = ", ".join(sorted(needed - there))
        raise KeyRingError(f"batches were made with the key {missing}, which is not in {config.keys_path}: restore it")
    make_ring(config.keys_path, now=datetime.now(UTC))
