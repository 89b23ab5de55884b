"""What a product's addresses may lead to, and how links are kept."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError

from scans.gs1 import LinkError
from scans.linktypes import DEFAULT, DEFAULTS, LINK_TYPES, LinkTypeError, iri, read_link_type
from scans.products import UnknownProductError
from scans.tables import Target
from scans.targets import (
    MOST_OF_PRODUCT,
    TargetError,
    TargetRow,
    check_context,
    check_href,
    check_language,
    check_level,
    check_media_type,
    check_words,
    drop_target,
    named_targets,
    put_targets,
)
from tests import hostile, make


def row(gtin, number=1, **said):
    return TargetRow(f"L{number}", gtin, "pip", f"Page {number}", f"https://b.example/{number}")._replace(**said)


def test_there_are_500_hostile_targets():
    assert len(hostile.TARGETS) >= 500


@pytest.mark.parametrize("text", hostile.TARGETS, ids=ascii)
def test_law_no_hostile_target_is_taken(text):
    with pytest.raises(TargetError):
        check_href(text)


@given(st.text(max_size=80))
def test_law_what_is_taken_is_plain_and_leads_to_a_named_host(text):
    for told in (text, "https://" + text, "https://b.example/" + text):
        try:
            assert check_href(told) == told
        except TargetError:
            continue
        assert told.isascii()
        assert told.isprintable()
        assert told.startswith(("http://", "https://"))
        assert "@" not in told.split("/")[2]


@pytest.mark.parametrize(
    "text",
    [
        "https://brand.example",
        "http://brand.example/",
        "https://www.brand.example:8443/a/b?c=d&e=%20#f",
        "https://xn--fsq.xn--0zwm56d/",
        "https://brand.example./a",
        "https://brand.example?x",
        "https://brand.example/@user/a:b;c,d(e)*'!~$",
    ],
)
def test_addresses_of_the_web_are_taken(text):
    assert check_href(text) == text


@pytest.mark.parametrize(("text", "kept"), [("zh", "zh"), ("ZH-cn", "zh-CN"), ("en-GB", "en-GB")])
def test_languages_are_kept_in_their_usual_spelling(text, kept):
    assert check_language(text) == kept


@pytest.mark.parametrize("text", ["", "zho", "zh-Hans", "zh_CN", "z", "1a", "zh-CN-x", "中"])
def test_what_no_linkset_can_tell_is_no_language(text):
    with pytest.raises(TargetError):
        check_language(text)


def test_media_types_contexts_and_lists_are_checked():
    assert check_media_type("Application/LD+json") == "application/ld+json"
    assert check_context("CN") == "CN"
    assert check_words("zh; en;;zh", check_language) == ("zh", "en")
    for check, text in (
        (check_media_type, "html"),
        (check_media_type, "x-evil/html"),
        (check_media_type, "text/html; charset=x"),
        (check_context, "a b"),
        (check_context, "x" * 65),
    ):
        with pytest.raises(TargetError):
            check(text)
    with pytest.raises(TargetError):
        check_words("aa;bb;cc;dd;ee;ff;gg;hh;ii", check_language)


def test_a_link_is_of_a_product_a_lot_or_a_serial():
    assert check_level("", "") == ("", "")
    assert check_level("L-1", "") == ("L-1", "")
    assert check_level("", "7k2m-o") == ("", "7K2M0")
    with pytest.raises(TargetError):
        check_level("L", "S")
    with pytest.raises(LinkError):
        check_level("L" * 21, "")


def test_link_types_are_those_of_the_vocabulary(test_data):
    told = json.loads((test_data / "gs1" / "linktypes.json").read_text(encoding="utf-8"))
    stable = {name for name, term in told.items() if term["status"] == "stable"}
    assert stable - {DEFAULT, DEFAULTS, "handledBy"} == LINK_TYPES


@pytest.mark.parametrize("name", sorted(LINK_TYPES | {DEFAULT}))
def test_a_link_type_is_read_in_short_and_in_full(name):
    for text in (f"gs1:{name}", iri(name), f"https://gs1.org/voc/{name}", f"http://www.gs1.org/voc/{name}"):
        assert read_link_type(text) == name


@pytest.mark.parametrize(
    "text",
    [
        "",
        "pip",
        "gs1:",
        "gs1:nosuch",
        "GS1:pip",
        "schema:url",
        "https://evil.example/voc/pip",
        "gs1:pip\n",
        "gs1:pip x",
    ],
)
def test_a_link_type_of_another_vocabulary_is_refused(text):
    with pytest.raises(LinkTypeError):
        read_link_type(text)


def test_links_are_written_once_and_changed_by_their_id(db):
    gtin = make.product(db).gtin
    rows = [row(gtin, 1, languages=("zh",)), row(gtin, 2, lot="A"), row(gtin, 3, serial="S1", contexts=("CN",))]
    assert put_targets(db, rows=rows)[:3] == (3, 0, 0)
    assert put_targets(db, rows=rows)[:3] == (0, 0, 3)
    assert put_targets(db, rows=[rows[0]._replace(title="New")])[:3] == (0, 1, 0)
    name, kept = named_targets(db, gtin=gtin)
    assert name == "Green tea"
    assert sorted(kept) == sorted([rows[0]._replace(title="New"), *rows[1:]])


def test_a_product_without_links_has_a_name_and_an_unknown_one_is_told(db):
    assert named_targets(db, gtin=make.product(db).gtin)[1] == []
    with pytest.raises(UnknownProductError):
        named_targets(db, gtin=make.gtin())


def test_a_new_default_takes_the_mark_from_the_old_one(db):
    gtin, other = make.product(db).gtin, make.product(db).gtin
    first = [row(gtin, 1, is_default=True), row(gtin, 2, lot="A", is_default=True), row(other, 3, is_default=True)]
    put_targets(db, rows=first)
    put_targets(db, rows=[row(gtin, 4, is_default=True)])
    assert [one.target_id for one in named_targets(db, gtin=gtin)[1] if one.is_default] == ["L4", "L2"]
    assert named_targets(db, gtin=other)[1][0].is_default


def test_defaults_may_change_places_in_one_file(db):
    gtin = make.product(db).gtin
    rows = [row(gtin, 1, is_default=True), row(gtin, 2, lot="A", is_default=True)]
    put_targets(db, rows=rows)
    swapped = [row(gtin, 2, is_default=True), row(gtin, 1, lot="A", is_default=True)]
    assert put_targets(db, rows=swapped)[:3] == (0, 2, 0)
    assert put_targets(db, rows=swapped)[:3] == (0, 0, 2)


@pytest.mark.parametrize(
    "change",
    [{"is_default": True}, {"href": "javascript:alert(1)"}, {"href": "//evil.example"}, {"lot": "A", "serial": "S"}],
)
def test_the_database_holds_one_default_and_the_web(db, change):
    gtin = make.product(db).gtin
    put_targets(db, rows=[row(gtin, 1, is_default=True), row(gtin, 2)])
    with pytest.raises(IntegrityError), db.begin_nested():
        db.execute(update(Target).where(Target.target_id == "L2").values(**change))


def test_rows_that_cannot_be_are_told(db):
    gtin = make.product(db).gtin
    put = put_targets(db, rows=[row(gtin), row(make.gtin(), 2)])
    assert (put.new, put.refused[0].index, put.refused[0].column) == (1, 1, "gtin")


@pytest.mark.sqlite_only
def test_a_product_has_no_more_links_than_a_page_can_show(db):
    gtin = make.product(db).gtin
    put_targets(db, rows=[row(gtin, number) for number in range(MOST_OF_PRODUCT)])
    put = put_targets(db, rows=[row(gtin, 1, title="Changed"), row(gtin, MOST_OF_PRODUCT)])
    assert (put.new, put.changed, len(put.refused)) == (0, 1, 1)


def test_a_link_is_taken_away_once_and_only_from_its_own_product(db):
    gtin, other = make.product(db).gtin, make.product(db).gtin
    put_targets(db, rows=[row(gtin)])
    assert not drop_target(db, gtin=other, target_id="L1")
    assert drop_target(db, gtin=gtin, target_id="L1")
    assert not drop_target(db, gtin=gtin, target_id="L1")
