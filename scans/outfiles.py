"""Stage 2, print: files that hold codes appear whole or not at all, for their owner only. Knows nobody.

A file that takes long is continued after a crash: what is there is compared, byte for byte, with what is made again.
"""

import fcntl
import hashlib
import io
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

PART = ".part"


class FileBusyError(RuntimeError):
    """Another process is writing this very file."""


class ContinuedFile(io.RawIOBase):
    """A file that may be begun already: what is the same stays, from the first byte that is not all is written anew.

    Nothing of it has to be believed: not that its writer got far, nor that the machine kept what was written.
    """

    def __init__(self, file: BinaryIO) -> None:
        super().__init__()
        self._file, self._hash = file, hashlib.sha256()
        self._there = os.fstat(file.fileno()).st_size
        self._done = 0

    def writable(self) -> bool:
        """Say that this file is written."""
        return True

    def tell(self) -> int:
        """Return how many bytes have been made."""
        return self._done

    def write(self, data: "ReadableBuffer", /) -> int:
        """Make sure that the file goes on with these bytes."""
        view = memoryview(data).cast("B")
        self._hash.update(view)
        same = self._same(view)
        if same < len(view):
            self._file.seek(self._done + same)
            if self._there:
                self._there = 0
                self._file.truncate()
            self._file.write(view[same:])
        self._done += len(view)
        return len(view)

    def finish(self) -> tuple[int, str]:
        """Leave the file on the disk with nothing behind its end, and return its size and its SHA-256."""
        if self._there > self._done:
            self._file.truncate(self._done)
        self._file.flush()
        os.fsync(self._file.fileno())
        return self._done, self._hash.hexdigest()

    def _same(self, view: memoryview) -> int:
        ahead = min(len(view), max(0, self._there - self._done))
        return ahead if ahead and self._file.read(ahead) == view[:ahead] else 0


@contextmanager
def continued_file(part: Path) -> Iterator[ContinuedFile]:
    """Open a part to be made or continued; it stays under this name whatever happens.

    Raises: FileBusyError if another process has it open.
    """
    with open(os.open(part, os.O_CREAT | os.O_RDWR, 0o600), "r+b") as file:  # noqa: PTH123
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise FileBusyError(f"{part.name} is being written by another process") from error
        yield ContinuedFile(file)


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """Open a file that appears under its name only when it is complete, for its owner only."""
    part = path.with_name(path.name + PART)
    try:
        with open(os.open(part, os.O_CREAT | os.O_RDWR | os.O_TRUNC, 0o600), "w+b") as file:  # noqa: PTH123
            yield file
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """Make a folder whose files appear under their names only when all are complete; what is there already stays."""
    part = path.with_name(path.name + PART)
    shutil.rmtree(part, ignore_errors=True)
    try:
        part.mkdir(parents=True, mode=0o700)
        yield part
        path.mkdir(exist_ok=True, mode=0o700)
        for file in part.iterdir():
            file.replace(path / file.name)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sync_folder(path: Path) -> None:
    """Let the name of a file outlive a power cut."""
    folder = os.open(path.absolute().parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
