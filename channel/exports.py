"""Files of codes leave the house: written down, written, continued after a crash. Knows scans.

A file is made beside its name as `NAME.IDENT.part`; who asks for the same again finds the part and goes on with it.
"""

import fcntl
import glob
import hashlib
import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from channel.config import Config
from channel.database import reading, transaction
from scans.batches import catalogue
from scans.codefiles import FORMS, CodeRun, Progress
from scans.custody import (
    ExportLine,
    Order,
    files_of_size,
    find_export,
    finish_export,
    new_ident,
    write_export,
)
from scans.keys import KeyRing
from scans.outfiles import PART, continued_file, digest_of, sync_folder

SEALED = ".age"

WriteDown = Callable[[Session, str], ExportLine]


class OutFileError(ValueError):
    """Codes cannot be written under this name."""


class Desk(NamedTuple):
    """With what files are made."""

    engine: Engine
    config: Config
    ring: KeyRing


class Begun(NamedTuple):
    """A file that was written down, and whether it is complete already."""

    line: ExportLine
    made: bool


def form_of(out: Path, *, sealed: bool) -> str:
    """Return the form that a name asks for: what it ends in, before `.age` if it is encrypted.

    Raises: OutFileError.
    """
    ends = [end.lower() for end in out.suffixes[-2:]]
    if ends[-1:] == [SEALED]:
        if not sealed:
            raise OutFileError(f"only what is encrypted ends in {SEALED}")
        ends.pop()
    form = ends[-1].removeprefix(".") if ends else ""
    if form not in FORMS:
        raise OutFileError(f"ends in {' or '.join('.' + known for known in FORMS)}")
    if not out.absolute().parent.is_dir():
        raise OutFileError(f"there is no folder {out.parent}")
    return form


def begin(engine: Engine, *, out: Path, asked: Any, order: Order, write_down: WriteDown) -> Begun:
    """Find the file that was begun or made under this name by the same command, else write a new one down.

    Its part is on the disk before anything is in the database: a batch that was issued is never issued again because
    nobody knows of it. `asked` is all of the command, `order` what a part may also be known by.

    Raises: OutFileError if another command has begun there; whatever `write_down` raises, and then nothing is left.
    """
    end = "-" + hashlib.sha256(json.dumps(asked).encode()).hexdigest()[:8]
    with _locked(out.absolute().parent):
        if (made := _made(engine, out, end)) is not None:
            return Begun(made, made=True)
        ident, line = _begun(engine, out, end, order)
        if line is None:
            line = _write_down(engine, _part(out, ident), ident, write_down)
    return Begun(line, made=False)


def make_file(desk: Desk, *, line: ExportLine, recipients: Sequence[str], out: Path, progress: Progress) -> None:
    """Write a file that was written down, or go on with it; it takes its name when it is complete.

    Raises: FileBusyError, KeyRingError, LinkError, OSError; what is there by then stays as its part.
    """
    with reading(desk.engine) as db:
        batch = catalogue(db).batch(line.batch_id)
    run = CodeRun(batch, desk.ring.key(batch.key_id).secret, desk.config.base_url, line.ranges)
    part = _part(out, line.ident)
    with continued_file(part) as file:
        write_export(file, run=run, form=line.form, recipients=recipients, progress=progress)
        size_bytes, sha256 = file.finish()
        with transaction(desk.engine) as db:
            finish_export(db, number=line.number, size_bytes=size_bytes, sha256=sha256, now=datetime.now(UTC))
        part.replace(out)


def _made(engine: Engine, out: Path, end: str) -> ExportLine | None:
    """Return the line of the file that is there under its name, if this very command has made it."""
    if not out.is_file() or any(_idents(out)):
        return None
    with reading(engine) as db:
        lines = files_of_size(db, asked=end, size_bytes=out.stat().st_size)
    digest = digest_of(out) if lines else ""
    return next((line for line in lines if line.sha256 == digest), None)


def _begun(engine: Engine, out: Path, end: str, order: Order) -> tuple[str, ExportLine | None]:
    for ident in _idents(out):
        with reading(engine) as db:
            line = find_export(db, ident=ident)
        if ident.endswith(end) or (line and line.is_of(order)):
            return ident, line
        raise OutFileError(f"{_part(out, ident).name} was begun by another command: repeat that one, or remove it")
    return new_ident() + end, None


def _part(out: Path, ident: str) -> Path:
    return out.with_name(f"{out.name}.{ident}{PART}")


def _idents(out: Path) -> Iterator[str]:
    for part in sorted(out.absolute().parent.glob(f"{glob.escape(out.name)}.F*{PART}")):
        yield part.name.removeprefix(out.name + ".").removesuffix(PART)


def _write_down(engine: Engine, part: Path, ident: str, write_down: WriteDown) -> ExportLine:
    os.close(os.open(part, os.O_CREAT | os.O_WRONLY, 0o600))
    try:
        sync_folder(part)
        with transaction(engine) as db:
            return write_down(db, ident)
    except BaseException:
        part.unlink()
        raise


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    # Two of the same command at once would issue two batches, each before it can see the other's part.
    lock = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)
