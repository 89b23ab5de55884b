"""The resolver over HTTP: a test for each rule of docs/resolver.md, and 500 targets that lead nowhere."""

import json
from datetime import timedelta
from urllib.parse import quote, urlsplit

import jsonschema
import pytest

from channel import providers
from channel.database import transaction
from tests import hostile, make, worlds

LINKSET = {"Accept": "application/linkset+json"}
PAGE = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
GTIN = make.gtin(7)
PATH = f"/01/{GTIN}"
HOME = "https://home.example"
LINKS = {
    "en": {"href": f"{HOME}/en", "is_default": True, "languages": ("en",)},
    "zh": {"href": f"{HOME}/zh", "languages": ("zh", "zh-CN")},
    "recipe": {"href": f"{HOME}/r?a=b#c", "link_type": "recipeInfo"},
    "doc": {"href": f"{HOME}/d", "link_type": "instructions", "media_type": "text/html"},
    "pdf": {"href": f"{HOME}/p", "link_type": "instructions", "media_type": "application/pdf"},
    "cn": {"href": f"{HOME}/cn", "link_type": "support", "contexts": ("CN",)},
    "us": {"href": f"{HOME}/us", "link_type": "support", "contexts": ("US",)},
    "quiet": {"href": f"{HOME}/q", "link_type": "faqs", "forwards_query": False},
    "lot": {"href": "https://lot.example/l", "link_type": "certificationInfo", "lot": "L1"},
    "serial": {"href": "https://serial.example/s", "link_type": "traceability", "serial": "S1"},
}


@pytest.fixture
def linked(engine):
    """Make a product with links of its own, of a lot and of a serial."""
    with transaction(engine) as db:
        make.product(db, gtin=GTIN, name="Green tea")
        for target_id, said in LINKS.items():
            make.link(db, GTIN, target_id=target_id, **said)


def there(answer):
    assert answer.status_code == 307, answer.text
    return answer.headers["Location"]


@pytest.mark.usefixtures("linked")
def test_rule_default_link_is_followed_with_307(client):
    assert there(client.get(PATH)) == f"{HOME}/en"
    assert there(client.get(f"{PATH}/10/L1")) == f"{HOME}/en"


@pytest.mark.usefixtures("linked")
def test_rule_accept_language_chooses_among_the_defaults(client):
    wanted = {"Accept-Language": "zh-CN,zh;q=0.9,en;q=0.8"}
    assert there(client.get(PATH, headers=wanted)) == f"{HOME}/zh"
    assert there(client.get(PATH, headers={"Accept-Language": "fr"})) == f"{HOME}/en"


@pytest.mark.usefixtures("linked")
@pytest.mark.parametrize(
    "told", ["gs1:recipeInfo", "https://ref.gs1.org/voc/recipeInfo", "https://gs1.org/voc/recipeInfo"]
)
def test_rule_link_type_is_followed_in_short_and_in_full(client, told):
    assert there(client.get(f"{PATH}?linkType={quote(told, safe='')}")).startswith(f"{HOME}/r?")


@pytest.mark.usefixtures("linked")
@pytest.mark.parametrize("told", ["gs1:review", "gs1:nosuch", "foo", "https%3A%2F%2Fevil.example%2F"])
def test_rule_unknown_link_type_is_404(client, told):
    answer = client.get(f"{PATH}?linkType={told}", headers={"Accept": "application/problem+json"})
    assert (answer.status_code, answer.json["type"]) == (404, "/problems/no-such-link")
    assert client.get(f"{PATH}?linkType={told}", headers=PAGE).status_code == 404


@pytest.mark.usefixtures("linked")
def test_rule_accept_chooses_among_links_of_a_type(client):
    ask = f"{PATH}?linkType=gs1:instructions"
    assert there(client.get(ask, headers={"Accept": "application/pdf"})).startswith(f"{HOME}/p")
    assert there(client.get(ask, headers=PAGE)).startswith(f"{HOME}/d")


@pytest.mark.usefixtures("linked")
def test_rule_context_chooses_among_links_of_a_type(client):
    assert there(client.get(f"{PATH}?linkType=gs1:support&context=US")).startswith(f"{HOME}/us")


@pytest.mark.usefixtures("linked")
def test_rule_where_nothing_tells_which_is_meant_all_are_offered_with_300(client):
    ask = f"{PATH}?linkType=gs1:support"
    page = client.get(ask, headers=PAGE)
    assert page.status_code == 300
    assert f"{HOME}/cn" in page.text
    assert "Location" not in page.headers
    told = client.get(ask, headers=LINKSET)
    assert told.status_code == 300
    assert len(json.loads(told.data)["linkset"][0]["https://ref.gs1.org/voc/support"]) == 2


@pytest.mark.usefixtures("linked")
@pytest.mark.parametrize(
    ("path", "headers"),
    [
        (f"{PATH}?linkType=linkset", {}),
        (f"{PATH}?linkType=all", PAGE),
        (PATH, LINKSET),
        (f"{PATH}/10/L1/21/S1", LINKSET),
        (f"{PATH}/21/S1?linkType=linkset&17=261231", {}),
        (f"{PATH}/21/s1", LINKSET),
    ],
)
def test_rule_linkset_is_valid_against_the_schema_with_full_names(client, test_data, path, headers):
    answer = client.get(path, headers=headers)
    assert (answer.status_code, answer.content_type) == (200, "application/linkset+json")
    told = json.loads(answer.data)
    schema = json.loads((test_data / "gs1" / "linkset-schema.json").read_text(encoding="utf-8"))
    jsonschema.validate(told, schema, cls=jsonschema.Draft7Validator)
    names = {name for context in told["linkset"] for name in context}
    assert {"anchor", "itemDescription", "https://ref.gs1.org/voc/defaultLink", "https://ref.gs1.org/voc/pip"} <= names
    assert all(name.startswith("https://ref.gs1.org/voc/") for name in names - {"anchor", "itemDescription"})


@pytest.mark.usefixtures("linked")
def test_rule_walk_up_from_serial_to_lot_to_product(client):
    full = f"{PATH}/10/L1/21/S1"
    assert there(client.get(f"{full}?linkType=gs1:traceability")).startswith("https://serial.example/s")
    assert there(client.get(f"{full}?linkType=gs1:certificationInfo")).startswith("https://lot.example/l")
    assert there(client.get(f"{full}?linkType=gs1:recipeInfo")).startswith(f"{HOME}/r")
    anchors = [context["anchor"] for context in json.loads(client.get(full, headers=LINKSET).data)["linkset"]]
    assert anchors == [f"http://localhost{PATH}/21/S1", f"http://localhost{PATH}/10/L1", f"http://localhost{PATH}"]
    assert client.get(f"{PATH}/10/L2?linkType=gs1:certificationInfo").status_code == 404


@pytest.mark.usefixtures("linked")
def test_rule_link_header_names_the_linkset_and_its_context(client):
    told = client.get(f"{PATH}/10/L1").headers["Link"]
    assert told == f'<http://localhost{PATH}/10/L1?linkType=linkset>; rel="linkset"; type="application/linkset+json"'
    assert 'rel="http://www.w3.org/ns/json-ld#context"' in client.get(PATH, headers=LINKSET).headers["Link"]


@pytest.mark.parametrize(
    "path",
    [
        "/01/09506000134353",
        "/01/x",
        f"{PATH}/foo",
        f"{PATH}/21/S1/foo",
        f"{PATH}/21/S1/10/L1",
        f"{PATH}/8011/5",
        f"{PATH}/10/{'L' * 21}",
        f"{PATH}?17=261301",
        f"{PATH}?3103=195",
        f"{PATH}?10=L1",
        f"{PATH}?17=261231&17=261231",
        f"{PATH}/10/%00",
        "/01/09506000134353/21/S1?linkType=gs1:pip",
    ],
)
@pytest.mark.usefixtures("linked")
def test_rule_what_is_no_digital_link_is_400(client, path):
    answer = client.get(path, headers={"Accept": "application/problem+json"})
    assert (answer.status_code, answer.json["type"]) == (400, "/problems/no-digital-link")
    assert client.get(path, headers=PAGE).status_code == 400


@pytest.mark.usefixtures("linked")
def test_rule_attributes_are_checked_and_passed_on(client):
    assert there(client.get(f"{PATH}?17=261231&3103=000195")) == f"{HOME}/en?17=261231&3103=000195"


@pytest.mark.usefixtures("linked")
def test_rule_the_query_is_passed_on_unless_the_link_says_no(client):
    assert there(client.get(f"{PATH}?utm=a%20b&x=1")) == f"{HOME}/en?utm=a%20b&x=1"
    assert there(client.get(f"{PATH}?linkType=gs1:recipeInfo&x=1")) == f"{HOME}/r?a=b&linkType=gs1:recipeInfo&x=1#c"
    assert there(client.get(f"{PATH}?linkType=gs1:faqs&x=1")) == f"{HOME}/q"


@pytest.mark.usefixtures("linked")
def test_rule_a_last_slash_and_a_short_gtin_are_read(client):
    assert there(client.get(f"{PATH}/")) == there(client.get(PATH))
    assert there(client.get(f"/01/{GTIN[1:]}")) == there(client.get(PATH))


@pytest.mark.usefixtures("linked")
def test_rule_percent_encoding_is_undone(client):
    assert there(client.get(f"{PATH}/10/%4C1?linkType=gs1:certificationInfo")).startswith("https://lot.example")


@pytest.mark.usefixtures("linked")
def test_rule_head_and_options_are_answered(client):
    assert client.head(PATH).headers["Location"] == f"{HOME}/en"
    assert client.head(PATH).data == b""
    for path in (PATH, f"{PATH}/21/S1", "/.well-known/gs1resolver"):
        told = client.options(path)
        assert told.status_code == 200
        assert {"GET", "HEAD", "OPTIONS"} <= set(told.headers["Allow"].split(", "))


@pytest.mark.usefixtures("linked")
def test_rule_any_origin_may_read(client):
    for path in (
        PATH,
        f"{PATH}/10/L1",
        "/01/x",
        f"{PATH}?linkType=gs1:review",
        f"{PATH}/21/S1",
        "/.well-known/gs1resolver",
    ):
        for answer in (client.get(path), client.options(path)):
            assert answer.headers["Access-Control-Allow-Origin"] == "*"
            assert answer.headers["Access-Control-Allow-Methods"] == "GET, HEAD, OPTIONS"


def test_rule_the_resolver_describes_itself(client):
    told = json.loads(client.get("/.well-known/gs1resolver").data)
    assert told["resolverRoot"] == "http://localhost"
    assert told["supportedPrimaryKeys"] == ["01"]
    assert told["supportedLinkType"] == [{"namespace": "https://ref.gs1.org/voc/", "prefix": "gs1:"}]


@pytest.mark.usefixtures("linked")
def test_rule_an_unknown_product_is_404_and_not_an_error_with_200(client):
    for path in (f"/01/{make.gtin(8)}", f"/01/{make.gtin(8)}?linkType=linkset"):
        assert client.get(path, headers=PAGE).status_code == 404
        assert client.get(path, headers={"Accept": "application/problem+json"}).json["status"] == 404


def test_rule_a_product_without_links_still_answers(client, engine):
    with transaction(engine) as db:
        make.product(db, gtin=GTIN, name="Green tea")
    page = client.get(f"{PATH}/10/L%3CX?17=200101", headers=PAGE)
    assert page.status_code == 200
    for told in ("Green tea", GTIN, "L&lt;X", "has passed"):
        assert told in page.text
    told = json.loads(client.get(PATH, headers={"Accept": "application/json"}).data)
    assert told == {"linkset": [{"anchor": f"http://localhost{PATH}", "itemDescription": "Green tea"}]}


def test_rule_an_items_address_is_the_consumers_page_for_a_browser(client, engine, config):
    world = worlds.small(engine, config)
    path = urlsplit(world.uri()).path
    gtin, serial = path.split("/")[2], path.split("/")[4]
    with transaction(engine) as db:
        make.link(db, gtin, href=f"{HOME}/en", is_default=True)
    assert "Nobody has scanned this code before" in client.get(path, headers=PAGE).text
    assert json.loads(client.get(path, headers={"Accept": "application/json"}).data)["state"] == "claimable"
    assert there(client.get(f"{path}?linkType=gs1:pip")).startswith(f"{HOME}/en")
    assert there(client.get(f"/01/{gtin}/10/LOT/21/{serial.lower()}?x=1", headers=PAGE)) == f"{path}?x=1"
    assert there(client.get(f"{path}/", headers=PAGE)) == path


@pytest.mark.usefixtures("linked")
def test_a_change_is_seen_within_a_second(app, client, engine):
    house, at = providers.house(app), make.NOW
    house.clock = lambda: at
    assert there(client.get(PATH)) == f"{HOME}/en"
    with transaction(engine) as db:
        make.link(db, GTIN, href=f"{HOME}/new", is_default=True)
    assert there(client.get(PATH)) == f"{HOME}/en"
    house.clock = lambda: at + timedelta(seconds=1)
    assert there(client.get(PATH)) == f"{HOME}/new"
    house.clock = lambda: at - timedelta(hours=1)  # a clock that was set back
    assert there(client.get(PATH)) == f"{HOME}/new"


@pytest.mark.usefixtures("linked")
@pytest.mark.sqlite_only
def test_500_hostile_targets_lead_nowhere(client):
    """In any place of an address: what is answered is no redirect, or one to a host of the table."""
    asks = ("{}?{}", "{}?linkType={}", "{}?context={}", "{}/10/{}", "{}/21/{}?linkType=gs1:pip", "{}?url={}", "{}{}")
    ours, followed = (f"{HOME}/", f"{PATH}/21/"), 0
    for number, target in enumerate(hostile.TARGETS):
        for ask in (asks[number % 5], *asks[-2:]):
            answer = client.get(ask.format(PATH, quote(target, safe="/:?&=@#\\")))
            assert answer.status_code in {200, 300, 307, 400, 404}, (ask, target)
            if "Location" in answer.headers:
                followed += 1
                location = answer.headers["Location"]
                assert location.startswith(ours), (ask, target)
                assert location.isprintable()
    assert followed > 500  # to where the table says, with the query behind it


@pytest.mark.parametrize("header", ["Host", "X-Forwarded-Host", "X-Original-URL", "Referer", "Origin"])
@pytest.mark.usefixtures("linked")
def test_no_header_leads_elsewhere(client, header):
    for headers in ({}, LINKSET, PAGE):
        answer = client.get(PATH, headers=headers | {header: "evil.example"})
        assert "evil.example" not in str(answer.headers)
        assert b"evil.example" not in answer.data
