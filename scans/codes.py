"""Stage 1, mint: a serial is unguessable and verifies itself. Knows nobody.

A serial is 80 bits in 16 characters of Crockford's base32: a code number and 40 zero bits, enciphered by a Feistel
network of four rounds. Whoever deciphers it to anything but a zero half holds something that was never issued.
"""

import re
import threading
from collections.abc import Callable
from functools import cache
from struct import Struct

import numpy as np
from cryptography.hazmat.primitives.ciphers import Cipher, CipherContext
from cryptography.hazmat.primitives.ciphers.algorithms import AES128
from cryptography.hazmat.primitives.ciphers.modes import ECB
from numpy.typing import NDArray

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 16
MAX_CODE_NO = 2**40 - 1
CHUNK = 32_768  # large enough to forget the calls, small enough to stay near the processor

# An input of AES is 5 bytes of a half, the number of the round and ten bytes that no other use of the key shares;
# all numbers are little-endian, as the machine's own, so that numpy need not turn them.
_HALF = 2**40 - 1
_PAD = int.from_bytes(b"glassbox.1", "little") << 48
_ROUNDS = tuple(_PAD | number << 40 for number in range(4))
_LOW = 2**64 - 1
_word = Struct("<Q8x").unpack

_SERIAL = re.compile(f"[{ALPHABET}]{{{LENGTH}}}")
_DIGITS = bytes.maketrans(ALPHABET.encode(), b"0123456789abcdefghijklmnopqrstuv")
_PAIRS = [first + second for first in ALPHABET for second in ALPHABET]
_PAIR_BYTES = np.frombuffer("".join(_PAIRS).encode(), dtype="<u2")
_VALUES = np.full(256, 255, dtype=np.uint8)
_VALUES[np.frombuffer(ALPHABET.encode(), dtype=np.uint8)] = np.arange(32)

Codes = NDArray[np.uint64]
Serials = NDArray[np.bytes_]
Rounds = Callable[[Codes, int], Codes]


class CodeError(ValueError):
    """The text is no serial made with this key."""


def _aes(secret: bytes) -> CipherContext:
    return Cipher(AES128(secret), ECB()).encryptor()  # noqa: S305 (a block is the input of a round, never a message)


class _Ciphers(threading.local):
    """One cipher per thread and key: a context must not be used by two threads at once."""

    def __init__(self) -> None:
        self.update = cache(lambda secret: _aes(secret).update)


_ciphers = _Ciphers()


def serial(secret: bytes, code_no: int) -> str:
    """Return the serial of one code number."""
    if not 0 <= code_no <= MAX_CODE_NO:
        raise CodeError("code numbers have 40 bits")
    aes = _ciphers.update(secret)
    left, right = code_no, 0
    for first, second in (_ROUNDS[:2], _ROUNDS[2:]):
        right ^= _word(aes((left | first).to_bytes(16, "little")))[0] & _HALF
        left ^= _word(aes((right | second).to_bytes(16, "little")))[0] & _HALF
    bits = left << 40 | right
    return "".join([_PAIRS[bits >> shift & 1023] for shift in range(70, -1, -10)])


def decipher(secret: bytes, text: str) -> int:
    """Return the code number of a serial made with this key.

    Raises: CodeError for any other text.
    """
    if not _SERIAL.fullmatch(text):
        raise CodeError("a serial has 16 letters and digits")
    aes = _ciphers.update(secret)
    bits = int(text.encode().translate(_DIGITS), 32)
    left, right = bits >> 40, bits & _HALF
    for first, second in (_ROUNDS[2:], _ROUNDS[:2]):
        left ^= _word(aes((right | second).to_bytes(16, "little")))[0] & _HALF
        right ^= _word(aes((left | first).to_bytes(16, "little")))[0] & _HALF
    if right:
        raise CodeError("this serial was not made with this key")
    return left


def serials(secret: bytes, code_nos: Codes) -> Serials:
    """Return the serials of many code numbers.

    Shapes: (n,) uint64 -> (n,) S16.
    """
    if len(code_nos) and int(code_nos.max()) > MAX_CODE_NO:
        raise CodeError("code numbers have 40 bits")
    out = np.empty((len(code_nos), LENGTH // 2), dtype=_PAIR_BYTES.dtype)
    size = min(CHUNK, len(code_nos))
    rounds, spell = _rounds(secret, size), _spelling(size)
    for start in range(0, len(code_nos), CHUNK):
        left = code_nos[start : start + CHUNK].astype(np.uint64)
        right = rounds(left, 0).copy()
        left ^= rounds(right, 1)
        right ^= rounds(left, 2)
        left ^= rounds(right, 3)
        spell(left, out[start : start + CHUNK, :4])
        spell(right, out[start : start + CHUNK, 4:])
    return out.view(f"S{LENGTH}")[:, 0]


def decipher_all(secret: bytes, texts: Serials) -> tuple[Codes, NDArray[np.bool_]]:
    """Return the code number of each serial, and whether it was made with this key (else the number means nothing).

    Shapes: (n,) S16 -> (n,) uint64, (n,) bool.
    """
    chars = np.ascontiguousarray(texts, dtype=f"S{LENGTH}").view(np.uint8).reshape(-1, LENGTH)
    code_nos, valid = np.empty(len(chars), dtype=np.uint64), np.empty(len(chars), dtype=np.bool_)
    rounds = _rounds(secret, min(CHUNK, len(chars)))
    for start in range(0, len(chars), CHUNK):
        values = _VALUES[chars[start : start + CHUNK]]
        left, right = _read(values[:, :8]), _read(values[:, 8:])
        left ^= rounds(right, 3)
        right ^= rounds(left, 2)
        left ^= rounds(right, 1)
        right ^= rounds(left, 0)
        code_nos[start : start + CHUNK] = left
        valid[start : start + CHUNK] = (right == 0) & (values.max(axis=1) < 32)
    return code_nos, valid


def _rounds(secret: bytes, size: int) -> Rounds:
    """Return the round function over arrays of up to `size` halves; its answer lives until it is asked again."""
    aes = _aes(secret)
    blocks = np.empty((size, 2), dtype="<u8")
    blocks[:, 1] = _PAD >> 64
    out = np.empty((size + 1, 2), dtype="<u8")  # update_into wants room for a block less one byte more

    def apply(half: Codes, number: int) -> Codes:
        n = len(half)
        np.bitwise_or(half, np.uint64(_ROUNDS[number] & _LOW), out=blocks[:n, 0])
        aes.update_into(blocks[:n].data.cast("B"), out[: n + 1].data.cast("B"))
        answer = out[:n, 0]
        np.bitwise_and(answer, np.uint64(_HALF), out=answer)
        return answer

    return apply


def _spelling(size: int) -> Callable[[Codes, NDArray[np.uint16]], None]:
    """Return the function that spells up to `size` halves in eight characters each."""
    index, pairs = np.empty(size, dtype=np.int64), np.empty(size, dtype=_PAIR_BYTES.dtype)

    def apply(half: Codes, out: NDArray[np.uint16]) -> None:
        n = len(half)
        for place, shift in enumerate((30, 20, 10, 0)):
            np.right_shift(half.view(np.int64), shift, out=index[:n])
            np.bitwise_and(index[:n], 1023, out=index[:n])
            out[:, place] = _PAIR_BYTES.take(index[:n], out=pairs[:n], mode="clip")  # clip: no index is too high

    return apply


def _read(values: NDArray[np.uint8]) -> Codes:
    half = np.zeros(len(values), dtype=np.uint64)
    for place in range(8):
        half <<= np.uint64(5)
        half |= values[:, place] & np.uint8(31)
    return half
