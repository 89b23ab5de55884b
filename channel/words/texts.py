"""What each code of the domain is called: verdicts, states, evidence, roles, errors."""

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _

Texts = Mapping[str, Any]

STATES: Texts = {
    "claimable": _("Nobody has scanned this code before"),
    "claimed": _("This code has been scanned before"),
    "suspect": _("This code may have been copied"),
    "inactive": _("This code is not in use yet"),
    "recalled": _("This item has been recalled"),
    "not_for_sale": _("This is the code of an outer package"),
    "returned": _("This item was returned"),
}
VERDICTS: Texts = {
    "claimed": _("You are the first to scan this code"),
    "repeat": _("This code has been scanned before"),
    "suspect": _("We need to look at this code"),
    "inactive": _("This code is not in use yet"),
    "recalled": _("This item has been recalled"),
    "not_for_sale": _("This is the code of an outer package"),
    "returned": _("This item was returned"),
}
RETURN_STATES: Texts = {"returned": _("returned"), "scrapped": _("scrapped"), "reissued": _("issued anew")}
DOUBT_STATES: Texts = {
    "open": _("to be decided"),
    "reported": _("reported"),
    "confirmed": _("copied"),
    "cleared": _("cleared"),
}
DOUBT_ACTS: Texts = {
    "raise": _("Doubt raised"),
    "report": _("Somebody reported it"),
    "note": _("Note"),
    "release": _("Cleared: what waited was released"),
    "reverse": _("Confirmed as a copy: what waited was taken back"),
    "withdraw": _("Withdrawn: the phones that raised it turned out to scan whole shelves"),
}
EVIDENCE: Texts = {
    "delivered": _("Delivered to this store"),
    "source": _("Scanned on this store's poster or till"),
    "chosen": _("Chosen by the consumer"),
    "position": _("Nearest store to the position"),
    "unknown": _("No store known"),
}
SHARE_STATES: Texts = {
    "held": _("held"),
    "payable": _("payable"),
    "paid": _("paid"),
    "reversed": _("reversed"),
}
FOLLOWS: Texts = {"sale": _("where it was sold"), "link": _("whose consumer it is")}
BATCH_STATES: Texts = {
    "issued": _("issued"),
    "printed": _("printed"),
    "activated": _("activated"),
    "recalled": _("recalled"),
}
LEVELS: Texts = {"item": _("item"), "case": _("case"), "pallet": _("pallet"), "outer": _("outer mark")}
STEPS: Texts = {
    "issued": _("Issued"),
    "printed": _("Printed"),
    "activated": _("Activated"),
    "recalled": _("Recalled"),
    "exported": _("Given out in a file of codes"),
    "packed": _("Packed"),
    "unpacked": _("Taken out"),
    "delivered": _("Handed over"),
    "claimed": _("Claimed"),
    "returned": _("Came back"),
    "scrapped": _("Scrapped"),
    "reissued": _("Issued anew"),
}
EARNS: Texts = {"activated": _("it is activated"), "delivered": _("its case is delivered to a store")}
ARRIVAL_STATES: Texts = {"recorded": _("recorded"), "here": _("already here"), "refused": _("refused")}
ARRIVAL_WHYS: Texts = {
    "not_ours": _("This is not one of our codes. Scan the square code on the case, pallet or item."),
    "never_issued": _(
        "We never issued this code. Check it if it was typed; else put the goods aside and tell the office."
    ),
    "clock": _("It was scanned more than 30 days ago. Scan it again if it is still here."),
    "gone": _("This item was sold, or delivered to another store. If it is really here, tell the office."),
    "elsewhere": _("It was recorded elsewhere at the same moment. Scan it again."),
    "key": _("This was sent before with another code. Scan it again."),
    "nobody": _("Nobody is known from whom it could come. Tell the office."),
}
PRODUCT_KINDS: Texts = {"goods": _("goods"), "gift": _("gift"), "sample": _("sample")}
PARTY_KINDS: Texts = {
    "owner": _("brand owner"),
    "region": _("region company"),
    "dealer": _("dealer"),
    "franchisee": _("franchisee"),
    "keeper": _("store keeper"),
    "guide": _("guide"),
    "rep": _("rep"),
}
ROLES: Texts = {
    "owner": _("Brand owner"),
    "finance": _("Finance"),
    "auditor": _("Auditor"),
    "dealer": _("Dealer"),
    "franchisee": _("Franchisee"),
    "keeper": _("Store keeper"),
    "guide": _("Guide"),
    "rep": _("Sales rep"),
    "api": _("API client"),
}
DIRECTIONS: Texts = {"too_bad": _("too little"), "too_good": _("too much")}
DATUMS: Texts = {"wgs84": _("WGS-84 (GPS)"), "gcj02": _("GCJ-02 (Chinese maps)"), "bd09": _("BD-09 (Baidu)")}
RULES: Texts = {
    "by_weight": _("by weight"),
    "by_basis_points": _("by percentage"),
    "fixed": _("fixed amounts"),
    "every_item": _("every item"),
    "drawn": _("drawn"),
}
IMPORTS: Texts = {
    "products": _("Products"),
    "relations": _("Relations of products"),
    "links": _("Links of products"),
    "parties": _("Parties"),
    "stores": _("Stores"),
    "reps": _("Reps"),
    "plans": _("Plans"),
    "rewards": _("Rewards"),
    "packings": _("Packings"),
    "deliveries": _("Deliveries"),
    "stock-counts": _("Stock counts"),
    "pos-sales": _("Sales of tills"),
    "shelf-facts": _("What was seen on shelves"),
    "returns": _("Returns"),
    "scans": _("Scans"),
}
COLUMNS: Texts = {
    "lot": _("Lot"),
    "serial": _("Serial"),
    "link_type": _("Type of link"),
    "title": _("Title"),
    "href": _("Leads to"),
    "default": _("Where the address leads by itself"),
    "languages": _("Languages"),
    "media_type": _("Media type"),
    "context": _("Context"),
    "forward_query": _("Pass the query on"),
    "id": _("Id"),
    "gtin": _("GTIN"),
    "name": _("Name"),
    "kind": _("Kind"),
    "list_price_cents": _("List price in cents"),
    "category": _("Category"),
    "series": _("Series"),
    "season": _("Season"),
    "launched_on": _("Launched on"),
    "cost_cents": _("Cost in cents"),
    "shelf_life_days": _("Shelf life in days"),
    "attributes": _("Attributes (name=value; ...)"),
    "parent_id": _("Above it (id)"),
    "contact": _("Contact"),
    "phone": _("Phone"),
    "email": _("Mail"),
    "lat_deg": _("Latitude"),
    "lon_deg": _("Longitude"),
    "base_lat_deg": _("Latitude of the base"),
    "base_lon_deg": _("Longitude of the base"),
    "datum": _("Datum"),
    "zone": _("Time zone"),
    "region": _("Region"),
    "party_id": _("Owner (id)"),
    "opened_on": _("Opened on"),
    "closed_on": _("Closed on"),
    "address": _("Address"),
    "class": _("Class"),
    "visits_per_day": _("Visits a day"),
}
PROBLEMS: Texts = {
    "unknown-code": _("We do not know this code. Check whether the address was typed or copied in full."),
    "not-found": _("There is nothing here, or nothing that you may see."),
    "bad-uri": _("This address is not one of our codes. Check whether it was typed or copied in full."),
    "bad-gtin": _("The product number in this address is mistyped: its check digit is wrong."),
    "no-digital-link": _("This address names no product or item: check whether it was typed or copied in full."),
    "no-such-link": _("This product has no page of the kind that was asked for."),
    "key-reused": _("This form was already sent with something else in it. Go back and reload the page."),
    "bad-scanned-at": _("The clock of your phone seems to be wrong."),
    "bad-position": _("The position cannot be used. Go on without it."),
    "cannot-choose": _("Only the phone that scanned this item first can tell where it was bought."),
    "bad-report": _("Please write a few words, at most 500 characters."),
    "bad-photo": _("This photo could not be read. Choose a JPEG, PNG or WebP picture."),
    "bad-decision": _("Give a reason, of at most 500 characters."),
    "decided-otherwise": _("Somebody has decided about this code otherwise meanwhile."),
    "bad-outcome": _("Choose whether it was real, the cause and what you did."),
    "outcome-exists": _("This visit has been reported already."),
    "bad-shelf": _("Tell at least one thing that you saw, in whole numbers."),
    "bad-pin": _("The position is not exact enough to say where the store stands."),
    "pin-decided": _("Somebody has decided about this proposal otherwise."),
    "too-many-photos": _("This visit has as many photos as are kept of one."),
    "too-far": _("Your phone does not seem to be at the store. Say why, and you are checked in."),
    "wrong-batch-state": _("The batch is past this step: look at its state."),
    "bad-batch": _("A batch like this cannot be issued or written here."),
    "bad-part": _("The batch has no such part: look at its positions, or at which batch the code belongs to."),
    "bad-code-file": _("These codes are not in the batch, or not written in this form."),
    "bad-receiver": _("A receiver's name has at most 100 characters, and none that cannot be printed."),
    "bad-recipient": _("This is not a public key of age or ssh."),
    "bad-filter": _("This batch has too many codes for a phone."),
    "bad-labels": _("Labels like these cannot be printed: look at the positions and the layout."),
    "unread-labels": _("The labels were printed, but could not be read back, so they are not offered."),
    "bad-sscc-prefix": _("A company's prefix has 4 to 12 digits, and room for these pallets."),
    "case-decided": _("Somebody has decided about this case already."),
    "bad-return": _("This cannot be taken back, or not be issued anew."),
    "not-claimed": _("This item was never claimed: recall it, or deliver it elsewhere."),
    "return-exists": _("This item came back already."),
    "not-returned": _("One of these items did not come back, or was decided about before."),
    "bad-terms": _("A batch cannot be issued on these terms."),
    "not-signed-in": _("Please sign in first."),
    "sign-in-refused": _("The name or the password is wrong."),
    "role-refused": _("Your role may not do this."),
    "forged-form": _("This form is too old or comes from elsewhere. Go back, reload and send it again."),
    "task-exists": _("This was ordered already: look at the list of tasks."),
    "too-many-tasks": _("Too much is waiting to be done. Let some of it finish first."),
    "too-many-requests": _("Too many tries. Please wait a while."),
    "busy": _("Too many people at once. Send it again: nothing is counted twice."),
    "unfit-value": _("This cannot be stored. Please write it differently."),
    "database-unavailable": _("The database does not answer just now. Please try again."),
    "bug": _("Something went wrong on our side."),
    "foreign-host": _("This address is not ours."),
    "content-too-large": _("This is too large to be sent here."),
    "method-not-allowed": _("This page cannot be used that way."),
}


def said(texts: Texts, code: str | None) -> str:
    """Return what a code is called; the code itself where nobody has named it yet."""
    return str(texts.get(code, code)) if code is not None else "–"
