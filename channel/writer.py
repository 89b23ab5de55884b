"""The one writer of a process: scans that wait together are taken in one transaction. Knows the journey.

A request waits until its scan is committed. A group that fails is done again one by one, so that nobody pays for a
neighbour. Scans of a process queue here, groups of several processes at the database.
"""

import queue
import threading
import time
from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from channel.config import Config
from channel.database import transaction
from channel.journey import Taken, take_scans
from scans.intake import ClaimLostError, NewScan
from scans.keys import KeyRing

GROUP = 256
ATTEMPTS = 3
WAIT_S = 30.0
WINDOW_S = 0.01
LOOK_S = 0.001
Outcome = Taken | Exception


class BusyError(RuntimeError):
    """The scan could not be written in time; sending it again under the same key is harmless."""


class _Waiting:
    """Scans in the line, and who waits for them: a bare lock, since a Future costs as much as booking a share."""

    def __init__(self, scans: Sequence[NewScan], now: datetime) -> None:
        self.scans = scans
        self.now = now
        self._told: list[Outcome] | BaseException = []
        self._done = threading.Lock()
        self._done.acquire()

    def tell(self, told: list[Outcome] | BaseException) -> None:
        self._told = told
        self._done.release()

    def result(self) -> list[Outcome]:
        if not self._done.acquire(timeout=WAIT_S):
            raise BusyError("too many scans at once; please send this one again")
        if isinstance(self._told, BaseException):
            raise self._told
        return self._told


class Writer:
    """Takes scans for the threads of one process; its own thread starts with the first scan (after any fork)."""

    def __init__(self, *, engine: Engine, config: Config, ring: Callable[[], KeyRing]) -> None:
        self._engine = engine
        self._config = config
        self._ring = ring
        self._line: queue.SimpleQueue[_Waiting] = queue.SimpleQueue()
        self._start = threading.Lock()
        self._thread: threading.Thread | None = None

    def take(self, scan: NewScan, *, now: datetime) -> Taken:
        """Take one scan and return when it is committed.

        Raises: what take_scan raises; BusyError.
        """
        outcome = self.take_many([scan], now=now)[0]
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def take_many(self, scans: Sequence[NewScan], *, now: datetime) -> list[Outcome]:
        """Take scans together and return an answer or a refusal for each when they are committed.

        Raises: BusyError.
        """
        waiting = _Waiting(scans, now)
        self._ensure_thread()
        self._line.put(waiting)
        return waiting.result()

    def _ensure_thread(self) -> None:
        if self._thread is None or not self._thread.is_alive():
            with self._start:
                if self._thread is None or not self._thread.is_alive():
                    self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
                    self._thread.start()

    def _run(self) -> None:
        before = 0
        while True:
            group = self._gather(before)
            before = len(group)
            self._serve(group)

    def _gather(self, before: int) -> list[_Waiting]:
        """Wait for somebody, then a moment for as many as have just been answered and come back with their next.

        A group costs four milliseconds and half a one for each scan, so two groups that take turns are a waste.
        """
        expected = before + self._line.qsize()
        group = [self._line.get()]
        until = time.monotonic() + WINDOW_S
        while 1 + self._line.qsize() < min(expected, GROUP) and time.monotonic() < until:
            time.sleep(LOOK_S)
        while sum(len(waiting.scans) for waiting in group) < GROUP and not self._line.empty():
            group.append(self._line.get())
        return group

    def _serve(self, group: list[_Waiting]) -> None:
        try:
            outcomes = self._take([scan for waiting in group for scan in waiting.scans], now=group[-1].now)
        except (DBAPIError, ClaimLostError) as error:
            self._serve_apart(group, error)
            return
        except BaseException as error:  # noqa: BLE001 - whoever waits must hear of a bug, too
            _fail(group, error)
            return
        for waiting in group:
            waiting.tell(outcomes[: len(waiting.scans)])
            del outcomes[: len(waiting.scans)]

    def _serve_apart(self, group: list[_Waiting], error: Exception) -> None:
        if len(group) > 1:
            for waiting in group:
                self._serve([waiting])
            return
        try:
            group[0].tell([self._take_alone(scan, group[0].now) for scan in group[0].scans])
        except BaseException as failure:  # noqa: BLE001
            _fail(group, failure)

    def _take_alone(self, scan: NewScan, now: datetime) -> Outcome:
        for _ in range(ATTEMPTS - 1):
            try:
                return self._take([scan], now=now)[0]
            except (DBAPIError, ClaimLostError):
                continue
        return self._take([scan], now=now)[0]

    def _take(self, scans: Sequence[NewScan], *, now: datetime) -> list[Outcome]:
        with transaction(self._engine) as db:
            return take_scans(db, config=self._config, ring=self._ring(), scans=scans, now=now)


def _fail(group: list[_Waiting], error: BaseException) -> None:
    for waiting in group:
        waiting.tell(error)
