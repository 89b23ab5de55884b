"""Custody in the office: which files were given to whom, what was seen too early, how the keys stand. Only reads."""

from flask import render_template

from channel import access, providers
from channel.pages.office.door import READERS, page
from scans.batches import batches_by_key
from scans.custody import early_list, early_scans, export_list

FILES_SHOWN, SCANS_SHOWN = 100, 200


@page.get("/custody")
@access.allow(*READERS)
def custody() -> str:
    """Show who was given codes, and whose codes were scanned before they were activated."""
    ring = providers.ring()
    with providers.reading() as db:
        early = early_list(db, revoked=ring.revoked())
        scans = early_scans(db, revoked=ring.revoked(), limit=SCANS_SHOWN)
        files = export_list(db, limit=FILES_SHOWN)
        batches = batches_by_key(db)
    return render_template(
        "office/custody.html", early=early, scans=scans, files=files, keys=ring.keys, batches_by_key=batches
    )
