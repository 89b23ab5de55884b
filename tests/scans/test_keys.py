"""The key ring: its file, its rotation, and what happens when it is broken."""

import json
import stat
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context

import pytest

from scans.keys import MAX_LIVE, PURPOSES, KeyRing, KeyRingError, make_ring, revoke, rotate

NOW = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "home" / "keys.json"
    make_ring(path, now=NOW)
    return path


def test_a_new_ring_has_one_active_key_for_each_purpose(path):
    ring = KeyRing.load(path)
    assert sorted(key.purpose for key in ring.keys) == sorted(PURPOSES)
    assert all(len(ring.newest(purpose).secret) == 16 for purpose in PURPOSES)


def test_the_file_is_for_its_owner_only(path):
    rotate(path, purpose="code", now=NOW)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_making_a_ring_again_changes_nothing(path):
    before = path.read_bytes()
    make_ring(path, now=NOW + timedelta(days=1))
    assert path.read_bytes() == before


def test_a_rotation_is_seen_at_once_and_keeps_the_old_key_for_verifying(path):
    old = KeyRing.load(path).newest("code")
    new = rotate(path, purpose="code", now=NOW + timedelta(days=1))
    ring = KeyRing.load(path)
    assert ring.newest("code") == new
    assert [(key.id, key.state) for key in ring.live("code")] == [(new.id, "active"), (old.id, "verify")]
    assert ring.newest("prize").state == "active"


def test_the_newest_comes_first_even_when_two_are_made_at_the_same_instant(path):
    made = [rotate(path, purpose="code", now=NOW) for _ in range(3)]
    assert [key.id for key in KeyRing.load(path).live("code")][:3] == [key.id for key in reversed(made)]


def test_an_unchanged_file_is_read_once(path):
    assert KeyRing.load(path) is KeyRing.load(path)


def test_revoked_keys_are_known_but_not_live(path):
    old = KeyRing.load(path).newest("code")
    new = rotate(path, purpose="code", now=NOW + timedelta(days=1))
    newest = revoke(path, key_id=new.id, why="lost", now=NOW + timedelta(days=2))
    ring = KeyRing.load(path)
    assert [key.id for key in ring.live("code")] == [newest.id, old.id]
    assert [key.id for key in ring.known("code")] == [newest.id, old.id, new.id]
    assert ring.revoked() == {new.id: NOW + timedelta(days=2)}
    assert (ring.key(new.id).why, ring.newest("code")) == ("lost", newest)


def test_revoking_again_changes_nothing_and_an_older_key_needs_no_new_one(path):
    old = KeyRing.load(path).newest("code")
    new = rotate(path, purpose="code", now=NOW + timedelta(days=1))
    for why in ("lost", "found"):
        assert revoke(path, key_id=old.id, why=why, now=NOW + timedelta(days=2)) is None
    ring = KeyRing.load(path)
    assert (ring.key(old.id).why, ring.newest("code"), len(ring.known("code"))) == ("lost", new, 2)


def test_a_ring_written_before_reasons_were_kept_is_read(path):
    keys = json.loads(path.read_text())
    path.write_text(json.dumps([keys[0] | {"state": "revoked"}, *keys[1:]]))
    ring = KeyRing.load(path)
    assert ring.revoked() == {keys[0]["id"]: NOW}


def test_without_an_active_key_nothing_is_made(path):
    path.write_text(json.dumps([key | {"state": "verify"} for key in json.loads(path.read_text())]))
    with pytest.raises(KeyRingError, match="no code key is active"):
        KeyRing.load(path).newest("code")


def test_at_most_eight_code_keys_are_live(path):
    for day in range(1, MAX_LIVE):
        rotate(path, purpose="code", now=NOW + timedelta(days=day))
    with pytest.raises(KeyRingError, match="revoke one first"):
        rotate(path, purpose="code", now=NOW + timedelta(days=9))
    revoke(path, key_id=KeyRing.load(path).live("code")[-1].id, why="old", now=NOW)
    rotate(path, purpose="code", now=NOW + timedelta(days=9))
    assert len(KeyRing.load(path).live("code")) == MAX_LIVE


def _rotate(path, day):
    rotate(path, purpose="code", now=NOW + timedelta(days=day))


def test_rotations_at_the_same_time_lose_no_key(path):
    spawn = get_context("spawn")
    processes = [spawn.Process(target=_rotate, args=(path, day)) for day in range(1, 4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert len(KeyRing.load(path).live("code")) == 4


@pytest.mark.parametrize(
    "spoil",
    [
        lambda keys: "not json",
        lambda keys: json.dumps({}) + "{",
        lambda keys: json.dumps("keys"),
        lambda keys: json.dumps([*keys, keys[0]]),  # an id twice
        lambda keys: json.dumps([{**keys[0], "secret": "c2hvcnQ="}]),
        lambda keys: json.dumps([{**keys[0], "secret": "***"}]),
        lambda keys: json.dumps([{**keys[0], "state": "lost"}]),
        lambda keys: json.dumps([{**keys[0], "purpose": "door"}]),
        lambda keys: json.dumps([{**keys[0], "created_at": "2026-03-01T08:00:00"}]),  # no zone
        lambda keys: json.dumps([{**keys[0], "created_at": 1}]),
        lambda keys: json.dumps([{"id": "a"}]),
        lambda keys: json.dumps([{**keys[0], "revoked_at": "yesterday"}]),
    ],
)
def test_a_broken_ring_is_refused_in_one_sentence(path, spoil):
    path.write_text(spoil(json.loads(path.read_text())))
    with pytest.raises(KeyRingError):
        KeyRing.load(path)


def test_a_broken_ring_is_never_replaced_by_a_new_one(path):
    path.write_text("not json")
    with pytest.raises(KeyRingError):
        make_ring(path, now=NOW)
    assert path.read_text() == "not json"


def test_a_missing_ring_or_key_is_said(tmp_path, path):
    with pytest.raises(KeyRingError, match="cannot be read"):
        KeyRing.load(tmp_path / "none.json")
    with pytest.raises(KeyRingError, match="no key nope"):
        KeyRing.load(path).key("nope")
    with pytest.raises(KeyRingError, match="no key nope"):
        revoke(path, key_id="nope", why="lost", now=NOW)
    for why in ("", "x" * 501):
        with pytest.raises(KeyRingError, match="say why"):
            revoke(path, key_id=KeyRing.load(path).keys[0].id, why=why, now=NOW)
    with pytest.raises(KeyRingError, match="one of"):
        rotate(path, purpose="door", now=NOW)


def test_a_secret_is_not_shown(path):
    assert "secret" not in repr(KeyRing.load(path))
