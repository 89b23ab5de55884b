"""Make a batch's filter for phones, beside the set of its serials that one would ship without it.

    python bench/bench_filters.py [--count 10000000]

CPU seconds of one process; the false-accept rate is counted over random serials.
"""

import argparse
import resource
import time
from collections.abc import Callable
from typing import TypeVar

import numpy as np

from scans.codes import ALPHABET, LENGTH, serials
from scans.filters import FALSE_ACCEPT, make_filter, passes

SECRET = bytes(range(16))
TRIED = 2_000_000
T = TypeVar("T")


def timed(work: Callable[[], T]) -> tuple[T, float]:
    """Return what a work gives and the CPU seconds it took."""
    start = time.process_time()
    made = work()
    return made, time.process_time() - start


def strangers(count: int) -> np.ndarray:
    """Return serials that nobody issued."""
    letters = np.frombuffer(ALPHABET.encode(), dtype=np.uint8)
    drawn = np.random.default_rng(1).integers(0, 32, size=(count, LENGTH), dtype=np.uint8)
    return np.ascontiguousarray(letters[drawn]).view(f"S{LENGTH}")[:, 0]


def main() -> None:
    """Print a row for each figure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=10_000_000)
    count = parser.parse_args().count
    codes = [range(1, count + 1)]
    made, seconds = timed(lambda: make_filter(codes, secret=SECRET, salt=1))
    size = sum(map(len, made.chunks()))
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    few = min(count, 1_000_000)
    bare = serials(SECRET, np.arange(1, few + 1, dtype=np.uint64))
    _, set_seconds = timed(lambda: {text.decode() for text in bare.tolist()})
    others = strangers(TRIED)
    passed = int(passes(made, others).sum())
    print(
        f"filter of {count:,} codes: {seconds:.2f} s CPU, {count / seconds:,.0f} codes/s, {size / count:.3f} bytes/code"
    )
    print(f"set of {few:,} texts: {set_seconds:.2f} s CPU, {few / set_seconds:,.0f} codes/s, {LENGTH} bytes/code")
    print(f"of its own rejected: {int((~passes(made, bare)).sum())} of {few:,}")
    print(f"of strangers passed: {passed} of {TRIED:,}, promised {TRIED * FALSE_ACCEPT:.1f}")
    print(f"memory while it is made: {peak_mb:.0f} MB")


if __name__ == "__main__":
    main()
