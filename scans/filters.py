"""Stage 5, read without a network: a filter that knows a batch's codes, and from which none can be made. Knows nobody.

Each serial is hashed to one of n buckets and 16 bits more; the sorted hashes are kept as Elias and Fano keep numbers:
the bits as they are, the buckets in unary. A code of the batch always passes, any other with a chance of 2**-16. All
numbers are little-endian:

    magic b"GBF1", salt u32, count n u32, how many buckets a step of the directory has u32
    directory: of every 256th bucket, how many codes come before it, and n at the end      u32 each
    buckets: a 1 for each code of a bucket and a 0 behind it, the lowest bit of a byte first; padded to 4 bytes
    bits: 16 of each code, in the order of the buckets                                     u16 each

Source: P. Elias, "Efficient storage and retrieval by content and address of static files", JACM 21 (1974); the hash is
MurmurHash3_x86_32 by A. Appleby over the 16 characters of a serial.
"""

from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from scans import codes
from scans.batches import catalogue
from scans.catalogue import IssuedBatch, Span
from scans.codes import LENGTH, Serials
from scans.tables import Batch, Product

MAGIC = b"GBF1"
HEAD_BYTES = 16
FALSE_ACCEPT = 2.0**-16
STEP = 256
CHUNK = 262_144
MAX_CODES = 20_000_000  # 45 MB on a phone, 160 MB while it is made

Words = NDArray[np.uint32]
Hashes = NDArray[np.uint64]


class FilterError(ValueError):
    """So many codes are no load for a phone."""


class Carried(NamedTuple):
    """A batch that may lie on a phone, what it is of, and why it was called back as a whole."""

    batch: IssuedBatch
    product: str
    why: str | None


class Filter(NamedTuple):
    """The parts of a filter. Shapes: (n / 256 + 2,) u32, (2n / 8 rounded up,) u8, (n,) u16."""

    salt: int
    directory: Words
    buckets: NDArray[np.uint8]
    bits: NDArray[np.uint16]

    def chunks(self) -> Iterator[bytes]:
        """Yield the file in pieces."""
        yield MAGIC + np.array([self.salt, len(self.bits), STEP], dtype="<u4").tobytes()
        yield self.directory.astype("<u4").tobytes()
        for start in range(0, len(self.buckets), CHUNK):
            yield self.buckets[start : start + CHUNK].tobytes()
        yield bytes(-len(self.buckets) % 4)
        for start in range(0, len(self.bits), CHUNK):
            yield self.bits[start : start + CHUNK].astype("<u2").tobytes()


def filter_bytes(count: int) -> int:
    """Return how large the filter of so many codes is: about 2.27 bytes a code."""
    buckets = -(-2 * count // 8)
    return HEAD_BYTES + 4 * (-(-count // STEP) + 1) + buckets + -buckets % 4 + 2 * count


def all_codes(batch: IssuedBatch) -> list[range]:
    """Return the code numbers of a batch: items, their outer marks, cases and pallets."""
    return [range(span.first_no, span.last_no + 1) for span in batch.spans]


def recalled_codes(batch: IssuedBatch) -> list[range]:
    """Return the code numbers of the parts that were called back of a batch that was not, and of what holds them."""
    recalled = [part for part in batch.parts if part.state == "recalled"] if batch.state != "recalled" else []
    return [_holding(batch, span, part.first, part.last) for part in recalled for span in batch.spans]


def make_filter(ranges: Sequence[range], *, secret: bytes, salt: int) -> Filter:
    """Make the filter of codes that were issued under one key.

    Raises: FilterError for more codes than a phone should carry.
    """
    count = sum(map(len, ranges))
    if count > MAX_CODES:
        raise FilterError(f"a filter for phones holds at most {MAX_CODES} codes")
    hashes = np.empty(count, dtype=np.uint64)
    done = 0
    for held in ranges:
        for first_no in range(held.start, held.stop, CHUNK):
            code_nos = np.arange(first_no, min(first_no + CHUNK, held.stop), dtype=np.uint64)
            hashes[done : done + len(code_nos)] = hashed(codes.serials(secret, code_nos), salt=salt, count=count)
            done += len(code_nos)
    return pack(hashes, salt=salt)


def hashed(serials: Serials, *, salt: int, count: int) -> Hashes:
    """Return of each serial its bucket among `count` and, in the lowest 16 bits, what is kept of it.

    Shapes: (n,) S16 -> (n,) uint64.
    """
    words = np.ascontiguousarray(serials, dtype=f"S{LENGTH}").view("<u4").reshape(-1, LENGTH // 4)
    buckets = murmur3(words, seed=salt).astype(np.uint64) * np.uint64(count) >> np.uint64(32)
    kept = murmur3(words, seed=salt ^ 0xFFFFFFFF).astype(np.uint64) & np.uint64(0xFFFF)
    return buckets << np.uint64(16) | kept


def murmur3(words: Words, *, seed: int) -> Words:
    """Return MurmurHash3_x86_32 of each row of 32-bit words.

    Shapes: (n, k) uint32 -> (n,) uint32.
    """
    state = np.full(len(words), seed, dtype=np.uint32)
    for column in range(words.shape[1]):
        word = words[:, column] * np.uint32(0xCC9E2D51)
        state ^= _turned(word, 15) * np.uint32(0x1B873593)
        state = _turned(state, 13) * np.uint32(5) + np.uint32(0xE6546B64)
    state ^= np.uint32(4 * words.shape[1])
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35)):
        state ^= state >> np.uint32(shift)
        state *= np.uint32(factor)
    state ^= state >> np.uint32(16)
    return state


def _turned(words: Words, places: int) -> Words:
    return words << np.uint32(places) | words >> np.uint32(32 - places)


def pack(hashes: Hashes, *, salt: int) -> Filter:
    """Keep hashes, in the order of their buckets; `hashes` is sorted on the way."""
    hashes.sort()
    count = len(hashes)
    buckets = (hashes >> np.uint64(16)).astype(np.int64)
    edges = np.arange(0, count + STEP, STEP)
    directory = np.searchsorted(buckets, edges).astype(np.uint32)
    unary = np.zeros(2 * count, dtype=np.bool_)
    unary[buckets + np.arange(count)] = True
    packed = np.packbits(unary, bitorder="little")
    return Filter(salt, directory, packed, (hashes & np.uint64(0xFFFF)).astype(np.uint16))


def carried(db: Session, *, batch_ids: Collection[str], limit: int) -> list[Carried]:
    """Return what an inspector's phone may carry: the batches named, and the latest."""
    told = select(Batch.batch_id, Product.name, Batch.recalled_why).join(Product, Product.id == Batch.product_id)
    latest = select(Batch.id).order_by(Batch.id.desc()).limit(limit)
    wanted = told.where(or_(Batch.batch_id.in_(batch_ids), Batch.id.in_(latest))).order_by(Batch.id.desc())
    codes_of = catalogue(db)
    return [Carried(codes_of.batch(batch_id), name, why) for batch_id, name, why in db.execute(wanted)]


def _holding(batch: IssuedBatch, span: Span, first: int, last: int) -> range:
    in_case = batch.items_per_case or 1
    size = {"case": in_case, "pallet": in_case * (batch.cases_per_pallet or 1)}.get(span.level, 1)
    return range(span.first_no + (first - 1) // size, span.first_no + (last - 1) // size + 1)


def passes(made: Filter, serials: Serials) -> NDArray[np.bool_]:
    """Tell of each serial whether the filter lets it pass.

    Shapes: (n,) S16 -> (n,) bool.
    """
    count = len(made.bits)
    unary = np.unpackbits(made.buckets, count=2 * count, bitorder="little").astype(np.bool_)
    buckets = np.flatnonzero(unary) - np.arange(count)
    kept = buckets.astype(np.uint64) << np.uint64(16) | made.bits
    wanted: NDArray[np.bool_] = np.isin(hashed(serials, salt=made.salt, count=count), kept)
    return wanted
