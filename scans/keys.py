"""Stage 1, mint: the key ring, a file beside the database and never in it. Knows nobody."""

import base64
import binascii
import fcntl
import json
import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

PURPOSES = ("code", "prize", "device")
STATES = ("active", "verify", "revoked")
MAX_LIVE = 8
LONGEST_WHY = 500
SECRET_BYTES = 16
_loaded: dict[Path, tuple[tuple[int, int, int], "KeyRing"]] = {}


class KeyRingError(ValueError):
    """The key ring cannot be read, or cannot be left as asked."""


@dataclass(frozen=True, slots=True)
class RingKey:
    """A secret with its life: `active` mints, `verify` only reads, `revoked` still answers but earns nothing."""

    id: str
    purpose: str
    state: str
    created_at: datetime
    secret: bytes = field(repr=False)
    revoked_at: datetime | None = None
    why: str | None = None


@dataclass(frozen=True, slots=True)
class KeyRing:
    """All keys of a deployment, newest first."""

    keys: tuple[RingKey, ...]

    @staticmethod
    def load(path: Path) -> "KeyRing":
        """Return the ring in a file, read again whenever the file has changed.

        Raises: KeyRingError if it is missing or makes no sense.
        """
        try:
            held = _loaded.get(path)
            if held is None or held[0] != _stamp(os.stat(path)):  # noqa: PTH116 (once a scan: half the time of Path.stat)
                with path.open("rb") as file:
                    held = _stamp(os.fstat(file.fileno())), _read(file.read())
                _loaded[path] = held
        except OSError as error:
            raise KeyRingError(f"the key ring cannot be read: {error.strerror}") from error
        return held[1]

    def known(self, purpose: str) -> tuple[RingKey, ...]:
        """Return every key of a purpose in the order to try them: newest first, revoked ones last."""
        of_purpose = [key for key in self.keys if key.purpose == purpose]
        return tuple(sorted(of_purpose, key=lambda key: key.state == "revoked"))

    def revoked(self) -> dict[str, datetime]:
        """Return which keys were revoked, and since when; for ever, where that was never written down."""
        return {key.id: key.revoked_at or key.created_at for key in self.keys if key.state == "revoked"}

    def live(self, purpose: str) -> tuple[RingKey, ...]:
        """Return the keys of a purpose that are not revoked, newest first."""
        return tuple(key for key in self.keys if key.purpose == purpose and key.state != "revoked")

    def newest(self, purpose: str) -> RingKey:
        """Return the key that new things are made with.

        Raises: KeyRingError if none is active.
        """
        for key in self.keys:
            if key.purpose == purpose and key.state == "active":
                return key
        raise KeyRingError(f"no {purpose} key is active")

    def key(self, key_id: str) -> RingKey:
        """Return one key by its id.

        Raises: KeyRingError if it is missing.
        """
        for key in self.keys:
            if key.id == key_id:
                return key
        raise KeyRingError(f"the key ring has no key {key_id}")


def make_ring(path: Path, *, now: datetime) -> KeyRing:
    """Write a ring with one active key for each purpose, unless there is one, and return what there is.

    Raises: KeyRingError if the one that is there makes no sense.
    """
    with _locked(path):
        if not path.exists():
            _write(path, [_new_key(purpose, now) for purpose in PURPOSES])
    return KeyRing.load(path)


def rotate(path: Path, *, purpose: str, now: datetime) -> RingKey:
    """Add a new active key for a purpose; those active before only verify from now on.

    Raises: KeyRingError if eight keys of this purpose are live already.
    """
    if purpose not in PURPOSES:
        raise KeyRingError(f"a key is for one of {', '.join(PURPOSES)}")
    new = _new_key(purpose, now)
    with _locked(path):
        old = [
            replace(key, state="verify") if key.purpose == purpose and key.state == "active" else key
            for key in KeyRing.load(path).keys
        ]
        _write(path, [new, *old])
    return new


def revoke(path: Path, *, key_id: str, why: str, now: datetime) -> RingKey | None:
    """Let nothing earn that was made with a key, for ever; the first reason stays.

    Where no other key of its purpose would be active a new one is made and returned, so that work goes on.

    Raises: KeyRingError if there is no such key or no reason.
    """
    if not 0 < len(why) <= LONGEST_WHY:
        raise KeyRingError(f"say why in 1 to {LONGEST_WHY} characters")
    with _locked(path):
        ring = KeyRing.load(path)
        lost = ring.key(key_id)
        if lost.state == "revoked":
            return None
        left = [key for key in ring.keys if key is not lost]
        needed = not any(key.purpose == lost.purpose and key.state == "active" for key in left)
        new = _new_key(lost.purpose, now) if needed else None
        revoked = replace(lost, state="revoked", revoked_at=now.astimezone(UTC), why=why)
        _write(path, [*([new] if new else []), *(revoked if key is lost else key for key in ring.keys)])
    return new


def _new_key(purpose: str, now: datetime) -> RingKey:
    return RingKey(secrets.token_hex(4), purpose, "active", now.astimezone(UTC), secrets.token_bytes(SECRET_BYTES))


def _stamp(stat: os.stat_result) -> tuple[int, int, int]:
    return stat.st_mtime_ns, stat.st_size, stat.st_ino


def _read(text: bytes) -> KeyRing:
    try:
        keys = [_read_key(entry) for entry in json.loads(text)]
    except (KeyError, TypeError, ValueError, binascii.Error) as error:
        raise KeyRingError(f"the key ring makes no sense: {type(error).__name__}") from error
    return _checked(keys)


def _read_key(entry: dict[str, Any]) -> RingKey:
    key = RingKey(
        id=str(entry["id"]),
        purpose=str(entry["purpose"]),
        state=str(entry["state"]),
        created_at=datetime.fromisoformat(entry["created_at"]),
        secret=base64.b64decode(entry["secret"], validate=True),
        revoked_at=datetime.fromisoformat(entry["revoked_at"]) if "revoked_at" in entry else None,
        why=str(entry["why"]) if "why" in entry else None,
    )
    if key.purpose not in PURPOSES or key.state not in STATES or len(key.secret) != SECRET_BYTES:
        raise ValueError("a key has an unknown purpose or state, or a short secret")
    if key.created_at.tzinfo is None:
        raise ValueError("a key was made at a time without a zone")
    return key


def _entry(key: RingKey) -> dict[str, str]:
    entry = {
        "id": key.id,
        "purpose": key.purpose,
        "state": key.state,
        "created_at": key.created_at.isoformat(),
        "secret": base64.b64encode(key.secret).decode(),
    }
    if key.revoked_at is not None:
        entry["revoked_at"] = key.revoked_at.isoformat()
    return entry if key.why is None else entry | {"why": key.why}


def _checked(keys: Sequence[RingKey]) -> KeyRing:
    ring = KeyRing(tuple(sorted(keys, key=lambda key: key.created_at, reverse=True)))
    if len({key.id for key in keys}) < len(keys):
        raise KeyRingError("two keys of the ring have the same id")
    if any(len(ring.live(purpose)) > MAX_LIVE for purpose in PURPOSES):
        raise KeyRingError(f"at most {MAX_LIVE} keys of a purpose can be live; revoke one first")
    return ring


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    # Two rotations at once, each on what it read before, would lose a key and all codes made with it.
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = os.open(path.with_name(path.name + ".lock"), os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _write(path: Path, keys: Sequence[RingKey]) -> None:
    entries = [_entry(key) for key in _checked(keys).keys]
    part = path.with_name(path.name + ".part")
    with open(os.open(part, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w") as file:  # noqa: PTH123
        json.dump(entries, file, indent=2)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)  # else a power cut could bring the old ring back, after codes were made with the new key
    finally:
        os.close(folder)
