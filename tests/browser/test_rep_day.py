"""A rep's whole day in a browser while the network drops wherever it can: nothing is lost, nothing doubled."""

import re
from collections.abc import Callable
from io import BytesIO
from itertools import count
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import expect
from sqlalchemy import func, select

from channel.access import add_user, set_password
from channel.database import reading, transaction
from scans.tables import Product
from stores.tables import CheckIn, Outcome, PinProposal, ShelfFact, ShelfPhoto, StockCount, Visit
from tests import living, make
from tests.browser.test_phones import kept, sign_in, until

HANGS_UP = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
pytestmark = [pytest.mark.browser, HANGS_UP]
_days = count(1)
LIST_KEPT = "self.Outbox.known(self.who()).then(({ html }) => html !== '')"
TABLES = (CheckIn, ShelfFact, ShelfPhoto, Outcome, PinProposal)


class Day:
    """A rep of their own with three stops, one of which is due for a count."""

    def __init__(self, world: living.World, number: int) -> None:
        self.engine, self.name = world.engine, f"rep{number}"
        with transaction(self.engine) as db:
            rep = make.rep(db, rep_id=f"RD-{number}", base_lat_deg=31.2, base_lon_deg=121.4)
            add_user(db, name=self.name, role="rep", party=f"RD-{number}", now=living.NOW)
            set_password(db, name=self.name, password=living.PASSWORD)
            self.stops = [f"rd{number}-{place}" for place in range(3)]
            for place, visit_id in enumerate(self.stops):
                store = make.store(db, name=f"Shop {place}", lat_deg=31.2 + place / 100, lon_deg=121.4)
                visit = Visit(
                    visit_id=visit_id, rep_id=rep.party_id, store_id=store.id, purpose="count", rank=place + 1
                )
                visit.day, visit.stake_cents = living.TODAY, 0
                db.add(visit)
            self.tea = db.scalar(select(Product.gtin).where(Product.name == "茉莉花茶 50g"))

    def place(self, number: int, metres_north: float = 0) -> dict[str, float]:
        """Where a stop is, as a phone tells it."""
        return {"latitude": 31.2 + number / 100 + metres_north / 110_900, "longitude": 121.4, "accuracy": 15}

    def kept(self) -> dict[str, int]:
        """Count what the house has of this day."""
        with reading(self.engine) as db:
            mine = select(Visit.id).where(Visit.visit_id.in_(self.stops))
            return {
                table.__tablename__: db.scalar(select(func.count()).select_from(table).where(table.visit_id.in_(mine)))
                for table in TABLES
            }


@pytest.fixture
def day(world) -> Day:
    """Make a day that no other test has touched."""
    return Day(world, next(_days))


@pytest.fixture
def phone(window, day) -> Callable[..., Any]:
    """Give a function that opens the rep's page and waits until it would open without a network."""

    def open_page(**more: Any) -> Any:
        page = window(geolocation=day.place(0), permissions=["geolocation"], **more)
        sign_in(page, day.name)
        page.goto("/rep")
        kept(page)
        until(page, LIST_KEPT)
        expect(page.locator("[data-visit]")).to_have_count(3)
        return page

    return open_page


def waits(page: Any, number: int) -> None:
    expect(page.locator("#visits")).to_have_attribute("data-waiting", str(number), timeout=40_000)


def card(page: Any, visit_id: str) -> Any:
    return page.locator(f"#v-{visit_id}")


def opened(stop: Any, name: str) -> Any:
    details = stop.locator(f"details[data-name={name}]").first
    if details.get_attribute("open") is None:
        details.locator("summary").first.click()
    return details


def arrive(page: Any, visit_id: str) -> None:
    card(page, visit_id).get_by_role("button", name=re.compile("^Check in at")).click()
    expect(acts(page, visit_id, "Check in")).to_have_count(1)


def see(page: Any, visit_id: str, *, stock: int, facings: int) -> None:
    before = acts(page, visit_id, "Shelf").count()
    shelf = opened(card(page, visit_id), "shelf")
    shelf.locator("[name=gtin]").select_option(label="茉莉花茶 50g")
    shelf.locator("[name=stock]").fill(str(stock))
    shelf.locator("[name=facings]").fill(str(facings))
    shelf.locator("[name=price]").fill("19.80")
    rivals = opened(card(page, visit_id), "rivals")
    rivals.locator("[name=rival1]").fill("Brand A")
    rivals.locator("[name=rival_price1]").fill("12,9")
    shelf.get_by_role("button", name="Keep this product").click()
    expect(acts(page, visit_id, "Shelf")).to_have_count(before + 1)


def shoot(page: Any, visit_id: str) -> None:
    before = acts(page, visit_id, "Photo").count()
    out = BytesIO()
    Image.new("RGB", (2400, 1600), "#7a5").save(out, "JPEG")
    photo = opened(card(page, visit_id), "photo")
    photo.locator("[type=file]").set_input_files(
        {"name": "shelf.jpg", "mimeType": "image/jpeg", "buffer": out.getvalue()}
    )
    photo.get_by_role("button", name="Keep the photo").click()
    # A page behind another one makes pictures small when it has nothing else to do, for up to five seconds.
    expect(acts(page, visit_id, "Photo")).to_have_count(before + 1, timeout=20_000)


def pin(page: Any, visit_id: str) -> None:
    box = opened(card(page, visit_id), "pin")
    box.locator("[name=note]").fill("behind the school")
    box.get_by_role("button", name="It stands here").click()
    expect(acts(page, visit_id, "Pin")).to_have_count(1)


def report(page: Any, visit_id: str) -> None:
    box = opened(card(page, visit_id), "report")
    box.get_by_label("Yes").check()
    box.get_by_label("Out of stock").check()
    box.get_by_role("button", name="Restocked").click()
    expect(acts(page, visit_id, "Report")).to_have_count(1)


def acts(page: Any, visit_id: str, what: str) -> Any:
    return card(page, visit_id).locator("[data-acts] li", has=page.get_by_text(what, exact=True))


WHOLE = {"check_in": 1, "shelf_fact": 1, "shelf_photo": 1, "outcome": 1, "pin_proposal": 1}


def whole_stop(page: Any, visit_id: str) -> None:
    arrive(page, visit_id)
    see(page, visit_id, stock=24, facings=6)
    shoot(page, visit_id)
    pin(page, visit_id)
    report(page, visit_id)


def test_a_stop_without_a_network_is_sent_once_when_there_is_one(phone, day):
    page, stop = phone(), day.stops[0]
    page.context.set_offline(True)
    page.reload()
    expect(page.locator("[data-visit]")).to_have_count(3)
    whole_stop(page, stop)
    waits(page, 5)
    assert set(day.kept().values()) == {0}
    expect(page.locator("[data-status]")).to_contain_text("5 kept on this phone")
    page.reload()
    waits(page, 5)
    expect(card(page, stop).locator("[data-acts] li")).to_have_count(5)
    expect(card(page, stop).locator("details[data-name=report]")).to_be_hidden()
    page.close()
    page = page.context.new_page()
    page.goto("/rep")
    waits(page, 5)
    page.context.set_offline(False)
    waits(page, 0)
    assert day.kept() == WHOLE
    expect(card(page, stop)).to_contain_text("Out of stock → Restocked")
    with reading(day.engine) as db:
        fact = db.scalars(
            select(ShelfFact).join(Visit, Visit.id == ShelfFact.visit_id).where(Visit.visit_id == stop)
        ).one()
        assert (fact.stock, fact.facings, fact.price_cents) == (24, 6, 1980)
        assert fact.rivals == [{"name": "Brand A", "facings": None, "price_cents": 1290}]
        assert db.scalar(select(StockCount.count).where(StockCount.count_id == fact.fact_id)) == 24
        photo = db.scalar(
            select(ShelfPhoto.photo).join(Visit, Visit.id == ShelfPhoto.visit_id).where(Visit.visit_id == stop)
        )
        assert max(Image.open(BytesIO(photo)).size) <= 1280


# What the network loses, by the number of the request: "request" never arrives, of "answer" the house did all.
LOSING = """([path, losses]) => {
    const real = window.fetch;
    window.lost = 0;
    window.fetch = async (address, ...more) => {
        if (!String(address).startsWith(path) || !losses.length) return real(address, ...more);
        const loss = losses.shift();
        if (loss === "request") window.lost += 1;
        if (loss === "request") throw new TypeError("lost");
        const answer = await real(address, ...more);
        if (loss === "answer") window.lost += 1;
        if (loss === "answer") throw new TypeError("lost");
        return answer;
    };
}"""


@pytest.mark.parametrize("path", ["/rep/acts", "/rep/photos", "/rep/state"])
@pytest.mark.parametrize("loss", ["answer", "request"])
def test_whatever_is_lost_on_the_way_is_sent_again_and_kept_once(phone, day, path, loss):
    page = phone()
    page.context.set_offline(True)
    whole_stop(page, day.stops[0])
    page.evaluate(LOSING, [path, [loss, loss]])
    page.context.set_offline(False)
    waits(page, 0)
    assert page.evaluate("window.lost") == 2
    assert day.kept() == WHOLE


def test_a_whole_day_with_the_network_dropping_two_of_five_requests(phone, day):
    page = phone()
    page.evaluate(LOSING, ["/rep/", ["", "request", "", "", "answer"] * 40])
    for number, stop in enumerate(day.stops):
        page.context.set_geolocation(day.place(number, metres_north=40))
        page.context.set_offline(number % 2 == 0)
        whole_stop(page, stop)
        see(page, stop, stock=25, facings=7)
    page.context.set_offline(False)
    for _ in range(60):
        page.evaluate("window.dispatchEvent(new Event('online'))")
        page.wait_for_timeout(250)
        if page.locator("#visits").get_attribute("data-waiting") == "0":
            break
    waits(page, 0)
    assert page.evaluate("window.lost") > 4
    assert day.kept() == {"check_in": 3, "shelf_fact": 6, "shelf_photo": 3, "outcome": 3, "pin_proposal": 3}
    assert page.locator("[data-acts] .chip.bad").count() == 0
    with reading(day.engine) as db:
        counted = select(StockCount.count).join(Visit, Visit.store_id == StockCount.store_id)
        assert db.scalars(counted.where(Visit.visit_id.in_(day.stops))).all() == [25, 25, 25]


def test_two_windows_send_the_same_once(phone, day):
    page = phone()
    other = page.context.new_page()
    other.goto("/rep")
    page.context.set_offline(True)
    whole_stop(page, day.stops[0])
    waits(other, 5)
    page.context.set_offline(False)
    for one in (page, other):
        waits(one, 0)
    assert day.kept() == WHOLE


def test_what_one_did_is_neither_shown_to_nor_sent_by_another(phone, day):
    page = phone()
    page.context.set_offline(True)
    see(page, day.stops[0], stock=3, facings=1)
    page.context.clear_cookies()
    page.reload()
    expect(page.locator("[data-status]")).to_contain_text("Sign in once")
    expect(page.locator("[data-visit]")).to_have_count(0)
    page.context.set_offline(False)
    sign_in(page, "zhou")
    page.goto("/rep")
    expect(page.locator("h1")).to_contain_text("visits today")
    waits(page, 0)
    assert set(day.kept().values()) == {0}
    page.click("text=Sign out")
    sign_in(page, day.name)
    page.goto("/rep")
    waits(page, 0)
    expect(acts(page, day.stops[0], "Shelf").locator(".chip")).to_have_text("sent")
    assert day.kept()["shelf_fact"] == 1


def test_what_the_phone_says_stays_though_the_list_comes_anew(window, day):
    page = window(geolocation=day.place(0, metres_north=5000), permissions=["geolocation"])
    sign_in(page, day.name)
    kept(page)
    stop = card(page, day.stops[0])
    stop.get_by_role("button", name=re.compile("^Check in at")).click()
    expect(stop).to_contain_text("does not seem to be at the store")
    with page.expect_response(re.compile("/rep/state")):
        page.evaluate("window.dispatchEvent(new Event('online'))")
    page.wait_for_timeout(500)
    expect(stop).to_contain_text("does not seem to be at the store")


def test_far_away_the_phone_asks_for_a_reason_even_without_a_network(phone, day):
    page, stop = phone(), day.stops[0]
    page.context.set_offline(True)
    page.context.set_geolocation(day.place(0, metres_north=900))
    card(page, stop).get_by_role("button", name=re.compile("^Check in at")).click()
    expect(card(page, stop)).to_contain_text("does not seem to be at the store")
    waits(page, 0)
    card(page, stop).get_by_label("Reason").fill("it has moved")
    card(page, stop).get_by_role("button", name="Check in", exact=True).last.click()
    waits(page, 1)
    page.context.set_offline(False)
    waits(page, 0)
    with reading(day.engine) as db:
        came = db.scalars(
            select(CheckIn.reason).join(Visit, Visit.id == CheckIn.visit_id).where(Visit.visit_id == stop)
        )
        assert came.all() == ["it has moved"]


def test_what_is_refused_says_why_and_holds_up_nothing(phone, day):
    page, stop = phone(), day.stops[0]
    page.context.set_offline(True)
    report(page, stop)
    see(page, stop, stock=3, facings=1)
    with transaction(day.engine) as db:
        visit = db.scalar(select(Visit.id).where(Visit.visit_id == stop))
        told = Outcome(visit_id=visit, key="else", at=living.NOW, was_real=False, cause="other", action="none")
        db.add(told)
    page.context.set_offline(False)
    waits(page, 0)
    refused = acts(page, stop, "Report")
    expect(refused).to_contain_text("This visit has been reported already.")
    refused.get_by_role("button", name="Put away").click()
    expect(refused).to_have_count(0)
    assert day.kept()["shelf_fact"] == 1
