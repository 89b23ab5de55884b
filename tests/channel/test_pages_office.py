"""The office: how the whole stands, master data, batches, imports. The owner changes, finance and auditor read."""

import html
import io
import re
from datetime import timedelta

import pytest
from sqlalchemy import select
from werkzeug.datastructures import FileStorage
from werkzeug.test import stream_encode_multipart

from channel.database import transaction
from channel.journey import NewScan, PlaceTold, take_scans
from scans.batches import catalogue
from scans.tables import Batch, Product
from stores.tables import Flag, Source, Store, StoreDay
from tests import make, worlds

READ = (
    "/office", "/office/flags", "/office/stores", "/office/stores/S-near", "/office/parties", "/office/products",
    "/office/reps", "/office/batches", "/office/money",
    "/office/custody", "/office/tasks",
)  # fmt: skip
CHANGE = ("/office/import", "/office/edit/stores", "/office/edit/stores?id=S-near", "/office/import/stores.csv")


@pytest.fixture
def world(engine, config, app):
    world = worlds.small(engine, config)
    scan = NewScan(world.uri(1), "k", "phone", position=PlaceTold(*worlds.PLACE, 30.0, "wgs84"))
    with transaction(engine) as db:
        take_scans(db, config=config, ring=world.ring, scans=[scan], now=make.NOW - timedelta(days=1))
        make.rep(db, rep_id="R-1")
        key = make.key_of(db, store_id="S-near")
        db.add(StoreDay(store_id=key, day=make.TODAY - timedelta(days=1), count=1, expected=4.0, low=1, high=9))
        flag = Flag(flag_id="f", store_id=key, detector="judge", direction="too_bad", p_value=0.01, stake_cents=82000)
        flag.first_day = flag.last_day = make.TODAY - timedelta(days=1)
        flag.why = {"code": "stretch_low", "days": 7, "sold": 1, "expected": 25.66, "low": 13, "high": 43}
        db.add(flag)
    return world


def token(client):
    return re.search(r'name="csrf_token" value="([^"]+)"', client.get("/office/batches").text)[1]


def send(client, to, /, **told):
    return client.post(to, data={"csrf_token": token(client), **told}, content_type="multipart/form-data")


@pytest.mark.parametrize("role", ["owner", "finance", "auditor"])
def test_whoever_may_read_sees_every_page_and_only_the_owner_the_forms(world, signed_in, role):
    client = signed_in(role)
    assert {address: client.get(address).status_code for address in READ} == dict.fromkeys(READ, 200)
    expected = 200 if role == "owner" else 403
    assert {address: client.get(address).status_code for address in CHANGE} == dict.fromkeys(CHANGE, expected)
    assert ("/office/edit/" in client.get("/office/stores").text) is (role == "owner")


@pytest.mark.parametrize("role", ["finance", "auditor"])
@pytest.mark.parametrize("address", ["batches", "batches/B/activate", "batches/B/recall", "edit/stores", "import"])
def test_who_only_reads_cannot_change(world, signed_in, role, address):
    assert signed_in(role).post(f"/office/{address}").status_code == 403


def test_the_board_counts_what_was_scanned(world, signed_in):
    page = signed_in("owner").get("/office").text
    assert "Sold 1 in 7 days, where 25.7 are normal (13 to 43)." in page
    for words in ("First scans that got a store", "100%", "120 · 100%", "Other regions", "East"):
        assert words in page
    assert "A new house" not in page


def test_an_empty_house_is_told_what_to_do_first(signed_in):
    client = signed_in("owner")
    assert "A new house: what to do first" in client.get("/office").text
    for kind in ("stores", "parties", "products", "reps"):
        assert "Download the example file" in client.get(f"/office/{kind}").text
    assert "Codes mark products: enter one first" in client.get("/office/batches").text
    assert "Nothing abnormal" in client.get("/office/flags").text
    assert "No plan: nothing is shared" in client.get("/office/money").text


def test_a_store_shows_its_days_against_the_normal_ones(world, signed_in):
    page = signed_in("owner").get("/office/stores/S-near?days=30").text
    assert "<td>06-14</td><td>1</td><td>4</td><td>1–9</td>" in page
    assert "Sold 1 in 7 days" in page
    assert signed_in("owner", name="other").get("/office/stores/S-none").status_code == 404


def test_flags_are_narrowed_by_direction(world, signed_in):
    client = signed_in("owner")
    assert "Sold 1 in" in client.get("/office/flags?direction=too_bad").text
    assert "Sold 1 in" not in client.get("/office/flags?direction=too_good").text
    assert "Sold 1 in" in client.get("/office/flags?direction=sideways&page=x").text


def test_lists_are_searched_and_paged(world, signed_in, engine):
    with transaction(engine) as db:
        rows = [make.store_row(store_id=f"T-{number:03}", name="Tea house") for number in range(60)]
        make.put_stores(db, rows=rows, day=make.TODAY)
    client = signed_in("owner")
    assert client.get("/office/stores?q=Tea").text.count("Tea house") == 100  # in its cell and in the name of its link
    assert 'rel="next"' in client.get("/office/stores?q=Tea").text
    assert "T-059" in client.get("/office/stores?q=Tea&after=T-049").text
    assert "Nothing found" in client.get("/office/stores?q=nowhere").text


def test_a_store_is_edited_and_keeps_its_posters(world, signed_in, engine):
    with transaction(engine) as db:
        db.add(Source(source_id="poster", store_id=make.key_of(db, store_id="S-near")))
    client = signed_in("owner")
    form = dict(re.findall(r'name="(\w+)" value="([^"]*)"', client.get("/office/edit/stores?id=S-near").text))
    answer = send(client, "/office/edit/stores", **(form | {"name": "Nearer", "datum": "wgs84", "party_id": "F2"}))
    assert answer.status_code == 303
    with transaction(engine) as db:
        assert db.scalar(select(Store.name).where(Store.store_id == "S-near")) == "Nearer"
        assert db.scalar(select(Source.source_id)) == "poster"


def test_a_product_is_entered_and_mistakes_are_told_at_their_field(world, signed_in, engine):
    client = signed_in("owner")
    told = {"new": "1", "gtin": "09506000134353", "name": "Tea", "list_price_cents": "3.50", "kind": "goods"}
    answer = send(client, "/office/edit/products", **told)
    assert answer.status_code == 422
    assert "the check digit of this GTIN is wrong" in answer.text
    assert send(client, "/office/edit/products", **(told | {"gtin": "09506000134352"})).status_code == 422
    good = told | {"gtin": "09506000134352", "list_price_cents": "350"}
    assert send(client, "/office/edit/products", **good).status_code == 303
    with transaction(engine) as db:
        assert db.scalar(select(Product.list_price_cents).where(Product.gtin == "09506000134352")) == 350
    assert client.get("/office/edit/products?id=123").status_code == 404


def test_whoever_edits_a_record_sees_where(world, signed_in):
    page = signed_in("owner").get("/office/edit/stores").text
    assert re.findall(r'href="([^"]+)" aria-current', page) == ["/office/stores", "/office/stores"]


def test_codes_are_issued_activated_printed_and_recalled(world, signed_in, engine):
    client = signed_in("owner")
    there = send(client, "/office/batches", gtin=world.batch.gtin, count="48", items_per_case="24", form="csv").location
    batch_id = there.rsplit("/", 1)[1]
    assert "frozen when activated" in client.get(there).text
    assert send(client, f"{there}/activate").location == there
    assert "每件都有" in client.get(there, headers={"Accept-Language": "zh"}).text
    assert send(client, f"{there}/recall", why="glass in it").location == there
    assert "glass in it" in client.get(there).text
    with transaction(engine) as db:
        assert db.scalar(select(Batch.state).where(Batch.batch_id == batch_id)) == "recalled"
    assert send(client, f"{there}/activate").status_code == 409


def test_a_batch_is_issued_on_terms(world, signed_in, engine):
    client = signed_in("owner")
    terms = {"lot": "L-7", "expires_on": "2027-01-31", "earns": "delivered", "outer": "1"}
    there = send(client, "/office/batches", gtin=world.batch.gtin, count="48", **terms).location
    page = client.get(there).text
    assert all(text in page for text in ("L-7", "2027-01-31", "its case is delivered to a store", "outer mark"))
    with transaction(engine) as db:
        known = catalogue(db).batch(there.rsplit("/", 1)[1])
        assert (known.lot, str(known.expires_on), known.earns, known.span("outer").size) == (
            "L-7", "2027-01-31", "delivered", 48,
        )  # fmt: skip


def test_a_batch_is_issued_with_numbers_of_their_own_on_cases_and_pallets(world, signed_in, engine):
    client = signed_in("owner")
    packs = {"gtin": world.batch.gtin, "count": "48", "items_per_case": "12", "cases_per_pallet": "2"}
    there = send(client, "/office/batches", **packs, case_gtin="19506000134359", sscc_prefix="9506000").location
    with transaction(engine) as db:
        known = catalogue(db).batch(there.rsplit("/", 1)[1])
        assert (known.case_gtin, known.sscc_prefix) == ("19506000134359", "9506000")


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({"case_gtin": "19506000134350", "items_per_case": "12"}, "the check digit of this GTIN is wrong"),
        ({"case_gtin": "19506000134359"}, "a GTIN for cases needs cases"),
        ({"sscc_prefix": "9506000"}, "SSCCs need pallets"),
        ({"sscc_prefix": "95x", "items_per_case": "12", "cases_per_pallet": "2"}, "prefix has 4 to 12 digits"),
    ],
)
def test_numbers_that_cannot_be_are_refused(world, signed_in, told, why):
    refused = send(signed_in("owner"), "/office/batches", gtin=world.batch.gtin, count="48", **told)
    assert (refused.status_code, why in html.unescape(refused.text)) == (422, True)
    assert all(f'value="{value}"' in refused.text for value in told.values())


def test_items_are_taken_back_and_issued_anew(world, signed_in):
    client = signed_in("owner")
    assert "Nothing came back yet" in client.get("/office/returns").text
    refused = send(client, "/office/returns", code=world.uri(2))
    assert (refused.status_code, "never claimed" in refused.text) == (422, True)
    assert send(client, "/office/returns", code=world.uri(1), why="the cap leaks").status_code == 303
    page = client.get("/office/returns").text
    assert "the cap leaks" in page
    (uri,) = re.findall(r'name="item" value="([^"]+)"', page)
    there = send(client, "/office/returns/settle", item=uri, act="reissue").location
    assert client.get(there).status_code == 200
    page = client.get("/office/returns").text
    assert there.rsplit("/", 1)[1] in page
    assert 'name="item"' not in page
    assert send(client, "/office/returns/settle", item=uri, act="scrap").status_code == 422
    assert send(client, "/office/returns/settle", act="scrap").status_code == 422
    assert signed_in("auditor").get("/office/returns").status_code == 200


def test_a_part_of_a_batch_is_activated_and_recalled_by_positions_or_by_a_code(world, signed_in):
    client = signed_in("owner")
    there = send(client, "/office/batches", gtin=world.batch.gtin, count="48", items_per_case="24", form="csv").location
    assert send(client, f"{there}/printed").location == there
    with transaction(world.engine) as db:
        case = make.uri_at(catalogue(db).batch(there.rsplit("/", 1)[1]), ring=world.ring, level="case", position=2)
    assert send(client, f"{there}/activate", code=case).location == there
    assert send(client, f"{there}/recall", why="glass in it", first="30", last="31").location == there
    page = client.get(there).text
    assert "in part activated" in page
    found = re.findall(r'<td class="num">(\d+) – (\d+)</td><td><span class="chip \w+">(\w+)', page)
    assert found == [("25", "29", "activated"), ("30", "31", "recalled"), ("32", "48", "activated")]
    assert send(client, f"{there}/activate").location == there
    assert "in part activated" not in client.get(there).text


@pytest.mark.parametrize(
    "told", [{"first": "49"}, {"first": "x"}, {"first": "-1"}, {"code": "no code"}, {"first": "2", "last": "1"}]
)
def test_a_part_that_is_not_in_the_batch_is_refused(world, signed_in, told):
    client = signed_in("owner")
    there = send(client, "/office/batches", gtin=world.batch.gtin, count="48").location
    assert send(client, f"{there}/activate", **told).status_code == 422
    assert send(client, f"{there}/activate", code=world.uri(1)).status_code == 422
    assert send(client, f"{there}/recall", why="glass", code=there.rsplit("/", 1)[1]).status_code == 422


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({"count": "100000001"}, "a batch has 1 to 100000000 items"),
        ({"count": ""}, "a batch has 1 to 100000000 items"),
        ({"count": "5", "receiver": "x" * 101}, "name has at most 100 characters"),
        ({"count": "5", "recipients": "age1"}, "a recipient is a public key"),
        ({"count": "5", "cases_per_pallet": "4"}, "pallets hold cases"),
        ({"count": "5", "gtin": "06000000009999"}, "GTIN"),
        ({"count": "5", "made_on": "2026-06-01"}, "the product has no shelf life"),
        ({"count": "5", "expires_on": "soon"}, "there is no such day"),
    ],
)
def test_a_batch_that_cannot_be_is_refused_in_its_form(world, signed_in, told, why):
    answer = send(signed_in("owner"), "/office/batches", **({"gtin": world.batch.gtin, "form": "csv"} | told))
    assert answer.status_code == 422
    assert why in answer.text


def test_a_batch_that_does_not_exist_is_not_found(world, signed_in):
    client = signed_in("owner")
    assert client.get("/office/batches/B0").status_code == 404
    assert send(client, "/office/batches/B0/activate").status_code == 404
    assert send(client, f"/office/batches/{world.batch.batch_id}/labels", form="pdf", first="999").status_code == 422


def upload(client, text, **told):
    return send(client, "/office/import", kind="parties", file=(io.BytesIO(text.encode()), "parties.csv"), **told)


def test_a_file_is_imported_and_its_bad_rows_told_by_line(world, signed_in):
    client = signed_in("owner")
    text = "id,kind,name,parent_id\nD-1,dealer,East,owner\nD-2,king,West,owner\nD-3,dealer,North,nobody\n"
    page = upload(client, text).text
    assert re.findall(r'<tr><td class="r">(\d+)</td><td class="mono">(\w+)</td><td>(\w+)</td>', page) == [
        ("3", "kind", "king"),
        ("4", "parent_id", "nobody"),
    ]
    assert "D-1" in client.get("/office/parties").text


def test_a_trial_writes_nothing(world, signed_in):
    client = signed_in("owner")
    page = upload(client, "id,kind,name,parent_id\nD-1,dealer,East,owner\n", dry_run="1").text
    assert "tried only, nothing was written" in page
    assert "D-1" not in client.get("/office/parties").text


def test_a_file_of_another_kind_is_refused_as_a_whole(world, signed_in):
    client = signed_in("owner")
    assert "column kind, name" in upload(client, "id\nD-1\n").text
    assert send(client, "/office/import", kind="nonsense").status_code == 422
    assert client.get("/office/import/nonsense.csv").status_code == 404


def test_a_file_may_be_larger_than_a_page_and_not_larger_than_the_limit(world, signed_in):
    client = signed_in("owner")
    rows = "".join(f"D-{number},dealer,{'x' * 150},owner\n" for number in range(8000))
    data = {"csrf_token": token(client), "kind": "parties"}
    data["file"] = FileStorage(io.BytesIO(("id,kind,name,parent_id\n" + rows).encode()), "parties.csv")
    stream, length, boundary = stream_encode_multipart(data, use_tempfile=False)
    told = {"content_length": length, "content_type": f'multipart/form-data; boundary="{boundary}"'}
    assert "8,000" in client.post("/office/import", input_stream=stream, **told).text
    assert client.post("/office/batches", data={"csrf_token": "x" * 2_000_000}).status_code == 413


def test_the_money_page_lists_the_plan_in_force(world, signed_in):
    page = signed_in("finance").get("/office/money").text
    assert "in force" in page
    assert "franchisee: 10%" in page
    assert "CN¥0.50" in page


@pytest.mark.parametrize("address", ["stores/a%00b", "batches/a%00b", "doubts/a%00b", "tasks/a%00b", "stores?q=a%00b"])
def test_a_zero_byte_is_no_bug_of_ours(world, signed_in, address):
    """PostgreSQL stores no text that holds one; SQLite does, and finds nothing."""
    assert signed_in("owner").get(f"/office/{address}").status_code in (200, 404, 422)


@pytest.mark.parametrize(
    ("path", "area", "tab"),
    [
        ("/office", "Overview", None),
        ("/office/flags", "Radar", "Abnormal"),
        ("/office/stores", "Master data", "Stores"),
        ("/office/money", "Money", None),
    ],
)
def test_the_tabs_show_where_one_is(signed_in, path, area, tab):
    top = signed_in("owner").get(path).text.partition("</header>")[0]
    marked = re.findall(r'aria-current="(\w+)">([^<]+)<', top)
    assert marked == ([("true", area), ("page", tab)] if tab else [("page", area)])


def test_tabs_lead_nobody_where_they_may_not_go(signed_in):
    page = signed_in("auditor").get("/office/stores").text
    assert ">Import<" not in page
    assert ">Parties<" in page


def test_law_every_tab_opens(signed_in):
    boss = signed_in("owner")
    addresses = set(re.findall(r'<a href="(/[^"]*)"', boss.get("/office").text))
    for address in tuple(addresses):
        addresses |= set(
            re.findall(r'<a href="(/[^"]*)"[^>]*>[^<]+</a>', boss.get(address).text.partition("</header>")[0])
        )
    assert {boss.get(address).status_code for address in addresses if address.startswith("/office")} == {200}


def test_a_stores_number_opens_down_to_the_scans_and_as_a_file(world, signed_in):
    client = signed_in("auditor")
    day = str(make.TODAY - timedelta(days=1))
    assert "/office/stores/S-near/sold?" in client.get("/office/stores/S-near").text
    page = client.get(f"/office/stores/S-near/sold?from={day}").text
    assert f"/office/trace/{world.batch.batch_id}/item/1" in page
    assert "Nearest store to the position" in page
    told = client.get(f"/office/stores/S-near/sold.csv?from={day}").text
    assert [line.split(",")[0] for line in told.splitlines()] == ["\ufeffDay", day]
    assert client.get(f"/office/stores/S-near/sold.xlsx?from={day}").data[:2] == b"PK"
    assert "Nothing was sold here" in client.get("/office/stores/S-far/sold").text
    assert client.get("/office/stores/NONE/sold").status_code == 404


@pytest.mark.parametrize(
    "span",
    [
        "from=x", "from=2026-01-02&to=2026-01-01", "from=1990-01-01&to=2999-12-31", "page=x",
        "from=9999-12-31", "from=0001-01-01", "from=2026-01-01&to=9999-12-31",
    ],
)  # fmt: skip
def test_a_span_that_cannot_be_is_answered_all_the_same(world, signed_in, span):
    assert signed_in("owner").get(f"/office/stores/S-near/sold?{span}").status_code == 200
