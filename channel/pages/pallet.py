"""The page of a pallet with an SSCC, for whoever points a phone at it: reads only, since a pallet is never claimed."""

from flask import Blueprint, jsonify, render_template
from flask.typing import ResponseReturnValue

from channel import access, limits, providers
from channel.errors import wants_json
from scans.batches import catalogue
from scans.catalogue import UnknownCodeError
from scans.gs1 import check_value
from scans.products import product
from stores.directory import brand

page = Blueprint("pallet", __name__)


@page.get("/00/<sscc>")
@access.public
def look(sscc: str) -> ResponseReturnValue:
    """Tell what is on a pallet, and that it is not for sale."""
    check_value("00", sscc)
    try:
        with providers.reading() as db:
            found = catalogue(db).find_sscc(sscc)
            named, owner = product(db, gtin=found.batch.gtin).name, brand(db)
    except UnknownCodeError:
        limits.refuse(limits.UNKNOWN_CODES, who=limits.address())
        raise
    if wants_json():
        return jsonify(sscc=sscc, level="pallet", batch_id=found.batch.batch_id, product=named, state=found.state)
    return render_template("consumer/pallet.html", sscc=sscc, product=named, state=found.state, brand=owner)
