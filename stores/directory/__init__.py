"""Before the first scan: parties, stores and their owners over time, reps, and who may see whom. Knows scans."""

from stores.directory.owners import BEGINNING, chains, owned_by, owned_on, owners_on
from stores.directory.parties import (
    PartyRow,
    RepRow,
    UnknownRepError,
    brand,
    put_parties,
    put_reps,
    rep,
    rep_list,
)
from stores.directory.places import StoreRow, put_stores
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
    "UnknownRepError",
    "UnknownStoreError",
    "brand",
    "chains",
    "owned_by",
    "owned_on",
    "owners_on",
    "party",
    "party_list",
    "put_parties",
    "put_reps",
    "put_stores",
    "rep",
    "rep_list",
    "scope_of",
    "sees_party",
    "sees_store",
    "store",
    "store_list",
]
