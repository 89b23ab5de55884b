"""GTINs and GS1 Digital Links, as they are printed and as they come back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scans.gs1 import MAX_URI, GtinError, LinkError, check_gtin, clean_serial, item_link, parse_link, print_uri

GTIN = "09506000134352"
SERIAL = "7K2M9Q4XT8ZC5RWD"


@given(st.text(alphabet="0123456789", min_size=13, max_size=13), st.integers(1, 9), st.integers(0, 13))
def test_law_one_wrong_digit_is_always_seen(digits, change, place):
    full = digits + str(-sum(int(d) * (1 if i % 2 else 3) for i, d in enumerate(digits)) % 10)
    assert check_gtin(full) == full
    wrong = full[:place] + str((int(full[place]) + change) % 10) + full[place + 1 :]
    with pytest.raises(GtinError):
        check_gtin(wrong)


@pytest.mark.parametrize(
    ("text", "gtin"),
    [
        ("9506000134352", GTIN),
        (GTIN, GTIN),
        ("96385074", "00000096385074"),  # GTIN-8
        ("036000291452", "00036000291452"),  # GTIN-12
        ("10614141000415", "10614141000415"),  # GTIN-14 of a case
    ],
)
def test_gtins_of_every_length_become_14_digits(text, gtin):
    assert check_gtin(text) == gtin


@pytest.mark.parametrize(
    "text", ["", "950600013435", "9506000134353", "95060001343５2", "+506000134352", "9506000134352 "]
)
def test_what_is_no_gtin_is_refused(text):
    with pytest.raises(GtinError):
        check_gtin(text)


@pytest.mark.parametrize(
    "uri",
    [
        f"HTTPS://ID.BRAND.CN/01/{GTIN}/21/{SERIAL}",  # as printed
        f"https://id.brand.cn/01/{GTIN}/21/{SERIAL.lower()}",  # as some phones hand it on
        f"http://10.0.0.1:8000/01/{GTIN}/21/{SERIAL}",  # any host
        f"https://brand.cn/some/path/01/{GTIN}/21/{SERIAL}/",  # a prefix, a last slash
        f"https://id.brand.cn/01/{GTIN}/21/{SERIAL}?17=271231&linkType=all#top",  # attributes name no item
        f"https://id.brand.cn/01/{GTIN}/21/%37K2M9Q4XT8ZC5RW%44",  # percent-encoded
        f"https://id.brand.cn/01/9506000134352/21/{SERIAL}",  # a GTIN-13
        f"/01/{GTIN}/21/{SERIAL}",  # the path alone
        f"https://id.brand.cn/01/{GTIN}/10/LOT%2F7/21/{SERIAL}",  # with its lot
        f"HTTPS://ID.BRAND.CN/01/{GTIN}/22/2A/21/{SERIAL.lower()}",  # with the variant of the product
        f"https://id.brand.cn/x/01/{GTIN}/22/2A/10/LOT/21/{SERIAL}?11=260101",  # with both
    ],
)
def test_every_spelling_of_an_address_is_read(uri):
    assert parse_link(uri) == (GTIN, SERIAL)


@pytest.mark.parametrize(
    ("typed", "serial"),
    [
        ("oiLOilo0", "01101100"),  # letters that no serial has
        ("7k2m-9q4x t8zc-5rwd", SERIAL),  # copied in groups from a label
        ("other/brand", "OTHER/BRAND".replace("O", "0")),  # 82 characters are allowed to others
    ],
)
def test_a_typed_serial_is_read_as_printed(typed, serial):
    assert clean_serial(typed) == serial


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "https://id.brand.cn/",
        f"https://id.brand.cn/01/{GTIN}",  # no serial
        f"https://id.brand.cn/21/{SERIAL}",  # no product
        f"https://id.brand.cn/01/{GTIN}/21/",
        f"https://id.brand.cn/01/{GTIN}/21/{SERIAL}/10/LOT",  # a lot comes before its serial
        f"https://id.brand.cn/01/{GTIN}/10/LOT/22/2A/21/{SERIAL}",
        f"https://id.brand.cn/8006/{GTIN}0102/21/{SERIAL}",  # a piece of a product is none of our items
        f"https://id.brand.cn/01/{GTIN}/10/{'L' * 21}/21/{SERIAL}",
        f"https://id.brand.cn/?u=/01/{GTIN}/21/{SERIAL}",  # only in the query
        f"https://id.brand.cn/01/{GTIN}/21/{'A' * 21}",  # AI 21 has 20 characters at most
        f"https://id.brand.cn/01/{GTIN}/21/%00{SERIAL}",
        f"https://id.brand.cn/01/{GTIN}/21/{SERIAL}\n",
        f"https://id.brand.cn/{'a' * MAX_URI}/01/{GTIN}/21/{SERIAL}",
        f"ftp://id.brand.cn/01/{GTIN}/21/{SERIAL}",
        "https://id.brand.cn/01/" + "/01/" * 400 + "x",  # no catastrophe in the pattern
    ],
)
def test_what_is_no_address_of_an_item_is_refused(uri):
    with pytest.raises(LinkError):
        parse_link(uri)


def test_a_wrong_gtin_in_an_address_is_told_apart():
    with pytest.raises(GtinError):
        parse_link(f"https://id.brand.cn/01/09506000134353/21/{SERIAL}")


def test_two_path_segments_are_read_alike():
    assert item_link("9506000134352", SERIAL.lower()) == (GTIN, SERIAL)


def test_the_printed_address_is_upper_case_and_reads_back():
    uri = print_uri("https://id.brand.cn/", GTIN, SERIAL)
    assert uri == f"HTTPS://ID.BRAND.CN/01/{GTIN}/21/{SERIAL}"
    assert parse_link(uri) == (GTIN, SERIAL)


@pytest.mark.parametrize(
    "base_url", ["http://[::1]:8000", "https://id_brand.cn", "https://id.brand.cn/~x", "https://,"]
)
def test_an_address_that_would_need_a_larger_symbol_is_not_printed(base_url):
    with pytest.raises(LinkError):
        print_uri(base_url, GTIN, SERIAL)
