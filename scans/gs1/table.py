"""Stage 2, print: GS1's application identifiers (AIs), what each may hold and which of them are keys. Knows nobody.

A format is written as GS1 writes it: components one after the other, `N` digits, `X` the 82 signs, `Y` the 39, `Z`
base64url; `N6` exactly six, `X..20` one to twenty, `[...]` may be left out; after a comma the names of its rules, which
are in `values.RULES`. Of the lists that others keep (countries, currencies, coupons, packages) only the shape is held.

Source: GS1 General Specifications, sections 3 and 7; GS1 Barcode Syntax Dictionary, against which a test holds this.
"""

from itertools import chain

# Kinds of measure; the last digit of the AI says how many of the six digits stand behind the decimal point.
_KINDS = chain(range(310, 317), range(320, 338), range(340, 358), range(360, 370))
_MEASURES = " ".join(f"{kind}0-{kind}5" for kind in _KINDS)

_BY_FORMAT = {
    # keys, and what stands for one
    "N18,csum": "00 8017-8018",
    "N14,csum": "01-03",
    "N13,csum": "410-417",
    "N13,csum [X..17]": "253",
    "N13,csum [N..12]": "255",
    "N17,csum": "402",
    "N1,zero N13,csum [X..16]": "8003",
    "N14,csum N4,pieceoftotal": "8006 8026",
    "X..30,gcppos1": "401 7023 8004",
    "Y..30,gcppos1": "8010",
    "X..25,csumalpha,gcppos1": "8013",
    "X..25,csumalpha,gcppos1,hasnondigit": "8014",
    # dates and times
    "N6,yymmd0": "11-13 15-17",
    "N6,yymmdd": "4326 7006",
    "N6,yymmdd [N6],yymmdd": "7007",
    "N6,yymmd0 N4,hhmi": "4324-4325",
    "N6,yymmdd N4,hhmi": "7003",
    "N6,yymmdd [N4],hhmi": "7011",
    "N6,yymmdd N2,hh [N2],mi [N2],ss": "8008",
    "N8,yyyymmdd": "7250",
    "N8,yyyymmdd N4,hhmi": "7251",
    # counts, measures, amounts
    "N6": f"{_MEASURES} 3950-3955 8005",
    "N..8": "30 37",
    "N..15": "3900-3909 3920-3929",
    "N3 N..15": "3910-3919 3930-3939",
    "N4": "3940-3943 8111",
    "N6 [X1],hyphen": "4330-4333",
    "N10,latitude N10,longitude": "4309",
    "N4,nonzero N5,nonzero N3,nonzero N1,winding N1": "8001",
    # other numbers
    "N1,yesno": "4321-4323",
    "N1,iso5218": "7252",
    "N2": "20",
    "N2,mediatype": "7241",
    "N3": "422 424 426",
    "N3 [N3] [N3] [N3] [N3]": "423 425",
    "N..4": "7004",
    "N..6": "242",
    "N..10": "8019",
    "N..12,nozeroprefix": "8011",
    "N13": "7001",
    "N15": "8040-8041",
    "N18 [N..2]": "8043",
    "N32": "8042",
    # text
    "X2": "4307 4317",
    "X..2": "7010",
    "X..3": "427 7008",
    "X3,posinseqslash": "7258",
    "X..4": "7041",
    "N1 X1 X1 X1,importeridx": "7040",
    "X..10": "7009 7255",
    "N3 X..9": "421",
    "X..12": "7005",
    "X..20": "10 21-22 243 254 420 4318 7020-7022 710-717 7240 8002 8012",
    "X..25": "7242 8020",
    "N3 X..27": "7030-7039",
    "X..28": "235",
    "X2 X..28": "7230-7239",
    "X..30": "90 240-241 250-251 400 403 4308 4319 7002",
    "X..34,iban": "8007",
    "X..35,pcenc": "4300-4301 4310-4311 4320",
    "X..40,pcenc": "7253-7254 7259",
    "X..50": "8009",
    "X..70": "8110 8112 8200",
    "X..70,pcenc": "4302-4306 4312-4316 7257",
    "X..90": "91-99",
    "X..90,pcenc": "7256",
    "Z..90": "8030",
}

# A key and the qualifiers that may follow it, each line in its order; any of them may be left out.
KEYS: dict[str, tuple[tuple[str, ...], ...]] = {
    "00": (),  # SSCC: a pallet or another logistic unit
    "01": (
        ("22", "10", "21"),
        ("235",),
    ),  # GTIN: a product; then its variant, lot, serial; or a serial of others
    "253": (),  # GDTI: a document
    "255": (),  # GCN: a coupon
    "401": (),  # GINC: a consignment
    "402": (),  # GSIN: a shipment
    "414": (("254",), ("7040",)),  # GLN: a place
    "415": (("8020",),),  # GLN of who is paid; then the reference of the payment
    "417": (("7040",),),  # GLN: a party
    "8003": (),  # GRAI: a returnable asset
    "8004": (("7040",),),  # GIAI: an asset
    "8006": (("22", "10", "21"),),  # ITIP: a piece of a product
    "8010": (("8011",),),  # CPID: a component; then its serial
    "8013": (),  # GMN: a model
    "8017": (("8019",),),  # GSRN of who gives a service; then the instance
    "8018": (("8019",),),  # GSRN of who receives one
}


def _expand(ais: str) -> list[str]:
    spans = [span.split("-") for span in ais.split()]
    return [str(no).zfill(len(span[0])) for span in spans for no in range(int(span[0]), int(span[-1]) + 1)]


FORMATS = {ai: format_ for format_, ais in _BY_FORMAT.items() for ai in _expand(ais)}
# What no query may hold: these stand in the path, or in no address at all.
_NOT_IN_QUERY = set(_expand("03 21-22 235 254 7040-7041 8011 8014 8019-8020 8040-8043 8200"))
ATTRIBUTES = FORMATS.keys() - _NOT_IN_QUERY
