"""Stage 2, print: QR symbols as matrices of modules, and a single one as a picture. Knows nobody.

With version, level and mask fixed, every module is a sum (mod 2) of bits of the text. So the symbols of one address
prefix are a table, made once by `qrcode` itself, and a few XORs for each serial: bit for bit what `qrcode` would make.
"""

import struct
import zlib
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from qrcode.constants import ERROR_CORRECT_M
from qrcode.main import QRCode
from qrcode.util import MODE_ALPHA_NUM, QRData

from scans.codes import LENGTH, Serials

QUIET = 4  # modules of light around a symbol (ISO/IEC 18004)
MASK = 3  # on average the least penalty of the eight for our addresses; readers do not care
_ALPHANUMERIC = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
_BASE = len(_ALPHANUMERIC)
_PAIR_BITS, _LAST_BITS = 11, 6
_VALUES = np.zeros(256, dtype=np.uint16)
_VALUES[np.frombuffer(_ALPHANUMERIC.encode(), dtype=np.uint8)] = np.arange(_BASE)

Matrix = NDArray[np.bool_]
Packed = NDArray[np.uint8]


def matrix(text: str) -> Matrix:
    """Return the symbol of one text at level M with its quiet zone.

    Shapes: (size + 8, size + 8), dark is true.
    """
    code = QRCode(error_correction=ERROR_CORRECT_M, border=QUIET)
    code.add_data(text, optimize=0)
    return np.array(code.get_matrix(), dtype=np.bool_)


def unpack(packed: Packed) -> Matrix:
    """Return one packed symbol as a matrix with its quiet zone."""
    modules = np.unpackbits(packed, axis=1, count=len(packed)).astype(np.bool_)
    return np.pad(modules, QUIET)


def symbols(prefix: str, serials: Serials) -> Packed:
    """Return the symbols of an address prefix followed by each serial, without quiet zones, all of one size and mask.

    Shapes: (n, size, ceil(size / 8)): each line of modules is packed into bytes, dark is 1.
    """
    size, base, tables = _tables(prefix)
    tail = prefix[len(prefix) // 2 * 2 :]
    values = np.empty((len(serials), len(tail) + LENGTH), dtype=np.uint16)
    values[:, : len(tail)] = [_ALPHANUMERIC.index(char) for char in tail]
    values[:, len(tail) :] = _VALUES[np.ascontiguousarray(serials).view(np.uint8).reshape(-1, LENGTH)]
    words = np.repeat(base[None], len(serials), axis=0)
    for slot, table in enumerate(tables):
        pair = values[:, 2 * slot : 2 * slot + 2]
        words ^= table[pair[:, 0] * _BASE + pair[:, 1] if pair.shape[1] == 2 else pair[:, 0]]
    row_bytes = -(-size // 8)
    return words.view(np.uint8)[:, : size * row_bytes].reshape(-1, size, row_bytes)


@lru_cache(maxsize=8)
def _tables(prefix: str) -> tuple[int, NDArray[np.uint64], list[NDArray[np.uint64]]]:
    """Return the size, the symbol whose slots are all zero, and for each slot what each of its values changes there.

    A slot is a pair of characters (11 bits), the last one of an odd text a single character (6 bits).
    """
    start = len(prefix) // 2 * 2
    length = len(prefix) + LENGTH - start
    zeros = "0" * length
    version = _version(prefix[:start] + zeros)
    base = _words(version, prefix[:start] + zeros)
    tables = []
    for slot in range(0, length, 2):
        bits = _PAIR_BITS if slot + 1 < length else _LAST_BITS
        table = np.zeros((1, len(base)), dtype=np.uint64)
        for bit in range(bits):
            chars = _ALPHANUMERIC[2**bit // _BASE] + _ALPHANUMERIC[2**bit % _BASE]
            text = prefix[:start] + zeros[:slot] + chars[-min(2, length - slot) :] + zeros[slot + 2 :]
            table = np.concatenate([table, table ^ _words(version, text) ^ base])
        tables.append(table)
    return 17 + 4 * version, base, tables


def _version(text: str) -> int:
    code = QRCode(error_correction=ERROR_CORRECT_M, mask_pattern=MASK)
    code.add_data(QRData(text, mode=MODE_ALPHA_NUM))
    return int(code.best_fit())


def _words(version: int, text: str) -> NDArray[np.uint64]:
    code = QRCode(version=version, error_correction=ERROR_CORRECT_M, mask_pattern=MASK, border=0)
    code.add_data(QRData(text, mode=MODE_ALPHA_NUM))
    code.make(fit=False)
    packed = np.packbits(np.array(code.get_matrix(), dtype=np.bool_), axis=1).ravel()
    return np.pad(packed, (0, -len(packed) % 8)).view(np.uint64)


def svg(modules: Matrix, *, module_mm: float) -> bytes:
    """Draw a symbol as one outline: rectangles side by side leave seams that some readers stumble over."""
    side = len(modules)
    width = f"{side * module_mm:.4g}mm"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{width}" viewBox="0 0 {side} {side}">'
        f'<path fill="#fff" d="M0 0H{side}V{side}H0z"/><path fill-rule="evenodd" d="{_outline(modules)}"/></svg>\n'
    ).encode()


def _outline(modules: Matrix) -> str:
    # A corner has one or three dark modules around it. Along a row and along a column they pair up into edges; where
    # two dark modules touch at a point only, edges cross, which the even-odd rule fills as it should.
    around = np.pad(modules, 1)
    corner = around[:-1, :-1] ^ around[:-1, 1:] ^ around[1:, :-1] ^ around[1:, 1:]
    points = np.arange(corner.size).reshape(corner.shape)
    across, down = _edges(points[corner].tolist()), _edges(points.T[corner.T].tolist())
    path, side = [], len(corner)
    while across:
        start = at = next(iter(across))
        path.append(f"M{at % side} {at // side}")
        while at in across:
            turn = across.pop(at)
            del across[turn]
            at = down[turn]
            path.append(f"H{turn % side}V{at // side}" if at != start else f"H{turn % side}z")
    return "".join(path)


def _edges(corners: list[int]) -> dict[int, int]:
    there = dict(zip(corners[::2], corners[1::2], strict=True))
    return there | {end: start for start, end in there.items()}


def png(modules: Matrix, *, module_px: int, dots_per_m: int = 11_811) -> bytes:
    """Draw a symbol as a picture of one bit a pixel (11,811 dots a metre are 300 dpi)."""
    side = len(modules) * module_px
    packed = np.packbits(~modules.repeat(module_px, axis=1), axis=1)
    lines = np.zeros((len(modules), module_px, 1 + packed.shape[1]), dtype=np.uint8)
    lines[:, 0, 1:] = packed
    lines[:, 1:, 0] = 2  # the filter of a line: nothing has changed since the one above
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        (
            _chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)),
            _chunk(b"pHYs", struct.pack(">IIB", dots_per_m, dots_per_m, 1)),
            _chunk(b"IDAT", zlib.compress(lines.tobytes(), 3)),
            _chunk(b"IEND", b""),
        )
    )


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def terminal_qr(text: str) -> str:
    """Draw a symbol with half blocks, black on white whatever the terminal's own colours are."""
    modules = matrix(text)
    if len(modules) % 2:
        modules = np.pad(modules, ((0, 1), (0, 0)))
    cells = modules[::2] + 2 * modules[1::2].astype(int)
    return "".join("\x1b[30;107m" + "".join(" ▀▄█"[cell] for cell in line) + "\x1b[0m\n" for line in cells)
