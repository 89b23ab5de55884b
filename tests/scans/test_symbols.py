"""Symbols: bit for bit those of `qrcode`, and read back by readers that are not ours."""

import numpy as np
import pytest
import zxingcpp
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from pyzbar import pyzbar
from qrcode.constants import ERROR_CORRECT_M
from qrcode.main import QRCode
from qrcode.util import MODE_ALPHA_NUM, QRData

from scans.codes import serials
from scans.gs1 import print_uri
from scans.symbols import BLOCK, MASK, QUIET, matrix, symbol_version, symbols, terminal_qr, unpack

SERIALS = serials(bytes(range(16)), np.arange(1, 41, dtype=np.uint64))
GTIN = "09506000134352"
URI = print_uri("https://id.brand.cn", GTIN, SERIALS[0].decode())
BASES = [
    "https://id.brand.cn",
    "https://id.brands.cn",
    "http://127.0.0.1:8000",
    "https://a.rather.long.name.example/to",
]


def read_both(image):
    """Return what zxing-cpp and zbar read in a picture."""
    return {code.text for code in zxingcpp.read_barcodes(image)}, {code.data.decode() for code in pyzbar.decode(image)}


def by_qrcode(text, size):
    """Return the symbol that `qrcode` makes with our mask."""
    code = QRCode((size - 17) // 4, error_correction=ERROR_CORRECT_M, mask_pattern=MASK, border=QUIET)
    code.add_data(QRData(text, mode=MODE_ALPHA_NUM))
    code.make(fit=False)
    return np.array(code.get_matrix())


def picture(modules, module_px):
    pixels = np.where(modules, 0, 255).astype(np.uint8)
    return Image.fromarray(pixels.repeat(module_px, axis=0).repeat(module_px, axis=1))


@pytest.mark.parametrize("base_url", BASES)
def test_many_symbols_are_those_of_qrcode_module_by_module(base_url):
    prefix = print_uri(base_url, GTIN, "")
    many = symbols(prefix, SERIALS)
    for modules, text in zip(unpack(many), SERIALS, strict=True):
        assert (modules == by_qrcode(prefix + text.decode(), many.shape[1])).all()


@pytest.mark.parametrize("base_url", BASES[:2])
@pytest.mark.parametrize("texts", [["0", "Z"], ["12", "AZ"], ["123", "9:/"], ["106141412345678908"], ["1" * 17]])
def test_the_part_that_varies_may_have_any_length(base_url, texts):
    prefix = f"{base_url}/00/".upper()
    many = symbols(prefix, np.array([text.encode() for text in texts]))
    for modules, text in zip(unpack(many), texts, strict=True):
        assert (modules == by_qrcode(prefix + text, many.shape[1])).all()


@given(st.lists(st.text("0123456789ABCDEFGHJKMNPQRSTVWXYZ", min_size=16, max_size=16), min_size=1, max_size=9))
def test_any_serial_has_the_symbol_of_qrcode(texts):
    prefix = print_uri("https://id.brand.cn", GTIN, "")
    many = symbols(prefix, np.array([text.encode() for text in texts]))
    for modules, text in zip(unpack(many), texts, strict=True):
        assert (modules == by_qrcode(prefix + text, 29)).all()


def test_a_block_is_no_border():
    serials_of_blocks = serials(bytes(range(16)), np.arange(1, 2 * BLOCK + 10, dtype=np.uint64))
    prefix = print_uri("https://id.brand.cn", GTIN, "")
    many = symbols(prefix, serials_of_blocks)
    for place in (0, BLOCK - 1, BLOCK, 2 * BLOCK - 1, 2 * BLOCK, len(many) - 1):
        assert (many[place] == symbols(prefix, serials_of_blocks[place : place + 1])[0]).all()


@pytest.mark.parametrize("domain", ["id.brand.cn", "a" * 12 + ".cn", "abcdefgh.com.cn"])
def test_a_domain_of_up_to_15_characters_stays_at_version_3(domain):
    assert len(domain) <= 15
    prefix = print_uri(f"https://{domain}", GTIN, "")
    assert len(prefix) + 16 <= 61
    assert symbols(prefix, SERIALS).shape[1] == 29
    assert symbol_version(prefix + "0" * 16) == 3


def test_one_character_more_is_version_4():
    assert symbol_version(print_uri(f"https://{'a' * 13}.cn", GTIN, "0" * 16)) == 4


def test_an_address_of_usual_length_stays_at_version_3():
    assert symbols(print_uri("https://id.brand.cn", GTIN, ""), SERIALS).shape[1] == 29
    assert symbols(print_uri("http://127.0.0.1:8000", GTIN, ""), SERIALS).shape[1] == 29
    assert len(matrix(URI)) == 29 + 2 * QUIET


@pytest.mark.parametrize("base_url", BASES)
def test_every_symbol_reads_back_as_its_own_address(base_url):
    prefix = print_uri(base_url, GTIN, "")
    many = symbols(prefix, SERIALS)
    for modules, text in zip(unpack(many), SERIALS, strict=True):
        read = read_both(picture(modules, 4))
        assert read == ({prefix + text.decode()}, {prefix + text.decode()})


def test_a_symbol_in_a_terminal_reads_back():
    lines = [line.removeprefix("\x1b[30;107m").removesuffix("\x1b[0m") for line in terminal_qr(URI).splitlines()]
    cells = np.array([[" ▀▄█".index(char) for char in line] for line in lines])
    modules = np.stack([cells % 2, cells // 2], axis=1).reshape(-1, cells.shape[1]).astype(bool)
    assert read_both(picture(modules, 4)) == ({URI}, {URI})
