"""A real server of the tests' own: `glassbox serve` as a process group of its own on a free port of this machine."""

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from channel.config import Config

START_S = 60
GLASSBOX = ("-m", "channel", "serve")
SECRET_KEY = "only for tests, and long enough"


class NoAnswerError(RuntimeError):
    """Nobody answered: the server is gone, or went while it was asked."""


@dataclass(frozen=True)
class Server:
    """A server that runs."""

    process: "subprocess.Popen[bytes]"
    port: int
    log: Path

    def kill(self) -> None:
        """End the whole group at once, without a word to any of them."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(START_S)


class Client:
    """One connection that is kept alive; used by one thread."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=START_S)

    def close(self) -> None:
        """End the connection."""
        self._connection.close()

    def post(self, path: str, body: Any) -> tuple[int, bytes]:
        """Send JSON and return the status and the body of the answer.

        Raises: NoAnswerError.
        """
        try:
            self._connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
            answer = self._connection.getresponse()
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            raise NoAnswerError(type(error).__name__) from error


def environment(config: Config, **more: str) -> dict[str, str]:
    """Tell a command the settings, and nothing of what is set around the tests."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GLASSBOX_")}
    ours = {
        "GLASSBOX_HOME": str(config.home),
        "GLASSBOX_DATABASE_URL": config.database_url,
        "GLASSBOX_KEYS": str(config.keys_path),
        "GLASSBOX_SECRET_KEY": SECRET_KEY,
        "TMPDIR": str(config.home),  # what a killed server leaves behind goes with the test
    }
    return kept | ours | more


def command(config: Config, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run `glassbox` to its end."""
    ours = [sys.executable, "-m", "channel", *arguments]
    return subprocess.run(ours, env=environment(config), capture_output=True, text=True)


@contextlib.contextmanager
def serving(config: Config, *arguments: str, program: tuple[str, ...] = GLASSBOX) -> Iterator[Server]:
    """Run the server (or another program that takes `--port`) until the block ends, however it ends.

    Raises: RuntimeError with its log if it does not answer.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = config.home / "server.log"
    ours = [sys.executable, *program, "--port", str(port), *arguments]
    with log.open("ab") as file:
        process = subprocess.Popen(ours, env=environment(config), stdout=file, stderr=file, start_new_session=True)
    server = Server(process, port, log)
    try:
        wait_until_ready(server)
        yield server
    finally:
        server.kill()


def wait_until_ready(server: Server) -> None:
    """Try until the server answers.

    Raises: RuntimeError.
    """
    deadline = time.monotonic() + START_S
    while server.process.poll() is None and time.monotonic() < deadline:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=START_S)
        with contextlib.suppress(OSError), contextlib.closing(connection):
            connection.request("GET", "/readyz")
            if connection.getresponse().read() == b"ready\n":
                return
        time.sleep(0.05)
    raise RuntimeError(server.log.read_text())
