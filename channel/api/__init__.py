"""The JSON API under /api/v1: one file per resource, and the document that describes them. Knows the journeys."""

from flask import Blueprint

from channel.api.codes import api as codes
from channel.api.documents import documents
from channel.api.epcis import api as epcis
from channel.api.flags import api as flags
from channel.api.ledger import api as ledger
from channel.api.parties import api as parties
from channel.api.returns import api as returns
from channel.api.scans import api as scans
from channel.api.stock import api as stock
from channel.api.stores import api as stores
from channel.api.visits import api as visits

calls = Blueprint("api", __name__)
for resource in (scans, returns, stores, stock, flags, visits, parties, ledger, codes, epcis):
    calls.register_blueprint(resource)

__all__ = ["calls", "documents"]
