"""Things that many do at the same moment."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

Answer = TypeVar("Answer")


def at_once(action: Callable[[int], Answer], threads: int) -> list[Answer]:
    """Run `action(n)` in so many threads, started together, and return what each said, by n."""
    start = Barrier(threads)

    def run(n: int) -> Answer:
        start.wait()
        return action(n)

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(run, range(threads)))
