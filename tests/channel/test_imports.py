"""Files come in: good rows go in, bad ones are told by line, column and reason, and a second time adds nothing."""

import csv
import math
import zipfile
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, func, select

from channel.config import Config
from channel.database import reading, transaction
from channel.imports import (
    KINDS,
    BadRow,
    CellError,
    Door,
    ImportFileError,
    Tally,
    cells,
    error_file,
    import_file,
    template,
)
from scans.keys import make_ring
from scans.products import product_list
from scans.tables import Claim, Product, ProductRelation
from stores.directory import scope_of, store, store_list
from stores.recount import recount
from stores.tables import Delivery, Party, Plan, Sale, Store
from tests import make

PRODUCTS = "gtin,name,list_price_cents\n06901234567892,绿茶,500\n06901234567908,Cup,0\n"
STORE = "id,name,lat_deg,lon_deg,datum,zone,region,party_id\n"
CHECKS = [
    cells.outside_id,
    cells.words(9),
    cells.one_of("ab"),
    cells.whole(0, 9),
    cells.cents,
    cells.number,
    cells.gtin,
]
CHECKS += [
    cells.day,
    cells.instant,
    cells.zone,
    cells.phone,
    cells.email,
    cells.uri,
    cells.ids,
    cells.pairs,
    cells.flag,
]


class Import:
    """Imports texts, and keeps what was refused."""

    def __init__(self, engine: Engine, config: Config, folder: Path) -> None:
        self.engine, self.config, self.folder = engine, config, folder
        self.bad: list[BadRow] = []

    def __call__(
        self, kind: str, content: str | bytes | Path, *, now: datetime = make.NOW, dry_run: bool = False
    ) -> Tally:
        path = content if isinstance(content, Path) else self.folder / f"{kind}.csv"
        if not isinstance(content, Path):
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        self.bad.clear()
        door = Door(self.config, now)
        return import_file(
            self.engine, kind=KINDS[kind], path=path, door=door, refuse=self.bad.append, progress=quiet, dry_run=dry_run
        )


def quiet(done: int, total: int) -> None:
    """Show nothing."""


@pytest.fixture
def take(engine: Engine, config: Config, tmp_path: Path) -> Import:
    return Import(engine, config, tmp_path)


@pytest.fixture
def sheet(tmp_path: Path) -> Callable[..., Path]:
    def write(*sheets: list[list[Any]]) -> Path:
        path = tmp_path / "book.xlsx"
        with xlsxwriter.Workbook(path, {"default_date_format": "yyyy-mm-dd", "remove_timezone": True}) as book:
            for rows in sheets:
                page = book.add_worksheet()
                for number, row in enumerate(rows):
                    page.write_row(number, 0, row)
        return path

    return write


@pytest.mark.parametrize("check", CHECKS)
@given(text=st.text(min_size=1).map(str.strip).filter(bool))
def test_law_a_cell_is_read_or_refused(check: cells.Check, text: str) -> None:
    with suppress(CellError):
        check(text)


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_law_a_template_can_be_read_by_its_kind(kind: Any) -> None:
    header, example = csv.reader(template(kind).splitlines())
    assert header == list(kind.columns)
    values = {
        name: kind.columns[name].check(cell) if cell else None for name, cell in zip(header, example, strict=True)
    }
    assert all(values[name] is not None for name, column in kind.columns.items() if not column.blank)


@pytest.mark.parametrize("name", KINDS)
def test_law_the_documents_name_every_column(name: str) -> None:
    told = (Path(__file__).parents[2] / "docs" / "import.md").read_text(encoding="utf-8")
    needed = ",".join(column for column, how in KINDS[name].columns.items() if not how.optional)
    optional = ",".join(column for column, how in KINDS[name].columns.items() if how.optional)
    assert f"| `{name}` | `{needed}`" + (f" [`{optional}`]" if optional else "") + " |" in told


@pytest.mark.parametrize(
    ("check", "cell", "value"),
    [
        (cells.outside_id, "A-1_b.2", "A-1_b.2"),
        (cells.words(20), "-1F 地下一层", "-1F 地下一层"),
        (cells.whole(0, 9), "7.0", 7),
        (cells.cents, "350", 350),
        (cells.number, "-33.8", -33.8),
        (cells.gtin, "6901234567892.0", "06901234567892"),
        (cells.gtin, "9506000134352", "09506000134352"),
        (cells.day, "2026/6/1", date(2026, 6, 1)),
        (cells.day, "2026-06-01T00:00:00", date(2026, 6, 1)),
        (cells.instant, "2026-06-01T10:30:00+08:00", datetime(2026, 6, 1, 2, 30, tzinfo=UTC)),
        (cells.instant, "2026-06-01T02:30:00.5Z", datetime(2026, 6, 1, 2, 30, 0, 500_000, tzinfo=UTC)),
        (cells.instant, "2026/6/1 9:05", datetime(2026, 6, 1, 9, 5)),
        (cells.flag, "YES", True),
        (cells.flag, "0", False),
        (cells.ids, "a; b;a", ("a", "b")),
        (cells.pairs, "size=500ml; colour=red", {"size": "500ml", "colour": "red"}),
        (cells.phone, "+86 21 5555-0100", "+86 21 5555-0100"),
    ],
)
def test_a_cell_means(check: cells.Check, cell: str, value: Any) -> None:
    assert check(cell) == value


@pytest.mark.parametrize(
    ("check", "cell", "reason"),
    [
        (cells.outside_id, "a b", "an id has 1-64 of A-Z a-z 0-9 _ . -"),
        (cells.outside_id, "x" * 65, "an id has"),
        (cells.outside_id, "店1", "an id has"),
        (cells.words(5), "longer", "longer than 5"),
        (cells.words(9), "a\0b", "printed"),
        (cells.words(9), "=1+1", "formula"),
        (cells.words(9), "@SUM(1)", "formula"),
        (cells.words(30), "+cmd|' /C calc'!A0", "formula"),
        (cells.cents, "3.50", "whole cents"),
        (cells.cents, "-1", "negative"),
        (cells.cents, "1e3", "whole number"),
        (cells.cents, "1" * 13, "between"),
        (cells.whole(1, 9), "０", "whole number"),
        (cells.number, "nan", "not a number"),
        (cells.number, "inf", "not a number"),
        (cells.number, "1_0", "not a number"),
        (cells.number, "31,2", "not a number"),
        (cells.gtin, "06901234567893", "check digit"),
        (cells.gtin, "6.90123E+12", "digits"),
        (cells.day, "01/06/2026", "not a date"),
        (cells.day, "2026-02-30", "no such day"),
        (cells.day, "0026-02-03", "is not between"),
        (cells.instant, "yesterday", "not a time"),
        (cells.instant, "2026-06-01T25:00:00Z", "no such time"),
        (cells.zone, "China", "not a zone"),
        (cells.zone, "../etc/passwd", "not a zone"),
        (cells.phone, "call me", "telephone"),
        (cells.email, "nobody", "mail address"),
        (cells.ids, "a,b", "an id has"),
        (cells.pairs, "red", "colour=red"),
    ],
)
def test_a_cell_is_refused(check: cells.Check, cell: str, reason: str) -> None:
    with pytest.raises(CellError, match=reason):
        check(cell)


def test_a_second_run_adds_nothing(take: Import) -> None:
    assert take("products", PRODUCTS) == Tally(new=2)
    assert take("products", PRODUCTS) == Tally(unchanged=2)
    assert take("products", PRODUCTS.replace("500", "600")) == Tally(changed=1, unchanged=1)
    assert str(Tally(new=2)) == "new 2, changed 0, unchanged 0, refused 0"


def test_a_dry_run_says_the_same_and_writes_nothing(take: Import, engine: Engine) -> None:
    assert take("products", PRODUCTS, dry_run=True) == Tally(new=2)
    with reading(engine) as db:
        assert product_list(db) == []


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_csv_comes_as_utf8_or_as_excel_in_china_writes_it(
    take: Import, engine: Engine, encoding: str, end: str
) -> None:
    take("products", PRODUCTS.replace("\n", end).encode(encoding))
    with reading(engine) as db:
        assert product_list(db)[0].name == "绿茶"


def test_xlsx_comes_with_real_numbers_and_dates(take: Import, engine: Engine, sheet: Callable[..., Path]) -> None:
    header = ["gtin", "name", "list_price_cents", "launched_on"]
    path = sheet(
        [header, [6901234567892, "绿茶", 500.0, date(2026, 3, 1)], [], ["06901234567908", "Cup", 0, "2026-03-02"]]
    )
    assert take("products", path) == Tally(new=2)
    with reading(engine) as db:
        assert [row.launched_on for row in product_list(db)] == [date(2026, 3, 1), date(2026, 3, 2)]


def test_an_empty_second_sheet_does_not_matter_but_a_full_one_does(take: Import, sheet: Callable[..., Path]) -> None:
    rows = [["gtin", "name", "list_price_cents"], ["06901234567892", "Tea", "500"]]
    assert take("products", sheet(rows, [])).new == 1
    with pytest.raises(ImportFileError, match="one sheet"):
        take("products", sheet(rows, rows))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "empty"),
        ("gtin,name\n", "list_price_cents is missing"),
        ("gtin,name,list_price_cents,colour\n", "unknown column colour"),
        ("gtin,name,list_price_cents,name\n", "twice"),
        ("gtin;name;list_price_cents\n", "unknown column"),
        ('"gtin,name\n', "can be read as CSV"),
        (b"\xff\xfeg\0t\0", "neither"),
        (b"gtin\0", "neither"),
        (b"\x81", "neither"),
        (b"PK\3\4 nothing", "XLSX"),
        (bytes.fromhex("d0cf11e0a1b11ae1"), "old Excel"),
    ],
)
def test_a_file_that_is_none_is_refused_as_a_whole(take: Import, content: str | bytes, reason: str) -> None:
    with pytest.raises(ImportFileError, match=reason):
        take("products", content)


@pytest.mark.parametrize(
    ("sheet_xml", "reason"),
    [
        ('<row r="1"><c r="A1"><v>1</v></c></row><row r="9"><c r="XFD1048576"><v>1</v></c></row>', "too far"),
        ('<row r="1"><c><v>1</v></c></row><row r="1048576">' + "<c><v>1</v></c>" * 60 + "</row>", "too far"),
        ('<row><c r="ZZZZZ99999999999"><v>1</v></c></row>', "where none can be"),
        ('<row r="99999999999"><c><v>1</v></c></row>', "where none can be"),
    ],
)
def test_a_sheet_that_would_take_all_memory_is_refused(
    take: Import, tmp_path: Path, sheet_xml: str, reason: str
) -> None:
    """The reader of sheets asks for all of it at once, and whoever asks for too much is ended by the system."""
    path = tmp_path / "far.xlsx"
    with xlsxwriter.Workbook(path) as book:
        book.add_worksheet()
    with zipfile.ZipFile(path) as packed:
        parts = {name: packed.read(name) for name in packed.namelist()}
    far = parts["xl/worksheets/sheet1.xml"].replace(b"<sheetData/>", f"<sheetData>{sheet_xml}</sheetData>".encode())
    with zipfile.ZipFile(path, "w") as packed:
        for name, part in (parts | {"xl/worksheets/sheet1.xml": far}).items():
            packed.writestr(name, part)
    with pytest.raises(ImportFileError, match=reason):
        take("products", path)


def test_a_packed_file_without_a_workbook_is_refused(take: Import, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "table.ods", "w") as packed:
        packed.writestr("content.xml", "<office:document-content/>")
    with pytest.raises(ImportFileError, match="no workbook"):
        take("products", tmp_path / "table.ods")


def test_a_missing_file_is_told(take: Import, tmp_path: Path) -> None:
    with pytest.raises(ImportFileError, match="No such file"):
        take("products", tmp_path / "nothing.csv")


def test_columns_may_come_in_any_order_and_with_empty_ones_behind(take: Import) -> None:
    assert take("products", "Name, list_price_cents ,GTIN,,\nTea,500,06901234567892,,\n,,,,\n") == Tally(new=1)


def test_a_bad_row_is_told_by_line_and_column_and_the_others_go_in(take: Import, engine: Engine) -> None:
    rows = [
        "S1,One,31.2304,121.4737,gcj02,Asia/Shanghai,East,",
        "S2,Two,91,121.4737,wgs84,Asia/Shanghai,East,",
        "S3,Three,121.4737,31.2304,wgs84,Asia/Shanghai,East,",
        "S4,Four,nan,121.4737,wgs84,Asia/Shanghai,East,",
        "S5,Five,31.2304,181,wgs84,Asia/Shanghai,East,",
        "S6,Six,31.2304,121.4737,mars,Asia/Shanghai,East,",
        "S7,Seven,31.2304,121.4737,wgs84,Mars/Base,East,",
        "S1,One again,31.2304,121.4737,wgs84,Asia/Shanghai,East,",
        "S8,Eight,31.2304,121.4737,wgs84,Asia/Shanghai,East,nobody",
        "S9,,31.2304,121.4737,wgs84,Asia/Shanghai,East,",
        "S10,Ten,31.2304,121.4737",
        "S 11,Eleven,31.2304,121.4737,wgs84,Asia/Shanghai,East,",
        "S12,Twelve,,121.4737,wgs84,Asia/Shanghai,East,",
        "S13,Thirteen,0,0,wgs84,Asia/Shanghai,East,",
        'S14,"Four\nteen",31.2304,121.4737,wgs84,Asia/Shanghai,East,',
        "S15,Fifteen,-33.8688,151.2093,wgs84,Australia/Sydney,South,",
    ]
    assert take("stores", STORE + "\n".join(rows)) == Tally(new=2, refused=14)
    assert [(row.line, row.column) for row in take.bad] == [
        (3, "lat_deg"),
        (4, "lat_deg"),
        (5, "lat_deg"),
        (6, "lon_deg"),
        (7, "datum"),
        (8, "zone"),
        (9, "id"),
        (10, "party_id"),
        (11, "name"),
        (12, ""),
        (13, "id"),
        (14, "lat_deg"),
        (15, "lat_deg"),
        (16, "name"),
    ]
    assert "swapped" in take.bad[1].reason
    assert take.bad[6] == BadRow(9, "id", "S1", "stands in line 2 already")
    with reading(engine) as db:
        scope = scope_of(db, party_id=None, day=make.TODAY)
        assert [line.store_id for line in store_list(db, scope=scope)] == ["S1", "S15"]
        assert store(db, scope=scope, store_id="S1").lat_deg == pytest.approx(31.23232, abs=1e-4)


def test_what_cannot_be_read_as_csv_ends_the_file_there(take: Import) -> None:
    assert take("products", PRODUCTS + '06901234567915,"open,1\n') == Tally(new=2, refused=1)
    assert take.bad[0].line == 4


def test_optional_columns_left_out_stay_as_they_are(take: Import, engine: Engine) -> None:
    row = "S1,One,31.2304,121.4737,wgs84,Asia/Shanghai,East,"
    told = f"{row},Nanjing Road,A,2026-01-01,poster-1;till-1\n"
    take("stores", STORE.replace("\n", ",address,class,opened_on,sources\n") + told)
    assert take("stores", STORE + row) == Tally(unchanged=1)
    with reading(engine) as db:
        line = store(db, scope=scope_of(db, party_id=None, day=make.TODAY), store_id="S1")
    assert (line.address, line.class_, line.opened_on) == ("Nanjing Road", "A", date(2026, 1, 1))
    closed = STORE.replace("\n", ",closed_on\n") + f"{row},2025-12-31\n"
    assert take("stores", closed) == Tally(changed=1)


def test_a_poster_stands_in_one_store(take: Import) -> None:
    rows = "".join(f"S{n},One,31.2304,121.4737,wgs84,Asia/Shanghai,East,,door\n" for n in (1, 2))
    assert take("stores", STORE.replace("\n", ",sources\n") + rows) == Tally(new=1, refused=1)
    assert take.bad[0].column == "sources"


def test_parents_may_come_later_and_reps_are_parties(take: Import, engine: Engine) -> None:
    parties = "id,kind,name,parent_id\nf,franchisee,F,d\nd,dealer,D,\nr,rep,R,\nx,dealer,X,nobody\n"
    assert take("parties", parties) == Tally(new=2, refused=2)
    assert [(row.line, row.column) for row in take.bad] == [(4, "kind"), (5, "parent_id")]
    reps = "id,name,region,base_lat_deg,base_lon_deg,datum,visits_per_day\nr1,R,East,31.2,121.4,wgs84,8\n"
    assert take("reps", reps + "d,D,East,1,1,wgs84,8\n") == Tally(new=1, refused=1)
    with reading(engine) as db:
        assert set(db.scalars(select(Party.party_id))) == {"f", "d", "r1"}


def test_relations_need_both_products(take: Import, engine: Engine) -> None:
    take("products", PRODUCTS)
    rows = "gtin,relation,other_gtin\n06901234567908,gift_of,06901234567892\n06901234567908,near,06901234567892\n"
    assert take("relations", rows + "06901234567908,related,06901234567915\n") == Tally(new=1, refused=2)
    with reading(engine) as db:
        assert db.scalar(select(func.count()).select_from(ProductRelation)) == 1


def test_rows_of_one_plan_stand_or_fall_together(take: Import, engine: Engine) -> None:
    rows = [
        "id,starts_on,pool_bp,rule,receiver,follows,value",
        "a,2026-07-01,10000,by_basis_points,franchisee,sale,1000",
        "b,2026-08-01,10000,by_basis_points,dealer,sale,500",
        "a,2026-07-01,10000,by_basis_points,dealer,link,500",
        "b,2026-08-02,10000,by_basis_points,franchisee,sale,500",
        "past,2026-06-01,10000,by_basis_points,franchisee,sale,500",
    ]
    assert take("plans", "\n".join(rows)) == Tally(new=2, refused=3)
    assert [(row.line, row.column) for row in take.bad] == [(3, "id"), (5, "id"), (6, "id")]
    assert take("plans", "\n".join(rows)) == Tally(unchanged=2, refused=3)
    with reading(engine) as db:
        assert list(db.scalars(select(Plan.plan_id))) == ["a"]


def test_rows_of_one_reward_are_its_tiers(take: Import) -> None:
    take("products", PRODUCTS)
    head = "id,gtin,rule,starts_on,ends_on,amount_cents,per_10000\n"
    rows = "r,06901234567892,drawn,2026-06-01,,1000,10\nr,06901234567892,drawn,2026-06-01,,100,500\n"
    assert take("rewards", head + rows) == Tally(new=2)
    assert take("rewards", head + rows) == Tally(unchanged=2)
    assert take("rewards", head + rows.replace(",10\n", ",9999\n")) == Tally(refused=2)


def test_scans_and_deliveries_take_the_way_of_all_others(take: Import, engine: Engine, config: Config) -> None:
    ring = make_ring(config.keys_path, now=make.NOW)
    with transaction(engine) as db:
        make.party(db, party_id="D", kind="dealer")
        make.store(db, store_id="A")
        make.store(db, store_id="B", lat_deg=39.9, lon_deg=116.4)
        batch = make.batch(db, ring=ring)
    item, other = (make.uri_at(batch, ring=ring, position=place) for place in (1, 2))
    head = "key,uri,consumer,scanned_at,lat_deg,lon_deg,accuracy_m,datum\n"
    place = "31.2304,121.4737,20,wgs84"
    rows = [
        f"k1,{item},c1,2026-06-14T10:00:00+08:00,{place}",
        f"k1,{item},c1,2026-06-14T10:00:00+08:00,{place}",
        f"k1,{item},c2,2026-06-14T10:00:00+08:00,{place}",
        f"k2,{other},,2026-06-14 10:00,,,,",
        f"k3,{other},,2027-06-14 10:00,,,,",
        f"k4,{other},,2026-06-14 10:00,31.2304,,,",
        "k5,https://id.example.com/01/06901234567892/21/0000000000000000,,2026-06-14 10:00,,,,",
    ]
    assert take("scans", head + "\n".join(rows)) == Tally(new=2, unchanged=1, refused=4)
    assert [(row.line, row.column) for row in take.bad] == [(4, "key"), (6, "scanned_at"), (7, "lat_deg"), (8, "uri")]
    with reading(engine) as db:
        assert db.scalar(select(func.count()).select_from(Claim)) == 2
    case = make.uri_at(batch, ring=ring, level="case")
    deliveries = f"id,uri,from_id,to_id,delivered_at\n1,{case},D,B,2026-06-01 08:00\n2,{case},D,A,2026-06-01 08:00\n"
    assert take("deliveries", deliveries) == Tally(new=1, refused=1)
    assert take("deliveries", deliveries) == Tally(unchanged=1, refused=1)
    with reading(engine) as db:
        told = select(Store.store_id, Sale.evidence).join(Sale, Sale.store_id == Store.id)
        assert db.execute(told).all() == [("B", "delivered"), ("B", "delivered")]
        assert db.scalars(select(Delivery.delivered_at)).one() == datetime(2026, 6, 1, tzinfo=UTC)


def test_a_packing_that_comes_late_moves_the_sales_it_changes(take: Import, engine: Engine, config: Config) -> None:
    ring = make_ring(config.keys_path, now=make.NOW)
    with transaction(engine) as db:
        make.party(db, party_id="D", kind="dealer")
        make.store(db, store_id="A")
        make.store(db, store_id="B", lat_deg=39.9, lon_deg=116.4)
        batch = make.batch(db, ring=ring)
    items = [make.uri_at(batch, ring=ring, position=place) for place in (1, 2, 3)]
    cases = [make.uri_at(batch, ring=ring, level="case", position=place) for place in (1, 2)]
    at_a = "2026-06-14 10:00,31.2304,121.4737,20,wgs84"
    scans = [f"k1,{items[0]},c1,{at_a}", f"k2,{items[1]},c2,2026-06-14 10:00,,,,", f"k3,{items[2]},c3,{at_a}"]
    take("scans", "key,uri,consumer,scanned_at,lat_deg,lon_deg,accuracy_m,datum\n" + "\n".join(scans))
    take("deliveries", f"id,uri,from_id,to_id,delivered_at\n1,{cases[0]},D,B,2026-06-01 08:00\n")

    def sales() -> list[tuple[str | None, str]]:
        with reading(engine) as db:
            told = select(Store.store_id, Sale.evidence).join_from(Sale, Store, isouter=True).order_by(Sale.code_no)
            return [tuple(sale) for sale in db.execute(told)]

    assert sales() == [("B", "delivered")] * 3
    packings = "id,child_uri,parent_uri,packed_at\n"
    left = packings + f"1,{items[0]},,2026-05-31 08:00\n2,{items[1]},,2026-05-31 08:00\n"
    assert take("packings", left) == Tally(new=2)
    assert sales() == [("A", "position"), (None, "unknown"), ("B", "delivered")]
    back = packings + f"3,{items[1]},{cases[0]},2026-05-31T09:00:00+08:00\n1,{items[0]},{cases[0]},2026-05-31 08:00\n"
    assert take("packings", back) == Tally(new=1, refused=1)
    assert (take.bad[0].line, take.bad[0].column) == (3, "id")
    assert sales() == [("A", "position"), ("B", "delivered"), ("B", "delivered")]
    assert take("packings", left) == Tally(unchanged=2)
    with reading(engine) as db:
        assert not [name for name, broken in recount(db) if broken]


def test_an_instant_is_bounded_by_the_clock_that_is_given(take: Import) -> None:
    with pytest.raises(ImportFileError):
        take("scans", "nothing\n", now=make.NOW + timedelta(days=1))
    assert math.isfinite(cells.number("1e-9"))


def test_what_was_refused_is_written_and_no_formula_is_left_alive(tmp_path: Path) -> None:
    path = tmp_path / "x.csv.errors.csv"
    with error_file(path) as refuse:
        refuse(BadRow(2, "name", "=HYPERLINK(1)", "looks like a formula"))
    with path.open(encoding="utf-8-sig", newline="") as file:
        assert list(csv.reader(file))[1] == ["2", "name", "'=HYPERLINK(1)", "looks like a formula"]
    with error_file(path):
        pass
    assert not path.exists()


@pytest.mark.slow
def test_a_hundred_thousand_stores_take_tens_of_seconds_at_most(take: Import, engine: Engine) -> None:
    rows = (f"S{n},Store {n},{20 + n % 1000 / 50},{100 + n / 5000},gcj02,Asia/Shanghai,East," for n in range(100_000))
    began = datetime.now(UTC)
    assert take("stores", STORE + "\n".join(rows)).new == 100_000
    assert datetime.now(UTC) - began < timedelta(seconds=60)
    with reading(engine) as db:
        assert db.scalar(select(func.count()).select_from(Store)) == 100_000
        assert db.scalar(select(func.count()).select_from(Product)) == 0
