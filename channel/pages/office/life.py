"""The life of a batch: printed, activated, recalled, as a whole or in parts."""

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from channel import access, providers
from channel.journey import activate_batch, parts_named
from channel.pages.office.door import EDITORS, page, whole
from scans.batches import catalogue
from scans.catalogue import UnknownBatchError
from scans.life import PartError, note_printed, recall
from scans.parts import Positions


@page.post("/batches/<batch_id>/printed")
@access.allow(*EDITORS)
def printed(batch_id: str) -> ResponseReturnValue:
    """Note that the batch is printed."""
    with providers.transaction() as db:
        note_printed(db, batch_id=batch_id, now=providers.now())
    return _back(batch_id)


@page.post("/batches/<batch_id>/activate")
@access.allow(*EDITORS)
def activate(batch_id: str) -> ResponseReturnValue:
    """Let the claims of the batch, or of the part that the form tells, count from now on."""
    config, ring, now = providers.config(), providers.ring(), providers.now()
    with providers.transaction() as db:
        for part in _parts(db, batch_id):
            activate_batch(db, config=config, ring=ring, batch_id=batch_id, now=now, part=part)
    return _back(batch_id)


@page.post("/batches/<batch_id>/recall")
@access.allow(*EDITORS)
def call_back(batch_id: str) -> ResponseReturnValue:
    """Warn whoever scans an item of this batch, or of the part that the form tells, from now on."""
    why = request.form.get("why", "").strip()[:500]
    if why:
        with providers.transaction() as db:
            for part in _parts(db, batch_id):
                recall(db, batch_id=batch_id, why=why, now=providers.now(), part=part)
    return _back(batch_id)


def _parts(db: Session, batch_id: str) -> list[Positions | None]:
    """Return the parts that the form tells, by a code or by positions; [None] for the whole batch.

    Raises: UnknownBatchError, PartError.
    """
    code = request.form.get("code", "").strip()
    if code:
        return _held(db, batch_id, code)
    told = [request.form.get(name, "").strip() for name in ("first", "last")]
    if not any(told):
        return [None]
    first, last = whole("first"), whole("last")
    if (told[0] and first is None) or (told[1] and last is None):
        raise PartError("a position is a whole number")
    return [Positions(1 if first is None else first, catalogue(db).batch(batch_id).count if last is None else last)]


def _held(db: Session, batch_id: str, code: str) -> list[Positions | None]:
    try:
        named = parts_named(db, ring=providers.ring(), text=code, now=providers.now())
    except UnknownBatchError:
        named = []
    if not named or any(batch != batch_id or part is None for batch, part in named):
        raise PartError("this is no code of this batch, or it holds items of another")
    return [part for _, part in named]


def _back(batch_id: str) -> ResponseReturnValue:
    return redirect(url_for("office.batch", batch_id=batch_id), 303)
