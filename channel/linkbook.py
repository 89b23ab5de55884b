"""The links of products that this process has been asked for, kept in memory. Knows the database and the clock.

A resolver answers from memory. Whether anything was changed is asked at most once a second, so another process's change
is seen within one; a product is read when it is first asked for. What nobody asks for takes no room, nor do more
than `MOST` products.
"""

from datetime import datetime, timedelta

from channel import providers
from scans.products import UnknownProductError
from scans.resolver import Linked, linked
from scans.versions import numbers

FRESH = timedelta(seconds=1)
MOST = 4096
KEPT_OF = ("targets", "products")


class LinkBook:
    """Products by their GTIN as one process knows them; `None` for a GTIN that no product has."""

    def __init__(self) -> None:
        self._known: dict[str, Linked | None] = {}
        self._versions: tuple[int, ...] = ()
        self._fresh_until: datetime | None = None

    def product(self, gtin: str) -> Linked:
        """Return a product with its links.

        Raises: UnknownProductError.
        """
        now = providers.now()
        if self._fresh_until is None or not now < self._fresh_until <= now + FRESH:
            self._refresh(now)
        known = self._known
        if gtin not in known:
            if len(known) >= MOST:
                known.clear()
            known[gtin] = _read(gtin)
        found = known[gtin]
        if found is None:
            raise UnknownProductError("no product has this GTIN")
        return found

    def _refresh(self, now: datetime) -> None:
        with providers.reading() as db:
            versions = numbers(db, *KEPT_OF)
        if versions != self._versions:
            self._known, self._versions = {}, versions
        self._fresh_until = now + FRESH


def _read(gtin: str) -> Linked | None:
    with providers.reading() as db:
        try:
            return linked(db, gtin=gtin)
        except UnknownProductError:
            return None
