"""Before a photo is kept: what came in is an image, made anew from its pixels, so that nothing else of it stays.

The place in a phone's photo, its comments and whatever hides behind its end are gone. Knows nobody.
"""

import struct
from io import BytesIO

from PIL import ExifTags, Image, UnidentifiedImageError

MOST_BYTES = 12 * 1024 * 1024
MOST_PIXELS = 50_000_000
SIDE, QUALITY = 1280, 80
KINDS = ("JPEG", "PNG", "WEBP")
UNREADABLE = (UnidentifiedImageError, OSError, SyntaxError, ValueError, TypeError, KeyError, IndexError, struct.error)
# How the pixels are turned so that they stand upright, by what EXIF calls their orientation.
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


class PhotoError(ValueError):
    """This is no photo that can be kept: JPEG, PNG or WebP, of at most 12 MB."""


def clean_photo(data: bytes) -> bytes:
    """Return a photo as a JPEG of at most 1,280 pixels a side, upright, with nothing in it but its pixels.

    Raises: PhotoError.
    """
    if len(data) > MOST_BYTES:
        raise PhotoError("a photo has at most 12 MB")
    try:
        with Image.open(BytesIO(data), formats=KINDS) as told:
            if told.width * told.height > MOST_PIXELS:
                raise PhotoError("a photo has at most 50 million pixels")
            told.draft("RGB", (SIDE, SIDE))  # a JPEG is unpacked no larger than needed
            turn = _turn(told)
            plain = told.convert("RGB")
    except Image.DecompressionBombError as error:
        raise PhotoError("a photo has at most 50 million pixels") from error
    except UNREADABLE as error:
        if isinstance(error, PhotoError):
            raise
        raise PhotoError("this is no photo that can be read") from error
    upright = plain if turn is None else plain.transpose(turn)
    upright.thumbnail((SIDE, SIDE))
    bare = Image.new("RGB", upright.size)
    bare.paste(upright)
    out = BytesIO()
    bare.save(out, "JPEG", quality=QUALITY)
    return out.getvalue()


def _turn(told: Image.Image) -> Image.Transpose | None:
    # Pillow's own exif_transpose also writes the rest of EXIF anew, and fails where a camera wrote it oddly.
    try:
        return TURNS.get(told.getexif().get(ExifTags.Base.Orientation, 1))
    except UNREADABLE:
        return None
