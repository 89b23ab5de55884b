"""The commands, in an empty folder: results on stdout, talk on stderr, 0 done, 1 could not, 2 wrong usage."""

import csv
import hashlib
import io
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pyrage
import pytest
from click.testing import CliRunner, Result
from sqlalchemy import insert, select

from channel import cli
from channel.cli import COMMANDS, main, told
from channel.commands import codes, importing, issuing, people
from channel.database import make_engine, reading, transaction
from channel.imports import KINDS
from channel.tables import ROLES, Membership, Token
from scans.custody import export_list
from scans.gs1 import GtinError
from scans.labels import FORMS
from scans.layouts import LAYOUTS
from scans.tables import EARNS, LEVELS, Batch, Claim, LabelRun
from stores.tables import Account, Plan
from tests.make import NOW

GTIN = "06901234567892"
PRODUCTS = f"gtin,name,list_price_cents\n{GTIN},绿茶,500\n"
Run = Callable[..., Result]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, and no setting but an address to print."""
    for name in ("HOME", "DATABASE_URL", "KEYS", "SECRET_KEY"):
        monkeypatch.delenv(f"GLASSBOX_{name}", raising=False)
    monkeypatch.setenv("GLASSBOX_BASE_URL", "https://id.example.com")
    folder = tmp_path / "empty"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def run(here: Path) -> Run:
    def run(*arguments: object, stdin: str | None = None, code: int = 0) -> Result:
        result = CliRunner().invoke(
            main, [str(argument) for argument in arguments], input=stdin, catch_exceptions=False
        )
        assert result.exit_code == code, result.output
        return result

    return run


@pytest.fixture
def ready(run: Run, here: Path) -> Run:
    """A deployment with one product."""
    run("init")
    (here / "products.csv").write_text(PRODUCTS)
    run("import", "products", "products.csv")
    return run


@pytest.fixture
def batch(ready: Run) -> str:
    """A batch of 10 items in cases of 4 on pallets of 2, written to codes.csv."""
    sizes = ("--count", 10, "--items-per-case", 4, "--cases-per-pallet", 2)
    return ready("issue", "--gtin", GTIN, *sizes, "--out", "codes.csv").stdout.split()[-1]


def rows(path: str) -> list[dict[str, str]]:
    with Path(path).open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("name", COMMANDS)
def test_law_every_command_has_help(run: Run, name: str) -> None:
    assert "Usage: " in run(name, "--help").stdout


@pytest.mark.parametrize("name", [name for name in COMMANDS if name not in {"init", "judge"}])
def test_law_wrong_usage_is_2(run: Run, name: str) -> None:
    assert run(name, "--no-such-option", code=2).stderr


def test_cases_and_pallets_carry_what_was_asked_for(ready: Run) -> None:
    sizes = ("--count", 10, "--items-per-case", 4, "--cases-per-pallet", 2)
    marks = ("--case-gtin", "16901234567899", "--sscc-prefix", "690123456")
    batch = ready("issue", "--gtin", GTIN, *sizes, *marks, "--out", "marked.csv").stdout.split()[-1]
    by_level = {row["level"]: row for row in rows("marked.csv")}
    assert "/01/16901234567899/21/" in by_level["case"]["uri"]
    assert by_level["pallet"]["uri"].endswith(f"/00/{by_level['pallet']['serial']}")
    assert by_level["case"]["parent_serial"] == by_level["pallet"]["serial"]
    told = ready("verify", by_level["pallet"]["serial"], by_level["pallet"]["uri"], by_level["case"]["uri"]).stdout
    assert [line.split()[:4] for line in told.splitlines()] == [
        ["valid", batch, "2", "pallet"],
        ["valid", batch, "2", "pallet"],
        ["valid", batch, "3", "case"],
    ]
    assert (
        "4 to 12 digits"
        in ready("issue", "--gtin", GTIN, *sizes, "--sscc-prefix", "69x", "--out", "more.csv", code=1).stderr
    )


def test_words_that_are_offered_without_loading_are_those_of_the_domain() -> None:
    assert tuple(KINDS) == importing.KINDS
    assert ROLES == people.ROLES
    assert (tuple(FORMS), LEVELS, EARNS) == (codes.FORMATS, codes.LEVELS, issuing.EARNS)
    assert "a4-24" in LAYOUTS


def test_help_loads_nothing_heavy() -> None:
    script = "import sys, channel.cli as c; c.main(['--help'], standalone_mode=False); print(sorted(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert not {name for name in ("sqlalchemy", "numpy", "flask", "alembic", "cryptography") if f"'{name}'" in loaded}


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (GtinError("a GTIN has 14 digits"), "a GTIN has 14 digits"),
        (FileNotFoundError(2, "No such file or directory", "x.csv"), "x.csv: No such file or directory"),
        (KeyError("x"), None),
        (ValueError("x"), None),
    ],
)
def test_only_what_was_anticipated_is_one_line(error: Exception, line: str | None) -> None:
    assert told(error) == line


@pytest.mark.parametrize(
    "arguments",
    [
        ("check",),
        ("import", "products", "x.csv"),
        ("activate", "B1"),
        ("verify", "x"),
        ("user", "add", "x", "--role", "owner"),
    ],
    ids=" ".join,
)
def test_before_init_one_line_says_what_to_do(run: Run, here: Path, arguments: tuple[str, ...]) -> None:
    assert run(*arguments, code=1).stderr == "Error: there is no database yet; run: glassbox init\n"
    assert list(here.iterdir()) == []


def test_init_twice_is_init_once(run: Run, here: Path) -> None:
    for _ in range(2):
        assert run("init").stdout == ""
    assert (here / "instance").stat().st_mode & 0o777 == 0o700
    engine = make_engine(f"sqlite:///{here}/instance/glassbox.db")
    with reading(engine) as db:
        assert list(db.scalars(select(Plan.plan_id))) == ["default"]
        assert db.scalars(select(Account)).first() is not None
    engine.dispose()


def test_an_older_database_is_told_apart(ready: Run, here: Path) -> None:
    engine = make_engine(f"sqlite:///{here}/instance/glassbox.db")
    with transaction(engine) as db:
        db.connection().exec_driver_sql("UPDATE alembic_version SET version_num = 'old'")
    engine.dispose()
    assert "not of this version" in ready("check", code=1).stderr


def test_init_makes_no_new_keys_where_old_ones_are_lost(ready: Run, batch: str, here: Path) -> None:
    keys = here / "instance" / "keys.json"
    kept = keys.read_bytes()
    keys.unlink()
    assert "restore it" in ready("init", code=1).stderr
    assert not keys.exists()
    keys.write_bytes(kept)
    ready("init")


def test_a_wrong_setting_is_one_line(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GLASSBOX_ZONE", "Mars")
    assert run("check", code=1).stderr == "Error: GLASSBOX_ZONE: there is no zone 'Mars'\n"


def test_a_batch_from_issue_to_recall(ready: Run, batch: str) -> None:
    made = rows("codes.csv")
    assert [row["level"] for row in made] == ["item"] * 10 + ["case"] * 3 + ["pallet"] * 2
    item, pallet = made[0], made[-1]
    assert ready("verify", item["uri"], pallet["serial"].lower()).stdout.splitlines() == [
        f"valid {batch} 1 item issued",
        f"valid {batch} 2 pallet issued",
    ]
    assert "is activated" in ready("activate", batch).stderr
    assert "before" in ready("activate", batch).stderr
    assert ready("verify", "-", stdin=f"{item['uri']}\n\n{item['serial']}\n").stdout.split()[4::5] == ["activated"] * 2
    ready("recall", batch, "--why", "glass in it")
    assert "first reason stays" in ready("recall", batch, "--why", "other").stderr
    assert ready("verify", item["uri"]).stdout == f"valid {batch} 1 item recalled\n"
    assert "recalled" in ready("activate", batch, code=1).stderr


def test_a_batch_is_issued_on_terms(ready: Run) -> None:
    terms = ("--lot", "L-7", "--expires-on", "2099-01-31", "--earns", "delivered", "--outer")
    size = ("--gtin", GTIN, "--count", 6, "--items-per-case", 3)
    batch = ready("issue", *size, *terms, "--out", "terms.csv").stdout.split()[-1]
    made = rows("terms.csv")
    assert [row["level"] for row in made] == ["item"] * 6 + ["case"] * 2 + ["outer"] * 6
    outer, item, case = made[11], made[3], made[7]
    assert outer["parent_serial"] == item["parent_serial"] == case["serial"]
    ready("activate", outer["uri"])
    assert ready("verify", outer["uri"], item["uri"]).stdout.splitlines() == [
        f"valid {batch} 4 outer activated",
        f"valid {batch} 4 item activated",
    ]
    ready("labels", batch, "--format", "svg", "--level", "outer", "--out", "outer.zip")
    assert "2027" in ready("issue", *size, "--expires-on", "soon", "--out", "more.csv", code=2).stderr
    assert "no shelf life" in ready("issue", *size, "--made-on", "2026-01-01", "--out", "more.csv", code=1).stderr


def test_items_come_back_and_are_scrapped_or_issued_anew(ready: Run, batch: str, here: Path) -> None:
    made = rows("codes.csv")[:3]
    ready("activate", batch)
    scans = [f"k{n},{one['uri']},phone,2026-06-01T10:00:00+08:00,,,,\n" for n, one in enumerate(made)]
    (here / "scans.csv").write_text("key,uri,consumer,scanned_at,lat_deg,lon_deg,accuracy_m,datum\n" + "".join(scans))
    ready("import", "scans", "scans.csv")
    assert ready("return", made[0]["uri"], "--why", "leaks").stdout == f"{made[0]['uri']} came back\n"
    assert "before" in ready("return", made[0]["serial"]).stdout
    (here / "returns.csv").write_text(f"id,uri,returned_at\nR1,{made[1]['uri']},2026-06-02T10:00:00+08:00\n")
    assert ready("import", "returns", "returns.csv").stdout.startswith("new 1,")
    assert ready("import", "returns", "returns.csv").stdout.startswith("new 0, changed 0, unchanged 1, refused 0")
    never = rows("codes.csv")[9]
    assert "never claimed" in ready("return", "-", stdin=f"{never['uri']}\n", code=1).stdout
    ready("scrap", made[0]["uri"])
    new = ready("reissue", made[1]["uri"]).stdout.split()[-1]
    states = [line.split()[-1] for line in ready("verify", *(one["uri"] for one in made)).stdout.splitlines()]
    assert states == ["scrapped", "reissued", "activated"]
    ready("export", new, "--out", "new.csv")
    assert len(rows("new.csv")) == 1
    assert "decided about" in ready("scrap", made[1]["uri"], code=1).stderr
    ready("check")


def test_parts_of_a_batch_have_a_life_of_their_own(ready: Run, batch: str) -> None:
    made = rows("codes.csv")  # 10 items in cases of 4 on pallets of 2
    items, cases = made[:10], made[10:13]
    assert "is printed" in ready("printed", batch).stderr
    assert "before" in ready("printed", batch).stderr
    assert f"batch {batch}, items 5 to 8, is activated" in ready("activate", cases[1]["uri"]).stderr
    ready("activate", batch, "--from", 10)
    ready("recall", batch, "--from", 6, "--to", 6, "--why", "glass in it")
    asked = [items[4]["uri"], items[5]["serial"], items[0]["uri"], items[9]["uri"], *(case["uri"] for case in cases)]
    assert [line.split()[-1] for line in ready("verify", *asked).stdout.splitlines()] == [
        "activated", "recalled", "printed", "activated", "printed", "recalled", "printed",
    ]  # fmt: skip
    assert "items 1 to 10" in ready("activate", batch, "--from", 0, code=1).stderr
    assert "items 1 to 10" in ready("activate", batch, "--from", 3, "--to", 11, code=1).stderr
    assert "names its items itself" in ready("activate", cases[0]["serial"], "--from", 1, code=2).stderr
    assert "there is no batch" in ready("activate", items[0]["uri"][:-16] + "0" * 16, code=1).stderr


def test_codes_are_exported_again_byte_for_byte_under_a_number_of_their_own(ready: Run, batch: str) -> None:
    assert ready("export", batch, "--receiver", "Printer Wang", "--out", "again.csv").stdout == "export 2\n"
    assert Path("again.csv").read_bytes() == Path("codes.csv").read_bytes()
    some = ("--level", "case", "--from", 2, "--to", 3)
    assert ready("export", batch, *some, "--out", "some.txt").stdout == "export 3\n"
    assert Path("some.txt").read_text().splitlines() == [row["uri"] for row in rows("codes.csv")[11:13]]


def test_the_same_command_again_makes_nothing_new(ready: Run, batch: str) -> None:
    sizes = ("--count", 10, "--items-per-case", 4, "--cases-per-pallet", 2)
    assert ready("issue", "--gtin", GTIN, *sizes, "--out", "codes.csv").stdout == f"batch {batch}\n"
    assert ready("issue", "--gtin", GTIN, *sizes, "--out", "others.csv").stdout != f"batch {batch}\n"
    for _ in range(2):
        assert ready("export", batch, "--out", "codes.txt").stdout == "export 3\n"


def test_labels_are_read_back_before_they_are_offered(
    ready: Run, batch: str, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = ready("labels", batch, "--format", "pdf", "--layout", "roll-40x30", "--out", "roll.pdf").stderr
    assert "version 3, level M, module 0.593 mm; 10 read back by zxing-cpp and zbar" in told
    engine = make_engine(f"sqlite:///{here}/instance/glassbox.db")
    with reading(engine) as db:
        (kept,) = db.scalars(select(LabelRun)).all()
    engine.dispose()
    assert (kept.layout, kept.proofed, kept.readers, kept.version) == ("roll-40x30", 10, "zxing-cpp, zbar", 3)
    assert kept.sha256 == hashlib.sha256(Path("roll.pdf").read_bytes()).hexdigest()
    monkeypatch.setattr("zxingcpp.read_barcodes", lambda *told, **more: [])
    assert "not offered" in ready("labels", batch, "--format", "pdf", "--out", "unread.pdf", code=1).stderr
    assert not list(here.glob("unread*"))


def test_a_layout_of_ones_own_is_a_file(ready: Run, batch: str, here: Path) -> None:
    sides = "".join(f"{what}_{way}_mm = 14\n" for what in ("page", "label") for way in ("width", "height"))
    (here / "small.toml").write_text(f"{sides}margin_mm = 0\ntext = []\nmodule_mm = 0.26\n")
    told = ready("labels", batch, "--format", "png", "--layout", "small.toml", "--to", 2, "--out", "small.zip").stderr
    assert "warning: a module is 0.25 mm; under 0.3 mm phones may not read it on paper" in told
    (here / "small.toml").write_text("page_width_mm = 14\n")
    for layout, why in (("small.toml", "page_height_mm is missing"), ("a5", "one of a4-24"), ("no.toml", "no.toml")):
        refused = ready("labels", batch, "--format", "png", "--layout", layout, "--out", "x.zip", code=1).stderr
        assert why in refused


def test_an_encrypted_file_is_for_its_receiver(ready: Run, batch: str) -> None:
    identity = pyrage.x25519.Identity.generate()
    sealed = ("--encrypt", identity.to_public(), "--receiver", "Printer Wang")
    ready("export", batch, *sealed, "--out", "codes.csv.age")
    assert pyrage.decrypt(Path("codes.csv.age").read_bytes(), [identity]) == Path("codes.csv").read_bytes()
    assert "ends in" in ready("export", batch, "--out", "plain.csv.age", code=2).stderr
    assert "public key" in ready("export", batch, "--encrypt", "age1", "--out", "x.csv.age", code=1).stderr


def test_what_is_no_code_of_ours_is_1(ready: Run, batch: str) -> None:
    good = rows("codes.csv")[0]
    other = good["uri"].replace(GTIN, "06901234567908")
    told = ready("verify", good["serial"], "0" * 16, other, "no code", code=1).stdout.splitlines()
    assert [line.split(" ")[0] for line in told] == ["valid", "not", "not", "not"]


@pytest.mark.parametrize(
    ("arguments", "code", "reason"),
    [
        (("--gtin", GTIN, "--count", 1, "--out", "codes.xlsx"), 2, ".csv or .parquet"),
        (("--gtin", GTIN, "--count", 1, "--out", "nowhere/codes.csv"), 2, "no folder"),
        (("--gtin", GTIN, "--count", 0, "--out", "codes.csv"), 1, "a batch has 1 to"),
        (("--gtin", "06901234567908", "--count", 1, "--out", "codes.csv"), 1, "no product"),
        (("--gtin", "1", "--count", 1, "--out", "codes.csv"), 1, "a GTIN has"),
        (("--gtin", GTIN, "--count", 1, "--cases-per-pallet", 2, "--out", "codes.csv"), 1, "how many items"),
    ],
)
def test_what_cannot_be_issued_leaves_nothing(
    ready: Run, here: Path, arguments: tuple[object, ...], code: int, reason: str
) -> None:
    assert reason in ready("issue", *arguments, code=code).stderr
    engine = make_engine(f"sqlite:///{here}/instance/glassbox.db")
    with reading(engine) as db:
        assert db.scalars(select(Batch)).all() == []
    engine.dispose()
    assert list(here.glob("codes*")) == []


def test_labels_are_a_pdf_or_an_archive_of_nothing_but_labels(ready: Run, batch: str) -> None:
    ready("labels", batch, "--format", "pdf", "--out", "all.pdf")
    assert Path("all.pdf").read_bytes().startswith(b"%PDF")
    ready("labels", batch, "--format", "svg", "--from", 2, "--to", 4, "--level", "item", "--out", "some.zip")
    with zipfile.ZipFile("some.zip") as archive:
        assert len(archive.namelist()) == 3
    assert (
        "has 3 codes of level case"
        in ready("labels", batch, "--format", "png", "--level", "case", "--to", 4, "--out", "x", code=1).stderr
    )


def test_labels_are_in_custody_too(ready: Run, batch: str, here: Path) -> None:
    ready("labels", batch, "--format", "pdf", "--to", 3, "--receiver", "Printer Li", "--out", "all.pdf")
    ready("labels", batch, "--format", "zpl", "--level", "case", "--out", "folder")
    engine = make_engine(f"sqlite:///{here}/instance/glassbox.db")
    with reading(engine) as db:
        folder, pdf, _ = export_list(db)
    engine.dispose()
    assert (pdf.receiver, pdf.ranges, pdf.size_bytes) == (
        "Printer Li",
        (("item", 1, 3),),
        Path("all.pdf").stat().st_size,
    )
    assert (folder.form, folder.size, folder.sha256) == ("zpl", 3, None)
    assert folder.finished_at


def test_bad_rows_are_told_beside_the_file_and_good_ones_go_in(ready: Run, here: Path) -> None:
    (here / "more.csv").write_text(PRODUCTS + "06901234567893,=1+1,-5\n")
    result = ready("import", "products", "more.csv")
    assert result.stdout == "new 0, changed 0, unchanged 1, refused 1\n"
    errors = here / "more.csv.errors.csv"
    assert "3,gtin,06901234567893,the check digit of this GTIN is wrong" in errors.read_text(encoding="utf-8-sig")
    (here / "more.csv").write_text(PRODUCTS)
    ready("import", "products", "more.csv")
    assert not errors.exists()


def test_no_good_row_is_1(ready: Run, here: Path) -> None:
    (here / "bad.csv").write_text("gtin,name,list_price_cents\n1,x,1\n")
    result = ready("import", "products", "bad.csv", code=1)
    assert result.stdout == "new 0, changed 0, unchanged 0, refused 1\n"
    assert "could go in" in result.stderr
    (here / "bad.csv").write_text("gtin,colour\n1,x\n")
    assert ready("import", "products", "bad.csv", code=1).stderr.startswith("Error: bad.csv: line 1: unknown column")


def test_a_dry_run_writes_nothing(ready: Run, here: Path) -> None:
    (here / "new.csv").write_text(PRODUCTS.replace(GTIN, "06901234567908"))
    for _ in range(2):
        assert ready("import", "products", "new.csv", "--dry-run").stdout.startswith("new 1,")


@pytest.mark.parametrize("kind", KINDS)
def test_a_template_needs_no_database(run: Run, kind: str) -> None:
    assert next(csv.reader(io.StringIO(run("import", kind, "--template").stdout))) == list(KINDS[kind].columns)


def test_an_import_needs_a_file(run: Run) -> None:
    assert "FILE" in run("import", "products", code=2).stderr


def test_secrets_are_alone_on_the_last_line(ready: Run, here: Path) -> None:
    password = ready("user", "add", "wang", "--role", "owner").stdout
    token = ready("token", "add", "till", "--role", "api").stdout
    assert (len(password.splitlines()), len(token.splitlines())) == (1, 1)
    assert ready("user", "add", "wang", "--role", "finance").stdout == ""
    assert ready("user", "password", "wang").stdout.strip() not in {"", password.strip()}
    engine = make_engine(f"sqlite:///{here}/instance/glassbox.db")
    with reading(engine) as db:
        assert set(db.scalars(select(Membership.role))) == {"owner", "finance"}
        assert db.scalars(select(Token.name)).one() == "till"
    engine.dispose()


def test_a_dealer_needs_a_party_that_is_one(ready: Run) -> None:
    assert "needs a party" in ready("user", "add", "li", "--role", "dealer", code=1).stderr
    assert "none" in ready("user", "add", "li", "--role", "dealer", "--party", "nobody", code=1).stderr


def test_check_recounts_and_fails_where_something_is_broken(ready: Run, batch: str, here: Path) -> None:
    assert all(line.startswith("ok ") for line in ready("check").stdout.splitlines())
    engine = make_engine(f"sqlite:///{here}/instance/glassbox.db")
    with transaction(engine) as db:
        values = {"key_hash": b"k", "received_at": NOW, "scanned_at": NOW, "verdict": "claimed", "reward_cents": 0}
        db.execute(insert(Claim), {"code_no": 1, "batch_id": 1, "product_id": 1, **values})
    engine.dispose()
    result = ready("check", code=1)
    assert "FAILED claims have scans: 1 rows" in result.stdout
    assert "checks failed" in result.stderr


def test_a_day_is_closed_twice_with_the_same_result(ready: Run) -> None:
    for _ in range(2):
        assert ready("close-day", "2026-06-01").stdout == "closed 2026-06-01: sold 0, odd 0, stops 0\n"


def test_a_day_that_is_not_over_stays_open(ready: Run) -> None:
    assert "not over" in ready("close-day", "2200-01-01", code=1).stderr
    assert ready("close-day", "yesterday", code=2).stderr


@pytest.mark.parametrize(("form", "out"), [("pdf", "none/all.pdf"), ("png", "none/all.zip")])
def test_labels_for_a_missing_folder_are_not_written_down(ready: Run, batch: str, form: str, out: str) -> None:
    assert "there is no folder none" in ready("labels", batch, "--format", form, "--out", out, code=2).stderr
    assert ready("export", batch, "--out", "second.csv").stdout == "export 2\n"


@pytest.mark.parametrize("day", ["0001-01-01", "1999-12-31"])
def test_a_day_of_no_business_is_wrong_usage(ready: Run, day: str) -> None:
    assert "lies before 2000" in ready("close-day", day, code=2).stderr


@pytest.mark.parametrize("name", ["serve", "scheduler"])
def test_nothing_runs_without_a_secret_of_its_own(ready: Run, name: str) -> None:
    assert "GLASSBOX_SECRET_KEY is not set" in ready(name, code=1).stderr


def test_a_real_process_walks_the_same_way(here: Path) -> None:
    def glassbox(*arguments: str, code: int = 0) -> str:
        command = [sys.executable, "-m", "channel", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, cwd=here)
        assert done.returncode == code, done.stderr
        assert "Traceback" not in done.stderr
        return done.stdout

    glassbox("check", code=1)
    glassbox("init")
    (here / "products.csv").write_text(PRODUCTS)
    glassbox("import", "products", "products.csv")
    batch = glassbox("issue", "--gtin", GTIN, "--count", "2", "--out", "codes.csv").split()[-1]
    assert glassbox("verify", rows("codes.csv")[1]["uri"]) == f"valid {batch} 2 item issued\n"


def test_a_bug_is_no_one_liner(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(cli.COMMANDS, "check", cli.Door("channel.commands.nights:nothing", ""))
    with pytest.raises(AttributeError):
        run("check")
