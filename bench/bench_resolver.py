"""Read and decide addresses of products, and answer them over HTTP, side by side with what one would use instead.

    python bench/bench_resolver.py [--uris 20000] [--requests 20000]

In one process: `read_address` and `choose` over 1,000 products with five links each, next to biip, which only reads
(`pip install '.[bench]'`), and to one regular expression, which only splits. Over HTTP: `glassbox serve` next to the
bare Flask app on the same server; rates and the processor time of the servers, the load on the same cores.
"""

import argparse
import os
import random
import re
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import load
from bench_scan import CONNECTIONS, Table, cpu_s, goal, settings, show
from load import Measured, get

from channel.config import Config
from channel.database import make_engine, reading, transaction, upgrade
from channel.serving import choose_workers
from scans.products import ProductRow, put_products
from scans.resolver import Wish, choose, linked, read_address, read_preferences
from scans.targets import TargetRow, put_targets
from tests import make
from tests.server import Server, serving

PRODUCTS = 1_000
LANGUAGES = ("zh-CN,zh;q=0.9,en;q=0.8", "en-US,en;q=0.9", "de", "fr;q=0.5, de;q=0.4", "*")
ENDS = ("", "?17=261231", "/10/L%2F1", "/10/L1/21/S1?linkType=gs1:instructions", "?linkType=gs1:recipeInfo&utm=qr")
PLAIN = re.compile(r"https?://[^/]+/01/(\d{14})(?:/22/([^/?]+))?(?:/10/([^/?]+))?(?:/21/([^/?]+))?(?:\?(.*))?")
BARE = b"HTTP/1.1 200"
LED = b"HTTP/1.1 307"


def links(gtin: str) -> list[TargetRow]:
    """Return the links of a product: its page in two languages, instructions, recipes, a certificate of one lot."""
    usual = {"gtin": gtin, "href": f"https://brand.example/{gtin}"}
    told: tuple[dict[str, object], ...] = (
        {"link_type": "pip", "languages": ("en",), "is_default": True},
        {"link_type": "pip", "languages": ("zh",)},
        {"link_type": "instructions", "media_type": "application/pdf"},
        {"link_type": "recipeInfo"},
        {"link_type": "certificationInfo", "lot": "L1"},
    )
    return [
        TargetRow(**(usual | {"target_id": f"{gtin}-{number}", "title": f"Page {number}"} | said))  # type: ignore[arg-type]
        for number, said in enumerate(told)
    ]


def fill(config: Config) -> list[str]:
    """Make the products with their links in a new database and return their GTINs."""
    config.make_home()
    engine = make_engine(config.database_url)
    upgrade(engine)
    gtins = [make.gtin(number) for number in range(1, PRODUCTS + 1)]
    with transaction(engine) as db:
        put_products(db, rows=[ProductRow(gtin, f"Product {gtin}", 1000) for gtin in gtins])
        put_targets(db, rows=[row for gtin in gtins for row in links(gtin)])
    engine.dispose()
    return gtins


def in_process(config: Config, gtins: Sequence[str], count: int) -> None:
    """Print how many addresses a second are read and decided on one core."""
    engine = make_engine(config.database_url)
    with reading(engine) as db:
        known = {gtin: linked(db, gtin=gtin) for gtin in gtins}
    engine.dispose()
    chance = random.Random(1)
    uris = [f"HTTPS://ID.BRAND.EXAMPLE/01/{chance.choice(gtins)}{chance.choice(ENDS)}" for _ in range(count)]

    def decide(uri: str) -> object:
        link, lot, serial = read_address(uri)
        asked = dict(link.others)
        wish = Wish(asked.get("linkType", ""), read_preferences(LANGUAGES[len(uri) % len(LANGUAGES)]))
        return choose(known[link.key.value].way_up(lot=lot, serial=serial), wish)

    ours = rate("read and decide", decide, uris)
    rate("only read (read_address)", read_address, uris)
    rate("only split (a regular expression)", lambda uri: PLAIN.fullmatch(uri.lower()), uris)
    try:
        from biip.gs1_digital_link_uris import GS1DigitalLinkURI
    except ModuleNotFoundError:
        print("  biip is not here: pip install '.[bench]'")
    else:
        goal("  as often as biip reads", ours / rate("only read (biip)", GS1DigitalLinkURI.parse, uris), 1)
    goal("read and decide, a second", ours, 50_000)


def rate(name: str, call: Callable[[str], object], uris: Sequence[str]) -> float:
    """Return calls a second of processor time, the best of three turns, and print it."""
    best = 0.0
    for _ in range(3):
        begun = time.process_time()
        for uri in uris:
            call(uri)
        best = max(best, len(uris) / (time.process_time() - begun))
    print(f"  {name:<40}{best:>12,.0f} a second")
    return best


def over_http(config: Config, gtins: Sequence[str], count: int) -> None:
    """Print redirects a second over HTTP next to constants of the bare app."""
    bare = [get("/readyz")] * count
    ours = [get(f"/01/{gtin}") for gtin in gtins]
    wanted = [ours[number % len(ours)] for number in range(count)]
    workers = str(choose_workers(config, asked=None))
    table: Table = {}
    with serving(config, program=(str(Path(__file__).with_name("bare.py")), "--workers", workers)) as server:
        for connections in CONNECTIONS:
            table[f"bare app, {connections} connections"] = measure(server, bare, connections, good=BARE)
    with serving(config) as server:
        measure(server, wanted[:2000], max(CONNECTIONS), good=LED)
        for connections in CONNECTIONS:
            table[f"redirects, {connections} connections"] = measure(server, wanted, connections, good=LED)
    show(table)
    for connections in CONNECTIONS:
        one, other = table[f"redirects, {connections} connections"], table[f"bare app, {connections} connections"]
        goal(f"{connections} connections: of the bare app", one.rate / other.rate, 0.5)


def measure(server: Server, requests: list[bytes], connections: int, *, good: bytes) -> Measured:
    """Put the load on a server and count what its processes took of the processors."""
    before = cpu_s(server)
    measured = load.run(server.port, requests, connections=connections, good=good)
    measured.cpu_s = cpu_s(server) - before
    return measured


def main() -> None:
    """Run both parts on a database of this run's own."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--uris", type=int, default=20_000)
    parser.add_argument("--requests", type=int, default=20_000)
    told = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        config = settings(Path(name), f"sqlite:///{Path(name) / 'glassbox.db'}")
        gtins = fill(config)
        print(f"{os.cpu_count()} cores, the load on the same; {PRODUCTS:,} products with 5 links each")
        in_process(config, gtins, told.uris)
        over_http(config, gtins, told.requests)


if __name__ == "__main__":
    main()
