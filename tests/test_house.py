"""The house stays as it was built: sizes, layers, who may write what. Each rule is shown to catch what it is for."""

import re
import tomllib
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests import house
from tests.house import PACKAGES, ROOT, modules

# Who alone may add rows to these tables.
WRITERS = {
    ("Scan", "Claim"): "scans/intake.py",
    ("Entry", "Posting"): "stores/ledger.py",
}
# Who alone may call what takes a scan.
TAKERS = {
    ("record_scans", "take_claims"): "channel/journey/scanning.py",
}
# Who alone may import these libraries.
IMPORTERS = {
    "apscheduler": "channel/jobs.py",
    "geopy": "scans/places.py",
    "qrcode": "scans/symbols.py",
}
STAGES = (
    "scans/codes",
    "scans/labels",
    "scans/packing",
    "stores/deliveries",
    "scans/intake",
    "scans/places",
    "scans/trust",
    "scans/rewards",
    "stores/attribution",
    "stores/nearest",
    "stores/shares",
    "stores/ledger",
    "stores/sales",
    "stores/expected",
    "stores/detectors",
    "stores/judge",
    "stores/visits",
    "stores/settlements",
    "stores/lifecycle",
    "stores/policies",
)
LONG = "def f():\n" + "    x = 1\n" * 40
DEEP = "def f():\n if 1:\n  for x in y:\n   while 1:\n    with z:\n     pass\n"
FLAT = "def f():\n if 1:\n  pass\n elif 2:\n  pass\n elif 3:\n  pass\n elif 4:\n  pass\n"
BAD = [
    (house.too_long, "x = 1\n" * 251, "a module of 251 lines"),
    (house.too_long, LONG, "a function of 41 lines"),
    (house.too_deep, DEEP, "four blocks in each other"),
    (house.undocumented, "x = 1\n", "no docstring of the module"),
    (house.undocumented, '"""Told."""\ndef f(): ...\n', "no docstring of a function"),
    (house.clocks, "from datetime import date\nday = date.today()\n", "date.today"),
    (house.clocks, "import datetime\nat = datetime.datetime.now(datetime.UTC)\n", "datetime.now"),
    (house.clocks, "import time\n", "the module time"),
    (house.clocks, "from time import monotonic\n", "from the module time"),
    (house.clocks, "from sqlalchemy import func\nat = func.now()\n", "the database's clock"),
    (house.sql, "from sqlalchemy import select\n", "select"),
    (house.sql, "from sqlalchemy.sql import text as t\n", "text by another name"),
    (house.inserts("Scan"), "db.execute(insert(Scan).values(a=1))\n", "insert"),
    (house.inserts("Scan"), "db.execute(sqlite.insert(tables.Scan), rows)\n", "insert by dialect"),
    (house.inserts("Scan"), "upsert(db)(Scan).values(a=1)\n", "upsert"),
    (house.inserts("Scan"), "db.add(Scan(a=1))\n", "an object"),
    (house.inserts("Scan"), "Scan.__table__.insert()\n", "insert of the table"),
    (house.inserts("Scan"), "insert(Scan.__table__)\n", "insert into the table"),
    (house.inserts("Scan"), "db.bulk_insert_mappings(Scan, rows)\n", "in bulk"),
    (house.inserts("Scan"), "put_rows(db, table=Scan, key='key', rows=rows)\n", "by our own upsert"),
    (house.inserts("Scan"), "db.execute(insert(table_of(Scan)), rows)\n", "insert into the table of"),
    (house.inserts("Scan"), "db.execute(text('INSERT OR IGNORE INTO scan VALUES (1)'))\n", "SQL"),
    (house.inserts("Scan"), "cursor.copy('COPY scan FROM STDIN')\n", "COPY"),
    (house.inserts("Scan"), "from scans.tables import Scan as S\n", "by another name"),
    (house.calls("take_claims"), "intake.take_claims(db, claims=[])\n", "a call"),
    (house.calls("take_claims"), "from scans.intake import take_claims as take\n", "an import by another name"),
    (house.unclosed, '<div class="head"><p>', "an element that stays open"),
    (house.unclosed, "<ul></ul></ul>", "an element closed twice"),
    (house.imports("flask"), "import flask.views\n", "an import"),
    (house.imports("flask"), "def f():\n    from flask import g\n", "an import in a function"),
]
GOOD = [
    (house.too_long, LONG.removesuffix("    x = 1\n"), "forty lines"),
    (house.too_deep, FLAT, "elif is not nesting"),
    (house.undocumented, '"""Told."""\ndef _f(): ...\n', "what is private may stay silent"),
    (house.unclosed, "<details{% if x %} open{% endif %}></details>", "a condition within a tag"),
    (house.clocks, "def f(now): return now.date()\n", "the time is passed in"),
    (house.inserts("Scan"), "select(Scan).where(Scan.code_no == 1)\n", "reading"),
    (house.inserts("Scan"), "update(Scan).values(a=1)\n", "changing"),
    (house.inserts("Scan"), "db.execute(insert(Scanner))\n", "another table"),
    (house.inserts("Scan"), "insert(Other).from_select(['a'], select(Scan.a))\n", "reading from it for another"),
    (house.sql, "from sqlalchemy.orm import Session\n", "a session may be passed on"),
]


def domain():
    return [path for path in modules() if house.is_domain(path)]


def read(path):
    return (ROOT / path).read_text(encoding="utf-8")


def broken(rule, paths, *, but=""):
    return {str(path): found for path in paths if str(path) != but and (found := rule(read(path)))}


@pytest.mark.parametrize(("rule", "source", "why"), BAD, ids=[row[2] for row in BAD])
def test_law_a_rule_catches(rule, source, why):
    assert rule(source)


@pytest.mark.parametrize(("rule", "source", "why"), GOOD, ids=[row[2] for row in GOOD])
def test_law_a_rule_lets_pass(rule, source, why):
    assert not rule(source)


def test_modules_and_functions_stay_short():
    assert broken(house.too_long, modules()) == {}


def test_functions_stay_flat():
    assert broken(house.too_deep, modules()) == {}


def test_what_is_public_is_explained():
    assert broken(house.undocumented, [path for path in modules() if "migrations" not in path.parts]) == {}


def test_no_module_is_named_after_nothing():
    assert [path for path in modules() if path.stem in house.NO_NAMES] == []


def test_the_domain_reads_no_clock():
    assert broken(house.clocks, domain()) == {}


def test_pages_write_no_sql():
    assert broken(house.sql, [path for path in modules() if path.parts[:2] == ("channel", "pages")]) == {}


@pytest.mark.parametrize(("tables", "writer"), WRITERS.items(), ids=str)
def test_one_module_fills_these_tables(tables, writer):
    rule = house.inserts(*tables)
    assert rule(read(writer)), f"{writer} no longer does, so this test guards nothing"
    assert broken(rule, modules(), but=writer) == {}


@pytest.mark.parametrize(("taken", "taker"), TAKERS.items(), ids=str)
def test_only_the_journey_takes_a_scan(taken, taker):
    rule = house.calls(*taken)
    assert sorted(set(rule(read(taker)))) == sorted(taken)
    assert broken(rule, modules(), but=taker) == {}


@pytest.mark.parametrize(("library", "importer"), IMPORTERS.items(), ids=IMPORTERS)
def test_one_module_imports_this_library(library, importer):
    assert broken(house.imports(library), modules(), but=importer) == {}


@pytest.mark.parametrize("package", ["scans", "stores"])
def test_every_module_has_its_place_in_the_layers(package):
    settings = tomllib.loads(read("pyproject.toml"))["tool"]["importlinter"]["contracts"]
    contract = next(one for one in settings if one.get("containers") == [package])
    placed = [name.strip("() ") for layer in contract["layers"] for name in layer.split("|")]
    there = {Path(*path.parts[1:]).parts[0].removesuffix(".py") for path in modules() if path.parts[0] == package}
    assert there - {"__init__"} - set(placed) == set()
    assert len(placed) == len(set(placed))


def test_every_error_has_its_answer():
    told = import_module("channel.errors")
    listed = {error.__name__ for error in [*told.STATUS, *told.BUGS]}
    defined = {error for path in modules() for error in house.errors(read(path))}
    assert defined - listed == set()


def test_readme_names_every_built_stage():
    built = {stage for stage in STAGES if (ROOT / f"{stage}.py").exists() or (ROOT / stage).is_dir()}
    assert built - house.stages(read("README.md")) == set()


def test_readme_promises_no_stage_that_is_not_built():
    told = house.stages(read("README.md"))
    assert {stage for stage in told if not ((ROOT / f"{stage}.py").exists() or (ROOT / stage).is_dir())} == set()


def test_every_template_closes_what_it_opens():
    assert not broken(house.unclosed, (ROOT / "channel/templates").rglob("*.html"))


def test_the_three_packages_are_the_house():
    code = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert code == set(PACKAGES)


@pytest.mark.parametrize(
    ("reason", "in_ci", "outcome"),
    [
        ("no Chromium", True, "failed"),
        ("no Chromium", False, "skipped"),
        ("absent: no test data", True, "skipped"),
    ],
)
def test_a_skip_for_want_of_a_tool_fails_where_there_must_be_one(reason, in_ci, outcome):
    report = SimpleNamespace(skipped=True, outcome="skipped", longrepr=("test.py", 1, f"Skipped: {reason}"))
    house.refuse_skip(report, in_ci=in_ci)
    assert report.outcome == outcome


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-test.lock"])
def test_every_dependency_is_locked_and_no_host_is_named(lock):
    project = tomllib.loads(read("pyproject.toml"))["project"]
    extra = project["optional-dependencies"]["test"] if "test" in lock else []
    wanted = {re.match(r"[\w-]+", one)[0] for one in [*project["dependencies"], *extra]}
    assert wanted - set(re.findall(r"^([\w-]+)==", read(lock), re.MULTILINE)) == set(), "run ./run lock"
    assert "://" not in read(lock)
