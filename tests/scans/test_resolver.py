"""Which link a request is led to: the rules, without a web around them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scans.linktypes import LinkTypeError
from scans.resolver import NoDigitalLinkError, Wish, choose, forward, linked, linkset, read_address, read_preferences
from scans.targets import TargetRow, put_targets
from tests import make

GTIN = make.gtin(7)
BASE = "https://id.example.com"


def page(name, **said):
    usual = {"link_type": "pip", "title": name, "href": f"https://b.example/{name}"}
    return TargetRow(**{"target_id": name, "gtin": GTIN} | usual | said)


HOME = page("home", is_default=True, languages=("en",))
HEIM = page("heim", languages=("de",))
ZH = page("zh", languages=("zh", "zh-CN"))
RECIPE = page("recipe", link_type="recipeInfo")
LOT_RECIPE = page("lot-recipe", link_type="recipeInfo", lot="L1")
TRACE = page("trace", link_type="traceability", serial="S1")
ALL = (HOME, HEIM, ZH, RECIPE, LOT_RECIPE, TRACE)


@pytest.fixture
def resolved(db):
    """Return what a request of an address is led to, told by the names of the links."""
    make.product(db, gtin=GTIN)

    def resolve(rows, *, lot="", serial="", **wish):
        put_targets(db, rows=rows)
        levels = linked(db, gtin=GTIN).way_up(lot=lot, serial=serial)
        return [row.target_id for row in choose(levels, Wish(**wish))]

    return resolve


pytestmark = pytest.mark.sqlite_only

CASES = [
    ({}, ["home"], "the default, when nothing says otherwise"),
    ({"languages": ("de-at", "de", "en")}, ["heim"], "a link of the default's type in a better language"),
    ({"languages": ("fr",)}, ["home"], "the default, when no language fits"),
    ({"languages": ("zh-tw",)}, ["zh"], "another country's spelling of the language, rather than none"),
    ({"link_type": "gs1:defaultLink", "languages": ("de",)}, ["heim"], "the default asked for by name"),
    ({"link_type": "gs1:recipeInfo"}, ["recipe"], "a type"),
    ({"link_type": "https://ref.gs1.org/voc/recipeInfo"}, ["recipe"], "a type in full"),
    ({"link_type": "gs1:recipeInfo", "lot": "L1"}, ["lot-recipe"], "the lot's link rather than the product's"),
    ({"link_type": "gs1:recipeInfo", "lot": "L2"}, ["recipe"], "up from a lot without links"),
    ({"link_type": "gs1:recipeInfo", "lot": "L1", "serial": "S9"}, ["lot-recipe"], "up from serial to lot"),
    ({"link_type": "gs1:recipeInfo", "serial": "S1"}, ["recipe"], "up from serial to product"),
    ({"link_type": "gs1:traceability", "serial": "S1"}, ["trace"], "the serial's own"),
    ({"link_type": "gs1:pip", "languages": ("en",)}, ["home"], "a type in a language"),
    ({"link_type": "gs1:pip", "languages": ("fr",)}, ["home"], "a type of which one is the default"),
    ({"lot": "L1"}, ["home"], "the default walks up, too"),
]


@pytest.mark.parametrize(("wish", "found", "why"), CASES, ids=[case[2] for case in CASES])
def test_a_request_is_led_to(resolved, wish, found, why):
    assert resolved(ALL, **wish) == found, why


@pytest.mark.parametrize(
    ("wish", "found"),
    [
        ({}, ["plain"]),
        ({"contexts": ("cn",)}, ["cn"]),
        ({"contexts": ("us", "cn")}, ["cn"]),
        ({"contexts": ("us",)}, ["plain"]),
        ({"contexts": ("cn",), "media_types": ("application/pdf",)}, ["cn"]),
        ({"media_types": ("application/pdf", "*/*")}, ["plain"]),
    ],
)
def test_a_context_narrows_first_and_without_one_the_general_link_is_meant(resolved, wish, found):
    rows = [page("plain"), page("cn", contexts=("CN",), media_type="text/html"), page("pdf", contexts=("EU",))]
    assert resolved(rows, link_type="gs1:pip", **wish) == found


@pytest.mark.parametrize(
    ("media_types", "found"),
    [
        (("application/pdf",), ["pdf"]),
        (("application/*", "text/html"), ["pdf"]),
        (("text/html", "application/pdf"), ["html"]),
        (("image/png",), ["html", "pdf"]),
        (("*/*",), ["html", "pdf"]),
        ((), ["html", "pdf"]),
    ],
)
def test_a_media_type_narrows_last_and_where_nothing_tells_all_are_offered(resolved, media_types, found):
    rows = [page("html", media_type="text/html"), page("pdf", media_type="application/pdf")]
    assert resolved(rows, link_type="gs1:pip", media_types=media_types) == found


def test_without_a_default_nothing_is_followed(resolved):
    assert resolved([RECIPE, HEIM]) == []
    with pytest.raises(LinkTypeError):
        resolved([], link_type="gs1:defaultLink")


@pytest.mark.parametrize("link_type", ["gs1:faqs", "gs1:traceability", "gs1:nosuch", "pip", "schema:url"])
def test_a_type_without_a_link_is_an_error(resolved, link_type):
    with pytest.raises(LinkTypeError):
        resolved(ALL, link_type=link_type)


def test_a_linkset_tells_all_levels_with_full_names_and_the_default_bare(db):
    make.product(db, gtin=GTIN, name="Tea")
    put_targets(db, rows=[*ALL, page("quiet", link_type="faqs", forwards_query=False, contexts=("CN",))])
    product = linked(db, gtin=GTIN)
    lot, top = linkset(product, product.way_up(lot="L1", serial=""), base_url=BASE)["linkset"]
    assert (lot["anchor"], top["anchor"]) == (f"{BASE}/01/{GTIN}/10/L1", f"{BASE}/01/{GTIN}")
    assert top["itemDescription"] == "Tea"
    assert top["https://ref.gs1.org/voc/defaultLink"] == [{"href": HOME.href, "title": "home"}]
    assert {one["title"] for one in top["https://ref.gs1.org/voc/defaultLinkMulti"]} == {"home", "heim", "zh"}
    assert top["https://ref.gs1.org/voc/faqs"] == [
        {"href": "https://b.example/quiet", "title": "quiet", "context": ["CN"], "fwqs": False}
    ]
    assert "https://ref.gs1.org/voc/defaultLink" not in lot


@pytest.mark.parametrize(
    ("href", "query", "there"),
    [
        ("https://b.example/a", "", "https://b.example/a"),
        ("https://b.example/a", "17=261231&x=%0d", "https://b.example/a?17=261231&x=%0d"),
        ("https://b.example/a?b=c", "x=1", "https://b.example/a?b=c&x=1"),
        ("https://b.example/a#top", "x=1", "https://b.example/a?x=1#top"),
        ("https://b.example", "@evil.example/", "https://b.example?@evil.example/"),
    ],
)
def test_the_query_is_passed_on_behind_the_links_own(href, query, there):
    assert forward(page("x", href=href), query) == there
    assert forward(page("x", href=href, forwards_query=False), query) == href


@pytest.mark.parametrize(
    ("header", "wanted"),
    [
        ("", ()),
        ("zh-CN,zh;q=0.9,en;q=0.8", ("zh-cn", "zh", "en")),
        ("en;q=0.1, de", ("de", "en")),
        ("text/html,application/xml;q=0.9,*/*;q=0.8", ("text/html", "application/xml", "*/*")),
        ("en;q=0, de;q=0.000", ()),
        ("en;q=2, de;q=x", ("en", "de")),
        (";q=1,,", ()),
        ("application/json;profile=x;q=0.5, text/html;q=0.6", ("text/html", "application/json")),
    ],
)
def test_what_a_header_prefers_comes_first(header, wanted):
    assert read_preferences(header) == wanted


@given(st.text(max_size=1200))
def test_law_any_header_is_read(header):
    assert all(word == word.lower() and word for word in read_preferences(header))


def test_an_address_is_read_with_its_lot_and_serial_as_printed():
    link, lot, serial = read_address(f"/01/{GTIN}/10/L1/21/s-1o?17=261231")
    assert (link.key.value, lot, serial, link.get("17")) == (GTIN, "L1", "S10", "261231")
    for uri in (f"/01/{GTIN}/21/-", f"/01/{GTIN}x", "/", f"/01/{GTIN}?17=1"):
        with pytest.raises(NoDigitalLinkError):
            read_address(uri)
