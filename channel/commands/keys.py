"""The keys of the house: `keys`, `keys rotate`, `keys revoke`. Servers that run see a change at their next scan."""

from typing import TYPE_CHECKING

import click

from channel.commands.opening import opened, say

if TYPE_CHECKING:
    from scans.keys import RingKey

PURPOSES = ("code", "prize", "device")


@click.group(invoke_without_command=True)
@click.pass_context
def keys(context: click.Context) -> None:
    """List the keys: id, purpose, state, when made, how many batches need it; never the secrets."""
    if context.invoked_subcommand is not None:
        return
    from channel.database import reading
    from scans.batches import batches_by_key

    with opened() as house:
        with reading(house.engine) as db:
            batches = batches_by_key(db)
        for key in house.ring.keys:
            click.echo(_line(key, batches.get(key.id, 0)))


@keys.command()
@click.option("--purpose", default="code", show_default=True, type=click.Choice(PURPOSES))
def rotate(purpose: str) -> None:
    """Make new codes with a new key from now on; the one before still reads and earns. The id is the last line."""
    from scans.keys import rotate

    with opened() as house:
        new = rotate(house.config.keys_path, purpose=purpose, now=house.now)
    say(f"a new {purpose} key is active; keep a copy of {house.config.keys_path} in a safe place")
    click.echo(new.id)


@keys.command()
@click.argument("key_id", metavar="ID")
@click.option("--why", required=True, help="What happened; kept in the ring.")
def revoke(key_id: str, why: str) -> None:
    """Let nothing earn any more that was made with the key ID; its codes still get an answer. There is no way back."""
    from scans.keys import revoke

    with opened() as house:
        new = revoke(house.config.keys_path, key_id=key_id, why=" ".join(why.split()), now=house.now)
    say(f"key {key_id} is revoked" + (f"; the new key {new.id} takes its place" if new else ""))


def _line(key: "RingKey", batches: int) -> str:
    line = f"{key.id} {key.purpose} {key.state} {key.created_at:%Y-%m-%dT%H:%MZ} {batches}"
    return f"{line} {key.revoked_at:%Y-%m-%dT%H:%MZ} {key.why}" if key.revoked_at else line
