"""Files that only their receivers can open: read back by the other half of age."""

import io

import pyarrow.parquet as pq
import pyrage
import pytest

from scans.codefiles import CodeRun, choose
from scans.custody import write_export
from scans.sealing import RecipientError, check_recipients, fingerprint, sealed
from tests.scans.test_codefiles import SECRET, packed

BATCH = packed(1001, 10, 7)
RUN = CodeRun(BATCH, SECRET, "https://id.brand.cn", choose(BATCH))


def key():
    identity = pyrage.x25519.Identity.generate()
    return identity, str(identity.to_public())


def written(form, recipients):
    file = io.BytesIO()
    write_export(file, run=RUN, form=form, recipients=recipients, progress=lambda done, total: None)
    return file.getvalue()


@pytest.mark.parametrize("form", ["csv", "parquet", "txt"])
def test_each_recipient_reads_what_is_written_and_nobody_else(form):
    (one, his), (other, hers), (stranger, _) = key(), key(), key()
    made, plain = written(form, [his, hers]), written(form, [])
    assert made.startswith(b"age-encryption.org/v1\n")
    assert pyrage.decrypt(made, [one]) == pyrage.decrypt(made, [other]) == plain
    with pytest.raises(pyrage.DecryptError):
        pyrage.decrypt(made, [stranger])


def test_a_sealed_parquet_file_opens_as_one():
    identity, public = key()
    assert pq.read_table(io.BytesIO(pyrage.decrypt(written("parquet", [public]), [identity]))).num_rows == RUN.size


def test_keys_are_checked_and_told_apart():
    one, other = key()[1], key()[1]
    assert check_recipients([f" {one}\n"]) == [one]
    assert fingerprint(one) != fingerprint(other)
    assert len(fingerprint(one)) == 16
    for bad in ("", "age1", one[:-1] + ("q" if one[-1] != "q" else "p"), "ssh-ed25519 AAAA", "x" * 10_000, "age1\x00"):
        with pytest.raises(RecipientError):
            check_recipients([bad])
    with pytest.raises(RecipientError, match="at most 8"):
        check_recipients([one] * 9)


def test_a_key_of_ssh_will_do():
    assert check_recipients(["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBSnNpJ1PI5xVEcmmzQxaENCrjCAE0eP9w7EUlHoLVTt me"])


class Full(io.RawIOBase):
    def write(self, data):
        raise OSError(28, "No space left on device")


def seal(file, pieces):
    with sealed(file, recipients=[key()[1]]) as inner:
        for piece in pieces:
            inner.write(piece)


def test_a_disk_that_is_full_is_told():
    with pytest.raises(OSError, match="No space left"):
        seal(Full(), [bytes(1 << 20)] * 64)


def test_what_breaks_off_the_writer_breaks_off_the_file():
    def pieces():
        yield b"x"
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        seal(io.BytesIO(), pieces())
