"""The links of a product in the office: the owner edits them, finance and auditor read, and no form lets evil in."""

import re

import pytest

from tests import hostile, make, worlds

TEA = {"id": "L1", "link_type": "gs1:pip", "title": "Tea", "href": "https://b.example/tea"}


@pytest.fixture
def world(engine, config, app):
    return worlds.small(engine, config)


def send(client, to, /, **told):
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get(to.removesuffix("/drop")).text)[1]
    return client.post(to, data={"csrf_token": token, **told})


@pytest.mark.parametrize("role", ["owner", "finance", "auditor"])
def test_whoever_may_read_sees_the_links_and_only_the_owner_the_form(world, signed_in, role):
    client, there = signed_in(role), f"/office/products/{world.batch.gtin}/links"
    page = client.get(there)
    assert page.status_code == 200
    assert ('<form class="card form"' in page.text) is (role == "owner")
    for address in (there, f"{there}/drop"):
        assert client.post(address, data=TEA).status_code == 403


def test_who_is_not_of_the_office_sees_none(world, signed_in):
    client = signed_in("franchisee", party="F1")
    assert client.get(f"/office/products/{world.batch.gtin}/links").status_code == 403


@pytest.mark.sqlite_only
def test_hostile_targets_are_refused_by_the_form(world, signed_in, engine):
    client, there = signed_in("owner"), f"/office/products/{world.batch.gtin}/links"
    for number, href in enumerate(hostile.TARGETS[::20]):
        answer = send(client, there, **TEA | {"id": f"L{number}", "href": href})
        assert answer.status_code == 422 or href.strip() in hostile.PLAIN, href


def test_a_products_links_are_listed_entered_changed_and_removed(world, signed_in):
    client = signed_in("owner")
    there = f"/office/products/{world.batch.gtin}/links"
    assert there in client.get("/office/products").text
    assert "a page of our own" in client.get(there).text
    told = {"id": "L1", "link_type": "gs1:pip", "title": "茶", "href": "https://b.example/tea", "default": "yes"}
    assert send(client, there, **told, forward_query="yes", languages="zh; en").status_code == 303
    page = client.get(f"{there}?id=L1").text
    for shown in ("https://b.example/tea", "茶", "Default", 'value="zh;en"', "zh, en"):
        assert shown in page
    assert client.get(f"/01/{world.batch.gtin}").headers["Location"] == "https://b.example/tea"
    assert send(client, there, **told | {"title": "茶叶", "lot": "A1"}).status_code == 303
    assert "A1" in client.get(there).text
    assert send(client, f"{there}/drop", id="L1").status_code == 303
    assert send(client, f"{there}/drop", id="L1").status_code == 404
    assert client.get(f"{there}?id=L1").status_code == 404


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"href": "javascript:alert(1)"}, "is not an address like"),
        ({"href": "https://me@b.example/"}, "is not an address like"),
        ({"href": "http://localhost/01/06000000000073"}, "leads to no named host"),
        ({"title": ""}, "is empty"),
        ({"title": "=1+1"}, "looks like a formula"),
        ({"link_type": "gs1:nosuch"}, "no link type of this name"),
        ({"languages": "zho"}, "is not a language like"),
        ({"lot": "A", "serial": "S"}, "not of both"),
        ({"media_type": "html"}, "is not a media type"),
        ({"context": "a b"}, "a context is"),
        ({"id": "no id"}, "an id has 1-64"),
    ],
)
def test_a_link_that_cannot_be_is_told_in_the_form(world, signed_in, change, why):
    client = signed_in("owner")
    answer = send(client, f"/office/products/{world.batch.gtin}/links", **TEA | change)
    assert answer.status_code == 422
    assert why in answer.text


def test_links_of_no_product_are_no_page(world, signed_in):
    client = signed_in("owner")
    assert client.get(f"/office/products/{make.gtin(9)}/links").status_code == 404
    assert client.get("/office/products/x/links").status_code == 404
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/office/batches").text)[1]
    told = TEA | {"csrf_token": token}
    assert client.post(f"/office/products/{make.gtin(9)}/links", data=told).status_code == 404
