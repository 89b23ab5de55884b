"""Stage 4, deliver: how many items each delivered code marks or holds. Knows scans."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from scans.batches import catalogue
from scans.catalogue import Found
from scans.holdings import contents


def sizes_of(db: Session, found: Collection[Found], *, at: datetime) -> dict[int, int]:
    """Return how many items each code marks or holds."""
    sizes, packed = {}, []
    for one in found:
        if one.level in ("item", "outer") or not _is_repacked(one):
            span = one.batch.positions(one.level, one.position)
            sizes[one.code_no] = max(0, span.last - span.first + 1)
        else:
            packed.append(one)
    return sizes | _packed_sizes(db, packed, at) if packed else sizes


def _is_repacked(one: Found) -> bool:
    return one.batch.repacked or one.batch.items_per_case is None


def _packed_sizes(db: Session, packed: Sequence[Found], at: datetime) -> dict[int, int]:
    codes, held = catalogue(db), contents(db, found=packed, at=at)
    pallets = [one.code_no for one in packed if one.level == "pallet"]
    cases = {no: codes.find(no) for pallet in pallets for span in held[pallet] for no in span}
    inside = contents(db, found=list(cases.values()), at=at) if cases else {}
    size = {no: sum(map(len, spans)) for no, spans in (held | inside).items()}
    for pallet in pallets:
        size[pallet] = sum(size.get(no, 0) for span in held[pallet] for no in span)
    return size
