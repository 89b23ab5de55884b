"""Stage 5, scan and claim: what came in is checked, told apart from retries, and the race for the claim decided.

Knows nobody. The only place that writes scans and claims: one statement on a unique row decides who was first.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from scans.catalogue import Catalogue, Found, read_code
from scans.keys import KeyRing
from scans.places import Position, coarsen, read_position
from scans.tables import Claim, Scan
from scans.writing import insert_new

LATE = timedelta(days=7)
AHEAD = timedelta(minutes=2)
TOO_LATE = timedelta(days=30)
TOO_FAR_AHEAD = timedelta(hours=14)


class ScannedAtError(ValueError):
    """A time of scanning that no phone with a working clock tells."""


class KeyReusedError(ValueError):
    """The same key came again for the same code, with something else in it."""


class ClaimLostError(RuntimeError):
    """Two transactions met in a way that only doing this scan again resolves."""


@dataclass(frozen=True, slots=True)
class PlaceTold:
    """A position as the phone told it, in its own datum."""

    lat_deg: float
    lon_deg: float
    accuracy_m: float | None
    datum: str


@dataclass(frozen=True, slots=True)
class NewScan:
    """One scan as it came in. `public` times are clamped; those of an import are taken as they are."""

    uri: str
    key: str
    consumer: str | None = None
    scanned_at: datetime | None = None
    position: PlaceTold | None = None
    source: str | None = None
    consent: str | None = None
    public: bool = True


@dataclass(frozen=True, slots=True)
class Checked:
    """A scan of a code that was issued: its place in WGS-84, its time within bounds, its hashes."""

    scan: NewScan
    found: Found
    key_hash: bytes
    body_hash: bytes
    scanned_at: datetime
    position: Position | None

    @property
    def ident(self) -> tuple[int, bytes]:
        """The scan's key: the code and the hash of the client's key."""
        return self.found.code_no, self.key_hash

    @property
    def scan_id(self) -> str:
        """The id that the outside sees."""
        return scan_id(self.found.code_no, self.key_hash)


def check_scan(scan: NewScan, *, catalogue: Catalogue, ring: KeyRing, now: datetime) -> Checked:
    """Return the scan with all that can be told before the database is asked.

    Raises: LinkError, GtinError, UnknownCodeError, PositionError, ScannedAtError.
    """
    found = read_code(catalogue, ring, uri=scan.uri)
    told = scan.position
    position = read_position(told.lat_deg, told.lon_deg, told.accuracy_m, told.datum) if told else None
    at = clamp(scan.scanned_at or now, now=now) if scan.public else scan.scanned_at or now
    body: list[Any] = [scan.consumer, scan.scanned_at and scan.scanned_at.isoformat(), scan.source]
    body += [told.lat_deg, told.lon_deg, told.accuracy_m, told.datum] if told else []
    return Checked(scan, found, _hash(scan.key), _hash(json.dumps(body)), at, position)


def clamp(at: datetime, *, now: datetime) -> datetime:
    """Return a phone's time brought between seven days back and two minutes ahead.

    Raises: ScannedAtError if it is off by more than a slow network or a wrong time zone explains.
    """
    if at > now + TOO_FAR_AHEAD:
        raise ScannedAtError("scanned_at lies in the future")
    if at < now - TOO_LATE:
        raise ScannedAtError("scanned_at lies too long in the past")
    return max(now - LATE, min(at, now + AHEAD))


def scan_id(code_no: int, key_hash: bytes) -> str:
    """Return a scan's id for the outside: nobody can count scans by it."""
    return hashlib.blake2b(code_no.to_bytes(8) + key_hash, digest_size=12, person=b"glassbox scan").hexdigest()


def stored_answers(db: Session, *, scans: Sequence[Checked]) -> dict[tuple[int, bytes], tuple[bytes, dict[str, Any]]]:
    """Return what was already answered to any of these scans, with the hash of what it was the answer to."""
    if not scans:
        return {}
    told = select(Scan.code_no, Scan.key_hash, Scan.body_hash, Scan.answer)
    rows = db.execute(told.where(tuple_(Scan.code_no, Scan.key_hash).in_([scan.ident for scan in scans])))
    return {(no, key): (body, answer) for no, key, body, answer in rows}


def take_claims(db: Session, *, claims: Sequence[dict[str, Any]]) -> set[int]:
    """Insert claims and return the codes won: whoever comes second inserts nothing and is told nothing."""
    rows = sorted(claims, key=lambda row: row["code_no"])
    return {code_no for (code_no,) in insert_new(db, Claim, rows, told="code_no")}


def record_scans(db: Session, *, scans: Sequence[dict[str, Any]]) -> None:
    """Insert scans with their answers.

    Raises: ClaimLostError if another transaction has meanwhile recorded one under the same key.
    """
    rows = sorted(scans, key=lambda row: (row["code_no"], row["key_hash"]))
    if len(insert_new(db, Scan, rows, told="code_no")) < len(rows):
        raise ClaimLostError("another scan under the same key came first")


def scan_row(checked: Checked, *, consumer_id: int | None, verdict: str, now: datetime) -> dict[str, Any]:
    """Return a scan's row without its answer; the exact position is never written."""
    place = coarsen(checked.position) if checked.position else (None, None)
    return {
        "code_no": checked.found.code_no,
        "key_hash": checked.key_hash,
        "body_hash": checked.body_hash,
        "consumer_id": consumer_id,
        "batch_id": checked.found.batch.id,
        "received_at": now,
        "scanned_at": checked.scanned_at,
        "verdict": verdict,
        "lat_deg": place[0],
        "lon_deg": place[1],
        "accuracy_m": checked.position.accuracy_m if checked.position else None,
        "consent": checked.scan.consent,
    }


def claim_row(
    checked: Checked, *, consumer_id: int | None, verdict: str, reward_cents: int, now: datetime
) -> dict[str, Any]:
    """Return the row that claims an item, should nobody have claimed it."""
    return {
        "code_no": checked.found.code_no,
        "key_hash": checked.key_hash,
        "batch_id": checked.found.batch.id,
        "product_id": checked.found.batch.product_id,
        "consumer_id": consumer_id,
        "received_at": now,
        "scanned_at": checked.scanned_at,
        "verdict": verdict,
        "reward_kind": "cash" if reward_cents else None,
        "reward_cents": reward_cents,
    }


def _hash(text: str) -> bytes:
    return hashlib.blake2b(text.encode(), digest_size=16).digest()
