"""Every page in a real browser: accessible, nothing from outside, nothing refused, nothing that sticks out."""

from itertools import product

import pytest
from axe_playwright_python.sync_playwright import Axe
from sqlalchemy import select

from channel.app import create_app
from channel.database import reading
from scans.sscc import sscc
from scans.tables import Doubt
from tests import living
from tests.browser.conftest import SIZES

# A browser that leaves a page hangs up on files still being sent.
HANGS_UP = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
pytestmark = [pytest.mark.browser, HANGS_UP]
LOOKS = list(product(SIZES, ("light", "dark"), ("zh", "en")))
TWO_LOOKS = [("phone", "dark", "zh"), ("desk", "light", "en")]
FOUR_PAGES = {
    "consumer": (None, "{fresh}"),
    "rep": ("zhou", "/rep"),
    "franchise": ("xu", "/franchise"),
    "office": ("boss", "/office"),
}
PHONE_PAGES = {
    "keeper": ("xu", "/keeper"),
    "inspector": ("qian", "/inspector"),
}
MORE_PAGES = {
    "claimed": (None, "{scanned}"),
    "stores nearby": (None, "{scanned}/stores"),
    "pallet": (None, "/00/{sscc}"),
    "unknown": (None, "{made_up}"),
    "mistyped": (None, "/01/06000000000013/21/0000000000000000"),
    "sign-in": (None, "/"),
    "roles": ("lin", "/roles"),
    "rep, another day": ("zhou", "/rep?day=2026-01-01"),
    "franchise, nothing": ("xu", "/franchise?from=2026-01-01&to=2026-01-02"),
    "franchise, dealer": ("shen", "/franchise"),
    "franchise, stock": ("shen", "/franchise/stock"),
    "copied": (None, "{copied}"),
    "report": (None, "{copied}/report"),
    "doubts": ("qian", "/office/doubts"),
    "doubt": ("boss", "/office/doubts/{doubt}"),
    "flags": ("boss", "/office/flags"),
    "visits": ("boss", "/office/visits"),
    "rep's visits": ("qian", "/office/visits/reps/R-1"),
    "worth": ("boss", "/office/worth"),
    "reasons": ("boss", "/office/reasons"),
    "cadence": ("boss", "/office/cadence"),
    "judge": ("boss", "/office/judge"),
    "pins": ("boss", "/office/pins"),
    "store": ("boss", "/office/stores/S-03"),
    "store's sales": ("boss", "/office/stores/S-03/sold?from=2026-06-01&to=2026-06-14"),
    "store's shelf": ("qian", "/office/stores/S-03/shelf"),
    "stores": ("boss", "/office/stores"),
    "parties": ("boss", "/office/parties"),
    "products": ("boss", "/office/products"),
    "product's links": ("boss", "/office/products/{gtin}/links"),
    "diversion": ("boss", "/office/diversion"),
    "dealer's goods": ("boss", "/office/diversion/D-SH"),
    "reps": ("qian", "/office/reps"),
    "edit": ("boss", "/office/edit/stores?id=S-01"),
    "new": ("boss", "/office/edit/parties"),
    "batches": ("boss", "/office/batches"),
    "batch": ("boss", "/office/batches/{batch}"),
    "trace": ("boss", "/office/trace"),
    "traced item": ("boss", "/office/trace/{batch}/item/1"),
    "traced case": ("qian", "/office/trace/{batch}/case/2"),
    "custody": ("qian", "/office/custody"),
    "tasks": ("qian", "/office/tasks"),
    "task": ("boss", "/office/tasks/task-3"),
    "task that was called off": ("boss", "/office/tasks/task-1"),
    "returns": ("boss", "/office/returns"),
    "plans": ("qian", "/office/money"),
    "import": ("boss", "/office/import"),
    "refused": ("qian", "/office/import"),
}
REFUSED = {"unknown": 404, "mistyped": 422, "refused": 403}
LOUD = "Failed to load resource"  # how the browser itself notes a 404, 422 or 403
CASES = [(name, *look) for name in FOUR_PAGES | PHONE_PAGES for look in LOOKS] + [
    (name, *look) for name in MORE_PAGES for look in TWO_LOOKS
]


BLUEPRINTS = {"signin", "consumer", "report", "pallet", "franchise", "rep", "keeper", "inspector", "office"}
NO_PAGES = {  # a page's shell or its worker, what a page asks for, a photo
    *(f"{page}.{name}" for page in ("rep", "keeper", "inspector") for name in ("keep", "state", "worker")),
    *("inspector.batches", "inspector.load", "office.photo", "office.shelf_photo"),
}


def doubt_id(world):
    with reading(world.engine) as db:
        return db.scalars(select(Doubt.doubt_id)).one()


@pytest.fixture
def shown(window, world):
    def show(name, size, theme, language):
        user, path = (FOUR_PAGES | PHONE_PAGES | MORE_PAGES)[name]
        page = window(size, theme, language, user)
        told = {
            "fresh": world.fresh,
            "made_up": world.fresh[:-16] + "0" * 16,
            "scanned": world.path(1),
            "batch": world.batch.batch_id,
            "copied": world.path(living.COPIED),
            "doubt": doubt_id(world),
            "gtin": world.batch.gtin,
            "sscc": sscc(living.SSCC_PREFIX, 1),
        }
        answer = page.goto(path.format(**told))
        assert answer.status == REFUSED.get(name, 200)
        return page

    return show


def test_law_every_page_is_looked_at(world):
    app = create_app(world.config)
    told = dict.fromkeys(("fresh", "scanned", "made_up", "copied"), f"/01/{world.batch.gtin}/21/x")
    told |= {"batch": "b", "doubt": "d", "gtin": world.batch.gtin, "sscc": "0" * 18}
    paths = [path.format(**told).partition("?")[0] for _, path in (FOUR_PAGES | PHONE_PAGES | MORE_PAGES).values()]
    adapter = app.url_map.bind("localhost")
    looked_at = {adapter.match(path)[0] for path in paths}
    pages = {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if "GET" in rule.methods and rule.endpoint.partition(".")[0] in BLUEPRINTS and "." not in rule.rule
    }
    assert pages - NO_PAGES == looked_at
    app.extensions["glassbox"].engine.dispose()


@pytest.mark.parametrize(("name", "size", "theme", "language"), CASES)
def test_law_a_page_is_accessible_and_keeps_to_itself(shown, name, size, theme, language):
    page = shown(name, size, theme, language)
    for details in page.query_selector_all("details"):
        details.evaluate("one => { one.open = true; }")
    found = Axe().run(page).response["violations"]
    assert [(one["id"], [node["html"][:120] for node in one["nodes"]][:3]) for one in found] == []
    assert page.watched.outside == []
    assert [told for told in page.watched.complaints if LOUD not in told] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= SIZES[size]["width"], "something sticks out"


@pytest.mark.parametrize("name", FOUR_PAGES | PHONE_PAGES)
def test_law_whatever_is_tapped_is_large_enough(shown, name):
    page = shown(name, "phone", "light", "zh")
    small = page.evaluate(
        """() => [...document.querySelectorAll("button, .button, summary, select, label:has(input), nav a, " +
            "input:not([type=hidden], [type=radio], [type=checkbox], .hush)")]
        .map(one => [one.textContent.trim() || one.name, one.getBoundingClientRect()])
        .filter(([, box]) => box.width && (box.height < 43.5 || box.width < 43.5)).map(([name]) => name)"""
    )
    assert small == []


@pytest.mark.parametrize("name", FOUR_PAGES | PHONE_PAGES)
def test_law_the_keyboard_gets_in_by_the_content_link_and_is_always_seen(shown, name):
    page = shown(name, "desk", "light", "en")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.hash") == "#main"
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement === document.body"):
            break
        style = page.evaluate(
            "(style => [style.outlineStyle, parseFloat(style.outlineWidth)])(getComputedStyle(document.activeElement))"
        )
        assert style[0] != "none", page.evaluate("document.activeElement.outerHTML.slice(0, 200)")
        assert style[1] >= 2


@pytest.mark.parametrize("name", FOUR_PAGES)
def test_nothing_moves_for_who_wants_it_still(window, world, name):
    user, path = FOUR_PAGES[name]
    page = window(user=user, reduced_motion="reduce")
    page.goto(path.format(fresh=world.fresh))
    assert page.evaluate("document.getAnimations().length") == 0


@pytest.mark.parametrize(("size", "path"), [("phone", "/rep"), ("desk", "/rep")])
def test_pages_are_whole_without_javascript(window, world, size, path):
    page = window(size, user="zhou", java_script_enabled=False)
    page.goto(path)
    assert page.locator("text=Check in without a position").count() == page.locator(".stop-card").count() >= 3
    assert page.locator("button[value=position]:visible").count() == 0
