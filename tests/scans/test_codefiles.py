"""Code files, held against the same rows written one by one."""

import csv
import io
from dataclasses import replace

import pyarrow.parquet as pq
import pytest

from scans import codefiles
from scans.batches import level_sizes
from scans.catalogue import Catalogue, IssuedBatch, Span
from scans.codefiles import CodeFileError, CodeRun, Stretch, choose, level_rows, write_codes
from scans.codes import serial
from scans.gs1 import LinkError, parse_link
from scans.packing import at, parent
from scans.sscc import sscc

SECRET = bytes(range(16))
GTIN = "09506000134352"
CASE_GTIN = "19506000134359"
HEADER = ["position", "level", "serial", "uri", "parent_serial"]


def packed(count, items_per_case=None, cases_per_pallet=None, first_no=1):
    spans = []
    for level, size in level_sizes(count, items_per_case, cases_per_pallet).items():
        spans.append(Span(level, first_no, first_no + size - 1))
        first_no += size
    return IssuedBatch(1, "B-1", 1, GTIN, 0, "issued", "k", count, items_per_case, cases_per_pallet, tuple(spans), None)


def marked(count, items_per_case, cases_per_pallet):
    """Return a batch whose cases have a GTIN and whose pallets an SSCC."""
    batch = packed(count, items_per_case, cases_per_pallet)
    return replace(batch, case_gtin=CASE_GTIN, sscc_prefix="690123456", first_sscc_no=98)


def printed(code):
    """Return what stands on a code: the end of its address, and what comes before."""
    if code.level == "pallet" and code.batch.sscc_prefix:
        return sscc(code.batch.sscc_prefix, code.batch.first_sscc_no + code.position - 1), "00/"
    gtin = code.batch.case_gtin if code.level == "case" and code.batch.case_gtin else GTIN
    return serial(SECRET, code.code_no), f"01/{gtin}/21/"


def slow_rows(batch):
    for span in batch.spans:
        for position in range(1, span.size + 1):
            code = at(batch, span.level, position)
            around = parent(code)
            text, key = printed(code)
            yield [
                str(position),
                span.level,
                text,
                f"HTTPS://ID.BRAND.CN/{key}{text}",
                printed(around)[0] if around else "",
            ]


def write(path, batch, progress=lambda done, total: None, **chosen):
    run = CodeRun(batch, SECRET, "https://id.brand.cn", choose(batch, **chosen))
    with path.open("wb") as file:
        write_codes(file, form=path.suffix[1:], run=run, progress=progress)
    return path


@pytest.mark.parametrize(
    "batch",
    [
        packed(1),
        packed(9),
        packed(10),
        packed(1234),
        packed(1001, 12),
        packed(1001, 10, 7),
        packed(11, 1, 1),
        marked(1001, 10, 7),
    ],
    ids=lambda batch: f"{batch.count}-{batch.items_per_case}-{batch.cases_per_pallet}-{batch.sscc_prefix}",
)
@pytest.mark.parametrize("chunk", [7, codefiles.CHUNK])
def test_a_csv_file_is_what_writing_row_by_row_gives(tmp_path, monkeypatch, batch, chunk):
    monkeypatch.setattr(codefiles, "CHUNK", chunk)
    slow = io.StringIO()
    csv.writer(slow, lineterminator="\n").writerows([HEADER, *slow_rows(batch)])
    assert write(tmp_path / "codes.csv", batch).read_text() == slow.getvalue()


@pytest.mark.parametrize("make", [packed, marked])
def test_a_parquet_file_has_the_same_rows(tmp_path, make):
    batch = make(1001, 10, 7)
    table = pq.read_table(write(tmp_path / "codes.parquet", batch))
    rows = [[str(row["position"]), *list(row.values())[1:4], row["parent_serial"] or ""] for row in table.to_pylist()]
    assert table.column_names == HEADER
    assert rows == list(slow_rows(batch))


def test_the_uri_reads_back_as_its_own_code(tmp_path):
    batch = packed(30, 12)
    with write(tmp_path / "codes.csv", batch).open() as file:
        links = [(parse_link(row["uri"]), row["serial"]) for row in csv.DictReader(file)]
    assert all(link == (GTIN, text) for link, text in links)
    assert len(Catalogue([batch]).batch("B-1").spans) == 2


def test_a_text_file_is_an_address_a_line(tmp_path):
    batch = packed(1001, 10, 7)
    assert write(tmp_path / "codes.txt", batch).read_text() == "".join(f"{row[3]}\n" for row in slow_rows(batch))


def test_a_parquet_file_costs_little_more_than_what_is_random_in_it(tmp_path):
    batch = packed(150_000, 12, 40)
    path = write(tmp_path / "codes.parquet", batch)
    groups = pq.ParquetFile(path).metadata
    codes = groups.num_rows
    serial_bytes = sum(groups.row_group(no).column(2).total_compressed_size for no in range(groups.num_row_groups))
    assert groups.row_group(0).column(2).path_in_schema == "serial"
    assert path.stat().st_size <= 22 * codes
    assert serial_bytes <= 10.5 * codes  # 80 bits are 10 bytes


def test_progress_ends_at_all_of_it(tmp_path, monkeypatch):
    monkeypatch.setattr(codefiles, "CHUNK", 50)
    told = []
    write(tmp_path / "codes.csv", packed(100, 10), lambda done, total: told.append((done, total)))
    assert told == [(50, 110), (100, 110), (110, 110)]


def test_rows_from_the_middle_are_the_same_rows():
    batch = packed(100, 12)
    (rows,) = level_rows(batch, secret=SECRET, level="item", first=11, last=14)
    assert rows.serials[0].decode() == serial(SECRET, 11)
    assert rows.parents is not None
    assert [text.decode() for text in rows.parents] == [serial(SECRET, no) for no in (101, 101, 102, 102)]


def test_a_file_may_hold_some_positions_of_one_level(tmp_path):
    batch = packed(100, 12)
    with write(tmp_path / "codes.csv", batch, level="case", first=2, last=3).open() as file:
        rows = list(csv.DictReader(file))
    assert [(row["position"], row["serial"]) for row in rows] == [
        ("2", serial(SECRET, 102)),
        ("3", serial(SECRET, 103)),
    ]
    assert choose(batch) == (Stretch("item", 1, 100), Stretch("case", 1, 9))
    assert choose(batch, level="item", first=90) == (Stretch("item", 90, 100),)


@pytest.mark.parametrize(
    ("chosen", "why"),
    [
        ({"level": "case", "first": 1, "last": 10}, "has 9 codes of level case"),
        ({"level": "pallet"}, "has 0 codes of level pallet"),
        ({"level": "item", "first": 0}, "counted from 1"),
        ({"level": "item", "first": 5, "last": 4}, "counted from 1"),
        ({"last": 4}, "say which"),
    ],
)
def test_codes_that_are_not_there_cannot_be_chosen(chosen, why):
    with pytest.raises(CodeFileError, match=why):
        choose(packed(100, 12), **chosen)


def test_other_forms_and_addresses_are_refused_before_anything_is_written(tmp_path):
    batch = packed(1)
    run = CodeRun(batch, SECRET, "http://[::1]", choose(batch))
    file = io.BytesIO()
    with pytest.raises(CodeFileError, match="csv, parquet, txt"):
        write_codes(file, form="xlsx", run=run, progress=lambda done, total: None)
    with pytest.raises(LinkError):
        write_codes(file, form="csv", run=run, progress=lambda done, total: None)
    assert file.getvalue() == b""
