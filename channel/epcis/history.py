"""EPCIS, the way out, page by page: five kinds of events in one order of time. Knows the movements.

A batch of ten million items is one event, and one for each case and pallet, made by arithmetic when their page is asked
for: events of ranges name the class of the items and how many, never their serials.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from heapq import merge
from itertools import chain, islice
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from channel.epcis.capturing import MARK
from channel.epcis.events import Event, aggregation_event, object_event
from channel.epcis.uris import place_uri
from scans import marks
from scans.batches import catalogue
from scans.catalogue import Catalogue, Found, IssuedBatch
from scans.holdings import surroundings
from scans.keys import KeyRing
from scans.packing import INNER, children
from stores.movements import (
    BEGINNING,
    Window,
    captured_in,
    delivered_in,
    issued_between,
    packed_in,
    sold_in,
)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MOST_CHILDREN = 1000  # of more cases on one pallet, their class and number are told


class Cursor(NamedTuple):
    """The last event of a page: when, of which source, by which key of it."""

    at: datetime
    source: int
    key: int

    def __str__(self) -> str:
        """Write it for an address: microseconds since 1970, source, key."""
        return f"{(self.at - EPOCH) // timedelta(microseconds=1)}.{self.source}.{self.key}"

    @classmethod
    def read(cls, text: str) -> "Cursor":
        """Read what was written."""
        at, source, key = text.split(".")
        return cls(EPOCH + timedelta(microseconds=int(at)), int(source), int(key))


class Teller(NamedTuple):
    """What it takes to name things: the database, the codes, their keys, the address they are printed with."""

    db: Session
    codes: Catalogue
    ring: KeyRing
    base_url: str
    zone: ZoneInfo

    def uri(self, found: Found) -> str:
        """Return the name of a code."""
        return self.base_url.rstrip("/") + marks.path(found, ring=self.ring)

    def uri_of(self, code_no: int) -> str:
        """Return the name of the code with a number."""
        return self.uri(self.codes.find(code_no))

    def class_of(self, batch: IssuedBatch, level: str) -> str:
        """Return the name of a batch's items or cases as a class: GTIN and lot."""
        return f"{self.base_url.rstrip('/')}/01/{batch.gtin_of(level)}/10/{batch.lot or batch.batch_id}"

    def zone_of(self, name: str | None) -> ZoneInfo:
        """Return a store's zone, or the owner's."""
        return ZoneInfo(name) if name else self.zone


Told = tuple[Cursor, Event]
Source = Callable[[Teller, int, Window, int], Iterator[Told]]


def event_page(
    db: Session,
    *,
    ring: KeyRing,
    base_url: str,
    zone: ZoneInfo,
    since: datetime,
    until: datetime,
    after: Cursor | None,
    limit: int,
) -> tuple[list[Event], Cursor | None]:
    """Return events from an instant until, not at, another, and the last one's place if there are more."""
    teller = Teller(db, catalogue(db), ring, base_url, zone)
    sources = [
        source(teller, number, _window(number, since, until, after), limit + 1) for number, source in enumerate(SOURCES)
    ]
    found = list(islice(merge(*sources, key=lambda told: told[0]), limit + 1))
    more = found[limit - 1][0] if len(found) > limit else None
    return [event for _, event in found[:limit]], more


def _window(source: int, since: datetime, until: datetime, after: Cursor | None) -> Window:
    if after is None or after.at < since:
        return Window(since, until)
    if source < after.source:  # all of its events at that instant stood before
        return Window(after.at + timedelta(microseconds=1), until)
    return Window(after.at, until, after.key if source == after.source else BEGINNING)


def _issued(teller: Teller, source: int, window: Window, _limit: int) -> Iterator[Told]:
    batches = issued_between(teller.db, since=window.since, until=window.until)
    for at, batch_id in batches:
        batch = teller.codes.batch(batch_id)
        first_no = batch.spans[0].first_no
        after = window.after if at == window.since else BEGINNING
        if first_no > after:
            yield Cursor(at, source, first_no), _commissioned(teller, batch, at)
        outer = chain.from_iterable(
            range(max(span.first_no, after + 1), span.last_no + 1) for span in batch.spans if span.level in INNER
        )
        for code_no in outer:
            yield Cursor(at, source, code_no), _filled(teller, teller.codes.find(code_no), at)


def _commissioned(teller: Teller, batch: IssuedBatch, at: datetime) -> Event:
    counted = ["item"] + (["case"] if batch.case_gtin else [])
    quantities = [{"epcClass": teller.class_of(batch, one), "quantity": batch.span(one).size} for one in counted]
    said = {"action": "ADD", "step": "commissioning", "disposition": "active", "quantityList": quantities}
    return object_event(at=at, zone=teller.zone, **said)  # type: ignore[arg-type]


def _filled(teller: Teller, outer: Found, at: datetime) -> Event:
    held, level = children(outer), INNER[outer.level]
    if level == "item" or len(held) > MOST_CHILDREN:
        quantity = {"epcClass": teller.class_of(outer.batch, level), "quantity": len(held)}
        return _aggregated(teller, outer, at, childQuantityList=[quantity])
    return _aggregated(teller, outer, at, childEPCs=[teller.uri_of(no) for no in held])


def _aggregated(teller: Teller, outer: Found | None, at: datetime, *, action: str = "ADD", **held: object) -> Event:
    parent = teller.uri(outer) if outer else None
    return aggregation_event(at=at, zone=teller.zone, parent=parent, action=action, **held)


def _packed(teller: Teller, source: int, window: Window, limit: int) -> Iterator[Told]:
    rows = packed_in(teller.db, window=window, limit=limit, but=MARK)
    taken_out = [teller.codes.find(row.child_no) for row in rows if row.parent_no is None]
    around = surroundings(teller.db, found=taken_out) if taken_out else {}
    for at, key, child_no, parent_no in rows:
        child = [teller.uri_of(child_no)]
        if parent_no is None:
            left = next((one.outer for one in around[child_no] if one.until == at), None)
            yield Cursor(at, source, key), _aggregated(teller, left, at, action="DELETE", childEPCs=child)
        else:
            yield Cursor(at, source, key), _aggregated(teller, teller.codes.find(parent_no), at, childEPCs=child)


def _delivered(teller: Teller, source: int, window: Window, limit: int) -> Iterator[Told]:
    for row in delivered_in(teller.db, window=window, limit=limit, but=MARK):
        came, went = (place_uri(teller.base_url, end) for end in (row.from_id, row.to_id))
        yield (
            Cursor(row.at, source, row.key),
            object_event(
                at=row.at,
                zone=teller.zone_of(row.zone),
                action="OBSERVE",
                step="receiving",
                disposition="in_progress",
                epcList=[teller.uri_of(row.code_no)],
                readPoint={"id": went},
                bizLocation={"id": went},
                sourceList=[{"type": "possessing_party", "source": came}],
                destinationList=[{"type": "possessing_party", "destination": went}],
            ),
        )


def _sold(teller: Teller, source: int, window: Window, limit: int) -> Iterator[Told]:
    for at, code_no, store_id, zone in sold_in(teller.db, window=window, limit=limit):
        where = {"bizLocation": {"id": place_uri(teller.base_url, store_id)}} if store_id else {}
        said = {"action": "OBSERVE", "step": "retail_selling", "disposition": "retail_sold", **where}
        event = object_event(at=at, zone=teller.zone_of(zone), epcList=[teller.uri_of(code_no)], **said)  # type: ignore[arg-type]
        yield Cursor(at, source, code_no), event


def _captured(teller: Teller, source: int, window: Window, limit: int) -> Iterator[Told]:
    for at, key, event_id, body in captured_in(teller.db, window=window, limit=limit):
        yield Cursor(at, source, key), {**body, "eventID": event_id}


SOURCES: Sequence[Source] = (_issued, _packed, _delivered, _sold, _captured)
