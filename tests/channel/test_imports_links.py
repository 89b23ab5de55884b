"""Links come in as a file: good ones go in, hostile ones do not, and a second time adds nothing."""

import csv
from dataclasses import replace

import pytest

from channel.database import reading, transaction
from channel.imports import KINDS, BadRow, Door, import_file
from channel.imports.links import LINKS
from scans.targets import named_targets
from tests import hostile, make

HEADER = ("id", "gtin", "lot", "serial", "link_type", "title", "href", "default")
GTIN = make.gtin(7)


@pytest.fixture
def take(engine, config, tmp_path):
    """Import rows of cells and return what became of them, and what was refused."""
    with transaction(engine) as db:
        make.product(db, gtin=GTIN)

    def imported(*rows, header=HEADER):
        path, bad = tmp_path / "links.csv", list[BadRow]()
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([header, *rows])
        door = Door(config, make.NOW)
        tally = import_file(
            engine, kind=KINDS["links"], path=path, door=door, refuse=bad.append, progress=lambda _n, _of: None
        )
        return tally, bad

    return imported


def kept(engine):
    with reading(engine) as db:
        return {row.target_id: row for row in named_targets(db, gtin=GTIN)[1]}


def row(number=1, **said):
    usual = {"id": f"L{number}", "gtin": GTIN, "link_type": "pip", "title": "Tea", "href": "https://b.example/"}
    told = usual | said
    return [told.get(name, "") for name in HEADER]


def test_a_second_time_adds_nothing_and_columns_left_out_stay(take, engine):
    rich = [*HEADER, "languages", "context", "forward_query"]
    full = [[*row(1, default="yes"), "ZH;en-gb", "CN", "no"], [*row(2, lot="A", link_type="gs1:faqs"), "", "", ""]]
    assert take(*full, header=rich)[0].new == 2
    assert take(*full, header=rich)[0].unchanged == 2
    assert take(row(1, default="yes", title="Green tea"))[0].changed == 1
    first, second = kept(engine)["L1"], kept(engine)["L2"]
    assert (first.title, first.languages, first.contexts, first.forwards_query) == (
        "Green tea",
        ("zh", "en-GB"),
        ("CN",),
        False,
    )
    assert (second.lot, second.link_type, second.forwards_query, second.is_default) == ("A", "faqs", True, False)


@pytest.mark.parametrize(
    ("said", "column", "reason"),
    [
        ({"gtin": make.gtin(8)}, "gtin", "no product has the GTIN"),
        ({"link_type": "defaultLink"}, "link_type", "no link type of this name"),
        ({"lot": "A", "serial": "S"}, "serial", "not of both"),
        ({"lot": "批"}, "lot", "application identifier 10"),
        ({"serial": "---"}, "serial", "a serial has 1 to 20"),
        ({"href": "https://127.0.0.1/"}, "href", "no named host"),
        ({"default": "maybe"}, "default", "is not yes or no"),
    ],
)
def test_a_row_that_cannot_be_is_told(take, said, column, reason):
    tally, bad = take(row(**said), row(2))
    assert (tally.new, [(one.line, one.column) for one in bad]) == (1, [(2, column)])
    assert reason in bad[0].reason


def test_only_one_row_of_a_file_is_the_default_of_its_level(take):
    tally, bad = take(row(1, default="yes"), row(2, default="1"), row(3, default="yes", lot="A"))
    assert (tally.new, [(one.line, one.column) for one in bad]) == (2, [(3, "default")])


@pytest.mark.sqlite_only
def test_500_hostile_targets_are_refused_by_the_import(take, engine):
    # A file with a zero byte is none at all.
    hrefs = [href for href in hostile.TARGETS if href.strip() not in hostile.PLAIN and "\0" not in href]
    tally, bad = take(*(row(number, href=href) for number, href in enumerate(hrefs)))
    assert len(hrefs) >= 500
    assert (tally.good, len(bad)) == (0, len(hrefs))
    assert kept(engine) == {}


def test_a_link_back_to_a_product_here_is_refused(take, config, engine):
    door = Door(replace(config, base_url="https://id.b.example"), make.NOW)
    cells = dict.fromkeys(LINKS.columns) | {"gtin": GTIN, "id": "L", "link_type": "pip", "title": "T"}
    assert LINKS.record(cells | {"href": "https://id.b.example/about"}, door).href
    for href in (f"https://id.b.example/01/{GTIN}", f"HTTPS://ID.B.EXAMPLE./x/01/{GTIN}/10/A?x=1"):
        with pytest.raises(ValueError, match="leads back"):
            LINKS.record(cells | {"href": href}, door)
