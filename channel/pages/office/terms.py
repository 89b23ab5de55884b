"""The fields that say what a batch is issued on."""

from datetime import date

from flask import request

from scans.terms import Terms, TermsError


def told_terms() -> Terms:
    """Return the terms that the form tells.

    Raises: TermsError for what is no day.
    """
    form = request.form
    return Terms(
        lot=form.get("lot", "").strip() or None,
        expires_on=_day("expires_on"),
        made_on=_day("made_on"),
        has_outer=bool(form.get("outer")),
        earns="delivered" if form.get("earns") == "delivered" else "activated",
    )


def _day(name: str) -> date | None:
    told = request.form.get(name, "").strip()
    try:
        return date.fromisoformat(told) if told else None
    except ValueError as error:
        raise TermsError("there is no such day") from error
