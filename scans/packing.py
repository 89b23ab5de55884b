"""Stage 3, pack: which item is in which case on which pallet, by range. Knows nobody.

A batch is packed in the order of its positions; the last case and the last pallet may be part full.
"""

from scans.catalogue import Found, IssuedBatch

INNER = {"case": "item", "pallet": "case"}
OUTER = {inner: outer for outer, inner in INNER.items()}


def pack_size(batch: IssuedBatch, level: str) -> int | None:
    """Return how many of the level below one case or pallet holds; None where the batch is not packed that far."""
    return {"case": batch.items_per_case, "pallet": batch.cases_per_pallet}.get(level)


def at(batch: IssuedBatch, level: str, position: int) -> Found:
    """Return the code at a 1-based position of a level."""
    return Found(batch.span(level).first_no + position - 1, batch, level, position)


def parent(found: Found) -> Found | None:
    """Return the case an item is in or the pallet a case is on; None where there is nothing around it."""
    level = OUTER.get(found.level, "")
    size = pack_size(found.batch, level)
    return None if size is None else at(found.batch, level, (found.position - 1) // size + 1)


def parents(found: Found) -> list[Found]:
    """Return all that a code is in, from the nearest outwards."""
    around = parent(found)
    return [] if around is None else [around, *parents(around)]


def children(found: Found) -> range:
    """Return the code numbers of what a case or pallet directly holds; an item holds nothing."""
    size = pack_size(found.batch, found.level)
    return range(0) if size is None else _held(found, INNER[found.level], size)


def items(found: Found) -> range:
    """Return the code numbers of all items on a pallet, in a case, or of the item itself."""
    size, level = 1, found.level
    while level in INNER:
        size *= pack_size(found.batch, level) or 0
        level = INNER[level]
    return _held(found, "item", size)


def _held(found: Found, level: str, size: int) -> range:
    span = found.batch.span(level)
    first_no = span.first_no + (found.position - 1) * size
    return range(first_no, min(first_no + size, span.last_no + 1))
