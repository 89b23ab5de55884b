"""Stage 7, report: what people who hold an item tell the office about its code, with a photo. Knows doubts.

Kept in the database, photo and all, so that one backup holds everything. A report raises no doubt by itself.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from scans import doubts
from scans.catalogue import Found
from scans.tables import Consumer, Doubt, Report
from scans.writing import insert_new


class ReportError(ValueError):
    """A report needs some words, at most 500 characters."""


class UnknownPhotoError(LookupError):
    """There is no such photo."""


class Reported(NamedTuple):
    """One report as the office reads it."""

    report_id: str
    reported_at: datetime
    said: str
    has_photo: bool


def take_report(
    db: Session, *, found: Found, key: str, device: str | None, said: str, photo: bytes | None, now: datetime
) -> bool:
    """Keep a report and see to it that its code has a dossier; sent twice under the same key it is one.

    Raises: ReportError.
    """
    told = doubts.few_words(said)
    if not told:
        raise ReportError(f"a report needs some words, at most {doubts.MOST_SAID} characters")
    mark = hashlib.blake2b(found.code_no.to_bytes(8) + key.encode(), digest_size=12, person=b"glassbox report")
    row = {
        "report_id": f"T{mark.hexdigest()}",
        "code_no": found.code_no,
        "consumer_id": db.scalar(select(Consumer.id).where(Consumer.device == device)) if device else None,
        "reported_at": now,
        "said": told,
        "photo": photo,
    }
    doubts.open_dossier(db, found=found, now=now)
    if not insert_new(db, Report, [row], told="report_id"):
        return False
    doubts.note_reported(db, code_no=found.code_no, now=now)
    return True


def reports_about(db: Session, *, code_no: int, limit: int = 100) -> Sequence[Reported]:
    """Return the reports about a code, the latest first."""
    told = select(Report.report_id, Report.reported_at, Report.said, Report.photo.is_not(None))
    latest = told.where(Report.code_no == code_no).order_by(Report.reported_at.desc(), Report.id.desc())
    return [Reported(*row) for row in db.execute(latest.limit(limit))]


def photo_of(db: Session, *, doubt_id: str, report_id: str) -> bytes:
    """Return the photo of a report about a doubted code.

    Raises: UnknownPhotoError.
    """
    kept = select(Report.photo).join(Doubt, Doubt.code_no == Report.code_no)
    photo = db.scalar(kept.where(Doubt.doubt_id == doubt_id, Report.report_id == report_id))
    if photo is None:
        raise UnknownPhotoError("there is no such photo")
    return photo


def forget_photos(db: Session, *, before: datetime) -> int:
    """Delete the photos of reports told before an instant about codes that are decided, and return how many."""
    decided = select(Doubt.code_no).where(Doubt.state.in_(("cleared", "confirmed")))
    old = update(Report).where(Report.reported_at < before, Report.photo.is_not(None), Report.code_no.in_(decided))
    return len(db.scalars(old.values(photo=None).returning(Report.id)).all())
