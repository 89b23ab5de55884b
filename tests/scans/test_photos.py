"""What is kept of a photo is its pixels: no place, no comment, nothing behind its end."""

import struct
from contextlib import suppress
from io import BytesIO
from zlib import crc32

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from scans.photos import MOST_BYTES, SIDE, PhotoError, clean_photo

GPS_INFO, ORIENTATION = 0x8825, 0x0112


def photo(kind="JPEG", size=(60, 40), **told):
    out = BytesIO()
    Image.new("RGB", size, "red").save(out, kind, **told)
    return out.getvalue()


def with_place(orientation=1):
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    exif.get_ifd(GPS_INFO).update({1: "N", 2: (31.0, 13.0, 49.0), 3: "E", 4: (121.0, 28.0, 25.0)})
    return photo(exif=exif, comment=b"my home") + b"hidden behind the end"


def said_to_be(kind, *, side):
    """Return a small PNG whose header tells of a side that it does not have."""
    data = bytearray(photo(kind))
    data[16:24] = side.to_bytes(4, "big") * 2
    data[29:33] = crc32(data[12:29]).to_bytes(4, "big")
    return bytes(data)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_photo_becomes_a_jpeg(kind):
    with Image.open(BytesIO(clean_photo(photo(kind)))) as kept:
        assert (kept.format, kept.mode, kept.size) == ("JPEG", "RGB", (60, 40))


def test_the_place_the_comment_and_what_is_hidden_are_gone():
    sent = with_place()
    with Image.open(BytesIO(sent)) as told:
        assert told.getexif().get_ifd(GPS_INFO)
        assert told.info["comment"] == b"my home"
    kept = clean_photo(sent)
    with Image.open(BytesIO(kept)) as told:
        assert dict(told.getexif()) == {}
        assert not set(told.info) & {"comment", "exif", "icc_profile", "xmp"}
    assert b"my home" not in kept
    assert b"hidden" not in kept


def test_a_photo_stands_upright_and_is_made_smaller():
    with Image.open(BytesIO(clean_photo(with_place(orientation=6)))) as kept:
        assert kept.size == (40, 60)
    with Image.open(BytesIO(clean_photo(photo(size=(4000, 1000))))) as kept:
        assert kept.size == (SIDE, SIDE // 4)


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
@pytest.mark.parametrize("kind", [0, 1, 2, 3, 4, 6, 7, 8, 9, 11, 13])  # what fits in the field itself
@pytest.mark.parametrize("tag", [0x0100, 0x010E, 0x011A, 0x0128, 0x0132, 0x8769, GPS_INFO])
def test_a_photo_that_a_camera_described_oddly_is_kept_upright(tag, kind):
    """Pillow cannot write every description anew that it has read."""
    fields = struct.pack("<HHIHH", ORIENTATION, 3, 1, 6, 0), struct.pack("<HHIf", tag, kind, 1, 1.0)
    described = b"II*\0" + struct.pack("<IH", 8, len(fields)) + b"".join(sorted(fields)) + bytes(4)
    with Image.open(BytesIO(clean_photo(photo(exif=b"Exif\0\0" + described)))) as kept:
        assert kept.size == (40, 60)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "nothing"),
        (b"GIF89a" + bytes(50), "another kind"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "no pixels"),
        (photo()[:200], "broken off"),
        (photo("PNG")[:60], "broken off"),
        (b"\xff\xd8\xff" + b"x" * 100, "a false beginning"),
        (bytes(MOST_BYTES + 1), "too large"),
        (photo("PNG", size=(10_000, 5_001)), "too many pixels"),
        (said_to_be("PNG", side=200_000), "so many pixels that Pillow itself refuses"),
    ],
)
def test_what_is_no_photo_is_refused(data, why):
    with pytest.raises(PhotoError):
        clean_photo(data)


@pytest.mark.filterwarnings("ignore::Warning:PIL.*")  # that some tag of a broken photo is skipped
@settings(max_examples=300)
@given(place=st.integers(0, 2000), byte=st.integers(0, 255), kind=st.sampled_from(["JPEG", "PNG", "WEBP"]))
def test_law_a_broken_photo_is_a_photo_or_refused(place, byte, kind):
    data = bytearray(with_place() if kind == "JPEG" else photo(kind))
    data[place % len(data)] = byte
    with suppress(PhotoError):
        assert clean_photo(bytes(data))[:3] == b"\xff\xd8\xff"
