"""Before a photo is kept: what came in is an image, made anew from its pixels, so that nothing else of it stays.

The place in a phone's photo, its comments and whatever hides behind its end are gone. Knows nobody.
"""

from io import BytesIO

from PIL import Image, ImageOps, UnidentifiedImageError

MOST_BYTES = 12 * 1024 * 1024
MOST_PIXELS = 50_000_000
SIDE, QUALITY = 1280, 80
KINDS = ("JPEG", "PNG", "WEBP")


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
            upright = ImageOps.exif_transpose(told).convert("RGB")
    except Image.DecompressionBombError as error:
        raise PhotoError("a photo has at most 50 million pixels") from error
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, TypeError, KeyError, IndexError) as error:
        if isinstance(error, PhotoError):
            raise
        raise PhotoError("this is no photo that can be read") from error
    upright.thumbnail((SIDE, SIDE))
    bare = Image.new("RGB", upright.size)
    bare.paste(upright)
    out = BytesIO()
    bare.save(out, "JPEG", quality=QUALITY)
    return out.getvalue()
