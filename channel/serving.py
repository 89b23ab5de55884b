"""Serving: worker processes that answer, and on SQLite the scheduler beside them. Knows the application by its name."""

import gc
import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from time import sleep
from typing import Any

from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels
from sqlalchemy.engine import make_url

from channel.config import Config, ConfigError
from channel.database import is_at_head, make_engine
from channel.health import BEHIND
from channel.jobs import WATCH_S, run_scheduler
from channel.metrics import share

THREADS = 64
BACKLOG = 2048
LEAVE_S = 10
YOUNG_OBJECTS = 50_000


def serve(config: Config, *, host: str = "127.0.0.1", port: int = 8000, workers: int | None = None) -> None:
    """Serve until a signal ends it.

    Raises: ConfigError without a secret key, or if the database is not at the newest revision.
    """
    config.require_secret_key()
    _require_head(config)
    workers = choose_workers(config, asked=workers)
    os.environ.setdefault("MALLOC_MMAP_THRESHOLD_", str(1 << 20))  # else a worker keeps what building its index freed
    with _scheduler(config), TemporaryDirectory(prefix="glassbox-metrics-") as folder:
        server = make_server(host=host, port=port, workers=workers)
        sys.stderr.write(f"serving at http://{host}:{port} with {workers} worker{'s'[: workers > 1]}; Ctrl-C ends it\n")
        server.serve(target_loader=_loader(config, Path(folder)), wrap_loader=False)


def make_server(*, host: str, port: int, workers: int) -> Any:
    """Make the server with the settings that all of ours have, and the bench's bare app too."""
    return Granian(
        "channel.app",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=THREADS,
        backlog=BACKLOG,
        respawn_failed_workers=True,
        workers_kill_timeout=10,
        log_level=LogLevels.error,
    )


def choose_workers(config: Config, *, asked: int | None) -> int:
    """Return how many worker processes to start: on SQLite one, whose threads share one writer."""
    if is_sqlite(config):
        if asked is not None and asked > 1:
            sys.stderr.write(f"SQLite has one writer: 1 worker with {THREADS} threads instead of {asked} workers\n")
        return 1
    return asked or os.cpu_count() or 1


def is_sqlite(config: Config) -> bool:
    """Tell whether the deployment is the embedded one."""
    return make_url(config.database_url).get_backend_name() == "sqlite"


def _loader(config: Config, folder: Path) -> Callable[[], Any]:
    parent = os.getpid()

    def load() -> Any:
        # Inside the worker, so that nothing that was opened is inherited.
        Thread(target=_end_with, args=(parent,), name="watch", daemon=True).start()
        share(folder)
        from channel.app import create_app

        app = create_app(config)
        _spare_the_collector()
        return app

    return load


def _spare_the_collector() -> None:
    """Let cyclic garbage wait: by default what waits for a commit is looked through again and again, for a fifth of
    a claim's time, and there are few cycles to find.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS, *gc.get_threshold()[1:])


def _end_with(parent: int) -> None:
    # A server that was killed would leave workers behind that keep its port.
    while os.getppid() == parent:
        sleep(WATCH_S)
    os.kill(os.getpid(), signal.SIGTERM)
    sleep(LEAVE_S)  # a worker that is just starting does not hear the first signal
    os.kill(os.getpid(), signal.SIGKILL)


def _require_head(config: Config) -> None:
    engine = make_engine(config.database_url)
    ready = is_at_head(engine)
    engine.dispose()
    if not ready:
        raise ConfigError(BEHIND.strip())


@contextmanager
def _scheduler(config: Config) -> Iterator[None]:
    """On SQLite, run the scheduler as a child that ends with its parent; elsewhere it is a service of its own."""
    if not is_sqlite(config):
        yield
        return
    forked = multiprocessing.get_context("fork")  # before any thread is started
    child = forked.Process(target=run_scheduler, args=(config,), kwargs={"parent": os.getpid()}, name="scheduler")
    child.start()
    try:
        yield
    finally:
        child.terminate()
        child.join(timeout=10)
