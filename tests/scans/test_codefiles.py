"""Code files, held against the same rows written one by one."""

import csv
import io
import stat

import pyarrow.parquet as pq
import pytest

from scans import codefiles
from scans.batches import level_sizes
from scans.catalogue import Catalogue, IssuedBatch, Span
from scans.codefiles import CodeFileError, level_rows, write_codes
from scans.codes import serial
from scans.gs1 import LinkError, parse_link
from scans.packing import at, parent

SECRET = bytes(range(16))
GTIN = "09506000134352"
HEADER = ["position", "level", "serial", "uri", "parent_serial"]


def packed(count, items_per_case=None, cases_per_pallet=None, first_no=1):
    spans = []
    for level, size in level_sizes(count, items_per_case, cases_per_pallet).items():
        spans.append(Span(level, first_no, first_no + size - 1))
        first_no += size
    return IssuedBatch(1, "B-1", 1, GTIN, 0, "issued", "k", count, items_per_case, cases_per_pallet, tuple(spans), None)


def slow_rows(batch):
    for span in batch.spans:
        for position in range(1, span.size + 1):
            code = at(batch, span.level, position)
            around = parent(code)
            text = serial(SECRET, code.code_no)
            uri = f"HTTPS://ID.BRAND.CN/01/{GTIN}/21/{text}"
            yield [str(position), span.level, text, uri, serial(SECRET, around.code_no) if around else ""]


def write(path, batch, progress=lambda done, total: None):
    write_codes(path, batch=batch, secret=SECRET, base_url="https://id.brand.cn", progress=progress)
    return path


@pytest.mark.parametrize(
    "batch",
    [packed(1), packed(9), packed(10), packed(1234), packed(1001, 12), packed(1001, 10, 7), packed(11, 1, 1)],
    ids=lambda batch: f"{batch.count}-{batch.items_per_case}-{batch.cases_per_pallet}",
)
@pytest.mark.parametrize("chunk", [7, codefiles.CHUNK])
def test_a_csv_file_is_what_writing_row_by_row_gives(tmp_path, monkeypatch, batch, chunk):
    monkeypatch.setattr(codefiles, "CHUNK", chunk)
    slow = io.StringIO()
    csv.writer(slow, lineterminator="\n").writerows([HEADER, *slow_rows(batch)])
    assert write(tmp_path / "codes.csv", batch).read_text() == slow.getvalue()


def test_a_parquet_file_has_the_same_rows(tmp_path):
    batch = packed(1001, 10, 7)
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


def test_a_file_of_codes_is_for_its_owner_only(tmp_path):
    assert stat.S_IMODE(write(tmp_path / "codes.csv", packed(1)).stat().st_mode) == 0o600


def test_progress_ends_at_all_of_it(tmp_path, monkeypatch):
    monkeypatch.setattr(codefiles, "CHUNK", 50)
    told = []
    write(tmp_path / "codes.csv", packed(100, 10), lambda done, total: told.append((done, total)))
    assert told == [(50, 110), (100, 110), (110, 110)]


def test_a_broken_off_file_leaves_nothing(tmp_path):
    def stop(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write(tmp_path / "codes.csv", packed(10), stop)
    assert list(tmp_path.iterdir()) == []


def test_rows_from_the_middle_are_the_same_rows():
    batch = packed(100, 12)
    (rows,) = level_rows(batch, secret=SECRET, level="item", first=11, last=14)
    assert rows.serials[0].decode() == serial(SECRET, 11)
    assert rows.parents is not None
    assert [text.decode() for text in rows.parents] == [serial(SECRET, no) for no in (101, 101, 102, 102)]


def test_other_kinds_of_file_are_refused_before_anything_is_written(tmp_path):
    with pytest.raises(CodeFileError, match=r"\.csv or \.parquet"):
        write(tmp_path / "codes.xlsx", packed(1))
    with pytest.raises(LinkError):
        write_codes(
            tmp_path / "a.csv",
            batch=packed(1),
            secret=SECRET,
            base_url="http://[::1]",
            progress=lambda done, total: None,
        )
    assert list(tmp_path.iterdir()) == []
