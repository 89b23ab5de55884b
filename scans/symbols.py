"""Stage 2, print: QR symbols as matrices of modules, many at once and a single one in a terminal. Knows nobody.

With version, level and mask fixed, every module is a sum (mod 2) of bits of the text. So the symbols of one address
prefix are a table, made once by `qrcode` itself, and a few XORs for each serial: bit for bit what `qrcode` would make.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from qrcode.constants import ERROR_CORRECT_M
from qrcode.main import QRCode
from qrcode.util import MODE_ALPHA_NUM, QRData

LEVEL = "M"
QUIET = 4  # modules of light around a symbol (ISO/IEC 18004)
MASK = 3  # on average the least penalty of the eight for our addresses; readers do not care
BLOCK = 2048  # symbols at a time: what is being summed up stays near the processor
ALPHANUMERIC = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
_BASE = len(ALPHANUMERIC)
_PAIR_BITS, _LAST_BITS = 11, 6
_ROW = _BASE + 1  # a value is 0 to 44; 45 stands where there is no character
_VALUES = np.full(256, _BASE, dtype=np.int64)
_VALUES[np.frombuffer(ALPHANUMERIC.encode(), dtype=np.uint8)] = np.arange(_BASE)
_ROWS = (_VALUES * _ROW)[None, :] + _VALUES[:, None]  # by a pair of bytes as one number, the first byte the lower
_ROWS = _ROWS.ravel()

Matrix = NDArray[np.bool_]
Packed = NDArray[np.uint8]
Texts = NDArray[np.bytes_]
Words = NDArray[np.uint64]


def matrix(text: str) -> Matrix:
    """Return the symbol of one text at level M with its quiet zone.

    Shapes: (size + 8, size + 8), dark is true.
    """
    code = QRCode(error_correction=ERROR_CORRECT_M, border=QUIET)
    code.add_data(text, optimize=0)
    return np.array(code.get_matrix(), dtype=np.bool_)


def unpack(packed: Packed) -> Packed:
    """Return packed symbols with their quiet zones.

    Shapes: (n, size, ceil(size / 8)) -> (n, size + 8, size + 8), dark is 1.
    """
    modules = np.unpackbits(packed, axis=2, count=packed.shape[1])
    return np.pad(modules, ((0, 0), (QUIET, QUIET), (QUIET, QUIET)))


def symbols(prefix: str, texts: Texts) -> Packed:
    """Return the symbols of an address prefix followed by each text, without quiet zones, all of one size and mask.

    A text is what changes from code to code, such as a serial: capitals and digits, all of one length.

    Shapes: (n,) of S16, say -> (n, size, ceil(size / 8)): each line of modules is packed into bytes, dark is 1.
    """
    size, tables = _tables(prefix, texts.itemsize)
    pairs = _pairs(texts, first_alone=len(prefix) % 2 == 1)
    words = np.empty((len(texts), tables.shape[2]), dtype=np.uint64)
    for start in range(0, len(texts), BLOCK):
        block, pair = words[start : start + BLOCK], pairs[start : start + BLOCK].T
        rows, other = np.empty(pair.shape, dtype=np.int64), np.empty_like(block)
        _ROWS.take(pair, out=rows, mode="clip")  # clip: no number is too high, and so nothing need be copied
        tables[0].take(rows[0], axis=0, out=block, mode="clip")
        for table, row in zip(tables[1:], rows[1:], strict=True):
            table.take(row, axis=0, out=other, mode="clip")
            np.bitwise_xor(block, other, out=block)
    row_bytes = -(-size // 8)
    return words.view(np.uint8)[:, : size * row_bytes].reshape(-1, size, row_bytes)


def _pairs(texts: Texts, *, first_alone: bool) -> NDArray[np.uint16]:
    """Return the characters two by two as a symbol takes them, each pair as one number.

    A first character that shares its place with the prefix goes to the end, behind a last one that stands alone.
    """
    chars = np.ascontiguousarray(texts).view(np.uint8).reshape(len(texts), -1)
    turned = np.roll(chars, -1, axis=1) if first_alone else chars
    return np.pad(turned, ((0, 0), (0, chars.shape[1] % 2))).view("<u2")


@lru_cache(maxsize=8)
def _tables(prefix: str, length: int) -> tuple[int, Words]:
    """Return the size of the symbols, and for each pair of `_pairs` what it puts into one; the first has the rest, too.

    Shapes: (pairs, rows of _ROWS, words)
    """
    start = len(prefix) // 2 * 2
    known, zeros = prefix[:start], "0" * (len(prefix) + length - start)
    version = symbol_version(known + zeros)
    base = _words(version, known + zeros)
    slots = [_changes(version, known, zeros, place) for place in range(0, len(zeros), 2)]
    ends, nothing = [], np.zeros((_ROW, 1), dtype=np.uint64)
    if len(zeros) % 2:
        ends.append(_in_rows(slots.pop()[:_BASE]))
    if start < len(prefix):
        ends.append(_in_rows(slots.pop(0)[_BASE * ALPHANUMERIC.index(prefix[-1]) :][:_BASE]))
    tables = [_in_rows(slot[: _BASE * _BASE].reshape(_BASE, _BASE, -1)) for slot in slots]
    if ends:
        one, other = [*ends, nothing][:2]
        tables.append(one[:, None] ^ other)
    tables[0] ^= base
    return 17 + 4 * version, np.stack(tables).reshape(len(tables), _ROW * _ROW, -1)


def _changes(version: int, known: str, zeros: str, place: int) -> Words:
    """Return what each value of two characters (11 bits; 6 of a last one) changes in the symbol of all zeros."""
    alone = place + 1 == len(zeros)
    base = _words(version, known + zeros)
    table = np.zeros((1, len(base)), dtype=np.uint64)
    for bit in range(_LAST_BITS if alone else _PAIR_BITS):
        chars = ALPHANUMERIC[2**bit // _BASE] * (not alone) + ALPHANUMERIC[2**bit % _BASE]
        text = known + zeros[:place] + chars + zeros[place + len(chars) :]
        table = np.concatenate([table, table ^ _words(version, text) ^ base])
    return table


def _in_rows(table: Words) -> Words:
    """Add the row (and column) of no character, which changes nothing."""
    return np.pad(table, [(0, 1)] * (table.ndim - 1) + [(0, 0)])


def symbol_version(text: str) -> int:
    """Return the version of a text's symbol: 1 has 21 modules a side, each further one 4 more."""
    code = QRCode(error_correction=ERROR_CORRECT_M, mask_pattern=MASK)
    code.add_data(QRData(text, mode=MODE_ALPHA_NUM))
    return int(code.best_fit())


def _words(version: int, text: str) -> Words:
    code = QRCode(version=version, error_correction=ERROR_CORRECT_M, mask_pattern=MASK, border=0)
    code.add_data(QRData(text, mode=MODE_ALPHA_NUM))
    code.make(fit=False)
    packed = np.packbits(np.array(code.get_matrix(), dtype=np.bool_), axis=1).ravel()
    return np.pad(packed, (0, -len(packed) % 8)).view(np.uint64)


def terminal_qr(text: str) -> str:
    """Draw a symbol with half blocks, black on white whatever the terminal's own colours are."""
    modules = matrix(text)
    if len(modules) % 2:
        modules = np.pad(modules, ((0, 1), (0, 0)))
    cells = modules[::2] + 2 * modules[1::2].astype(int)
    return "".join("\x1b[30;107m" + "".join(" ▀▄█"[cell] for cell in line) + "\x1b[0m\n" for line in cells)
