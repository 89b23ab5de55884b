"""Stage 2, print: a file a label in a ZIP archive, written with nothing kept. Knows nobody.

`zipfile` keeps a kilobyte of every entry until the end; here the table of contents waits in a temporary file.

Source: PKWARE APPNOTE 6.3, sections 4.3 and 4.5.3 (ZIP64).
"""

import struct
import zlib
from collections.abc import Collection, Iterable
from os import SEEK_CUR
from tempfile import SpooledTemporaryFile
from typing import BinaryIO

from isal import isal_zlib

_STORED, _DEFLATED, _RAW, _FAST = 0, 8, -15, 1
_DATED = 0x21  # 1 January 1980, always: the same run gives the same archive
_KEPT = 4 << 20
_LOCAL = struct.Struct("<4sHHHHHIIIHH")
_CENTRAL = struct.Struct("<4sHHHHHHIIIHHHHHII")
_LARGE = 0xFFFFFFFF


def write_archive(
    file: BinaryIO, files: Iterable[tuple[str, bytes]], *, packed: bool, wanted: Collection[str]
) -> dict[str, int]:
    """Write an archive of files, and tell where in it the wanted ones are; what is packed already is only stored."""
    found = {}
    with SpooledTemporaryFile(_KEPT) as contents:
        count = 0
        for name, data in files:
            if name in wanted:
                found[name] = file.tell()
            contents.write(_put(file, name.encode(), data, packed=packed))
            count += 1
        start = file.tell()
        contents.seek(0)
        while part := contents.read(_KEPT):
            file.write(part)
        _write_end(file, count, start, file.tell() - start)
    return found


def read_entry(file: BinaryIO, offset: int) -> bytes:
    """Return one file of an archive written here."""
    file.seek(offset)
    _, _, _, method, _, _, checksum, size, _, name_size, _ = _LOCAL.unpack(file.read(_LOCAL.size))
    file.seek(name_size, SEEK_CUR)
    body = file.read(size)
    data = body if method == _STORED else zlib.decompress(body, _RAW)
    if zlib.crc32(data) != checksum:
        raise OSError("what was written does not read back")
    return data


def _put(file: BinaryIO, name: bytes, data: bytes, *, packed: bool) -> bytes:
    """Write one file and return its line in the table of contents."""
    offset, checksum = file.tell(), zlib.crc32(data)
    body, method = (data, _STORED) if packed else (isal_zlib.compress(data, _FAST, _RAW), _DEFLATED)
    told = (0, method, 0, _DATED, checksum, len(body), len(data), len(name))
    file.write(_LOCAL.pack(b"PK\3\4", 20, *told, 0) + name + body)
    wide = struct.pack("<HHQ", 1, 8, offset) if offset >= _LARGE else b""
    version = 45 if wide else 20
    return _CENTRAL.pack(b"PK\1\2", version, version, *told, len(wide), 0, 0, 0, 0, min(offset, _LARGE)) + name + wide


def _write_end(file: BinaryIO, count: int, start: int, size: int) -> None:
    end = file.tell()
    if count >= 0xFFFF or end >= _LARGE:
        file.write(struct.pack("<4sQHHIIQQQQ", b"PK\6\6", 44, 45, 45, 0, 0, count, count, size, start))
        file.write(struct.pack("<4sIQI", b"PK\6\7", 0, end, 1))
    few = min(count, 0xFFFF)
    file.write(struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, few, few, min(size, _LARGE), min(start, _LARGE), 0))
