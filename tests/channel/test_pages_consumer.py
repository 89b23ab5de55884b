"""The page of one code: it answers without JavaScript, a GET writes nothing, a form sent twice is one scan."""

import json
import re
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from sqlalchemy import func, select

from channel.database import transaction
from channel.journey import NewScan, PlaceTold, take_return, take_scans
from channel.limits import UNKNOWN_CODES
from scans.life import recall
from scans.returns import ReturnRow
from scans.tables import Claim, Consumer, Scan
from scans.terms import Terms
from tests import make, worlds

LAT, LON = worlds.PLACE
NEAR = {"place": "position", "lat_deg": str(LAT), "lon_deg": str(LON), "accuracy_m": "20"}
BETWEEN = NEAR | {"lat_deg": str(LAT + 0.0026), "accuracy_m": "900"}


@pytest.fixture
def world(engine, config, app):
    return worlds.small(engine, config)


def path(world, position=1, level="item"):
    return urlsplit(world.uri(position, level)).path


def fields(page):
    """Read the hidden fields of the claim's form."""
    return dict(re.findall(r'<input type="hidden" name="(key|device)" value="([^"]+)">', page))


def claim(client, address, **told):
    form = fields(client.get(address).text) | {"place": "none"} | told
    return form, client.post(address, data=form, follow_redirects=True)


def _size(client, name):
    with client.get(name) as file:
        return len(file.data)


def counted(world):
    with transaction(world.engine) as db:
        return tuple(db.scalar(select(func.count()).select_from(table)) for table in (Scan, Claim, Consumer))


@pytest.mark.parametrize("change", [str.upper, str.lower])
def test_the_first_answer_tells_what_is_known(client, world, change):
    answer = client.get(change(path(world)))
    assert answer.status_code == 200
    for told in ("Nobody has scanned this code before", "Green tea", world.uri()[-4:], world.batch.batch_id):
        assert told in answer.text
    assert "A reward may be inside" in answer.text


def test_looking_writes_nothing_and_sets_no_cookie(client, world):
    answer = client.get(path(world))
    assert counted(world) == (0, 0, 0)
    assert "Set-Cookie" not in answer.headers


def test_the_page_is_small_enough_for_a_bad_network(client, world):
    page = client.get(path(world))
    files = re.findall(r'(?:href|src)="(/static/[^"]+)"', page.text)
    assert len(files) == 3
    assert len(page.data) + sum(_size(client, name) for name in files) < 30_000


def test_a_program_gets_the_same_as_json(client, world):
    told = json.loads(client.get(path(world), headers={"Accept": "application/json"}).data)
    assert (told["state"], told["scan_count"], told["serial_tail"]) == ("claimable", 0, world.uri()[-4:])


def test_what_a_program_gets_tells_instants_as_the_api_does(client, world):
    claim(client, path(world))
    told = json.loads(client.get(path(world), headers={"Accept": "application/json"}).data)
    assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", told["first_scanned_at"])


@pytest.mark.parametrize("accept", ["text/html", "application/json"])
def test_an_answer_says_that_it_depends_on_what_was_accepted(client, world, accept):
    assert "Accept" in client.get(path(world), headers={"Accept": accept}).vary


def test_without_a_position_the_answer_and_the_reward_are_the_same(client, world):
    _, answer = claim(client, path(world))
    assert "You are the first to scan this code" in answer.text
    assert "CN¥0.50" in answer.text
    assert "In which store did you buy it?" in answer.text
    cookie = client.get_cookie("device")
    assert cookie.http_only
    assert cookie.same_site == "Lax"


def test_with_a_position_the_store_is_asked_about(client, world):
    _, answer = claim(client, path(world), **NEAR)
    assert "Is it this store?" in answer.text
    assert "about 10 m from you" in answer.text
    assert "position exact to 20 m" in answer.text
    assert "Far" not in answer.text


def test_a_runner_up_is_named_only_where_the_position_cannot_tell(client, world):
    _, answer = claim(client, path(world), **BETWEEN)
    assert "Near" in answer.text
    assert "Far" in answer.text
    assert answer.text.count("It was here") == 1


def test_a_form_sent_twice_is_one_scan(client, world):
    form, first = claim(client, path(world))
    again = client.post(path(world), data=form, follow_redirects=True)
    assert counted(world) == (1, 1, 1)
    assert re.sub(r'value="[^"]{22}"', "", again.text) == re.sub(r'value="[^"]{22}"', "", first.text)


def test_a_double_tap_before_the_cookie_is_one_scan(app, world):
    one, other = app.test_client(), app.test_client()
    form = fields(one.get(path(world)).text) | {"place": "none"}
    assert one.post(path(world), data=form).status_code == other.post(path(world), data=form).status_code == 303
    assert counted(world) == (1, 1, 1)


def test_the_other_button_of_the_same_page_shows_the_answer_of_the_first(client, world):
    form, _ = claim(client, path(world))
    answer = client.post(path(world), data=form | NEAR, follow_redirects=True)
    assert answer.status_code == 200
    assert "In which store did you buy it?" in answer.text
    assert counted(world) == (1, 1, 1)


@pytest.mark.parametrize(
    "odd",
    [{"lat_deg": "91"}, {"lon_deg": "nan"}, {"lat_deg": ""}, {"accuracy_m": "-3"}, {"accuracy_m": "x"}],
)
def test_a_position_that_cannot_be_is_as_good_as_none(client, world, odd):
    _, answer = claim(client, path(world), **(NEAR | odd))
    assert "You are the first to scan this code" in answer.text
    assert "In which store did you buy it?" in answer.text


@pytest.mark.parametrize(
    ("days_left", "said"),
    [(-1, "please do not use it any more"), (3, "Its last day is near"), (300, "Best until")],
)
def test_lot_and_last_day_are_told_and_warned_of(client, world, engine, days_left, said):
    terms = Terms(lot="L-7", expires_on=make.TODAY + timedelta(days=days_left))
    with transaction(engine) as db:
        batch = make.batch(db, ring=world.ring, gtin=world.batch.gtin, terms=terms)
    page = client.get(urlsplit(make.uri_at(batch, ring=world.ring)).path).text
    assert said in page
    assert "L-7" in page
    assert ("last day" in page) == (days_left < 20)


def test_a_page_without_links_says_nothing_of_them(client, world):
    assert 'aria-labelledby="links"' not in client.get(path(world)).text
    assert 'aria-labelledby="links"' not in client.get(path(world, level="case")).text


def test_the_page_offers_of_each_type_the_link_in_the_readers_language(client, world, engine):
    with transaction(engine) as db:
        for lang in ("en", "zh"):
            address = {"href": f"https://brand.example/{lang}", "languages": (lang,)}
            make.link(
                db, world.batch.gtin, target_id=lang, link_type="instructions", title=f"How to ({lang})", **address
            )
        make.link(db, world.batch.gtin, target_id="faq", link_type="faqs", href="https://brand.example/faq")
    page = client.get(path(world), headers={"Accept-Language": "zh-CN"}).text
    assert sorted(re.findall(r'href="(https://brand[^"]+)"', page)) == [
        "https://brand.example/faq",
        "https://brand.example/zh",
    ]


def test_an_outer_mark_says_where_the_code_that_counts_is(client, world, engine):
    with transaction(engine) as db:
        batch = make.batch(db, ring=world.ring, gtin=world.batch.gtin, terms=Terms(has_outer=True))
    outer, item = (urlsplit(make.uri_at(batch, ring=world.ring, level=name)).path for name in ("outer", "item"))
    page = client.get(outer).text
    assert "under the cap or the film" in page
    assert "<form" not in page.split("</footer>")[0].split("<main")[1]
    assert "somebody may have opened it" not in page
    claim(client, item)
    assert "somebody may have opened it" in client.get(outer).text


def test_what_came_back_is_told_to_everybody_and_its_reward_is_gone(client, world, engine, config):
    claim(client, path(world))
    with transaction(engine) as db:
        row = ReturnRow("r", world.uri(1))
        assert take_return(db, config=config, ring=world.ring, row=row, now=make.NOW)
    page = client.get(path(world)).text
    assert "This item was returned" in page
    assert "CN¥" not in page
    assert json.loads(client.get(path(world), headers={"Accept": "application/json"}).data)["state"] == "returned"


def test_another_phone_is_told_that_it_was_not_the_first(app, world):
    claim(app.test_client(), path(world))
    other = app.test_client()
    assert "This code has been scanned before" in other.get(path(world)).text
    _, answer = claim(other, path(world))
    assert "Another phone was the first" in answer.text
    assert "CN¥" not in answer.text


def test_what_was_told_to_one_phone_is_not_shown_to_another(app, world):
    claim(app.test_client(), path(world), **NEAR)
    page = app.test_client().get(path(world)).text
    assert "Near" not in page
    assert "CN¥" not in page


def test_the_claimant_may_choose_another_store(client, world):
    claim(client, path(world), **NEAR)
    search = client.get(f"{path(world)}/stores?q=Far").text
    assert "One store found" in search
    answer = client.post(f"{path(world)}/store", data={"store": "S-far"}, follow_redirects=True)
    assert "your choice" in answer.text
    assert "Far" in answer.text


def test_the_list_of_stores_begins_with_those_near(client, world):
    claim(client, path(world), **BETWEEN)
    page = client.get(f"{path(world)}/stores").text
    assert "Near your position" in page
    assert page.count("It was here") == 2
    assert "No store answers to these words" in client.get(f"{path(world)}/stores?q=nowhere").text


def test_nobody_else_can_choose_the_store(app, world):
    claim(app.test_client(), path(world))
    answer = app.test_client().post(f"{path(world)}/store", data={"store": "S-far"})
    assert answer.status_code == 409
    assert "Only the phone that scanned this item first" in answer.text


def test_a_store_that_does_not_exist_is_not_found(client, world):
    claim(client, path(world))
    assert client.post(f"{path(world)}/store", data={"store": "S-none"}).status_code == 404


def test_an_unknown_code_is_a_page_that_helps(client, world):
    made_up = path(world)[:-16] + "0" * 16
    answer = client.get(made_up)
    assert answer.status_code == 404
    assert "We do not know this code" in answer.text
    assert "Scan the printed code again" in answer.text
    assert client.post(made_up, data={"place": "none"}).status_code == 404


def test_who_tries_codes_out_is_slowed_down_but_a_real_code_is_answered(client, world):
    made_up = path(world)[:-16]
    for number in range(UNKNOWN_CODES.most):
        client.get(f"{made_up}{number:016}")
    assert client.get(f"{made_up}{'0' * 16}").status_code == 429
    assert client.get(path(world)).status_code == 200


def test_a_mistyped_product_number_is_said(client, world):
    answer = client.get(path(world).replace("/01/0", "/01/1", 1))
    assert answer.status_code in {404, 422}
    assert "<h1>" in answer.text
    assert "Scan the printed code again" in answer.text


def test_a_recalled_item_warns_and_asks_for_nothing(client, world):
    with transaction(world.engine) as db:
        recall(db, batch_id=world.batch.batch_id, why="glass in it", now=make.NOW)
    page = client.get(path(world)).text
    assert "This item has been recalled" in page
    assert "Please do not use this item" in page
    assert "<form" not in page


def test_a_case_is_told_from_an_item(client, world):
    page = client.get(path(world, level="case")).text
    assert "This is the code of an outer package" in page
    assert "<form" not in page


def test_a_code_that_many_phones_scanned_is_doubted(client, world):
    scans = [
        NewScan(uri=world.uri(), key=f"k{number}", consumer=f"p{number}", position=PlaceTold(LAT, LON, 20.0, "wgs84"))
        for number in range(12)
    ]
    with transaction(world.engine) as db:
        take_scans(db, config=world.config, ring=world.ring, scans=scans, now=make.NOW)
    page = client.get(path(world)).text
    assert "This code may have been copied" in page
    assert "12 times" in page


def test_the_page_is_chinese_for_a_chinese_phone(client, world):
    page = client.get(path(world), headers={"Accept-Language": "zh-CN"}).text
    assert "这个码还没有人扫过" in page
    assert "30 天后删除" in page
