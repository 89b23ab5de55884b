"""Symbols: bit for bit those of `qrcode`, and read back by readers that are not ours."""

import io

import numpy as np
import pytest
import zxingcpp
from PIL import Image
from pyzbar import pyzbar
from qrcode.constants import ERROR_CORRECT_M
from qrcode.main import QRCode

from scans.codes import serials
from scans.gs1 import print_uri
from scans.symbols import MASK, QUIET, matrix, png, svg, symbols, terminal_qr, unpack

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


def picture(modules, module_px):
    pixels = np.where(modules, 0, 255).astype(np.uint8)
    return Image.fromarray(pixels.repeat(module_px, axis=0).repeat(module_px, axis=1))


def fill_path(path, side):
    """Fill an SVG path of M, H, V and z by the even-odd rule: dark is what a ray leaves through oddly many edges."""
    cells = np.zeros((side, side), dtype=bool)
    for loop in path.replace("H", " H").replace("V", " V").replace("z", " z").split("M")[1:]:
        x, y, *moves = loop.split()
        x, y = first_x, first_y = int(x), int(y)
        for move in [*moves[:-1], f"V{first_y}"]:
            if move[0] == "H":
                x = int(move[1:])
            else:
                top, bottom = sorted((y, int(move[1:])))
                cells[top:bottom, x:] ^= True
                y = int(move[1:])
        assert moves[-1] == "z"
        assert x == first_x
    return cells


@pytest.mark.parametrize("base_url", BASES)
def test_many_symbols_are_those_of_qrcode_module_by_module(base_url):
    prefix = print_uri(base_url, GTIN, "")
    many = symbols(prefix, SERIALS)
    for place, text in enumerate(SERIALS):
        code = QRCode((many.shape[1] - 17) // 4, error_correction=ERROR_CORRECT_M, mask_pattern=MASK, border=QUIET)
        code.add_data(prefix + text.decode(), optimize=0)
        code.make(fit=False)
        assert (unpack(many[place]) == np.array(code.get_matrix())).all()


def test_an_address_of_usual_length_stays_at_version_3():
    assert symbols(print_uri("https://id.brand.cn", GTIN, ""), SERIALS).shape[1] == 29
    assert symbols(print_uri("http://127.0.0.1:8000", GTIN, ""), SERIALS).shape[1] == 29
    assert len(matrix(URI)) == 29 + 2 * QUIET


@pytest.mark.parametrize("base_url", BASES)
def test_every_symbol_reads_back_as_its_own_address(base_url):
    prefix = print_uri(base_url, GTIN, "")
    many = symbols(prefix, SERIALS)
    for place, text in enumerate(SERIALS):
        read = read_both(picture(unpack(many[place]), 4))
        assert read == ({prefix + text.decode()}, {prefix + text.decode()})


def test_a_png_reads_back_and_has_its_quiet_zone_and_size():
    with Image.open(io.BytesIO(png(matrix(URI), module_px=8))) as image:
        assert (image.mode, image.size) == ("1", (296, 296))
        assert image.info["dpi"] == pytest.approx((300, 300), abs=0.1)
        assert read_both(image) == ({URI}, {URI})
        pixels = np.array(image)
        assert (~pixels[::8, ::8] == matrix(URI)).all()
        assert pixels[: 8 * QUIET].all()


def test_an_svg_is_one_outline_of_exactly_the_dark_modules():
    for text in SERIALS:
        modules = matrix(print_uri("https://id.brand.cn", GTIN, text.decode()))
        drawn = svg(modules, module_mm=0.5).decode()
        assert drawn.count("<path") == 2  # the light ground and the symbol
        assert (fill_path(drawn.split(' d="')[2].split('"')[0], len(modules)) == modules).all()
    assert 'width="18.5mm"' in drawn


def test_a_symbol_in_a_terminal_reads_back():
    lines = [line.removeprefix("\x1b[30;107m").removesuffix("\x1b[0m") for line in terminal_qr(URI).splitlines()]
    cells = np.array([[" ▀▄█".index(char) for char in line] for line in lines])
    modules = np.stack([cells % 2, cells // 2], axis=1).reshape(-1, cells.shape[1]).astype(bool)
    assert read_both(picture(modules, 4)) == ({URI}, {URI})
