"""What time does: held shares fall due, reserves of recalled batches go back, positions are forgotten."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from channel.config import Config
from scans import reports
from scans.answers import forget_places
from stores import accrual, reserves


def release_due(db: Session, *, config: Config, now: datetime) -> int:
    """Make held shares that are due payable, some thousands at a time, and return how many."""
    return accrual.release_due(db, now=now, currency=config.currency)


def return_reserves(db: Session, *, config: Config, now: datetime) -> int:
    """Give back what recalled batches can no longer pay, and return how many cents that is."""
    return reserves.return_reserves(db, now=now, currency=config.currency)


def forget_photos(db: Session, *, config: Config, now: datetime) -> int:
    """Delete the photos in reports that are as old and about codes that are decided, and return how many."""
    return reports.forget_photos(db, before=now - timedelta(days=config.position_keep_days))


def forget_positions(db: Session, *, config: Config, now: datetime) -> int:
    """Delete the positions of scans older than the deployment keeps them, and return of how many scans."""
    return forget_places(db, before=now - timedelta(days=config.position_keep_days))
