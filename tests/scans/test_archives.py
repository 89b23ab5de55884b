"""Archives: every tool opens them, whatever their size, and memory does not grow with them."""

import io
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scans import archives
from scans.archives import read_entry, write_archive


@given(st.lists(st.binary(max_size=300), max_size=20), st.booleans())
def test_law_an_archive_holds_what_was_put_in(bodies, packed):
    files = [(f"item-{number:08}.svg", body) for number, body in enumerate(bodies)]
    made = io.BytesIO()
    found = write_archive(made, files, packed=packed, wanted={name for name, _ in files})
    with zipfile.ZipFile(made) as archive:
        assert archive.testzip() is None
        assert [(name, archive.read(name)) for name in archive.namelist()] == files
    assert [(name, read_entry(made, offset)) for name, offset in found.items()] == files


def test_more_files_than_16_bits_count_are_all_there():
    made = io.BytesIO()
    write_archive(made, ((f"{number}.txt", b"x") for number in range(70_000)), packed=True, wanted=())
    with zipfile.ZipFile(made) as archive:
        assert len(archive.namelist()) == 70_000
        assert archive.read("69999.txt") == b"x"


def test_places_beyond_32_bits_are_written_wide(monkeypatch):
    monkeypatch.setattr(archives, "_LARGE", 200)
    made = io.BytesIO()
    write_archive(made, [(f"{number}.txt", b"x" * 50) for number in range(9)], packed=True, wanted=())
    # 200 stands for the largest number of 32 bits, which says: see the wide field.
    data = made.getvalue().replace((200).to_bytes(4, "little"), b"\xff\xff\xff\xff")
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.read("8.txt") == b"x" * 50


def test_what_was_damaged_does_not_read_back():
    made = io.BytesIO()
    (offset,) = write_archive(made, [("a", b"x" * 50)], packed=True, wanted={"a"}).values()
    made.getbuffer()[offset + 40] ^= 1
    with pytest.raises(OSError, match="does not read back"):
        read_entry(made, offset)
