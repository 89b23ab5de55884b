"""A filter lets every code of its batch pass, others once in 65,536, and holds nothing that a code is made from."""

import struct
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scans.catalogue import IssuedBatch, Span
from scans.codes import ALPHABET, LENGTH, serials
from scans.filters import (
    FALSE_ACCEPT,
    HEAD_BYTES,
    MAGIC,
    STEP,
    FilterError,
    all_codes,
    filter_bytes,
    make_filter,
    murmur3,
    passes,
    recalled_codes,
)
from scans.parts import Part

SECRET = bytes(range(16))


def batch_of(*spans: Span, **said) -> IssuedBatch:
    same = dict.fromkeys(IssuedBatch.__slots__)
    return IssuedBatch(**same | {"spans": spans, "batch_id": "B", "parts": ()} | said)


def made(count: int, *, first_no: int = 1000, salt: int = 7):
    return make_filter([range(first_no, first_no + count)], secret=SECRET, salt=salt)


def own(count: int, *, first_no: int = 1000):
    return serials(SECRET, np.arange(first_no, first_no + count, dtype=np.uint64))


def strange(count: int, *, seed: int = 1):
    letters = np.frombuffer(ALPHABET.encode(), dtype=np.uint8)
    drawn = np.random.default_rng(seed).integers(0, 32, size=(count, LENGTH), dtype=np.uint8)
    return np.ascontiguousarray(letters[drawn]).view(f"S{LENGTH}")[:, 0]


def looked_up(file: bytes, serial: str) -> bool:
    """Look one serial up in the bytes of a file, slowly and from the description alone."""
    salt, count, step = struct.unpack_from("<III", file, 4)
    directory = struct.unpack_from(f"<{-(-count // step) + 1}I", file, HEAD_BYTES)
    at_buckets = HEAD_BYTES + 4 * len(directory)
    size = -(-2 * count // 8)
    at_bits = at_buckets + size + -size % 4
    word = np.frombuffer(serial.encode(), dtype="<u4").reshape(1, 4)
    bucket = int(murmur3(word, seed=salt)[0]) * count >> 32
    kept = int(murmur3(word, seed=salt ^ 0xFFFFFFFF)[0]) & 0xFFFF
    place = rank = 0
    for _ in range(bucket):
        while file[at_buckets + place // 8] >> place % 8 & 1:
            place, rank = place + 1, rank + 1
        place += 1
    assert directory[bucket // step] <= rank
    while place < 2 * count and file[at_buckets + place // 8] >> place % 8 & 1:
        if struct.unpack_from("<H", file, at_bits + 2 * rank)[0] == kept:
            return True
        place, rank = place + 1, rank + 1
    return False


@pytest.mark.parametrize(
    ("text", "seed", "hashed"),
    [  # the reference's own answers (A. Appleby, MurmurHash3.cpp)
        (b"aaaa", 0x9747B28C, 0x5A97808A),
        (b"abcd", 0x9747B28C, 0xF0478627),
        (b"\0\0\0\0", 0, 0x2362F9DE),
    ],
)
def test_the_hash_is_murmur3(text, seed, hashed):
    words = np.frombuffer(text, dtype="<u4").reshape(1, -1)
    assert murmur3(words, seed=seed).tolist() == [hashed]


@given(st.integers(1, 3000), st.integers(0, 2**40 - 4000), st.integers(0, 2**32 - 1))
def test_law_every_code_passes_and_the_size_is_as_told(count, first_no, salt):
    one = made(count, first_no=first_no, salt=salt)
    assert passes(one, own(count, first_no=first_no)).all()
    file = b"".join(one.chunks())
    assert len(file) == filter_bytes(count)
    assert file[:4] == MAGIC
    assert one.directory[0] == 0
    assert one.directory[-1] == count


def test_the_file_alone_answers_as_the_reference_does():
    count = 3 * STEP + 5
    one = made(count)
    file = b"".join(one.chunks())
    mine, others = own(count), strange(2000)
    assert all(looked_up(file, text.decode()) for text in mine)
    assert [looked_up(file, text.decode()) for text in others] == passes(one, others).tolist()


@pytest.mark.parametrize("count", [1, 1000, 200_000])
def test_others_pass_as_rarely_as_promised(count):
    tried = 2_000_000
    passed = int(passes(made(count), strange(tried)).sum())
    expected = tried * FALSE_ACCEPT
    assert abs(passed - expected) < 5 * expected**0.5


def test_the_next_batch_of_the_same_key_does_not_pass():
    assert passes(made(50_000), own(50_000, first_no=1000 + 50_000)).sum() < 10


def test_all_levels_are_in_it():
    spans = (Span("item", 1, 48), Span("case", 49, 50), Span("pallet", 51, 51))
    assert passes(make_filter(all_codes(batch_of(*spans)), secret=SECRET, salt=1), own(51, first_no=1)).all()


def test_of_a_recalled_part_the_items_and_what_holds_them_are_listed():
    spans = (Span("item", 1, 48), Span("case", 49, 52), Span("pallet", 53, 54))
    batch = batch_of(
        *spans, items_per_case=12, cases_per_pallet=2, parts=(Part(12, 14, "recalled"),), state="activated"
    )
    assert recalled_codes(batch) == [range(12, 15), range(49, 51), range(53, 54)]
    assert recalled_codes(replace(batch, state="recalled")) == []


def test_another_salt_lets_other_strangers_pass():
    others = strange(2_000_000)
    one, other = (set(np.flatnonzero(passes(made(1000, salt=salt), others))) for salt in (1, 2))
    assert one
    assert not one & other


def test_it_says_less_of_each_code_than_of_its_bucket():
    one = made(1000)
    assert sum(map(len, one.chunks())) < 2.4 * 1000 + 100
    assert SECRET not in b"".join(one.chunks())


def test_what_is_too_much_for_a_phone_is_refused():
    with pytest.raises(FilterError):
        make_filter([range(20_000_001)], secret=SECRET, salt=1)
