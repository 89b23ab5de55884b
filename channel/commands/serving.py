"""Running: `serve` and `scheduler`."""

import click


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="0.0.0.0 lets other machines in.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--workers", type=click.IntRange(1, 256), help="[default: one per core; on SQLite always one]")
def serve(host: str, port: int, workers: int | None) -> None:
    """Run the web server; on SQLite with the scheduler beside it."""
    from channel.commands.opening import opened
    from channel.serving import serve

    with opened() as house:
        config = house.config
    serve(config, host=host, port=port, workers=workers)


@click.command()
def scheduler() -> None:
    """Run the one process that does what is due: a second one waits until the first ends."""
    from channel.commands.opening import opened
    from channel.jobs import run_scheduler

    with opened() as house:
        config = house.config
    run_scheduler(config)
