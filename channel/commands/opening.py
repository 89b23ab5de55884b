"""What most commands begin with: settings, the database as it must be, the clock, and progress to look at."""

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID
    from sqlalchemy import Engine

    from channel.config import Config
    from scans.keys import KeyRing

PATIENCE_S = 2.0


@dataclass(frozen=True, slots=True)
class Opened:
    """A deployment that is ready to be worked on."""

    config: "Config"
    engine: "Engine"
    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def today(self) -> date:
        """The owner's business day."""
        return self.now.astimezone(ZoneInfo(self.config.zone)).date()

    @property
    def ring(self) -> "KeyRing":
        """The key ring as it is on disk now."""
        from scans.keys import KeyRing

        return KeyRing.load(self.config.keys_path)


@contextmanager
def opened() -> Iterator[Opened]:
    """Open the deployment that the environment names.

    Raises: ConfigError, NotReadyError.
    """
    from sqlalchemy.engine import make_url

    from channel.config import Config
    from channel.database import NotReadyError, is_at_head, make_engine

    config = Config.from_env()
    url = make_url(config.database_url)
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").is_file():
        raise NotReadyError("there is no database yet; run: glassbox init")
    engine = make_engine(url)
    try:
        if not is_at_head(engine):
            raise NotReadyError("the database is not of this version; run: glassbox init")
        yield Opened(config, engine)
    finally:
        engine.dispose()


@contextmanager
def progress(title: str) -> Iterator[Callable[[int, int], None]]:
    """Give a function to tell how many of all are done; a terminal shows it when it takes longer than two seconds."""
    begun = monotonic()
    shown: list[tuple[Progress, TaskID]] = []
    with ExitStack() as stack:

        def tell(done: int, total: int) -> None:
            if not shown and (monotonic() - begun < PATIENCE_S or not sys.stderr.isatty()):
                return
            if not shown:
                shown.append(_bar(stack, title))
            bar, task = shown[0]
            bar.update(task, completed=done, total=total or None)

        yield tell


def say(text: str) -> None:
    """Talk to whoever sits there."""
    click.echo(text, err=True)


def _bar(stack: ExitStack, title: str) -> "tuple[Progress, TaskID]":
    from rich.console import Console
    from rich.progress import Progress

    bar = stack.enter_context(Progress(console=Console(stderr=True), transient=True))
    return bar, bar.add_task(title)
