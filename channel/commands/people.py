"""Who may come in: `user`, `token`. A secret alone is on stdout, once."""

import click

from channel.commands.opening import opened, say

ROLES = ("owner", "finance", "dealer", "franchisee", "keeper", "guide", "rep", "auditor", "api")
ROLE = click.option("--role", required=True, type=click.Choice(ROLES), help="What they may do.")
PARTY = click.option(
    "--party", metavar="ID", help="For dealer, franchisee, keeper, guide, rep: whose figures they see."
)


@click.group()
def user() -> None:
    """People who sign in, and their roles."""


@user.command("add")
@click.argument("name")
@ROLE
@PARTY
def add_user(name: str, role: str, party: str | None) -> None:
    """Give NAME a role; a new person's password is printed once, one who is known keeps the old one."""
    from channel import access
    from channel.database import transaction

    with opened() as house, transaction(house.engine) as db:
        password = access.add_user(db, name=name, role=role, party=party, now=house.now)
    if password is None:
        say(f"{name} is known, has the role {role}, and keeps the password")
    else:
        say(f"{name} has the role {role}; the password, shown once:")
        click.echo(password)


@user.command("password")
@click.argument("name")
def set_password(name: str) -> None:
    """Give NAME a new password, printed once, and sign them out everywhere."""
    from channel import access
    from channel.database import transaction

    with opened() as house, transaction(house.engine) as db:
        password = access.set_password(db, name=name)
    click.echo(password)


@click.group()
def token() -> None:
    """What programs show instead of a password."""


@token.command("add")
@click.argument("name")
@ROLE
@PARTY
@click.option("--days", default=365, show_default=True, type=click.IntRange(1, 3660), help="How long it is good for.")
def add_token(name: str, role: str, party: str | None, days: int) -> None:
    """Make a token for the program NAME and print it; it cannot be shown again."""
    from channel import access
    from channel.database import transaction

    with opened() as house, transaction(house.engine) as db:
        text = access.add_token(db, name=name, role=role, party=party, now=house.now, days=days)
    say(f"a token for {name} with the role {role}, good for {days} days:")
    click.echo(text)
