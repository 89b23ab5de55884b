"""Stage 2, print: what a code's symbol says, by its level. Knows nobody.

Items, and cases and pallets as long as nothing else is said, carry their product's GTIN and a serial. Cases may have a
GTIN of their own with that serial, pallets an SSCC instead of both.
"""

import numpy as np
from numpy.typing import NDArray

from scans import codes
from scans.catalogue import Found, IssuedBatch
from scans.gs1 import print_path
from scans.keys import KeyRing
from scans.sscc import sscc, ssccs

Texts = NDArray[np.bytes_]


def prefix(batch: IssuedBatch, *, level: str, base_url: str) -> str:
    """Return what stands before the text of every code of a level: `HTTPS://ID.BRAND.CN/01/09506000134352/21/`.

    Raises: LinkError if the base URL cannot be printed.
    """
    return print_path(base_url, _key(batch, level))


def texts(batch: IssuedBatch, *, secret: bytes, level: str, positions: NDArray[np.int64]) -> Texts:
    """Return the texts of codes at positions (1-based) of a level: serials, or SSCCs.

    Shapes: (n,) int64 -> (n,) S16 or S18.
    """
    if batch.gtin_of(level) is None:
        return ssccs(batch.sscc_prefix or "", positions + ((batch.first_sscc_no or 0) - 1))
    return codes.serials(secret, (positions + (batch.span(level).first_no - 1)).astype(np.uint64))


def text(found: Found, *, ring: KeyRing) -> str:
    """Return the text of one code: its serial, or its SSCC.

    Raises: KeyRingError if the key of its batch is not there.
    """
    batch = found.batch
    if batch.gtin_of(found.level) is None:
        return sscc(batch.sscc_prefix or "", (batch.first_sscc_no or 0) + found.position - 1)
    return codes.serial(ring.key(batch.key_id).secret, found.code_no)


def path(found: Found, *, ring: KeyRing) -> str:
    """Return the path of one code's address: `/01/09506000134352/21/7K2M9Q4XT8ZC5RWD`.

    Raises: KeyRingError.
    """
    return _key(found.batch, found.level) + text(found, ring=ring)


def uri(found: Found, *, ring: KeyRing, base_url: str) -> str:
    """Return what the symbol of one code says.

    Raises: LinkError, KeyRingError.
    """
    return print_path(base_url, path(found, ring=ring))


def _key(batch: IssuedBatch, level: str) -> str:
    gtin = batch.gtin_of(level)
    return f"/01/{gtin}/21/" if gtin else "/00/"
