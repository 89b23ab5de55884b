"""People on their way through the pages: with and without a position, a connection, JavaScript."""

import re
from datetime import timedelta
from itertools import count

import pytest

from channel import tasks
from channel.database import transaction
from stores.stops import visit_list
from tests import living
from tests.browser.conftest import quiet

# A browser that leaves a page hangs up on files still being sent.
HANGS_UP = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
pytestmark = [pytest.mark.browser, HANGS_UP]
AT_S01 = {"latitude": 31.1885, "longitude": 121.4365, "accuracy": 20}
BETWEEN = {"latitude": 31.1894, "longitude": 121.43685, "accuracy": 150}
_numbers = count(5)


@pytest.fixture
def code(world):
    """Take a code that nobody has scanned."""
    return world.path(world.batch.count - next(_numbers))


def claim(page, code, button):
    page.goto(code)
    page.get_by_role("button", name=button).click()


def test_with_a_position_the_store_is_found(window, code):
    page = window(geolocation=AT_S01, permissions=["geolocation"])
    with quiet(page):
        claim(page, code, "Use my position to find the store")
        page.get_by_role("heading", name="Is it this store?").wait_for()
        assert page.get_by_text("徐汇小杨便利店").is_visible()
        assert page.get_by_text("You are the first to scan this code").is_visible()


def test_the_position_is_asked_for_after_the_tap_only(window, code):
    page = window(geolocation=AT_S01, permissions=["geolocation"])
    page.add_init_script(
        "const ask = navigator.geolocation.getCurrentPosition.bind(navigator.geolocation);"
        "navigator.geolocation.getCurrentPosition = (...told) => { sessionStorage.asked = 1; ask(...told); };"
    )
    page.goto(code)
    page.wait_for_load_state("networkidle")
    assert page.evaluate("sessionStorage.asked") is None
    page.get_by_role("button", name="Use my position to find the store").click()
    page.get_by_role("heading", name="Is it this store?").wait_for()
    assert page.evaluate("sessionStorage.asked") == "1"


def test_a_runner_up_can_be_chosen_with_one_tap(window, code):
    page = window(geolocation=BETWEEN, permissions=["geolocation"])
    with quiet(page):
        claim(page, code, "Use my position to find the store")
        page.get_by_role("button", name="It was here").first.click()
        page.get_by_text("your choice").wait_for()


def test_who_refuses_a_position_is_told_and_gets_the_same(window, code):
    page = window()
    with quiet(page):
        claim(page, code, "Use my position to find the store")
        page.get_by_text("Your phone did not give a position.").wait_for()
        page.get_by_role("button", name="Go on without a position").click()
        page.get_by_text("You are the first to scan this code").wait_for()
        page.get_by_label("Street, district or name of the store").fill("漕溪")
        page.get_by_role("button", name="Find the store").click()
        page.get_by_role("button", name="It was here").click()
        page.get_by_text("your choice").wait_for()
        assert page.get_by_text("漕溪北路联华").is_visible()


def test_without_a_connection_nothing_is_lost(window, code):
    page = window()
    page.goto(code)
    page.context.set_offline(True)
    page.get_by_role("button", name="Go on without a position").click()
    page.get_by_text("You are offline: nothing was sent.").wait_for()
    page.context.set_offline(False)
    page.get_by_role("button", name="Go on without a position").click()
    page.get_by_text("You are the first to scan this code").wait_for()


def test_without_javascript_a_code_is_claimed(window, code):
    page = window(java_script_enabled=False)
    page.goto(code)
    assert page.get_by_role("button", name="Use my position to find the store").count() == 0
    page.get_by_role("button", name="Go on without a position").click()
    assert page.get_by_text("You are the first to scan this code").is_visible()


def test_a_double_tap_is_one_scan(window, code):
    page = window()
    page.goto(code)
    page.get_by_role("button", name="Go on without a position").dblclick()
    page.get_by_text("You are the first to scan this code").wait_for()
    assert page.get_by_text("once", exact=True).is_visible()


def test_going_back_and_tapping_again_is_harmless(window, code):
    page = window()
    claim(page, code, "Go on without a position")
    page.get_by_text("You are the first to scan this code").wait_for()
    page.go_back()
    page.goto(code)
    assert page.get_by_text("You are the first to scan this code").is_visible()
    assert page.get_by_role("button", name="Go on without a position").count() == 0


def test_a_rep_arrives_and_reports_in_three_taps(window, world):
    with transaction(world.engine) as db:
        stops = visit_list(db, rep_id="R-1", day=living.TODAY)
    place = {"latitude": stops[0].lat_deg, "longitude": stops[0].lon_deg, "accuracy": 15}
    page = window(language="zh", user="zhou", geolocation=place, permissions=["geolocation"])
    with quiet(page):
        card = page.locator(f"#v-{stops[0].visit_id}")
        card.get_by_role("button", name=re.compile("^到店")).first.click()
        card.get_by_text("已到店").wait_for()
        card.get_by_text("属实", exact=True).click()
        card.get_by_text("本品活动").click()
        card.get_by_role("button", name="已与店主沟通").click()
        card.get_by_text("本品活动 → 已与店主沟通").wait_for()
        assert page.get_by_text(f"已完成 1/{len(stops)}").is_visible()


def test_a_rep_far_away_says_why(window, world):
    with transaction(world.engine) as db:
        stops = visit_list(db, rep_id="R-1", day=living.TODAY)
    page = window(user="zhou", geolocation={"latitude": 39.9, "longitude": 116.4}, permissions=["geolocation"])
    card = page.locator(f"#v-{stops[1].visit_id}")
    card.get_by_role("button", name=re.compile("^Check in at")).click()
    card.get_by_text("does not seem to be at the store").wait_for()
    card.get_by_label("Reason").fill("the store has moved")
    card.get_by_role("button", name="Check in", exact=True).last.click()
    card.get_by_text("Here since").wait_for()


def test_a_franchisee_narrows_the_period_and_opens_a_part(window):
    page = window("desk", user="xu")
    with quiet(page):
        day = (living.TODAY - timedelta(days=2)).isoformat()
        page.get_by_label("From").fill(day)
        page.get_by_label("To", exact=True).fill(day)
        page.get_by_role("button", name="Show").click()
        page.wait_for_url(re.compile(f"from={day}"))
        page.locator(".part details:not([open]) summary").first.click()
        assert page.locator(".part details[open]").count() == 2
        assert page.locator(".part details[open]").last.get_by_text("plan-2026").is_visible()
        with page.expect_download() as download:
            page.get_by_role("link", name="XLSX").click()
        assert download.value.suggested_filename == f"glassbox-{day}-{day}.xlsx"


def test_the_office_issues_and_prints(window, world):
    page = window("desk", user="boss")
    with quiet(page):
        page.goto("/office/batches")
        page.get_by_label("Items", exact=True).fill("48")
        page.get_by_role("button", name="Issue codes").click()
        page.locator("section[aria-labelledby=tasks] tbody a").first.click()
        assert made(page, world).endswith(".csv")
        page.get_by_role("button", name="Print labels").click()
        assert made(page, world).endswith(".pdf")
        page.get_by_role("button", name="Activate", exact=True).first.click()
        page.get_by_text("Activated on").wait_for()


def made(page, world):
    """Let the scheduler's work be done, take the file that the page then offers, and go on to its batch."""
    page.get_by_role("heading", name="How it stands").wait_for()
    assert tasks.work(world.engine, config=world.config)
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()
    page.locator("main .head a").click()
    return download.value.suggested_filename


def test_the_language_can_be_changed_and_stays(window):
    page = window(user="boss")
    page.get_by_role("link", name="中文").click()
    page.get_by_role("heading", name="总览").wait_for()
    page.goto("/office/stores")
    assert page.get_by_role("heading", name="门店").is_visible()
