"""Pictures of labels: exactly the modules of the symbol, one path in SVG, whole pixels in PNG."""

import io
import re

import numpy as np
import pytest
from PIL import Image

from scans.codes import serials
from scans.faces import Face
from scans.layouts import LAYOUTS
from scans.pictures import png_drawing, svg_drawing
from scans.symbols import symbols, unpack

SERIALS = serials(bytes(range(16)), np.arange(1, 301, dtype=np.uint64))
PREFIXES = ["HTTPS://ID.BRAND.CN/01/09506000134352/21/", "HTTPS://A.RATHER.LONG.NAME.EXAMPLE/OF/01/09506000134352/21/"]
RUN = re.compile(r"m(-?\d+) (-?\d+)|h(\d+)v1h-(\d+)z")


def drawn(drawing, name, prefix, texts=SERIALS):
    packed = symbols(prefix, texts)
    face = Face(LAYOUTS[name], packed.shape[1], 16, "绿茶", "L-1")
    return list(drawing(face)(packed, texts)), unpack(packed).astype(bool), face


def filled(path, side):
    """Fill a path of rectangles of one line each, drawn one after the other; none may lie on another."""
    first = re.match(r"M(\d+) (\d+)", path)
    x, y = int(first[1]), int(first[2])
    cells = np.zeros((side, side), dtype=bool)
    end = first.end()
    while found := RUN.match(path, end):
        end = found.end()
        if found[3]:
            assert found[3] == found[4]
            assert not cells[y, x : x + int(found[3])].any()
            cells[y, x : x + int(found[3])] = True
        else:
            x, y = x + int(found[1]), y + int(found[2])
    assert end == len(path)
    return cells


@pytest.mark.parametrize("prefix", PREFIXES)
def test_an_svg_is_one_path_of_exactly_the_dark_modules(prefix):
    files, modules, face = drawn(svg_drawing, "a4-24", prefix)
    assert len(files) == len(SERIALS)
    for data, expected in zip(files, modules, strict=True):
        paths = re.findall(r' d="([^"]*)"', data.decode())
        assert len(paths) == 3  # the light ground, the symbol, the serial
        assert (filled(paths[1], face.size + 8) == expected).all()


def test_an_svg_tells_its_size_and_its_serial():
    files, _, _ = drawn(svg_drawing, "a4-24", PREFIXES[0])
    assert 'width="25.0613mm" height="28.0613mm"' in files[0].decode()
    assert [re.search("<title>(.*)</title>", data.decode())[1] for data in files] == [text.decode() for text in SERIALS]


@pytest.mark.parametrize("name", ["a4-24", "a4-65", "roll-60x40"])
@pytest.mark.parametrize("prefix", PREFIXES)
def test_a_png_is_exactly_the_modules_in_whole_pixels(prefix, name):
    files, modules, face = drawn(png_drawing, name, prefix, SERIALS[:20])
    module_px = round(face.module_mm() / 25.4 * 300)
    for data, expected in zip(files, modules, strict=True):
        with Image.open(io.BytesIO(data)) as image:
            pixels = ~np.array(image)
        side = len(expected) * module_px
        assert pixels.shape[1] == side
        assert (pixels[:side] == expected.repeat(module_px, axis=0).repeat(module_px, axis=1)).all()
        assert pixels[side:].any()


def test_the_letters_of_a_serial_are_drawn_in_its_order():
    files, _, _ = drawn(png_drawing, "a4-24", PREFIXES[0], np.array([b"0123456789ABCDEF", b"FEDCBA9876543210"]))
    lines = [~np.array(Image.open(io.BytesIO(data)))[296:] for data in files]
    room = lines[0][:, 4:292]  # sixteen cells of 18 pixels in 296
    cells = [room[:, start : start + 18] for start in range(0, 288, 18)]
    turned = [lines[1][:, 4:292][:, start : start + 18] for start in range(0, 288, 18)][::-1]
    assert all((one == other).all() for one, other in zip(cells, turned, strict=True))
    assert len({cell.tobytes() for cell in cells}) == 16
