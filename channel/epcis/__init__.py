"""EPCIS 2.0: what happened to goods, told to and taken from the systems of warehouses. Knows the journeys."""

from channel.epcis.capturing import EventError, capture_event
from channel.epcis.events import document
from channel.epcis.hashing import event_hash
from channel.epcis.history import Cursor, event_page

__all__ = [
    "Cursor",
    "EventError",
    "capture_event",
    "document",
    "event_hash",
    "event_page",
]
