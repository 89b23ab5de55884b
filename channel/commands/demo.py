"""The demo: a living world to click through, and the check of what the product found in it."""

import secrets
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import click

from channel.config import Config

STAGES = ("master data", "deliveries", "scans", "nights")
LOGINS = ("owner", "rep", "franchisee")  # each named as its role
PARTIES = {"rep": "REP01", "franchisee": "F01-1"}


@click.command()
@click.option("--stores", default=300, show_default=True, type=click.IntRange(1, 100_000), help="How many stores.")
@click.option(
    "--days", default=120, show_default=True, type=click.IntRange(1, 1000), help="How many days, up to yesterday."
)
@click.option(
    "--seed", default=1, show_default=True, type=click.IntRange(0), help="The same seed makes the same world."
)
@click.option("--host", default="127.0.0.1", show_default=True, help="0.0.0.0 lets a phone in.")
@click.option("--port", default=8000, show_default=True)
@click.option("--no-serve", is_flag=True, help="Make the world and stop.")
@click.option("--check", "checks", is_flag=True, help="Hold what was found against what was planted; serves nothing.")
def demo(stores: int, days: int, seed: int, host: str, port: int, *, no_serve: bool, checks: bool) -> None:
    """Make a living demo world in demo.db in the home, print where to click, and serve it."""
    config = _settings(Config.from_env(), host, port)
    if checks:
        _check(config, stores, days, seed)
        return
    _build(config, stores, days, seed)
    _tell(config, port)
    if not no_serve:
        from channel.serving import serve

        serve(config, host=host, port=port)


def _settings(config: Config, host: str, port: int) -> Config:
    import socket

    name = socket.gethostbyname(socket.gethostname()) if host == "0.0.0.0" else host  # noqa: S104
    return replace(
        config,
        database_url=f"sqlite:///{config.home / 'demo.db'}",
        keys_path=config.home / "demo-keys.json",
        base_url=f"http://{name}:{port}",
        secret_key=secrets.token_hex(32),
        trusted_hosts=(*config.trusted_hosts, name),
    )


def _build(config: Config, stores: int, days: int, seed: int) -> None:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from channel.demo.building import Size, build

    columns = (TextColumn("{task.description:12}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as bars:
        tasks = {stage: bars.add_task(stage, total=None) for stage in STAGES}

        def tell(stage: str, done: int, total: int) -> None:
            bars.update(tasks[stage], completed=done, total=total)

        build(config, size=Size(stores, days, seed), now=datetime.now(UTC), tell=tell)


def _check(config: Config, stores: int, days: int, seed: int) -> None:
    from channel.database import make_engine, reading
    from channel.demo.building import TRUTH
    from channel.demo.checking import check
    from channel.demo.troubles import unseal
    from scans.keys import KeyRing

    truth = config.home / TRUTH
    if not truth.exists():
        _build(config, stores, days, seed)
    with reading(make_engine(config.database_url)) as db:
        verdict = check(db, ring=KeyRing.load(config.keys_path), troubles=unseal(truth))
    for trouble in [*verdict.found, *verdict.missed]:
        word = "missed" if trouble in verdict.missed else "found"
        click.echo(f"{word:7} {trouble.kind:9} {trouble.subject} {trouble.first_day}..{trouble.last_day}")
    for flag in verdict.false_flags:
        click.echo(f"false   {flag.detector:9} {flag.store_id} {flag.first_day}..{flag.last_day} {flag.direction}")
    click.echo(f"{verdict.false_doubts} codes doubted that nobody copied")
    told = f"{len(verdict.found)} of {len(verdict.found) + len(verdict.missed)} planted troubles found"
    click.echo(f"{told}, {len(verdict.false_flags)} false alarms ({verdict.false_per_10000:.1f} per 10,000 store-days)")
    if verdict.missed:
        raise click.ClickException(f"{len(verdict.missed)} planted troubles were missed")


def _tell(config: Config, port: int) -> None:
    from channel.access import add_user, set_password
    from channel.database import make_engine, transaction
    from scans.symbols import terminal_qr
    from stores.stops import busiest_rep

    uri = _a_code(config.home / "demo-files")
    with transaction(make_engine(config.database_url)) as db:
        of_role = PARTIES | {"rep": busiest_rep(db) or PARTIES["rep"]}
        for name in LOGINS:
            add_user(db, name=name, role=name, party=of_role.get(name), now=datetime.now(UTC))
            click.echo(f"{name:11} {set_password(db, name=name)}")
    click.echo(terminal_qr(uri))
    click.echo(f"a consumer's code   {uri.lower()}")
    click.echo(f"sign in             http://127.0.0.1:{port}/")


def _a_code(folder: Path) -> str:
    """Return the address of an item that nobody has scanned yet: the last of a batch."""
    import csv

    path = sorted(folder.glob("batch-*.csv"))[0]
    with path.open(newline="", encoding="utf-8") as file:
        return [row["uri"] for row in csv.DictReader(file) if row["level"] == "item"][-1]
