"""Load on a server of this machine: connections that are kept alive, each with one request on its way at any time.

One thread and no library between the sockets and the clock, so that most of what is measured is the server.
"""

import selectors
import socket
import statistics
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice

LONGEST_S = 120.0


@dataclass
class Measured:
    """What a load came to: how long each answer took, how many were not what was asked for."""

    seconds: float = 0.0
    times_s: list[float] = field(default_factory=list)
    errors: int = 0
    cpu_s: float = 0.0
    each: int = 1

    @property
    def rate(self) -> float:
        """Return good answers a second, each worth `each`."""
        return (len(self.times_s) - self.errors) * self.each / self.seconds if self.seconds else 0.0

    def percentile_ms(self, percent: int) -> float:
        """Return the time that so many percent of the answers took at most."""
        return statistics.quantiles(self.times_s, n=100)[percent - 1] * 1000


def post(path: str, body: bytes) -> bytes:
    """Return a request as it goes over the wire."""
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
    return head.encode() + b"\r\n\r\n" + body


def get(path: str) -> bytes:
    """Return a request without a body."""
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()


def run(port: int, requests: Iterable[bytes], *, connections: int, good: bytes) -> Measured:
    """Send all requests over so many connections; an answer is good that has `good` in it."""
    left, measured, selector = iter(requests), Measured(), selectors.DefaultSelector()
    started = time.perf_counter()
    for request in islice(left, connections):
        line = _Line(socket.create_connection(("127.0.0.1", port)))
        selector.register(line.socket, selectors.EVENT_READ, line)
        line.send(request)
    open_lines = len(selector.get_map())
    while open_lines and time.perf_counter() - started < LONGEST_S:
        for key, _ in selector.select(timeout=1.0):
            if (answer := key.data.read()) is None:
                continue
            measured.times_s.append(time.perf_counter() - key.data.sent_at)
            measured.errors += good not in answer
            open_lines -= not _go_on(key.data, left, alive=answer != b"")
    measured.seconds = time.perf_counter() - started
    for key in list(selector.get_map().values()):
        key.data.socket.close()
    measured.errors += open_lines
    return measured


def _go_on(line: "_Line", left: Iterator[bytes], *, alive: bool) -> bool:
    request = next(left, None) if alive else None
    if request is not None:
        line.send(request)
    return request is not None


class _Line:
    """One connection: what was sent when, and what has come back so far."""

    def __init__(self, connected: socket.socket) -> None:
        self.socket = connected
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sent_at = 0.0
        self._got = b""

    def send(self, request: bytes) -> None:
        self._got, self.sent_at = b"", time.perf_counter()
        self.socket.sendall(request)

    def read(self) -> bytes | None:
        """Return the answer when it is whole, nothing at all when the server has hung up."""
        more = self.socket.recv(1 << 20)
        self._got += more
        head, found, body = self._got.partition(b"\r\n\r\n")
        if not more:
            return b""
        if not found:
            return None
        length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
        return self._got if len(body) >= int(length) else None
