"""Stage 2, print: a file of codes that only named receivers can open, in the format of age. Knows nobody.

Nothing is ever on the disk in clear: what is written goes through a pipe, behind which a thread enciphers it.
"""

import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Thread
from typing import Any

import pyrage

from scans.codefiles import OutFile

MOST_RECIPIENTS = 8
LONGEST = 2_000  # a public key of RSA for ssh has some 700 characters


class RecipientError(ValueError):
    """This is not the public key of somebody a file can be encrypted for."""


def check_recipients(recipients: Sequence[str]) -> list[str]:
    """Return the public keys (`age1...`, or of ssh) without what surrounds them.

    Raises: RecipientError.
    """
    if len(recipients) > MOST_RECIPIENTS:
        raise RecipientError(f"a file is encrypted for at most {MOST_RECIPIENTS}")
    return [text for given in recipients if _recipient(text := given.strip())]


def fingerprint(recipient: str) -> str:
    """Return a short name for a public key: it tells keys apart and nothing else."""
    return hashlib.sha256(recipient.encode()).hexdigest()[:16]


@contextmanager
def sealed(file: OutFile, *, recipients: Sequence[str]) -> Iterator[OutFile]:
    """Give what takes bytes and lets only these recipients read them.

    Raises: RecipientError; OSError if the file cannot be written.
    """
    keys = [_recipient(text) for text in recipients]
    reading, writing = os.pipe()
    failed: list[Exception] = []

    def encipher() -> None:
        with open(reading, "rb") as source:  # noqa: PTH123
            try:
                pyrage.encrypt_io(source, _Sink(file), keys)
            except pyrage.EncryptError as error:
                failed.append(error)  # told by the thread that writes

    thread = Thread(target=encipher, name="sealing", daemon=True)
    thread.start()
    try:
        with open(writing, "wb", buffering=1 << 20) as sink:  # noqa: PTH123
            yield sink
    except BrokenPipeError:
        pass  # the other end has failed, and says why below
    finally:
        thread.join()
    if failed:
        raise OSError(str(failed[0])) from failed[0]


class _Sink:
    """What pyrage asks of a file."""

    def __init__(self, file: OutFile) -> None:
        self._file = file

    def write(self, data: bytes) -> int:
        self._file.write(data)
        return len(data)

    def flush(self) -> None:
        """Do nothing: the file is flushed when it is complete."""


def _recipient(text: str) -> Any:
    reads = pyrage.ssh.Recipient.from_str if text.startswith("ssh-") else pyrage.x25519.Recipient.from_str
    try:
        return reads(text[:LONGEST])
    except pyrage.RecipientError as error:
        raise RecipientError("a recipient is a public key: age1..., ssh-ed25519 ... or ssh-rsa ...") from error
