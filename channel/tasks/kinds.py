"""What can be ordered: a function for each kind, that writes a file into a folder and tells its name. Knows exports."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from channel.database import reading, transaction
from channel.exports import SEALED, Desk, make_file
from scans.batches import batch_list, catalogue
from scans.codefiles import Progress
from scans.custody import ExportLine, find_export, finish_export
from scans.labels import PrintRun, write_labels
from scans.layouts import built_in
from scans.outfiles import digest_of
from scans.prints import record_print


class Work(NamedTuple):
    """A task that is being done: with what, what was asked for, and where the file goes."""

    desk: Desk
    parameters: dict[str, Any]
    folder: Path
    progress: Progress


Kind = Callable[[Work], Path]


def write_code_file(work: Work) -> Path:
    """Write a file of codes that was written down, encrypted if it is for somebody's eyes only."""
    line, recipients = _line(work), work.parameters["recipients"]
    out = work.folder / f"{line.batch_id}-{line.number}.{line.form}{SEALED if recipients else ''}"
    make_file(work.desk, line=line, recipients=recipients, out=out, progress=work.progress)
    return out


def write_label_file(work: Work) -> Path:
    """Print labels and read a sample of them back: a PDF, or an archive of a file for each label."""
    line, desk = _line(work), work.desk
    with reading(desk.engine) as db:
        batch = catalogue(db).batch(line.batch_id)
        product = batch_list(db, batch_id=line.batch_id, limit=1)[0].product
    secret = desk.ring.key(batch.key_id).secret
    run = PrintRun(batch, secret, desk.config.base_url, *line.ranges[0], name=product, lot=batch.lot or "")
    out = work.folder / f"{line.batch_id}-{line.number}.{'pdf' if line.form == 'pdf' else 'zip'}"
    layout = built_in(work.parameters["layout"])
    printed = write_labels(out, run=run, form=line.form, layout=layout, progress=work.progress)
    size_bytes, now = out.stat().st_size, datetime.now(UTC)
    with transaction(desk.engine) as db:
        record_print(db, printed=printed, now=now)
        finish_export(db, number=line.number, size_bytes=size_bytes, sha256=printed.sha256 or digest_of(out), now=now)
    return out


def _line(work: Work) -> ExportLine:
    with reading(work.desk.engine) as db:
        line = find_export(db, ident=work.parameters["ident"])
    assert line is not None, "it was written down together with the task"
    return line


KINDS: dict[str, Kind] = {
    "codes": write_code_file,
    "labels": write_label_file,
}
