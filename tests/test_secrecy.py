"""No serial can be guessed or changed into another, and a dump of the database holds none."""

import base64
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import select
from sqlalchemy.types import JSON, LargeBinary, String

from channel.database import METADATA, reading, transaction
from channel.exports import Desk, make_file
from channel.journey import NewScan, PlaceTold, take_scans
from scans.batches import catalogue
from scans.catalogue import UnknownCodeError, find_serial
from scans.codefiles import choose
from scans.codes import ALPHABET, LENGTH, decipher_all, serials
from scans.custody import Order, begin_export
from scans.tables import Scan
from tests import make, worlds

MANY = 1_000_000
CHARS = np.frombuffer(ALPHABET.encode(), dtype=np.uint8)
SECRET = bytes(range(16))


def accepted(texts):
    """Return which texts decipher to a number at all: ranges and GTINs would refuse most of those too."""
    return decipher_all(SECRET, np.ascontiguousarray(texts).view(f"S{LENGTH}")[:, 0])[1]


def test_of_a_million_random_serials_none_is_accepted():
    chance = np.random.default_rng(1)
    assert accepted(CHARS[chance.integers(0, 32, (MANY, LENGTH))]).sum() == 0


def test_of_a_million_one_character_changes_of_real_serials_none_is_accepted():
    chance = np.random.default_rng(2)
    numbers = chance.integers(1, 10**9, MANY, dtype=np.uint64)
    texts = serials(SECRET, numbers).view(np.uint8).reshape(MANY, LENGTH).copy()
    assert accepted(texts).all()
    rows, places = np.arange(MANY), chance.integers(0, LENGTH, MANY)
    values = np.searchsorted(CHARS, texts[rows, places])
    texts[rows, places] = CHARS[(values + chance.integers(1, 32, MANY)) % 32]
    assert accepted(texts).sum() == 0


def test_what_a_reader_is_asked_one_by_one_is_refused_too(db, tmp_path):
    ring, chance = make.ring(tmp_path), np.random.default_rng(3)
    make.batch(db, ring=ring, count=50_000)
    issued = catalogue(db)
    for row in CHARS[chance.integers(0, 32, (2_000, LENGTH))]:
        with pytest.raises(UnknownCodeError):
            find_serial(issued, ring, serial=row.tobytes().decode())


@pytest.fixture
def lived(engine, config):
    """A world in which codes were scanned, claimed, refused, exported, and a file of them was made."""
    world = worlds.small(engine, config)
    place = PlaceTold(*worlds.PLACE, 30.0, "wgs84")
    uris = [world.uri(1), world.uri(1), world.uri(2), world.uri(1, "case"), world.uri(3).replace("/21/", "/21/0")]
    scans = [NewScan(uri, f"k{number}", "phone", position=place) for number, uri in enumerate(uris)]
    with transaction(engine) as db:
        take_scans(db, config=config, ring=world.ring, scans=scans, now=make.NOW)
        order = Order(choose(world.batch), "csv", "Printer", ())
        line = begin_export(db, ident="F1", batch=world.batch, order=order, made_by="boss", now=make.NOW)
    desk = Desk(engine, config, world.ring)
    out = config.home / "codes.csv"
    make_file(desk, line=line, recipients=(), out=out, progress=lambda done, total: None)
    return world, out.read_bytes()


def texts_of(engine):
    """Read every text, JSON and bytes of every table, as a dump would tell them."""
    with reading(engine) as db:
        for table in METADATA.sorted_tables:
            told = [column for column in table.c if isinstance(column.type, String | JSON | LargeBinary)]
            for row in db.execute(select(*told)) if told else ():
                yield from (value if isinstance(value, bytes) else str(value).encode() for value in row if value)


def secrets_of(world):
    """Return every serial of the batch, as it is printed and as its 80 bits, and the secrets of the ring."""
    batch, key = world.batch, world.ring.key(world.batch.key_id)
    numbers = np.concatenate([np.arange(span.first_no, span.last_no + 1) for span in batch.spans]).astype(np.uint64)
    texts = [text.decode() for text in serials(key.secret, numbers).tolist()]
    digits = str.maketrans(ALPHABET, "0123456789abcdefghijklmnopqrstuv")
    raw = [int(text.translate(digits), 32).to_bytes(10, order) for text in texts for order in ("big", "little")]
    keys = [form for one in world.ring.keys for form in (one.secret, base64.b64encode(one.secret), one.secret.hex())]
    keys = [form.encode() if isinstance(form, str) else form for form in keys]
    return [text.encode() for text in texts] + [text.lower().encode() for text in texts] + raw + keys


def leaked(dump, world):
    return [secret for secret in secrets_of(world) if secret in dump]


def test_a_dump_of_the_database_holds_no_serial_and_no_key(engine, lived):
    world, file = lived
    dump = b"\n".join(texts_of(engine))
    assert len(leaked(file, world)) == sum(span.size for span in world.batch.spans)  # the eyes are open
    assert world.batch.batch_id.encode() in dump
    assert leaked(dump, world) == []


@pytest.mark.sqlite_only
def test_the_bytes_of_an_sqlite_database_hold_none_either(engine, lived):
    world, _ = lived
    files = [engine.url.database, f"{engine.url.database}-wal"]
    assert leaked(b"".join(Path(name).read_bytes() for name in files), world) == []


@pytest.mark.postgresql_only
def test_what_copy_gives_of_each_postgresql_table_holds_none(engine, lived):
    world, _ = lived
    raw = engine.raw_connection()
    dump = b""
    for table in METADATA.sorted_tables:
        with raw.cursor().copy(f"COPY {table.name} TO STDOUT") as copy:
            dump += b"".join(bytes(piece) for piece in copy)
    raw.close()
    assert world.batch.batch_id.encode() in dump
    assert leaked(dump, world) == []


def test_negative_control_a_serial_that_was_written_down_is_found(engine, lived):
    world, _ = lived
    with transaction(engine) as db:
        scan = db.scalars(select(Scan)).first()
        scan.answer = scan.answer | {"note": world.uri(7).lower()}
    assert len(leaked(b"\n".join(texts_of(engine)), world)) == 1
