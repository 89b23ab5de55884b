"""Custody: which file of codes was given to whom, and what is seen of it before it should be. Knows nobody.

Every file has a number and is written down before its first code is. A scan of a code that was never activated points
at those whose file it was in.
"""

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Select, and_, false, func, insert, not_, or_, select, update
from sqlalchemy.orm import Session

from scans import versions
from scans.catalogue import IssuedBatch
from scans.codefiles import CodeRun, OutFile, Progress, Stretch, write_codes
from scans.codes import ALPHABET
from scans.sealing import fingerprint, sealed
from scans.tables import Batch, CodeRange, Export, ExportRange, Scan

LONGEST_RECEIVER = 100
Revoked = Mapping[str, datetime]  # keys that were lost, and since when
_HELD = (ExportRange.first_no, ExportRange.last_no)


class ReceiverError(ValueError):
    """Nobody can be called this."""


class Order(NamedTuple):
    """A file that is asked for: which codes, in which form, for whom; `recipients` are public keys."""

    stretches: tuple[Stretch, ...]
    form: str
    receiver: str | None
    recipients: tuple[str, ...]


class ExportLine(NamedTuple):
    """A file as it was written down. `ranges`: (level, first position, last position)."""

    number: int
    ident: str
    batch_id: str
    receiver: str | None
    form: str
    recipients: list[str]
    made_by: str
    begun_at: datetime
    finished_at: datetime | None
    size_bytes: int | None
    sha256: str | None
    ranges: tuple[Stretch, ...]

    @property
    def size(self) -> int:
        """How many codes the file holds."""
        return sum(one.last - one.first + 1 for one in self.ranges)

    def is_of(self, order: Order) -> bool:
        """Tell whether this is the file that an order asks for."""
        asked = (order.stretches, order.form, order.receiver, [fingerprint(one) for one in order.recipients])
        return asked == (self.ranges, self.form, self.receiver, self.recipients)


class EarlyLine(NamedTuple):
    """What of a receiver's files was scanned before its activation; `alone` is how many codes only they had."""

    receiver: str | None
    codes: int
    alone: int
    scans: int
    first_at: datetime
    last_at: datetime


class EarlyScan(NamedTuple):
    """A scan of a code before its activation; the place is coarse, and forgotten after a time."""

    batch_id: str
    position: int
    received_at: datetime
    lat_deg: float | None
    lon_deg: float | None
    number: int
    receiver: str | None


def new_ident() -> str:
    """Make an id that no file has."""
    return "F" + "".join(secrets.choice(ALPHABET) for _ in range(12))


def check_receiver(told: str | None) -> str | None:
    """Return a receiver's name as it is kept; None where nobody is named.

    Raises: ReceiverError.
    """
    name = " ".join((told or "").split())
    if len(name) > LONGEST_RECEIVER or not name.isprintable():
        raise ReceiverError(f"a receiver's name has at most {LONGEST_RECEIVER} characters that can be printed")
    return name or None


def begin_export(
    db: Session, *, ident: str, batch: IssuedBatch, order: Order, made_by: str, now: datetime
) -> ExportLine:
    """Write down that a file is made; asked again under the same ident it is the same file."""
    row = {
        "ident": ident,
        "batch_id": batch.id,
        "receiver": order.receiver,
        "form": order.form,
        "recipients": [fingerprint(one) for one in order.recipients],
        "made_by": made_by,
        "begun_at": now,
    }
    number = versions.draw(db, name="export")
    begun = versions.upsert(db)(Export).values(number=number, **row)
    if db.execute(begun.on_conflict_do_nothing(index_elements=["ident"]).returning(Export.number)).first():
        db.execute(insert(ExportRange), [_range(number, batch, stretch) for stretch in order.stretches])
    return _lines(db, select(Export.number).where(Export.ident == ident))[0]


def finish_export(db: Session, *, number: int, size_bytes: int | None, sha256: str | None, now: datetime) -> None:
    """Write down what the file is, when it is complete; a folder of files has neither size nor hash."""
    done = update(Export).where(Export.number == number)
    db.execute(done.values(size_bytes=size_bytes, sha256=sha256, finished_at=now))


def write_export(file: OutFile, *, run: CodeRun, form: str, recipients: Sequence[str], progress: Progress) -> None:
    """Write a file of codes, for the eyes of its recipients only if there are any.

    Raises: CodeFileError, LinkError, RecipientError, OSError.
    """
    if not recipients:
        write_codes(file, form=form, run=run, progress=progress)
        return
    with sealed(file, recipients=recipients) as inner:
        write_codes(inner, form=form, run=run, progress=progress)


def find_export(db: Session, *, ident: str) -> ExportLine | None:
    """Return a file by its ident; None if it was never begun."""
    return next(iter(_lines(db, select(Export.number).where(Export.ident == ident))), None)


def export_list(db: Session, *, batch_id: str | None = None, limit: int = 100) -> list[ExportLine]:
    """Return files, the latest first; of one batch if it is named."""
    chosen = select(Export.number).order_by(Export.number.desc()).limit(limit)
    if batch_id is not None:
        chosen = chosen.join(Batch, Batch.id == Export.batch_id).where(Batch.batch_id == batch_id)
    return _lines(db, chosen)


def files_of_size(db: Session, *, asked: str, size_bytes: int) -> list[ExportLine]:
    """Return the complete files of a size whose ident ends in what was asked for."""
    chosen = select(Export.number).where(Export.ident.endswith(asked, autoescape=True), Export.size_bytes == size_bytes)
    return _lines(db, chosen)


def receivers(db: Session, *, limit: int = 200) -> list[str]:
    """Return the names of all who were ever given a file."""
    named = select(Export.receiver).where(Export.receiver.is_not(None)).distinct().order_by(Export.receiver)
    return [name for name in db.scalars(named.limit(limit)) if name is not None]


def early_list(db: Session, *, revoked: Revoked) -> list[EarlyLine]:
    """Return, receiver by receiver, how many of their codes were scanned before activation, the most first."""
    seen = _early(revoked, Scan.code_no, Scan.key_hash, Scan.received_at, Export.receiver).distinct().subquery()
    held = select(seen.c.code_no, seen.c.receiver).distinct().subquery()
    holders = select(held.c.code_no, func.count().label("holders")).group_by(held.c.code_no).subquery()
    told = select(
        seen.c.receiver,
        func.count(seen.c.code_no.distinct()).label("codes"),
        func.count(seen.c.code_no.distinct()).filter(holders.c.holders == 1),
        func.count(),
        func.min(seen.c.received_at),
        func.max(seen.c.received_at),
    ).join(holders, holders.c.code_no == seen.c.code_no)
    rows = db.execute(told.group_by(seen.c.receiver).order_by(func.count(seen.c.code_no.distinct()).desc()))
    return [EarlyLine._make(row) for row in rows]


def early_scans(db: Session, *, revoked: Revoked, limit: int = 200) -> list[EarlyScan]:
    """Return the latest scans of codes before their activation, a line for each file they were in."""
    told = _early(
        revoked,
        Batch.batch_id,
        Scan.code_no - CodeRange.first_no + 1,
        Scan.received_at,
        Scan.lat_deg,
        Scan.lon_deg,
        Export.number,
        Export.receiver,
    ).join(CodeRange, and_(CodeRange.batch_id == Batch.id, CodeRange.level == ExportRange.level))
    latest = told.order_by(Scan.received_at.desc(), Scan.code_no, Export.number).limit(limit)
    return [EarlyScan._make(row) for row in db.execute(latest)]


def _early(revoked: Revoked, *columns: Any) -> Select[Any]:
    """Select from scans of codes that had been given out and were not activated, with the files they were in.

    Since a key was revoked all its codes are inactive, which says nothing about where they were seen.
    """
    lost = [and_(Batch.key_id == key_id, Scan.received_at >= at) for key_id, at in revoked.items()]
    return (
        select(*columns)
        .select_from(Scan)
        .join(Batch, Batch.id == Scan.batch_id)
        .join(Export, and_(Export.batch_id == Batch.id, Export.begun_at <= Scan.received_at))
        .join(ExportRange, and_(ExportRange.number == Export.number, Scan.code_no.between(*_HELD)))
        .where(Scan.verdict == "inactive", not_(or_(false(), *lost)))
    )


def _range(number: int, batch: IssuedBatch, stretch: Stretch) -> dict[str, Any]:
    before = batch.span(stretch.level).first_no - 1
    nos = {"first_no": before + stretch.first, "last_no": before + stretch.last}
    return {"number": number, "level": stretch.level} | nos


def _lines(db: Session, chosen: Select[Any]) -> list[ExportLine]:
    told = (
        select(Export, Batch.batch_id, ExportRange, CodeRange.first_no)
        .join(Batch, Batch.id == Export.batch_id)
        .join(ExportRange, ExportRange.number == Export.number)
        .join(CodeRange, and_(CodeRange.batch_id == Export.batch_id, CodeRange.level == ExportRange.level))
        .where(Export.number.in_(chosen))
        .order_by(Export.number.desc(), ExportRange.first_no)
    )
    lines: dict[int, ExportLine] = {}
    for export, batch_id, held, first_no in db.execute(told):
        stretch = Stretch(held.level, held.first_no - first_no + 1, held.last_no - first_no + 1)
        same = {name: getattr(export, name) for name in ExportLine._fields if name not in {"batch_id", "ranges"}}
        begun = lines.get(export.number) or ExportLine(batch_id=batch_id, ranges=(), **same)
        lines[export.number] = begun._replace(ranges=(*begun.ranges, stretch))
    return list(lines.values())
