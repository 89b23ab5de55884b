"""Files of codes that were broken off: whenever it happens, the same command finishes them and issues nothing twice."""

import io
import subprocess
import sys
from contextlib import redirect_stdout

import pyrage
import pytest
from sqlalchemy import func, select

from channel.commands import issuing
from channel.database import reading, transaction
from scans.batches import catalogue
from scans.codefiles import CodeRun, choose, write_codes
from scans.keys import KeyRing
from scans.outfiles import continued_file, digest_of
from scans.tables import Batch, Export
from tests import make
from tests.server import environment

COUNT = 6_000
# The process dies by SIGKILL when it comes to this function for the n-th time.
DEATHS = {
    "before the batch is written down": ("scans.batches", "issue_batch", 1),
    "before the first code": ("channel.exports", "make_file", 1),
    "half way": ("scans.codes", "serials", 4),
    "before its size is written down": ("channel.exports", "finish_export", 1),
    "before it takes its name": ("pathlib.Path", "replace", 1),
}
DIE = """
import importlib, os, sys
import scans.codefiles
scans.codefiles.CHUNK = 1_000
from channel.cli import main
place, name, times = {death!r}
owner = importlib.import_module(place.removesuffix(".Path"))
owner = getattr(owner, "Path") if place.endswith(".Path") else owner
real, calls = getattr(owner, name), []
def dying(*given, **named):
    calls.append(1)
    if len(calls) == times:
        os.kill(os.getpid(), 9)
    return real(*given, **named)
setattr(owner, name, dying)
main(sys.argv[1:])
"""


@pytest.fixture
def gtin(engine, config, monkeypatch):
    make.ring(config.home)
    for name, value in settings(config).items():
        if name.startswith("GLASSBOX_"):
            monkeypatch.setenv(name, value)
    with transaction(engine) as db:
        return make.product(db).gtin


def settings(config):
    return environment(config, GLASSBOX_BASE_URL=config.base_url)


def run(command, *arguments):
    told = io.StringIO()
    with redirect_stdout(told):
        command.main([str(one) for one in arguments], standalone_mode=False)
    return told.getvalue().split()[-1]


def die(config, death, *arguments):
    ours = [sys.executable, "-c", DIE.format(death=death), *map(str, arguments)]
    return subprocess.run(ours, env=settings(config), capture_output=True, text=True).returncode


def expected(engine, config, batch_id):
    with reading(engine) as db:
        batch = catalogue(db).batch(batch_id)
    secret = KeyRing.load(config.keys_path).key(batch.key_id).secret
    file = io.BytesIO()
    run = CodeRun(batch, secret, config.base_url, choose(batch))
    write_codes(file, form="csv", run=run, progress=lambda done, total: None)
    return file.getvalue()


@pytest.mark.parametrize("death", DEATHS.values(), ids=DEATHS)
def test_law_a_killed_command_is_finished_by_the_same_command(engine, config, gtin, tmp_path, death):
    out = tmp_path / "codes.csv"
    asked = ("--gtin", gtin, "--count", COUNT, "--items-per-case", 12, "--receiver", "Printer", "--out", out)
    assert die(config, death, "issue", *asked) == -9
    assert not out.exists()
    assert len(list(tmp_path.glob("codes.csv.F*.part"))) == 1
    batch_id = run(issuing.issue, *asked)
    assert out.read_bytes() == expected(engine, config, batch_id)
    assert list(tmp_path.glob("codes*")) == [out]
    with reading(engine) as db:
        assert db.scalar(select(func.count()).select_from(Batch)) == 1
        export = db.scalars(select(Export)).one()
    assert (export.size_bytes, export.sha256) == (out.stat().st_size, digest_of(out))


@pytest.mark.sqlite_only
@pytest.mark.parametrize("death", ["half way", "before it takes its name"])
def test_a_killed_command_that_encrypts_begins_again(engine, config, gtin, tmp_path, death):
    out, identity = tmp_path / "codes.csv.age", pyrage.x25519.Identity.generate()
    asked = ("--gtin", gtin, "--count", COUNT, "--encrypt", identity.to_public(), "--out", out)
    assert die(config, DEATHS[death], "issue", *asked) == -9
    batch_id = run(issuing.issue, *asked)
    assert pyrage.decrypt(out.read_bytes(), [identity]) == expected(engine, config, batch_id)
    with reading(engine) as db:
        assert db.scalars(select(Export.sha256)).one() == digest_of(out)


@pytest.mark.sqlite_only
def test_an_export_goes_on_with_what_issuing_began(engine, config, gtin, tmp_path):
    out = tmp_path / "codes.csv"
    asked = ("--gtin", gtin, "--count", COUNT)
    assert die(config, DEATHS["half way"], "issue", *asked, "--out", out) == -9
    with reading(engine) as db:
        batch_id = db.scalars(select(Batch.batch_id)).one()
    with pytest.raises(ValueError, match="another command"):
        run(issuing.export, batch_id, "--receiver", "Other", "--out", out)
    assert run(issuing.export, batch_id, "--out", out) == "1"
    assert out.read_bytes() == expected(engine, config, batch_id)


@pytest.mark.sqlite_only
def test_a_file_that_is_being_written_is_left_to_its_writer(engine, config, gtin, tmp_path):
    asked = ("--gtin", gtin, "--count", 5, "--out", tmp_path / "codes.csv")
    assert die(config, DEATHS["before the first code"], "issue", *asked) == -9
    (part,) = tmp_path.glob("*.part")
    with continued_file(part), pytest.raises(RuntimeError, match="another process"):
        run(issuing.issue, *asked)
    run(issuing.issue, *asked)
