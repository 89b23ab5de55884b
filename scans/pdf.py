"""Stage 2, print: the objects of a PDF, written one after the other with nothing kept. Knows nobody.

Source: ISO 32000-1, sections 7.5 (file structure), 9.6 and 9.7 (fonts).
"""

import zlib
from tempfile import SpooledTemporaryFile
from typing import BinaryIO

from scans.fonts import SERIAL_FONT, Subset, opened, serial_widths

CATALOG_NO, PAGES_NO = 1, 2
_ENTRY = b"%010d 00000 n \n"
_KEPT = 4 << 20


class Objects:
    """The file while it is being written. Numbers 1 and 2, to which others point, come last."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._next = PAGES_NO + 1
        self._entries: SpooledTemporaryFile[bytes] = SpooledTemporaryFile(_KEPT)  # noqa: SIM115 (closed by `end`)
        file.write(b"%PDF-1.5\n%\xe2\xe3\xcf\xd3\n")

    @property
    def next_no(self) -> int:
        """The number of the object that is put next."""
        return self._next

    def put(self, body: bytes) -> int:
        """Write an object and return its number."""
        self._entries.write(_ENTRY % self._file.tell())
        self._file.write(b"%d 0 obj\n%b\nendobj\n" % (self._next, body))
        self._next += 1
        return self._next - 1

    def end(self, pages: bytes) -> None:
        """Write the root of all pages, the table of objects and the end."""
        first = []
        for number, body in ((CATALOG_NO, b"<</Type/Catalog/Pages %d 0 R>>" % PAGES_NO), (PAGES_NO, pages)):
            first.append(_ENTRY % self._file.tell())
            self._file.write(b"%d 0 obj\n%b\nendobj\n" % (number, body))
        start = self._file.tell()
        self._file.write(b"xref\n0 %d\n0000000000 65535 f \n" % self._next)
        self._file.writelines(first)
        with self._entries as entries:
            entries.seek(0)
            while part := entries.read(_KEPT):
                self._file.write(part)
        self._file.write(b"trailer<</Size %d/Root %d 0 R>>\nstartxref\n" % (self._next, CATALOG_NO))
        self._file.write(b"%d\n%%%%EOF\n" % start)


def stream(data: bytes, more: bytes = b"") -> bytes:
    """Return the body of an object that is data, packed."""
    packed = zlib.compress(data, 6)
    return b"<</Filter/FlateDecode/Length %d%b>>stream\n%b\nendstream" % (len(packed), more, packed)


def put_serial_font(objects: Objects) -> int:
    """Embed the font of serials; its text is ASCII in parentheses."""
    font = opened(SERIAL_FONT)
    scale = 1000 / font["head"].unitsPerEm
    box = [font["head"].xMin, font["head"].yMin, font["head"].xMax, font["head"].yMax]
    numbers = " ".join(f"{edge * scale:.0f}" for edge in box)
    program = SERIAL_FONT.read_bytes()
    file_no = objects.put(stream(program, b"/Length1 %d" % len(program)))
    described = objects.put(
        (
            f"<</Type/FontDescriptor/FontName/BitstreamVeraSans-Bold/Flags 32/FontBBox[{numbers}]/ItalicAngle 0"
            f"/Ascent {font['hhea'].ascent * scale:.0f}/Descent {font['hhea'].descent * scale:.0f}/CapHeight 729"
            f"/StemV 140/FontFile2 {file_no} 0 R>>"
        ).encode()
    )
    widths = " ".join(f"{width * 1000:.0f}" for width in serial_widths()[32:127])
    return objects.put(
        (
            f"<</Type/Font/Subtype/TrueType/BaseFont/BitstreamVeraSans-Bold/Encoding/WinAnsiEncoding"
            f"/FirstChar 32/LastChar 126/Widths[{widths}]/FontDescriptor {described} 0 R>>"
        ).encode()
    )


def put_words_font(objects: Objects, font: Subset) -> int:
    """Embed what a run needs of the font of words; its text is hexadecimal, see `Subset.code`."""
    box = " ".join(map(str, font.box))
    file_no = objects.put(stream(font.program, b"/Subtype/CIDFontType0C"))
    described = objects.put(
        (
            f"<</Type/FontDescriptor/FontName/{font.name}/Flags 4/FontBBox[{box}]/ItalicAngle 0/Ascent {font.ascent}"
            f"/Descent {font.descent}/CapHeight {font.cap_height}/StemV 80/FontFile3 {file_no} 0 R>>"
        ).encode()
    )
    widths = "".join(f" {font.glyphs[char]}[{font.widths[char]}]" for char in font.glyphs)
    descendant = objects.put(
        (
            f"<</Type/Font/Subtype/CIDFontType0/BaseFont/{font.name}/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)"
            f"/Supplement 0>>/FontDescriptor {described} 0 R/DW 1000/W[{widths}]>>"
        ).encode()
    )
    meaning = objects.put(stream(_meaning(font)))
    return objects.put(
        (
            f"<</Type/Font/Subtype/Type0/BaseFont/{font.name}/Encoding/Identity-H"
            f"/DescendantFonts[{descendant} 0 R]/ToUnicode {meaning} 0 R>>"
        ).encode()
    )


def _meaning(font: Subset) -> bytes:
    """Tell which character each glyph is, so that text can be searched and copied."""
    pairs = [f"<{glyph:04X}> <{char.encode('utf-16-be').hex()}>" for char, glyph in font.glyphs.items()]
    parts = [pairs[start : start + 100] for start in range(0, len(pairs), 100)]
    lines = "\n".join(f"{len(part)} beginbfchar\n" + "\n".join(part) + "\nendbfchar" for part in parts)
    return (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap\n/CMapName /Words def /CMapType 2 def\n"
        f"1 begincodespacerange <0000> <FFFF> endcodespacerange\n{lines}\nendcmap end end\n"
    ).encode()
