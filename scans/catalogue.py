"""Stage 1, mint: which codes were ever issued, and for what. Knows nobody.

This is all of a batch that a scan needs, kept in memory: no statement per code, and no row per code.
"""

from bisect import bisect_right, insort
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from operator import itemgetter
from typing import NamedTuple

from scans import codes
from scans.gs1 import clean_serial, parse_link, read_link
from scans.keys import KeyRing
from scans.parts import Life, Part, Positions, state_at
from scans.sscc import LENGTH as SSCC_LENGTH
from scans.sscc import number_of


class UnknownBatchError(LookupError):
    """No batch has this id."""


class UnknownCodeError(LookupError):
    """This code was never issued."""


class Span(NamedTuple):
    """The code numbers of one level of a batch."""

    level: str
    first_no: int
    last_no: int

    @property
    def size(self) -> int:
        """How many codes there are."""
        return self.last_no - self.first_no + 1


@dataclass(frozen=True, slots=True)
class FrozenReward:
    """What a batch pays, decided at activation: tiers of (amount_cents, number of items)."""

    rule: str
    tiers: list[tuple[int, int]]
    hash: str
    prize_key_id: str

    @property
    def total_cents(self) -> int:
        """What the whole batch can cost at most."""
        return sum(amount_cents * items for amount_cents, items in self.tiers)


@dataclass(frozen=True, slots=True)
class IssuedBatch:
    """What scanning, packing and printing need to know of a batch."""

    id: int
    batch_id: str
    product_id: int
    gtin: str
    list_price_cents: int
    state: str
    key_id: str
    count: int
    items_per_case: int | None
    cases_per_pallet: int | None
    spans: tuple[Span, ...]
    reward: FrozenReward | None
    repacked: bool = False
    case_gtin: str | None = None
    sscc_prefix: str | None = None
    first_sscc_no: int | None = None
    lot: str | None = None
    expires_on: date | None = None
    earns: str = "activated"
    parts: tuple[Part, ...] = ()

    @property
    def life(self) -> Life:
        """The state of the batch, and its parts that are further on."""
        return Life(self.count, self.state, self.parts)

    def span(self, level: str) -> Span:
        """Return the codes of one level; none if the batch was not packed that far."""
        return next((span for span in self.spans if span.level == level), Span(level, 0, -1))

    def gtin_of(self, level: str) -> str | None:
        """Return the GTIN that codes of a level carry; None for pallets with an SSCC."""
        if level == "pallet" and self.sscc_prefix:
            return None
        return self.case_gtin or self.gtin if level == "case" else self.gtin

    def positions(self, level: str, position: int) -> Positions:
        """Return the items that a code marks or holds by its range; none (last before first) if it has none."""
        in_case = self.items_per_case or 0
        size = {"case": in_case, "pallet": in_case * (self.cases_per_pallet or 0)}.get(level, 1)
        return Positions((position - 1) * size + 1, min(position * size, self.count))


class Found(NamedTuple):
    """A code that was issued: what it marks, and whether it can still earn anything."""

    code_no: int
    batch: IssuedBatch
    level: str
    position: int
    earns: bool = True

    @property
    def positions(self) -> Positions:
        """The items that the code marks or holds."""
        return self.batch.positions(self.level, self.position)

    @property
    def life(self) -> str:
        """How far on its items are: issued, printed, activated, or recalled if one of them is."""
        return state_at(self.batch.life, self.positions)

    @property
    def state(self) -> str:
        """Whether the code can be claimed: activated, or inactive, recalled, not_for_sale (whatever is no item)."""
        life = self.life
        if life == "recalled":
            return "recalled"
        if self.level != "item":
            return "not_for_sale"
        return "activated" if life == "activated" and self.earns else "inactive"


class Catalogue:
    """All codes ever issued, in memory, as sorted ranges."""

    def __init__(self, batches: Sequence[IssuedBatch]) -> None:
        self._batches = {batch.batch_id: batch for batch in batches}
        self._spans = sorted(
            ((span, batch) for batch in batches for span in batch.spans), key=lambda pair: pair[0].first_no
        )
        self._first_nos = [span.first_no for span, _ in self._spans]
        self._ssccs: dict[str, list[tuple[int, IssuedBatch]]] = {}
        for batch in batches:
            if batch.sscc_prefix is not None and batch.first_sscc_no is not None:
                insort(self._ssccs.setdefault(batch.sscc_prefix, []), (batch.first_sscc_no, batch), key=itemgetter(0))
        self.repacked = frozenset(batch.id for batch in batches if batch.repacked)

    def find(self, code_no: int) -> Found:
        """Return what a code number marks.

        Raises: UnknownCodeError if it was never issued.
        """
        place = bisect_right(self._first_nos, code_no) - 1
        if place >= 0:
            span, batch = self._spans[place]
            if code_no <= span.last_no:
                return Found(code_no, batch, span.level, code_no - span.first_no + 1)
        raise UnknownCodeError("this code was never issued")

    def find_sscc(self, text: str) -> Found:
        """Return the pallet that an SSCC of 18 digits marks.

        Raises: UnknownCodeError if it was never issued.
        """
        for prefix, runs in self._ssccs.items():
            number = number_of(prefix, text) if text.startswith(prefix, 1) else -1
            place = bisect_right(runs, number, key=itemgetter(0)) - 1
            if place >= 0:
                first_no, batch = runs[place]
                pallets, position = batch.span("pallet"), number - first_no + 1
                if position <= pallets.size:
                    return Found(pallets.first_no + position - 1, batch, "pallet", position)
        raise UnknownCodeError("this code was never issued")

    def parts(self, code_nos: range) -> Iterator[tuple[str, range]]:
        """Cut code numbers, all of them issued, where the level or the batch changes."""
        while code_nos:
            span, _ = self._spans[bisect_right(self._first_nos, code_nos.start) - 1]
            yield span.level, range(code_nos.start, min(code_nos.stop, span.last_no + 1))
            code_nos = range(span.last_no + 1, code_nos.stop)

    def stretches(self, items: Iterable[range]) -> Iterator[tuple[IssuedBatch, Positions]]:
        """Tell of which batches code numbers, all of items, are, and which items of them."""
        for one in items:
            for _, part in self.parts(one):
                first = self.find(part.start)
                yield first.batch, Positions(first.position, first.position + len(part) - 1)

    def batch(self, batch_id: str) -> IssuedBatch:
        """Return one batch by the id that the outside uses.

        Raises: UnknownBatchError.
        """
        if batch_id not in self._batches:
            raise UnknownBatchError(f"there is no batch {batch_id}")
        return self._batches[batch_id]


def find_serial(catalogue: Catalogue, ring: KeyRing, *, serial: str) -> Found:
    """Return what a serial marks, whatever product it is said to belong to.

    Raises: UnknownCodeError if no key of the ring ever issued it.
    """
    for key in ring.known("code"):
        try:
            found = catalogue.find(codes.decipher(key.secret, serial))
        except (codes.CodeError, UnknownCodeError):
            continue
        if found.batch.key_id == key.id:
            return found._replace(earns=key.state != "revoked")
    raise UnknownCodeError("this code was never issued")


def identify(catalogue: Catalogue, ring: KeyRing, *, gtin: str, serial: str) -> Found:
    """Return what the code in an address marks: issued under a key of the ring, and for this GTIN of 14 digits.

    A case may have a GTIN of its own; a pallet with an SSCC has none.

    Raises: UnknownCodeError.
    """
    found = find_serial(catalogue, ring, serial=serial)
    if found.batch.gtin_of(found.level) != gtin:
        raise UnknownCodeError("this code was never issued")
    return found


def find_printed(catalogue: Catalogue, ring: KeyRing, *, text: str) -> Found:
    """Return what a printed text marks, be it an address, or a serial or an SSCC alone.

    Raises: LinkError, GtinError, UnknownCodeError.
    """
    if "/" in text:
        return read_code(catalogue, ring, uri=text)
    if len(text) == SSCC_LENGTH and text.isdecimal():
        return catalogue.find_sscc(text)
    return find_serial(catalogue, ring, serial=clean_serial(text))


def read_code(catalogue: Catalogue, ring: KeyRing, *, uri: str) -> Found:
    """Return what the code with this address marks: an item's, a case's, a pallet's.

    Raises: LinkError, GtinError, UnknownCodeError.
    """
    if "/00/" in uri:
        key = read_link(uri).key
        if key.ai == "00":
            return catalogue.find_sscc(key.value)
    link = parse_link(uri)
    return identify(catalogue, ring, gtin=link.gtin, serial=link.serial)
