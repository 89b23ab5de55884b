"""Which codes were issued: by arithmetic on ranges, and told apart from all others."""

from datetime import UTC, datetime

import pytest

from scans.catalogue import Catalogue, IssuedBatch, Span, UnknownBatchError, UnknownCodeError, find_serial, identify
from scans.codes import serial
from scans.keys import KeyRing, RingKey

NOW = datetime(2026, 3, 1, tzinfo=UTC)
NEW = RingKey("new", "code", "active", NOW, bytes(16))
OLD = RingKey("old", "code", "verify", NOW, bytes([1] * 16))
LOST = RingKey("lost", "code", "revoked", NOW, bytes([2] * 16))
PRIZE = RingKey("prize", "prize", "active", NOW, bytes([3] * 16))
RING = KeyRing((NEW, OLD, LOST, PRIZE))
GTIN, OTHER_GTIN = "09506000134352", "00614141123452"


def issued(batch_id, *spans, gtin=GTIN, key=NEW):
    return IssuedBatch(1, batch_id, 1, gtin, 1000, "activated", key.id, spans[0].size, None, None, spans, None)


CATALOGUE = Catalogue(
    [
        issued("B-2", Span("item", 200, 209), key=OLD),
        issued("B-1", Span("item", 100, 149), Span("case", 150, 154), Span("pallet", 155, 155)),
        issued("B-3", Span("item", 300, 300), gtin=OTHER_GTIN, key=LOST),
    ]
)


@pytest.mark.parametrize(
    ("code_no", "where"),
    [
        (100, ("B-1", "item", 1)),
        (149, ("B-1", "item", 50)),
        (150, ("B-1", "case", 1)),
        (155, ("B-1", "pallet", 1)),
        (209, ("B-2", "item", 10)),
        (300, ("B-3", "item", 1)),
    ],
)
def test_every_edge_of_a_range_is_found(code_no, where):
    found = CATALOGUE.find(code_no)
    assert (found.batch.batch_id, found.level, found.position) == where


@pytest.mark.parametrize("code_no", [0, 99, 156, 199, 210, 299, 301, 2**40 - 1])
def test_a_number_beside_the_ranges_was_never_issued(code_no):
    with pytest.raises(UnknownCodeError):
        CATALOGUE.find(code_no)


def test_an_empty_catalogue_knows_nothing():
    with pytest.raises(UnknownCodeError):
        Catalogue([]).find(1)


def test_a_batch_is_found_by_its_id():
    assert CATALOGUE.batch("B-2").key_id == "old"
    with pytest.raises(UnknownBatchError):
        CATALOGUE.batch("B-9")


def test_a_code_is_identified_under_the_key_it_was_issued_with():
    assert identify(CATALOGUE, RING, gtin=GTIN, serial=serial(NEW.secret, 120)).code_no == 120
    assert identify(CATALOGUE, RING, gtin=GTIN, serial=serial(OLD.secret, 205)).position == 6


def test_a_code_of_a_revoked_key_is_still_answered_but_earns_nothing():
    found = identify(CATALOGUE, RING, gtin=OTHER_GTIN, serial=serial(LOST.secret, 300))
    assert found.batch.batch_id == "B-3"
    assert not found.earns
    assert identify(CATALOGUE, RING, gtin=GTIN, serial=serial(OLD.secret, 205)).earns


@pytest.mark.parametrize(
    ("gtin", "text"),
    [
        (OTHER_GTIN, serial(NEW.secret, 120)),  # a serial carried over to another product
        (GTIN, serial(OLD.secret, 120)),  # an old key makes codes for a batch of the new one
        (GTIN, serial(NEW.secret, 199)),  # right key, never issued
        (GTIN, serial(PRIZE.secret, 120)),  # a key for something else
        (GTIN, serial(bytes(range(16)), 120)),  # a key that is not ours
        (GTIN, "NO SERIAL"),
    ],
)
def test_what_was_never_issued_is_unknown(gtin, text):
    with pytest.raises(UnknownCodeError):
        identify(CATALOGUE, RING, gtin=gtin, serial=text)


def test_a_serial_alone_is_enough_to_find_it():
    assert find_serial(CATALOGUE, RING, serial=serial(NEW.secret, 150)).level == "case"
