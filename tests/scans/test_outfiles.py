"""Files that appear whole or not at all, and files that are continued."""

import hashlib
import os
import stat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scans.outfiles import FileBusyError, continued_file, digest_of, whole_file


def make(path, pieces):
    with continued_file(path) as file:
        for piece in pieces:
            assert file.write(piece) == len(piece)
        return file.finish()


@given(
    st.lists(st.binary(max_size=40), max_size=8),
    st.one_of(st.binary(max_size=200), st.integers(0, 320)),
    st.integers(0, 320),
)
def test_law_whatever_is_there_the_file_is_what_was_written(tmp_path_factory, pieces, there, spoilt):
    path, whole = tmp_path_factory.getbasetemp() / "a.part", b"".join(pieces)
    begun = bytearray(whole[:there] if isinstance(there, int) else there)
    if spoilt < len(begun):
        begun[spoilt] ^= 1
    path.write_bytes(begun)
    assert make(path, pieces) == (len(whole), hashlib.sha256(whole).hexdigest())
    assert path.read_bytes() == whole


def test_what_is_right_already_is_not_written_again(tmp_path):
    path = tmp_path / "a.part"
    path.write_bytes(b"x" * 1000)
    with continued_file(path) as file:
        os.utime(path, (0, 0))
        file.write(b"x" * 1000)
        file.finish()
    assert path.stat().st_mtime == 0


def test_a_part_is_for_its_owner_and_one_writer(tmp_path):
    path = tmp_path / "a.part"
    with continued_file(path):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        with pytest.raises(FileBusyError), continued_file(path):
            pass
    with continued_file(path):
        pass


def test_a_whole_file_that_is_broken_off_leaves_nothing(tmp_path):
    def break_off():
        with whole_file(tmp_path / "a") as file:
            file.write(b"x")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        break_off()
    assert list(tmp_path.iterdir()) == []


def test_a_digest_is_what_others_compute(tmp_path):
    (tmp_path / "a").write_bytes(b"abc")
    assert digest_of(tmp_path / "a") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
