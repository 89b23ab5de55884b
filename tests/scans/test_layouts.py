"""Layouts: what a file of one's own may say, and that nothing leaves the page."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scans.faces import Face
from scans.layouts import (
    BOUNDS,
    DOT_MM,
    LAYOUTS,
    LEAST_MODULE_MM,
    SMALL_MODULE_MM,
    LayoutError,
    built_in,
    find_layout,
    layout_from,
    read_layout,
)

LABEL = {"page_width_mm": 60, "page_height_mm": 40, "label_width_mm": 60, "label_height_mm": 40}


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_law_labels_stay_on_their_page_and_apart(layout):
    places = [layout.place_mm(place) for place in range(layout.per_page)]
    assert all(left >= 0 and top >= 0 for left, top in places)
    assert max(left for left, _ in places) + layout.label_width_mm <= layout.page_width_mm + 1e-6
    assert max(top for _, top in places) + layout.label_height_mm <= layout.page_height_mm + 1e-6
    for first, (left, top) in enumerate(places):
        for other_left, other_top in places[first + 1 :]:
            apart_x = abs(left - other_left) >= layout.label_width_mm - 1e-6
            assert apart_x or abs(top - other_top) >= layout.label_height_mm - 1e-6


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_law_no_built_in_layout_has_small_modules(layout):
    face = Face(layout, 29, 16)
    assert face.module_mm() >= SMALL_MODULE_MM
    assert face.module_mm(dot_mm=1 / layout.dots_per_mm) >= SMALL_MODULE_MM


@given(
    st.floats(20, 200),
    st.floats(20, 200),
    st.floats(0, 5),
    st.lists(st.sampled_from(["name", "serial", "lot"]), unique=True),
)
def test_law_what_is_on_a_label_stays_on_it(width, height, margin, text):
    told = {"page_width_mm": width, "page_height_mm": height, "label_width_mm": width, "label_height_mm": height}
    layout = layout_from(told | {"margin_mm": margin, "text": text, "module_mm": 10}, name="x")
    face = Face(layout, 29, 16)
    try:
        module_mm = face.module_mm()
    except LayoutError:
        return
    left, top = face.symbol_mm()
    assert module_mm / DOT_MM == pytest.approx(round(module_mm / DOT_MM))
    assert left - 4 * module_mm >= margin - 0.1
    assert top - 4 * module_mm >= margin - 0.1
    assert face.line_mm(len(text)) <= height - margin + 0.1


def test_a_file_of_ones_own_is_read(tmp_path):
    path = tmp_path / "wine.toml"
    path.write_text(
        "# two up on a roll\npage_width_mm = 90\npage_height_mm = 25.5\ncolumns = 2\ngap_x_mm = 2\n"
        'label_width_mm = 44\nlabel_height_mm = 25.5\ntext = ["serial", "lot"]\ndots_per_mm = 12\n'
    )
    layout = find_layout(str(path))
    assert (layout.name, layout.per_page, layout.text, layout.dots_per_mm) == ("wine.toml", 2, ("serial", "lot"), 12)
    assert layout.place_mm(1) == (46, 0)


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({"columns": 0}, "columns is from 1 to 50"),
        ({"columns": 2.5}, "columns is a whole number"),
        ({"columns": True}, "columns is a whole number"),
        ({"columns": 2}, "page_width_mm is 60, but the labels reach to 120"),
        ({"top_mm": 1}, "page_height_mm is 40, but the labels reach to 41"),
        ({"left_mm": -1}, "left_mm is from 0 to 2000"),
        ({"left_mm": "1"}, "left_mm is a number"),
        ({"left_mm": float("nan")}, "left_mm is from"),
        ({"page_width_mm": float("inf")}, "page_width_mm is from"),
        ({"module_mm": 0.1}, "module_mm is from"),
        ({"text": "serial"}, "text is a list"),
        ({"text": ["price"]}, "text lists some of name, serial, lot"),
        ({"text": ["lot", "lot"]}, "each once"),
        ({"text": [1]}, "text is a list"),
        ({"dots_per_mm": 9}, "dots_per_mm is 6, 8, 12 or 24"),
        ({"name": "x"}, "name is no key of a layout"),
        ({"width": 3}, "width is no key of a layout"),
    ],
)
def test_what_a_layout_cannot_say_is_told_by_its_key(told, why):
    with pytest.raises(LayoutError, match=why):
        layout_from(LABEL | told, name="x")


def test_what_every_layout_must_say():
    for name in LABEL:
        with pytest.raises(LayoutError, match=f"{name} is missing"):
            layout_from({key: value for key, value in LABEL.items() if key != name}, name="x")


@pytest.mark.parametrize("name", BOUNDS)
def test_every_length_has_bounds(name):
    for value in (-1, 1e9):
        with pytest.raises(LayoutError, match=f"{name} is"):
            layout_from(LABEL | {name: int(value) if name in ("columns", "rows") else value}, name="x")


@pytest.mark.parametrize("data", [b"page_width_mm", b"\xff\xfe", b"a = 1\n" * 20_000])
def test_what_is_no_small_toml_file_is_refused(tmp_path, data):
    path = tmp_path / "x.toml"
    path.write_bytes(data)
    with pytest.raises(LayoutError):
        read_layout(path)


def test_a_layout_that_is_not_there_is_told():
    with pytest.raises(LayoutError, match=r"a4-24, .*roll-30x20.*or a \.toml file"):
        built_in("a5")
    with pytest.raises(FileNotFoundError):
        find_layout("nowhere.toml")


def test_a_module_is_never_less_than_readers_need():
    layout = layout_from(LABEL | {"module_mm": LEAST_MODULE_MM}, name="x")
    assert Face(layout, 29, 16).module_mm() == pytest.approx(LEAST_MODULE_MM)
