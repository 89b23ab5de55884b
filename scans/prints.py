"""Stage 2, print: which labels of a batch were printed, and how they were proofed. Knows nobody."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from scans.labels import Printed
from scans.layouts import SMALL_MODULE_MM
from scans.tables import Batch, LabelRun


class LabelRunLine(NamedTuple):
    """A run of labels as the office lists it."""

    level: str
    first: int
    last: int
    form: str
    layout: str
    version: int
    correction: str
    module_mm: float
    proofed: int
    readers: str
    sha256: str | None
    printed_at: datetime

    @property
    def is_small(self) -> bool:
        """Whether phones may fail on its symbols."""
        return self.module_mm < SMALL_MODULE_MM


def record_print(db: Session, *, printed: Printed, now: datetime) -> None:
    """Keep with the batch that labels were printed, and their proof."""
    run, proof = printed.run, printed.proof
    db.execute(
        insert(LabelRun).values(
            batch_id=run.batch.id,
            level=run.level,
            first_position=run.first,
            last_position=run.last,
            form=printed.form,
            layout=printed.layout,
            version=printed.version,
            correction=printed.correction,
            module_mm=printed.module_mm,
            proofed=proof.sampled,
            readers=", ".join(proof.readers),
            sha256=printed.sha256,
            printed_at=now,
        )
    )


def print_list(db: Session, *, batch_id: str, limit: int = 50) -> list[LabelRunLine]:
    """Return the runs of labels of a batch, the latest first."""
    told = select(
        LabelRun.level, LabelRun.first_position, LabelRun.last_position, LabelRun.form, LabelRun.layout,
        LabelRun.version, LabelRun.correction, LabelRun.module_mm, LabelRun.proofed, LabelRun.readers,
        LabelRun.sha256, LabelRun.printed_at,
    )  # fmt: skip
    named = told.join(Batch, Batch.id == LabelRun.batch_id).where(Batch.batch_id == batch_id)
    return [LabelRunLine._make(row) for row in db.execute(named.order_by(LabelRun.id.desc()).limit(limit))]
