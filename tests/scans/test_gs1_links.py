"""GS1 Digital Links: every rule of their syntax."""

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scans.gs1 import (
    MAX_URI,
    DigitalLink,
    Element,
    ElementError,
    GtinError,
    LinkError,
    check_digit,
    print_path,
    read_link,
)
from scans.gs1.table import KEYS
from scans.gs1.values import CHARACTERS_82

GTIN = "09506000134352"
HOST = "https://id.brand.cn"
SAMPLES = {
    "00": "006141411234567890",
    "01": GTIN,
    "253": "4012345000115ebon-4711",
    "255": "4012345000115",
    "401": "0614141ABC",
    "402": "06141411234567890",
    "414": "4012345000108",
    "415": "4012345000108",
    "417": "4012345000108",
    "8003": "04012345111118988",
    "8004": "4012345ABCD-123",
    "8006": f"{GTIN}0102",
    "8010": "0614141-A",
    "8013": "1987654Ad4X4bL5ttr2310c2K",
    "8017": "06141411234567890" + check_digit("06141411234567890"),
    "8018": "06141411234567890" + check_digit("06141411234567890"),
    "10": "LOT",
    "21": "S-1",
    "22": "2A",
    "235": "TPX",
    "254": "dock-3",
    "7040": "1ABC",
    "8011": "7",
    "8019": "3",
    "8020": "REF",
}
texts = st.text(alphabet=CHARACTERS_82, min_size=1, max_size=20)


def path(*ais):
    return "".join(f"/{ai}/{quote(SAMPLES[ai], safe='')}" for ai in ais)


@pytest.mark.parametrize("key", KEYS)
def test_every_primary_key_is_read(key):
    link = read_link(HOST + path(key))
    assert link == DigitalLink(Element(key, SAMPLES[key]))
    assert link.path == path(key)


@pytest.mark.parametrize(
    "ais",
    [
        ("01", "22", "10", "21"),
        ("01", "22"),
        ("01", "10"),
        ("01", "21"),
        ("01", "10", "21"),
        ("01", "22", "21"),
        ("01", "235"),
        ("414", "254"),
        ("414", "7040"),
        ("415", "8020"),
        ("417", "7040"),
        ("8004", "7040"),
        ("8006", "22", "10", "21"),
        ("8010", "8011"),
        ("8017", "8019"),
        ("8018", "8019"),
    ],
    ids="/".join,
)
def test_qualifiers_follow_their_key_in_order(ais):
    link = read_link(HOST + path(*ais))
    assert [one.ai for one in (link.key, *link.qualifiers)] == list(ais)
    assert all(link.get(ai) == SAMPLES[ai] for ai in ais)


@pytest.mark.parametrize(
    "ais",
    [
        ("01", "21", "10"),
        ("01", "10", "22"),
        ("01", "235", "10"),
        ("01", "22", "235"),
        ("01", "21", "21"),
        ("01", "254"),
        ("00", "21"),
        ("414", "254", "7040"),
        ("8010", "21"),
        ("8017", "8011"),
        ("10",),
        ("21",),
    ],
    ids="/".join,
)
def test_qualifiers_out_of_order_or_of_another_key_are_refused(ais):
    with pytest.raises(LinkError):
        read_link(HOST + path(*ais))


@pytest.mark.parametrize(
    ("uri", "ais"),
    [
        (f"{HOST}/some/where{path('01')}", "01"),
        (f"{HOST}/x{path('00')}", "00"),
        (f"{HOST}{path('414')}{path('01', '10')}", "01/10"),  # two keys: the right-most is meant
        (f"{HOST}/01/nothing{path('00')}", "00"),
        (f"{HOST}/01/00{path('00')}", "00"),
        (f"{HOST}/01/{GTIN}/10/01/21/00", "01/10/21"),  # a lot and a serial that look like keys
        (f"{HOST}/01{path('01', '21')}", "01/21"),
    ],
)
def test_any_path_prefix_is_fine_and_the_right_most_key_wins(uri, ais):
    link = read_link(uri)
    assert "/".join(one.ai for one in (link.key, *link.qualifiers)) == ais


@pytest.mark.parametrize(
    "uri",
    [
        f"HTTPS://ID.BRAND.CN/01/{GTIN}",
        f"Https://id.brand.cn/01/{GTIN}",
        f"http://id.brand.cn:8000/01/{GTIN}",
        f"http://[2001:db8::1]/01/{GTIN}",
        f"https://xn--fsq.xn--0zwm56d/01/{GTIN}",
        f"/01/{GTIN}",
        f"{HOST}/01/{GTIN}/",
        f"{HOST}/01/{GTIN}#top",
        f"{HOST}/01/{GTIN}?",
        f"{HOST}/01/9506000134352",
    ],
)
def test_scheme_in_capitals_host_port_fragment_and_last_slash_do_not_matter(uri):
    assert read_link(uri) == DigitalLink(Element("01", GTIN))


def test_percent_encoding_is_undone_once():
    link = read_link(f"{HOST}/01/{GTIN}/10/%41%2F%2541?240=a%2Bb%3D%26")
    assert link.get("10") == "A/%41"
    assert link.get("240") == "a+b=&"


@given(texts, texts, st.text(alphabet="0123456789", min_size=13, max_size=13))
def test_law_what_is_written_reads_back(lot, serial, digits):
    gtin = digits + check_digit(digits)
    link = DigitalLink(Element("01", gtin), (Element("10", lot), Element("21", serial)))
    assert read_link(HOST + link.path) == link
    assert read_link(link.path + "?linkType=all") == link._replace(others=(("linkType", "all"),))


@given(st.text(max_size=60))
def test_law_any_text_is_read_or_refused(text):
    for uri in (text, HOST + text, f"/01/{GTIN}/{text}", f"/01/{GTIN}?{text}"):
        try:
            link = read_link(uri)
        except (LinkError, GtinError):
            continue
        assert read_link(link.path).key == link.key


def test_attributes_of_the_query_are_read_and_all_else_is_kept_apart():
    link = read_link(f"{HOST}/01/{GTIN}/21/S-1?17=261231&3103=000195&linkType=gs1%3Apip&context=a+b&flag&&99=x")
    assert link.attributes == (Element("17", "261231"), Element("3103", "000195"), Element("99", "x"))
    assert link.others == (("linkType", "gs1:pip"), ("context", "a b"), ("flag", ""))


@pytest.mark.parametrize(
    "query",
    [
        "17=261301",  # no such month
        "3103=195",  # six digits
        "17=261231&17=261231",  # twice
        "10=LOT",  # belongs in the path
        "01=09506000134352",  # is the key already
        "21=S-1",  # never in a query
        "235=TPX",
        "8020=REF",
        "89=x",  # no such AI
        "17=",
        "240=a+b",  # a plus is a blank in a query, and no sign of GS1's
        "%31%37=x&17=x",
    ],
)
def test_attributes_that_cannot_be_are_refused(query):
    with pytest.raises(LinkError):
        read_link(f"{HOST}/01/{GTIN}?{query}")


def test_a_lot_stands_in_the_query_only_where_the_path_has_no_place_for_it():
    assert read_link(f"{HOST}/01/{GTIN}/235/TPX?10=LOT").get("10") == "LOT"
    assert read_link(f"{HOST}/00/006141411234567890?02={GTIN}&37=25&10=LOT").get("37") == "25"


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "x",
        HOST,
        f"{HOST}/",
        f"{HOST}/about/us",
        f"{HOST}/gtin/{GTIN}",  # names of AIs went with release 1.2
        f"{HOST}/01",
        f"{HOST}/01/",
        f"{HOST}/01/{GTIN}/more",
        f"{HOST}/01/{GTIN}/98765/x",
        f"{HOST}/01/{GTIN}/foo/bar",
        f"{HOST}?u=/01/{GTIN}",
        f"ftp://id.brand.cn/01/{GTIN}",
        f"https:///01/{GTIN}",
        f"https://01/{GTIN}",
        f"https://me@id.brand.cn/01/{GTIN}",
        f"https://id.brand.cn\\@evil/01/{GTIN}",
        f"{HOST}/01/{GTIN}<x",
        f"{HOST}/01/{GTIN} ",
        f"{HOST}/01/{GTIN}\n",
        f"{HOST}/01/{GTIN}/10/%4",
        f"{HOST}/01/{GTIN}/10/%00",
        f"{HOST}/01/{GTIN}/10/%C3%A9",
        f"{HOST}/01/{GTIN}/10/%FF",
        f"{HOST}/{'a' * MAX_URI}/01/{GTIN}",
    ],
)
def test_what_is_no_digital_link_is_refused(uri):
    with pytest.raises(LinkError):
        read_link(uri)


@pytest.mark.parametrize(
    ("uri", "error"),
    [
        (f"{HOST}/01/09506000134353", GtinError),
        (f"{HOST}/01/1", GtinError),
        (f"{HOST}/01//", GtinError),
        ("/" + "01/" * 600, GtinError),  # no catastrophe in the reading
        (f"{HOST}/00/006141411234567891", ElementError),
        (f"{HOST}/01/{GTIN}/10/{'L' * 21}", ElementError),
    ],
)
def test_a_wrong_value_is_told_apart(uri, error):
    with pytest.raises(error):
        read_link(uri)


def test_the_printed_address_of_any_key_reads_back():
    uri = print_path("https://id.brand.cn/", path("00"))
    assert uri == "HTTPS://ID.BRAND.CN/00/006141411234567890"
    assert read_link(uri).key == ("00", "006141411234567890")
