"""Phone pages with the network off and on again: nothing is lost, nothing doubled, nothing shown to somebody else."""

import base64
import shutil
from collections.abc import Callable, Iterator
from io import BytesIO
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import qrcode
from PIL import Image
from playwright.sync_api import expect
from sqlalchemy import func, select

from channel.database import reading, transaction
from channel.pages.frame import STATIC
from channel.pages.phone import READER
from scans.catalogue import IssuedBatch
from scans.codes import ALPHABET, serials
from scans.filters import FALSE_ACCEPT, all_codes, make_filter, passes
from scans.life import recall
from scans.packing import at
from scans.parts import Positions
from stores.tables import Delivery
from tests import living, make
from tests.conftest import CHROMIUM, CHROMIUM_FLAGS

pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")]
_cases = count(180, -1)  # nothing in these has been sold, and nobody else here looks at them


def until(page: Any, told: str) -> None:
    """Wait until a page tells that something is true; its policy forbids the page itself to wait for that."""
    for _ in range(300):
        if page.evaluate(told):
            return
        page.wait_for_timeout(100)
    pytest.fail(f"never true: {told}")


def kept(page: Any) -> None:
    """Wait until a page would open without a network.

    A page that was on its way when its worker began stays without it until it is loaded again.
    """
    until(page, "navigator.serviceWorker.getRegistration().then((one) => Boolean(one && one.active))")
    if not page.evaluate("Boolean(navigator.serviceWorker.controller)"):
        page.reload()
    until(page, "Boolean(navigator.serviceWorker.controller)")


@pytest.fixture
def cases(world) -> Callable[[int], list[str]]:
    """Give a function that makes the addresses of cases that nobody has scanned."""
    return lambda number: [
        make.uri_at(world.batch, ring=world.ring, level="case", position=next(_cases)) for _ in range(number)
    ]


@pytest.fixture
def keeper(window) -> Callable[..., Any]:
    """Give a function that opens the keeper's page and waits until it would open without a network."""

    def open_page(user: str = "xu", **more: Any) -> Any:
        page = window(user=user, **more)
        page.goto("/keeper?store=S-02")
        kept(page)
        return page

    return open_page


def arrived(world, uris: list[str]) -> int:
    """Return how often these cases were delivered."""
    code_nos = [at(world.batch, "case", position).code_no for position in range(1, world.batch.span("case").size + 1)]
    made = {
        make.uri_at(world.batch, ring=world.ring, level="case", position=no): code
        for no, code in enumerate(code_nos, 1)
    }
    with reading(world.engine) as db:
        wanted = [made[uri] for uri in uris]
        return db.scalar(select(func.count()).select_from(Delivery).where(Delivery.code_no.in_(wanted)))


def type_in(page, uris: list[str]) -> None:
    for uri in uris:
        before = page.locator("#arrived li").count()
        page.fill("#code", uri)
        page.keyboard.press("Enter")
        expect(page.locator("#arrived li")).to_have_count(before + 1)


def waits(page, number: int) -> None:
    expect(page.locator("#arrivals")).to_have_attribute("data-waiting", str(number), timeout=30_000)


def test_what_is_scanned_without_a_network_is_sent_once_when_there_is_one(keeper, world, cases):
    page, uris = keeper(), cases(3)
    page.context.set_offline(True)
    page.reload()
    expect(page.locator("h1")).to_have_text("Arrivals today")
    type_in(page, uris)
    waits(page, 3)
    assert arrived(world, uris) == 0
    page.reload()
    waits(page, 3)
    page.close()
    page = page.context.new_page()
    page.goto("/keeper")
    waits(page, 3)
    page.context.set_offline(False)
    waits(page, 0)
    assert page.locator("#arrived .chip.good").count() >= 3
    assert arrived(world, uris) == 3


def test_an_answer_that_was_lost_is_asked_for_again(keeper, world, cases):
    page, uris, lost = keeper(), cases(2), []

    def lose(route):
        if lost:
            return route.continue_()
        lost.append(route.fetch().status)  # the house has recorded it ...
        return route.abort()  # ... and the phone never hears of it

    page.context.set_offline(True)
    type_in(page, uris)
    page.route("**/keeper/arrivals", lose)
    page.context.set_offline(False)
    waits(page, 0)
    assert lost == [200]
    assert arrived(world, uris) == 2


def test_two_windows_send_the_same_once(keeper, world, cases):
    page, uris = keeper(), cases(4)
    other = page.context.new_page()
    other.goto("/keeper?store=S-02")
    page.context.set_offline(True)
    type_in(page, uris[:2])
    waits(other, 2)
    type_in(other, uris[2:])
    waits(page, 4)
    page.context.set_offline(False)
    for one in (page, other):
        waits(one, 0)
    assert arrived(world, uris) == 4


def test_what_one_scanned_is_neither_shown_to_nor_sent_by_another(keeper, world, cases):
    page, uris = keeper(), cases(1)
    context = page.context
    context.set_offline(True)
    type_in(page, uris)
    context.clear_cookies()
    page.reload()
    expect(page.locator("[data-status]")).to_contain_text("Sign in once")
    assert page.locator("#arrived li").count() == 0
    context.set_offline(False)
    for user, left in (("lin", 1), ("xu", 0)):
        sign_in(page, user)
        page.goto("/roles")
        page.goto("/keeper")
        expect(page.locator("[data-store]")).not_to_be_empty()
        waits(page, 0)
        assert arrived(world, uris) == 1 - left
        page.click("text=Sign out")


def test_without_a_session_it_waits_and_says_how_to_go_on(keeper, world, cases):
    page, uris = keeper(), cases(1)
    page.context.set_offline(True)
    type_in(page, uris)
    session = [one for one in page.context.cookies() if one["name"] == "session"]
    page.context.clear_cookies(name="session")
    page.context.set_offline(False)
    expect(page.locator("[data-status]")).to_contain_text("1 kept on this phone. Sign in to send them.", timeout=20_000)
    assert arrived(world, uris) == 0
    page.context.add_cookies(session)
    page.reload()
    waits(page, 0)
    assert arrived(world, uris) == 1


def test_what_is_refused_says_why_and_holds_up_nothing(keeper, world, cases):
    page, uris = keeper(), cases(1)
    page.context.set_offline(True)
    type_in(page, ["https://example.com/else", *uris])
    page.context.set_offline(False)
    waits(page, 0)
    refused = page.locator("#arrived li", has_text="not one of our codes")
    expect(refused).to_have_count(1)
    refused.locator("button").click()
    expect(refused).to_have_count(0)
    assert arrived(world, uris) == 1


def sign_in(page, user: str) -> None:
    page.goto("/")
    page.fill("#name", user)
    page.fill("#password", living.PASSWORD)
    page.click("form[action='/'] button")


needs_reader = pytest.mark.skipif(
    not (STATIC / READER[0]).exists(), reason="no code reader: npm could not be reached at set-up"
)


def symbol(uri: str, size: tuple[int, int] = (640, 480)) -> Image.Image:
    """Draw a symbol in the middle of a picture."""
    drawn = qrcode.make(uri, box_size=8, border=4).get_image().convert("L")
    picture = Image.new("L", size, 200)
    picture.paste(drawn, ((size[0] - drawn.width) // 2, (size[1] - drawn.height) // 2))
    return picture


@needs_reader
def test_a_photo_is_read_on_the_phone_without_a_network(keeper, world, cases):
    page, [uri] = keeper(), cases(1)
    page.context.set_offline(True)
    page.reload()
    file = BytesIO()
    symbol(uri).save(file, "PNG")
    page.set_input_files("[data-photo]", {"name": "photo.png", "mimeType": "image/png", "buffer": file.getvalue()})
    expect(page.locator("#arrived li").first).to_contain_text(uri[-4:])
    waits(page, 1)
    assert page.watched.complaints == [told for told in page.watched.complaints if "net::ERR" in told]


@pytest.fixture
def filmed(browser, served, session_of, tmp_path: Path) -> Iterator[Callable[[str], Any]]:
    """Give a function that opens the keeper's page with a code before the camera."""
    opened = []

    def film(uri: str) -> Any:
        picture = symbol(uri)
        path = tmp_path / "film.y4m"
        plane = bytes([128]) * (picture.width * picture.height // 4)
        head = f"YUV4MPEG2 W{picture.width} H{picture.height} F10:1 Ip A1:1 C420mpeg2\nFRAME\n".encode()
        path.write_bytes(head + picture.tobytes() + 2 * plane)
        fake = ("--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream")
        launched = browser.browser_type.launch(
            executable_path=next(filter(None, map(shutil.which, CHROMIUM))),
            args=[*CHROMIUM_FLAGS, *fake, f"--use-file-for-fake-video-capture={path}"],
        )
        opened.append(launched)
        page = launched.new_context(base_url=served, storage_state=session_of("xu")).new_page()
        page.goto("/keeper")
        return page

    yield film
    for launched in opened:
        launched.close()


@needs_reader
def test_a_code_before_the_camera_is_read_once(filmed, world, cases):
    [uri] = cases(1)
    page = filmed(uri)
    page.click("[data-camera]")
    expect(page.locator("#arrived li", has_text="recorded")).to_have_count(1, timeout=20_000)
    until(page, "document.querySelector('video').currentTime >= 1")
    expect(page.locator("#arrived li")).to_have_count(1)
    page.click("[data-camera]")
    expect(page.locator("video")).to_be_hidden()
    assert arrived(world, [uri]) == 1


@pytest.fixture
def inspector(window) -> Callable[[IssuedBatch], Any]:
    """Give a function that opens the inspector's page, puts a batch on the phone and waits for the shell, too."""

    def open_page(batch: IssuedBatch) -> Any:
        page = window(user="qian")
        page.goto("/inspector")
        kept(page)
        page.locator("#carried li", has_text=batch.batch_id).locator("button").click()
        expect(page.locator("#inspection")).to_have_attribute("data-carried", "1", timeout=20_000)
        return page

    return open_page


def check(page, code: str) -> None:
    page.fill("#code", code)
    page.keyboard.press("Enter")
    expect(page.locator("#inspection")).to_have_attribute("data-checked", code)


def test_a_code_is_answered_without_a_network_and_again_with_one(inspector, world):
    page, uri = inspector(world.batch), make.uri_at(world.batch, ring=world.ring, position=world.batch.count - 1)
    page.context.set_offline(True)
    page.reload()
    check(page, uri)
    expect(page.locator("#offline h2")).to_have_text("Very probably a code that we issued")
    expect(page.locator("#offline")).to_contain_text(world.batch.batch_id)
    expect(page.locator("#offline")).to_contain_text("Not recalled as of 2026-06-15")
    expect(page.locator("#online")).to_contain_text("the house has not been asked")
    check(page, f"{uri[-16:-12]}-{uri[-12:]}".lower())
    expect(page.locator("#offline h2")).to_have_text("Very probably a code that we issued")
    check(page, "0" * 16)
    expect(page.locator("#offline h2")).to_have_text("Not among the batches on this phone")
    check(page, uri.replace(world.batch.gtin, "06901234567892"))
    expect(page.locator("#offline h2")).to_have_text("Not among the batches on this phone")
    check(page, uri)
    page.context.set_offline(False)
    expect(page.locator("#online h2")).to_have_text("Nobody has scanned this code before", timeout=20_000)


def test_a_recall_reaches_the_phone_when_it_has_a_network(inspector, world):
    with transaction(world.engine) as db:
        batch = make.batch(db, ring=world.ring, gtin=world.batch.gtin)
    page = inspector(batch)
    part, sound = (make.uri_at(batch, ring=world.ring, position=no) for no in (7, 20))
    page.context.set_offline(True)
    with transaction(world.engine) as db:
        recall(db, batch_id=batch.batch_id, why="glass", now=living.NOW, part=Positions(7, 12))
    check(page, part)
    expect(page.locator("#offline h2")).to_have_text("Very probably a code that we issued")
    page.context.set_offline(False)
    expect(page.locator("#inspection")).to_have_attribute("data-carried", "2", timeout=20_000)
    page.context.set_offline(True)
    check(page, part)
    expect(page.locator("#offline h2")).to_have_text("Recalled")
    check(page, sound)
    expect(page.locator("#offline h2")).to_have_text("Very probably a code that we issued")


def test_the_phone_reads_a_filter_as_the_house_does(inspector, world):
    """Thousands of codes: all real ones pass, and of made-up ones just those that pass in the reference."""
    secret = world.ring.key(world.batch.key_id).secret
    made = make_filter(all_codes(world.batch), secret=secret, salt=5)
    span = world.batch.span("item")
    mine = serials(secret, np.arange(span.first_no, span.first_no + 3000, dtype=np.uint64))
    letters = np.frombuffer(ALPHABET.encode(), dtype=np.uint8)
    drawn = letters[np.random.default_rng(1).integers(0, 32, size=(1_500_000, 16), dtype=np.uint8)]
    strange = drawn.view("S16")[:, 0]
    lucky = strange[passes(made, strange)]
    assert abs(len(lucky) - 1_500_000 * FALSE_ACCEPT) < 5 * (1_500_000 * FALSE_ACCEPT) ** 0.5
    asked = [code.decode() for code in (*mine, *lucky, *strange[:2000])]
    data = base64.b64encode(b"".join(made.chunks())).decode()
    told = inspector(world.batch).evaluate(
        """async ([data, asked]) => {
            const opened = await Filter.opened(new Blob([Uint8Array.from(atob(data), (one) => one.charCodeAt(0))]));
            const told = [];
            for (const code of asked) told.push(await Filter.passes(opened, code));
            return told;
        }""",
        [data, asked],
    )
    assert told == passes(made, np.array([code.encode() for code in asked])).tolist()
    assert all(told[: len(mine) + len(lucky)])


def test_what_one_carries_is_not_used_by_another_without_a_network(inspector, world):
    page = inspector(world.batch)
    page.context.set_offline(True)
    page.context.clear_cookies()
    page.reload()
    expect(page.locator("[data-status]")).to_contain_text("Sign in once")
    expect(page.locator("#code")).to_be_hidden()
    expect(page.locator("#carried")).to_be_hidden()
