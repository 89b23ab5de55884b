"""Custody: files are written down under numbers, and codes that are seen too early point at those who had them."""

from datetime import timedelta

import pytest

from channel.journey import NewScan, PlaceTold, take_scans
from scans.codefiles import Stretch, choose
from scans.custody import (
    Order,
    ReceiverError,
    begin_export,
    check_receiver,
    early_list,
    early_scans,
    export_list,
    files_of_size,
    find_export,
    finish_export,
    new_ident,
    receivers,
)
from scans.life import activate, recall
from scans.parts import Positions
from scans.sealing import fingerprint
from tests import make

PLACE = PlaceTold(*make.SHANGHAI, 30.0, "wgs84")
HOUR = timedelta(hours=1)


@pytest.fixture
def ring(tmp_path):
    return make.ring(tmp_path)


def export(db, batch, receiver=None, *, ident=None, now=make.NOW, recipients=(), **chosen):
    order = Order(choose(batch, **chosen), "csv", receiver, recipients)
    return begin_export(db, ident=ident or new_ident(), batch=batch, order=order, made_by="boss", now=now)


def scan(db, config, ring, batch, *positions, level="item", now=make.NOW + HOUR, key="k"):
    uris = [make.uri_at(batch, ring=ring, level=level, position=position) for position in positions]
    scans = [NewScan(uri, key, "phone", position=PLACE) for uri in uris]
    return [one.body["verdict"] for one in take_scans(db, config=config, ring=ring, scans=scans, now=now)]


def test_a_file_is_written_down_once_whoever_asks_again(db, ring):
    batch = make.batch(db, ring=ring, state="issued")
    first = export(db, batch, "Wang", ident="F1")
    assert export(db, batch, "Wang", ident="F1") == first == find_export(db, ident="F1")
    assert first.ranges == (Stretch("item", 1, 24), Stretch("case", 1, 4), Stretch("pallet", 1, 2))
    assert (first.receiver, first.made_by, first.size, first.finished_at) == ("Wang", "boss", 30, None)
    other = export(db, batch, level="case", first=2, last=3)
    assert other.number > first.number
    assert [line.ranges for line in export_list(db)] == [(Stretch("case", 2, 3),), first.ranges]
    assert find_export(db, ident="F2") is None


def test_a_file_that_is_complete_says_what_it_is(db, ring):
    batch = make.batch(db, ring=ring)
    line = export(db, batch, ident="F1-abc", recipients=("age1x",))
    finish_export(db, number=line.number, size_bytes=7, sha256="a" * 64, now=make.NOW + HOUR)
    (done,) = files_of_size(db, asked="-abc", size_bytes=7)
    assert (done.sha256, done.finished_at, done.recipients) == ("a" * 64, make.NOW + HOUR, [fingerprint("age1x")])
    assert files_of_size(db, asked="-abc", size_bytes=8) == files_of_size(db, asked="_abc", size_bytes=7) == []
    assert done.is_of(Order(choose(batch), "csv", None, ("age1x",)))
    for other in ({"form": "txt"}, {"receiver": "W"}, {"recipients": ()}, {"stretches": (Stretch("item", 1, 3),)}):
        assert not done.is_of(Order(choose(batch), "csv", None, ("age1x",))._replace(**other))


def test_files_are_listed_by_batch_and_receivers_by_name(db, ring):
    one, other = make.batch(db, ring=ring), make.batch(db, ring=ring)
    export(db, one, "Wang")
    export(db, other, "Li")
    export(db, other)
    assert [line.receiver for line in export_list(db, batch_id=other.batch_id)] == [None, "Li"]
    assert receivers(db) == ["Li", "Wang"]


@pytest.mark.parametrize(
    ("told", "kept"), [(None, None), ("", None), ("  ", None), (" 王  印刷\n", "王 印刷"), ("x" * 100, "x" * 100)]
)
def test_a_receiver_s_name_is_kept_without_stray_blanks(told, kept):
    assert check_receiver(told) == kept


@pytest.mark.parametrize("told", ["x" * 101, "a\x00b", "a\x1bb", "\u202e"])
def test_nobody_has_a_name_that_cannot_be_printed(told):
    with pytest.raises(ReceiverError):
        check_receiver(told)


def test_a_code_seen_before_activation_points_at_whoever_had_it(db, config, ring):
    batch = make.batch(db, ring=ring, state="issued")
    export(db, batch, "Wang")
    export(db, batch, "Li", level="item", first=13)
    assert scan(db, config, ring, batch, 1, 2, 20) == ["inactive"] * 3
    assert scan(db, config, ring, batch, 2, now=make.NOW + 2 * HOUR, key="again") == ["inactive"]
    wang, li = early_list(db, revoked={})
    assert wang == ("Wang", 3, 2, 4, make.NOW + HOUR, make.NOW + 2 * HOUR)
    assert li == ("Li", 1, 0, 1, make.NOW + HOUR, make.NOW + HOUR)
    seen = early_scans(db, revoked={})
    assert [(one.position, one.receiver) for one in seen] == [
        (2, "Wang"),
        (1, "Wang"),
        (2, "Wang"),
        (20, "Wang"),
        (20, "Li"),
    ]
    assert seen[0].batch_id == batch.batch_id
    assert seen[0].lat_deg == pytest.approx(PLACE.lat_deg, abs=0.01)
    assert len(early_scans(db, revoked={}, limit=2)) == 2


def test_what_is_no_leak_points_at_nobody(db, config, ring):
    """Cases travel before activation; a file made later was not the source; after activation all is as it should be."""
    batch = make.batch(db, ring=ring, state="issued")
    assert scan(db, config, ring, batch, 5) == ["inactive"]
    export(db, batch, "Wang", now=make.NOW + 2 * HOUR)
    assert scan(db, config, ring, batch, 1, level="case", now=make.NOW + 3 * HOUR) == ["not_for_sale"]
    activate(db, batch_id=batch.batch_id, now=make.NOW + 4 * HOUR)
    assert scan(db, config, ring, batch, 6, now=make.NOW + 5 * HOUR) == ["claimed"]
    recall(db, batch_id=batch.batch_id, why="x", now=make.NOW + 6 * HOUR)
    assert scan(db, config, ring, batch, 7, now=make.NOW + 7 * HOUR) == ["recalled"]
    assert early_list(db, revoked={}) == []


def test_what_was_seen_early_is_told_after_activation_too_and_a_part_that_is_not_activated_yet(db, config, ring):
    batch = make.batch(db, ring=ring, state="issued")
    export(db, batch, "Wang")
    scan(db, config, ring, batch, 1)
    activate(db, batch_id=batch.batch_id, now=make.NOW + 2 * HOUR, part=Positions(1, 5))
    assert scan(db, config, ring, batch, 2, 6, now=make.NOW + 3 * HOUR) == ["claimed", "inactive"]
    assert [(line.codes, line.scans) for line in early_list(db, revoked={})] == [(2, 2)]


def test_codes_of_a_key_that_was_revoked_by_then_are_no_leak(db, config, ring):
    batch = make.batch(db, ring=ring, state="issued")
    export(db, batch, "Wang")
    scan(db, config, ring, batch, 1)
    scan(db, config, ring, batch, 2, now=make.NOW + 3 * HOUR)
    revoked = {batch.key_id: make.NOW + 2 * HOUR, "another": make.NOW}
    assert [(line.codes, line.scans) for line in early_list(db, revoked=revoked)] == [(1, 1)]
    assert [one.position for one in early_scans(db, revoked=revoked)] == [1]
