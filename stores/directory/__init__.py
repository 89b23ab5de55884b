"""Before the first scan: parties, stores and their owners over time, reps, and who may see whom. Knows scans."""

from stores.directory.owners import BEGINNING, chains, owned_by, owners_on
from stores.directory.parties import PartyRow, RepRow, brand, edit_party, put_parties, put_reps
from stores.directory.places import StoreRow, edit_store, put_stores
from stores.directory.scope import (
    PartyLine,
    Scope,
    StoreLine,
    UnknownPartyError,
    UnknownStoreError,
    party,
    party_list,
    scope_of,
    sees_party,
    sees_store,
    store,
    store_list,
)

__all__ = [
    "BEGINNING",
    "PartyLine",
    "PartyRow",
    "RepRow",
    "Scope",
    "StoreLine",
    "StoreRow",
    "UnknownPartyError",
    "UnknownStoreError",
    "brand",
    "chains",
    "edit_party",
    "edit_store",
    "owned_by",
    "owners_on",
    "party",
    "party_list",
    "put_parties",
    "put_reps",
    "put_stores",
    "scope_of",
    "sees_party",
    "sees_store",
    "store",
    "store_list",
]
