"""Stage 3, pack: which item is in which case on which pallet, by range. Knows nobody.

A batch is packed in the order of its positions; the last case and the last pallet may be part full.
What was packed otherwise is told by `scans/holdings`.
"""

from collections.abc import Iterable, Sequence

from scans.catalogue import Found, IssuedBatch

INNER = {"case": "item", "pallet": "case"}
OUTER = {inner: outer for outer, inner in INNER.items()} | {"outer": "case"}


def pack_size(batch: IssuedBatch, level: str) -> int | None:
    """Return how many of the level below one case or pallet holds; None where the batch is not packed that far."""
    return {"case": batch.items_per_case, "pallet": batch.cases_per_pallet}.get(level)


def at(batch: IssuedBatch, level: str, position: int) -> Found:
    """Return the code at a 1-based position of a level."""
    return Found(batch.span(level).first_no + position - 1, batch, level, position)


def goods(found: Found) -> Found:
    """Return the item that an outer mark is on; any other code as it is."""
    if found.level != "outer":
        return found
    return at(found.batch, "item", found.position)._replace(earns=found.earns)


def parent(found: Found) -> Found | None:
    """Return the case an item is in or the pallet a case is on; None where there is nothing around it."""
    level = OUTER.get(found.level, "")
    size = pack_size(found.batch, level)
    return None if size is None else at(found.batch, level, (found.position - 1) // size + 1)


def children(found: Found) -> range:
    """Return the code numbers of what a case or pallet directly holds; an item holds nothing."""
    size = pack_size(found.batch, found.level)
    if size is None:
        return range(0)
    span = found.batch.span(INNER[found.level])
    first_no = span.first_no + (found.position - 1) * size
    return range(first_no, min(first_no + size, span.last_no + 1))


def items(found: Found) -> range:
    """Return the code numbers of all items on a pallet, in a case, or of the item itself, as they were issued."""
    if found.level == "item":
        return range(found.code_no, found.code_no + 1)
    held = children(found)
    if found.level == "case" or not held:
        return held
    first, last = (
        children(at(found.batch, "case", no - found.batch.span("case").first_no + 1)) for no in (held[0], held[-1])
    )
    return range(first.start, last.stop)


def merged(ranges: Iterable[range]) -> list[range]:
    """Join ranges that touch or overlap, so that cases in a row are asked for at once."""
    joined: list[range] = []
    for one in sorted(ranges, key=lambda one: one.start):
        if joined and one.start <= joined[-1].stop:
            joined[-1] = range(joined[-1].start, max(joined[-1].stop, one.stop))
        elif one:
            joined.append(one)
    return joined


def without(held: range, gone: Sequence[int]) -> list[range]:
    """Return what is left of a range when some of its numbers, in order, are gone."""
    stops, starts = [*gone, held.stop], [held.start, *(no + 1 for no in gone)]
    return [range(start, stop) for start, stop in zip(starts, stops, strict=True) if start < stop]
