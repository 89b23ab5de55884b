"""What stands on items, cases and pallets, and that it leads back to them."""

from pathlib import Path

import numpy as np
import pytest
from sqlalchemy.orm import Session

from scans import marks
from scans.batches import BatchError, catalogue
from scans.catalogue import IssuedBatch, UnknownCodeError, identify, read_code
from scans.gs1 import ElementError, GtinError
from scans.keys import KeyRing
from scans.packing import at
from scans.sscc import SsccPrefixError, sscc
from tests import make

CASE_GTIN = make.gtin(77_000_001)
PREFIX = "690123456"


@pytest.fixture
def ring(tmp_path: Path) -> KeyRing:
    return make.ring(tmp_path)


@pytest.fixture
def batch(db: Session, ring: KeyRing) -> IssuedBatch:
    """Make 24 items in 4 cases with a GTIN of their own on 2 pallets with an SSCC."""
    return make.batch(db, ring=ring, case_gtin=CASE_GTIN, sscc_prefix=PREFIX)


def test_every_level_carries_its_own_key_and_leads_back(db: Session, ring: KeyRing, batch: IssuedBatch) -> None:
    serial = marks.text(at(batch, "case", 4), ring=ring)
    assert make.uri_at(batch, ring=ring, level="case", position=4).endswith(f"/01/{CASE_GTIN}/21/{serial}")
    assert make.uri_at(batch, ring=ring, level="pallet", position=2) == "HTTPS://ID.EXAMPLE.COM/00/069012345600000022"
    for level, count in (("item", 24), ("case", 4), ("pallet", 2)):
        many = marks.texts(batch, secret=ring.key(batch.key_id).secret, level=level, positions=np.arange(1, count + 1))
        for position in range(1, count + 1):
            found = at(batch, level, position)
            uri = marks.uri(found, ring=ring, base_url=make.BASE_URL)
            assert uri.endswith("/" + many[position - 1].decode())
            told = read_code(catalogue(db), ring, uri=uri.lower().replace("https://", "HTTPS://"))
            assert (told.code_no, told.state) == (found.code_no, "activated" if level == "item" else "not_for_sale")


def test_another_batch_goes_on_counting(db: Session, ring: KeyRing, batch: IssuedBatch) -> None:
    other = make.batch(db, ring=ring, sscc_prefix=PREFIX)
    assert (batch.first_sscc_no, other.first_sscc_no) == (1, 3)
    uri = make.uri_at(other, ring=ring, level="pallet", position=2)
    assert read_code(catalogue(db), ring, uri=uri).batch.batch_id == other.batch_id
    assert make.uri_at(other, ring=ring, level="case").split("/")[4] == other.gtin


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (sscc(PREFIX, 3), UnknownCodeError),
        (sscc(PREFIX, 0), UnknownCodeError),
        (sscc("0614141", 123456789), UnknownCodeError),
        (sscc(PREFIX, 2)[:-1] + "0", ElementError),
    ],
    ids=["past the last", "before the first", "another company's", "a wrong check digit"],
)
def test_a_pallet_that_was_never_issued_is_unknown(
    db: Session, ring: KeyRing, batch: IssuedBatch, text: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        read_code(catalogue(db), ring, uri=f"https://id.example.com/00/{text}")


def test_a_serial_under_the_gtin_of_another_level_is_unknown(db: Session, ring: KeyRing, batch: IssuedBatch) -> None:
    case = marks.text(at(batch, "case", 1), ring=ring)
    item = marks.text(at(batch, "item", 1), ring=ring)
    for gtin, serial in ((batch.gtin, case), (CASE_GTIN, item)):
        with pytest.raises(UnknownCodeError):
            identify(catalogue(db), ring, gtin=gtin, serial=serial)


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ({"case_gtin": CASE_GTIN, "items_per_case": None, "cases_per_pallet": None}, BatchError),
        ({"sscc_prefix": PREFIX, "cases_per_pallet": None}, BatchError),
        ({"case_gtin": CASE_GTIN[:-1] + str((int(CASE_GTIN[-1]) + 1) % 10)}, GtinError),
        ({"sscc_prefix": "69"}, SsccPrefixError),
        ({"sscc_prefix": "6901234567"}, SsccPrefixError),
        ({"sscc_prefix": "69012345"}, SsccPrefixError),
        (
            {"sscc_prefix": "123456789012", "count": 600_000, "items_per_case": 1, "cases_per_pallet": 1},
            SsccPrefixError,
        ),
    ],
    ids=["no cases", "no pallets", "check digit", "short", "longer than one used", "a part of one used", "no room"],
)
def test_what_cannot_be_printed_is_refused(
    db: Session, ring: KeyRing, batch: IssuedBatch, said: dict[str, object], error: type[Exception]
) -> None:
    with pytest.raises(error):
        make.batch(db, ring=ring, **said)


def test_cases_do_not_carry_a_gtin_of_items(db: Session, ring: KeyRing, batch: IssuedBatch) -> None:
    with pytest.raises(BatchError, match="items carry"):
        make.batch(db, ring=ring, case_gtin=batch.gtin)
