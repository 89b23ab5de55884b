"""Take the pictures of `docs/screenshots` from a demo world:

GLASSBOX_HOME=/some/folder glassbox demo --no-serve
GLASSBOX_HOME=/some/folder python -m tests.browser.screenshots
"""

import csv
import logging
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from threading import Thread
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from PIL import Image
from playwright.sync_api import sync_playwright
from sqlalchemy import exists, func, select
from werkzeug.serving import make_server

from channel.access import add_user, set_password
from channel.app import create_app
from channel.config import Config
from channel.database import make_engine, transaction
from channel.providers import house, utc_now
from stores.tables import Flag, Outcome, Party, StockCount, Store, Visit
from tests.browser.conftest import LOCALES, SIZES
from tests.conftest import CHROMIUM, CHROMIUM_FLAGS

FRESH, WON = "a fresh code", "a code with a prize"
TARGET = Path(__file__).parents[2] / "docs/screenshots"
COLOURS = 224
TRIES = 60  # codes, until one is fresh or has a prize
PASSWORD = "only for pictures"


class Picture(NamedTuple):
    """One page in one look; `height` cuts what would be too long."""

    name: str
    path: str
    user: str | None
    size: str
    theme: str
    language: str
    height: int


def pictures(store: str, day: str) -> list[Picture]:
    """List the pictures to take."""
    return [
        Picture("consumer", FRESH, None, "phone", "light", "zh", 1040),
        Picture("consumer-answered", WON, None, "phone", "light", "zh", 1300),
        Picture("rep", f"/rep?day={day}", "shot-rep", "phone", "dark", "zh", 1500),
        Picture("franchise", "/franchise", "shot-franchisee", "desk", "light", "zh", 2300),
        Picture("office", "/office", "shot-owner", "desk", "light", "zh", 2200),
        Picture("office-dark", "/office", "shot-owner", "desk", "dark", "en", 1500),
        Picture("store", f"/office/stores/{store}", "shot-owner", "desk", "light", "en", 1300),
    ]


def main() -> None:
    """Take them all."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # its log would hold serials
    config = Config.from_env()
    config = replace(
        config,
        database_url=f"sqlite:///{config.home / 'demo.db'}",
        keys_path=config.home / "demo-keys.json",
        secret_key="only for pictures",
    )
    store, place, day = furnish(config)
    codes = fresh_codes(config.home / "demo-files")
    TARGET.mkdir(parents=True, exist_ok=True)
    chromium = next(filter(None, map(shutil.which, CHROMIUM)))
    with served(config) as base, sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=list(CHROMIUM_FLAGS))
        for picture in pictures(store, day):
            take(browser, base, picture, place, codes)
        browser.close()


def furnish(config: Config) -> tuple[str, dict[str, float], str]:
    """Let somebody of each role sign in; return a flagged and counted store, its place and a day with open stops."""
    with transaction(make_engine(config.database_url)) as db:
        lists = select(Party.party_id, Visit.day).join(Party, Party.id == Visit.rep_id)
        open_ = lists.outerjoin(Outcome, Outcome.visit_id == Visit.id).where(Outcome.visit_id.is_(None))
        longest = open_.where(Visit.flag_id.is_not(None)).group_by(Party.party_id, Visit.day)
        rep, day = db.execute(longest.order_by(func.count().desc(), Visit.day.desc()).limit(1)).one()
        flagged = select(Store).join(Flag, Flag.store_id == Store.id).where(Flag.direction == "too_bad")
        counted = flagged.where(exists().where(StockCount.store_id == Store.id))
        store = db.scalars(counted.order_by(Flag.last_day.desc(), Flag.stake_cents.desc()).limit(1)).one()
        for role, party in (("owner", None), ("rep", rep), ("franchisee", "F01-1")):
            add_user(db, name=f"shot-{role}", role=role, party=party, now=utc_now())
            set_password(db, name=f"shot-{role}", password=PASSWORD)
        place = {"latitude": store.lat_deg + 0.0004, "longitude": store.lon_deg, "accuracy": 25}
        return store.store_id, place, day.isoformat()


def fresh_codes(folder: Path) -> list[str]:
    """Return paths of items that nobody has scanned: the last ones of a batch."""
    with sorted(folder.glob("batch-*.csv"))[-1].open(newline="", encoding="utf-8") as file:
        uris = [row["uri"] for row in csv.DictReader(file) if row["level"] == "item"]
    return [urlsplit(uri).path.lower() for uri in uris[-TRIES:]]


@contextmanager
def served(config: Config) -> Iterator[str]:
    """Serve the world on this machine."""
    app = create_app(config)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    house(app).engine.dispose()


def take(browser: Any, base: str, picture: Picture, place: dict[str, float], codes: list[str]) -> None:
    """Take one picture and keep it small."""
    look = {"viewport": SIZES[picture.size], "color_scheme": picture.theme, "locale": LOCALES[picture.language]}
    context = browser.new_context(
        base_url=base, geolocation=place, permissions=["geolocation"], reduced_motion="reduce", **look
    )
    page = context.new_page()
    if picture.user:
        page.goto("/")
        page.fill("#name", picture.user)
        page.fill("#password", PASSWORD)
        page.click("form[action='/'] button")
    if picture.path in (FRESH, WON):
        show_code(page, codes, won=picture.path == WON)
    else:
        page.goto(picture.path)
    image = Image.open(BytesIO(page.screenshot(full_page=True)))
    cut = image.crop((0, 0, image.width, min(image.height, picture.height))).convert("RGB")
    small = cut.quantize(COLOURS, dither=Image.Dither.NONE)
    small.save(TARGET / f"{picture.name}.png", optimize=True)
    context.close()


def show_code(page: Any, codes: list[str], *, won: bool) -> None:
    """Show a code that nobody has scanned, or claim such codes until one has a prize."""
    for code in codes:
        page.goto(code)
        if not page.query_selector(".chip.bad"):
            continue
        if not won:
            return
        page.click("button[value=position]")
        page.wait_for_selector("#bought")
        if page.query_selector(".prize"):
            return


if __name__ == "__main__":
    main()
