"""Stage 2, print: letters of two free fonts as widths, pictures, outlines and subsets. Knows nobody.

Serials are in Bitstream Vera, what people wrote (names, lots) in Noto Sans SC, which has Chinese and English.
"""

import io
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pylopdf_fonts_zh_cn
import reportlab
from fontTools import subset
from fontTools.pens.svgPathPen import SVGPathPen
from fontTools.pens.transformPen import TransformPen
from fontTools.ttLib import TTFont
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

SERIAL_FONT = Path(reportlab.__file__).parent / "fonts" / "VeraBd.ttf"
WORDS_FONT = pylopdf_fonts_zh_cn.sans_path()
NARROWEST = 0.6  # a line that is too long shrinks so far; then it is cut
BASE_SHARE = 0.8  # how far down a line its base line is
SERIAL_EM = 0.85  # the width of a letter of a serial that there is room for
OUTLINE_EM = 100  # of outlines: two digits for most coordinates
MOST_CHARS = 200
_ASCII = range(32, 127)

Matrix = NDArray[np.bool_]


class FontError(ValueError):
    """A text cannot be written with the fonts there are."""


@cache
def opened(path: Path) -> TTFont:
    """Return a font, its tables read when they are needed."""
    return TTFont(io.BytesIO(path.read_bytes()), lazy=True)


def check_words(text: str) -> str:
    """Return a text as one line.

    Raises: FontError if it is too long or the font lacks one of its characters.
    """
    line = " ".join(text.split())
    if len(line) > MOST_CHARS:
        raise FontError(f"a line on a label has at most {MOST_CHARS} characters")
    lacking = sorted({char for char in line if ord(char) not in _cmap(WORDS_FONT)})
    if lacking:
        raise FontError(f"the font has no {' '.join(lacking)}; give the label a name without")
    return line


def width_em(text: str, path: Path) -> float:
    """Return how wide a text is, in heights of its font."""
    font = opened(path)
    advances = font["hmtx"].metrics
    return float(sum(advances[_cmap(path)[ord(char)]][0] for char in text)) / float(font["head"].unitsPerEm)


def fitted(text: str, *, room_em: float) -> tuple[str, float]:
    """Shrink a line of words to its room, or cut it if that is not enough; return it with its scale."""
    width = width_em(text, WORDS_FONT)
    if width <= room_em:
        return text, 1.0
    if width * NARROWEST <= room_em:
        return text, room_em / width
    cut = text
    while cut and width_em(f"{cut}…", WORDS_FONT) * NARROWEST > room_em:
        cut = cut[:-1]
    return f"{cut.rstrip()}…", NARROWEST


@cache
def serial_widths() -> NDArray[np.float64]:
    """Return the widths of ASCII characters in the font of serials, in its heights.

    Shapes: (128,)
    """
    widths = np.zeros(128)
    widths[_ASCII.start : _ASCII.stop] = [width_em(chr(char), SERIAL_FONT) for char in _ASCII]
    return widths


def picture(text: str, path: Path, *, size_px: float, shape: tuple[int, int], narrowed: float = 1) -> Matrix:
    """Draw a text in the middle of a picture of so many lines and columns; dark is true."""
    height, width = shape
    image = Image.new("L", (round(width / narrowed), height), 255)
    font = ImageFont.truetype(str(path), size_px)
    ImageDraw.Draw(image).text((image.width / 2, height * BASE_SHARE), text, fill=0, font=font, anchor="ms")
    return np.asarray(image.resize((width, height))) < 128


@cache
def serial_pictures(size_px: float, shape: tuple[int, int]) -> Matrix:
    """Draw each ASCII character alone, for texts put together from them.

    Shapes: (128, lines, columns)
    """
    drawn = np.zeros((128, *shape), dtype=np.bool_)
    for char in map(chr, _ASCII):
        drawn[ord(char)] = picture(char, SERIAL_FONT, size_px=size_px, shape=shape, narrowed=squeeze(char))
    return drawn


def outline(text: str, path: Path, *, left: float = 0, narrowed: float = 1) -> str:
    """Return the letters of a text as a path for SVG, from a point on its base line, 100 units an em."""
    font = opened(path)
    glyphs, scale = font.getGlyphSet(), OUTLINE_EM / font["head"].unitsPerEm
    pen = SVGPathPen(glyphs, ntos=lambda value: str(round(value)))
    for char in text:
        name = _cmap(path)[ord(char)]
        glyphs[name].draw(TransformPen(pen, (scale * narrowed, 0, 0, -scale, left, 0)))
        left += glyphs[name].width * scale * narrowed
    return str(pen.getCommands())


def squeeze(char: str) -> float:
    """Return by how much a letter of a serial must be narrowed, where all stand in cells of one width."""
    return min(1.0, (SERIAL_EM - 0.05) / float(serial_widths()[ord(char)]))


@dataclass(frozen=True, slots=True)
class Subset:
    """The glyphs of some characters as a PDF embeds them (CIDFontType0C): for each its number and its width."""

    name: str
    program: bytes
    glyphs: dict[str, int]
    widths: dict[str, int]
    box: tuple[int, int, int, int]
    ascent: int
    descent: int
    cap_height: int

    def code(self, text: str) -> str:
        """Return a text as PDF shows it with this font: two bytes a character, in hexadecimal."""
        return "".join(f"{self.glyphs[char]:04X}" for char in text)


def subset_words(text: str) -> Subset:
    """Cut the font of words down to the characters of a text."""
    chars = sorted(set(text))
    font = TTFont(io.BytesIO(WORDS_FONT.read_bytes()), lazy=True)
    options = subset.Options(layout_features=[], name_IDs=[], hinting=False, desubroutinize=True, notdef_outline=True)
    options.drop_tables += ["BASE", "GDEF", "GPOS", "GSUB", "VORG", "vhea", "vmtx"]
    cutter = subset.Subsetter(options)
    cutter.populate(text=text)
    cutter.subset(font)
    saved = io.BytesIO()
    font.save(saved)
    font = TTFont(saved)
    names, head, advances = font.getBestCmap(), font["head"], font["hmtx"].metrics
    return Subset(
        name="GLASSB+NotoSansSC-Regular",
        program=font.reader["CFF "],
        glyphs={char: int(names[ord(char)].removeprefix("cid")) for char in chars},
        widths={char: advances[names[ord(char)]][0] for char in chars},
        box=(head.xMin, head.yMin, head.xMax, head.yMax),
        ascent=font["hhea"].ascent,
        descent=font["hhea"].descent,
        cap_height=font["OS/2"].sCapHeight,
    )


@cache
def _cmap(path: Path) -> dict[int, str]:
    names: dict[int, str] = opened(path).getBestCmap()
    return names
