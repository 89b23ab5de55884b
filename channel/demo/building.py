"""Building the demo: the generator's files go in by the same doors as real ones, then every night is closed."""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
from sqlalchemy import Engine, event

from channel.config import Config
from channel.database import make_engine, transaction, upgrade
from channel.demo import files, goods, troubles
from channel.demo.aftermath import come_back, terms_of
from channel.demo.passing import HEALTHY_DAYS, Passing, busy, dawn, go_round, hold_some_out, plan_passing
from channel.demo.passing import troubles as passed
from channel.demo.world import World, make_world
from channel.imports import KINDS, BadRow, Door, ImportFileError, import_file
from channel.jobs import find_copied
from channel.journey import activate_batch, forget_positions, release_due
from channel.night import close_days
from scans.batches import issue_batch
from scans.codefiles import CodeRun, choose, write_codes
from scans.keys import KeyRing, make_ring
from scans.terms import Terms
from stores.accounts import open_house_accounts
from stores.accusations import judge_dealers

DIRECT = 0.65
SPARE = 240
RELEASE_EVERY_DAYS = 7
NIGHTS_AT_ONCE = 2  # a list is made for today and tomorrow, and both are gone round before the scans after them
BEFORE = timedelta(days=10)
TRUTH = "demo-truth.json"
Tell = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Size:
    """How large the world is, and the seed of everything in it that is drawn."""

    stores: int
    days: int
    seed: int


def build(config: Config, *, size: Size, now: datetime, tell: Tell) -> None:
    """Make the demo's database anew; its last business day is the day before `now`.

    Raises: ImportFileError if a file of the generator's is refused, which would be a bug.
    """
    folder = _clean(config)
    engine = make_engine(config.database_url)
    event.listen(engine, "connect", _hurry)
    upgrade(engine)
    last = now.astimezone(ZoneInfo(config.zone)).date() - timedelta(days=1)
    rng = np.random.default_rng(size.seed)
    world = make_world(rng, stores=size.stores, days=size.days, first_day=last - timedelta(days=size.days - 1))
    begin = datetime.combine(world.first_day, time(), ZoneInfo(config.zone)).astimezone(UTC) - BEFORE
    make_ring(config.keys_path, now=begin)
    with transaction(engine) as db:
        open_house_accounts(db, currency=config.currency)
    master = files.write_master(folder, world)
    for number, (kind, path) in enumerate(master):
        _take_in(engine, config, kind, path, begin)
        tell("master data", number + 1, len(master))
    drawn, planted, passing = _draw(engine, config, world, rng, folder, begin, tell)
    _live(engine, config, drawn, passing, folder, tell)
    troubles.seal(config.home / TRUTH, [*planted, *passed(passing, world)])
    engine.dispose()


def _hurry(connection: sqlite3.Connection, _record: object) -> None:
    connection.execute("PRAGMA synchronous=OFF")  # a world that breaks off is built anew: nothing waits for the disk


def _clean(config: Config) -> Path:
    config.make_home()
    for old in ("demo.db", "demo.db-wal", "demo.db-shm", config.keys_path.name, TRUTH):
        (config.home / old).unlink(missing_ok=True)
    folder = config.home / "demo-files"
    folder.mkdir(mode=0o700, exist_ok=True)
    for path in folder.iterdir():
        path.unlink()
    return folder


def _draw(
    engine: Engine, config: Config, world: World, rng: np.random.Generator, folder: Path, begin: datetime, tell: Tell
) -> tuple[files.Drawn, list[troubles.Trouble], Passing]:
    direct = rng.random(len(world.stores)) < DIRECT
    plan = troubles.plan_troubles(rng, world, direct=direct)
    troubles.dry_up(world, plan)
    sold = goods.sell(rng, world, plan)
    cases, passing = goods.pack(sold), plan_passing(world, sold, busy=busy(world, plan))
    last_day = world.day(world.days - 1)
    uris = [
        _issue(engine, config, folder, gtin, needed + SPARE, terms_of(number, last_day=last_day), begin)
        for number, (gtin, needed) in enumerate(zip(files.products(), cases.needed, strict=True))
    ]
    rows = files.deliveries(world, cases, [some[1] for some in uris], direct=direct)
    path = files.write_rows(folder / "deliveries.csv", rows)
    _take_in(engine, config, "deliveries", path, _night(world.day(world.days - 1), config))
    counts = files.stock_counts(world, sold, cases, direct=direct & ~passing.may)
    path = files.write_rows(folder / "stock-counts.csv", counts)
    _take_in(engine, config, "stock-counts", path, _night(world.day(world.days - 1), config))
    tell("deliveries", 1, 1)
    early = (sold.at_s // 86_400 < world.days - 15) & (sold.far < 0) & sold.seen & (sold.consumer < 10_000_000)
    late = np.flatnonzero(early & ~passing.may[sold.store] & (sold.at_s // 86_400 > world.days - 45))
    copied = rng.choice(late, min(plan.copied, len(late)), replace=False)
    told = [(uris[int(sold.product[n])][0][int(cases.item_no[n])], int(sold.at_s[n] // 86_400)) for n in copied]
    scanned = goods.scan(rng, world, sold, copied=copied)
    drawn = files.Drawn(world, sold, cases, scanned, [some[0] for some in uris])
    return drawn, troubles.truth_of(world, plan, told), passing


def _issue(
    engine: Engine, config: Config, folder: Path, gtin: str, count: int, terms: Terms, begin: datetime
) -> tuple[list[str], list[str]]:
    ring = KeyRing.load(config.keys_path)
    with transaction(engine) as db:
        batch = issue_batch(db, ring=ring, gtin=gtin, count=count, items_per_case=goods.CASE, terms=terms, now=begin)
    path = folder / f"batch-{gtin}.csv"
    secret = ring.key(batch.key_id).secret
    with path.open("wb") as file:
        run = CodeRun(batch, secret, config.base_url, choose(batch))
        write_codes(file, form="csv", run=run, progress=lambda *_: None)
    with transaction(engine) as db:
        activate_batch(db, config=config, ring=ring, batch_id=batch.batch_id, now=begin)
    return files.read_codes(path)


def _live(engine: Engine, config: Config, drawn: files.Drawn, passing: Passing, folder: Path, tell: Tell) -> None:
    """Let day after day pass: scans come in, shares fall due, nights are closed by twos, and reps go their rounds."""
    world, closed = drawn.world, 0
    with transaction(engine) as db:
        hold_some_out(db)
    for number in range(world.days):
        day, night, last = world.day(number), _night(world.day(number), config), number == world.days - 1
        dawn(passing, drawn.sold, number)
        path = files.write_scans(folder, drawn, number=number, gone=passing.gone)
        _take_in(engine, config, "scans", path, night)
        if number % RELEASE_EVERY_DAYS == 0 or last:
            _release(engine, config, night)
        if last:
            with transaction(engine) as db:
                come_back(db, config=config, ring=KeyRing.load(config.keys_path), spare=SPARE, now=night)
        if last or (number >= HEALTHY_DAYS and number - closed >= NIGHTS_AT_ONCE - 1):
            close_days(engine, config=config, days=[world.day(one) for one in range(closed, number + 1)])
            closed = number + 1
            tell("nights", closed, world.days)
        with transaction(engine) as db:
            go_round(db, passing, world, day=day)
        tell("scans", number + 1, world.days)
    find_copied(engine, config, "", night)
    with transaction(engine) as db:
        judge_dealers(db, day=day, zone=ZoneInfo(config.zone))
        forget_positions(db, config=config, now=night)


def _release(engine: Engine, config: Config, now: datetime) -> None:
    with transaction(engine) as db:
        while release_due(db, config=config, now=now):
            pass


def _night(day: date, config: Config) -> datetime:
    """Return the last minute of a day, at which its scans are received."""
    return datetime.combine(day, time(23, 59), ZoneInfo(config.zone)).astimezone(UTC)


def _take_in(engine: Engine, config: Config, kind: str, path: Path, now: datetime) -> None:
    refused: list[BadRow] = []
    door = Door(config, now)
    import_file(engine, kind=KINDS[kind], path=path, door=door, refuse=refused.append, progress=lambda *_: None)
    if refused:
        raise ImportFileError(f"{path.name} line {refused[0].line}: {refused[0].reason}")
