"""Words: every code of the domain has a text, numbers are written as people write them, and nothing is promised."""

import re
from datetime import date
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from channel import words
from channel.errors import STATUS
from channel.words.reasons import _DOUBTS, _ODD, _PRESENCE
from channel.words.refusals import _VERBATIM
from scans.rewards import REWARDS
from scans.tables import BATCH_STATES, EARNS, LEVELS, PRODUCT_KINDS
from stores import arrivals, closing, concentration, diversion, rounds, shelf
from stores.judge import REASONS
from stores.shares import RULES
from stores.tables import EVIDENCE, FOLLOWS, PARTY_KINDS, PIN_STATES, SHARE_STATES
from stores.visits import ACTIONS, CAUSES, PURPOSES

CHANNEL = Path(words.__file__).parents[1]
ELSEWHERE = {  # only the API and the commands meet these, or the page shows the refusal in its form
    "malformed-json", "unsupported-media-type", "invalid-body", "invalid-query", "bad-token", "bad-role", "bad-span",
    "bad-event", "bad-reward", "bad-plan", "bad-file", "refused", "day-not-over",
}  # fmt: skip


@pytest.fixture
def said(app):
    """Ask in a request of either language."""

    def ask(ask_words, lang="en"):
        with app.test_request_context(f"/?lang={lang}"):
            return str(ask_words())

    return ask


@pytest.mark.parametrize(
    ("texts", "codes"),
    [
        (words.EVIDENCE, EVIDENCE),
        (words.SHARE_STATES, SHARE_STATES),
        (words.ARRIVAL_STATES, arrivals.STATES),
        (words.ARRIVAL_WHYS, arrivals.WHYS),
        (words.FOLLOWS, FOLLOWS),
        (words.BATCH_STATES, BATCH_STATES),
        (words.LEVELS, LEVELS),
        (words.EARNS, EARNS),
        (words.PRODUCT_KINDS, PRODUCT_KINDS),
        (words.PARTY_KINDS, PARTY_KINDS),
        (words.CAUSES, CAUSES),
        (words.ACTIONS, ACTIONS),
        (words.PURPOSES, PURPOSES),
        (words.ELSEWHERE_WHYS, shelf.WHYS),
        (words.PIN_STATES, PIN_STATES),
        (words.RULES, [*RULES, *REWARDS]),
        (words.CLOSINGS, closing.REASONS),
        (words.STOP_STATES, rounds.STATES),
    ],
)
def test_law_every_code_of_the_domain_has_a_text(texts, codes):
    assert set(texts) == set(codes)


NAMED = re.compile(r"%\(\w+\)[sd]")


def test_law_a_translation_names_what_its_text_names_and_no_other_per_cent_sign():
    """A template formats every text, so a lone % breaks the page in one language only: write ％ or per cent."""
    texts = list(read_po((CHANNEL / "translations/zh_Hans/LC_MESSAGES/messages.po").read_bytes().splitlines()))
    assert len(texts) > 500
    for text in texts[1:]:
        one, *_ = told = text.id if isinstance(text.id, tuple) else (text.id,)
        translated = text.string if isinstance(text.string, tuple) else (text.string,)
        assert not [each for each in (*told, *translated) if "%" in NAMED.sub("", each)], one
        assert all(set(NAMED.findall(each)) == set(NAMED.findall(told[-1])) for each in translated), one


def test_law_every_reason_of_the_night_has_a_sentence():
    assert {*REASONS, concentration.CODE, diversion.CODE} <= {*_ODD, *_PRESENCE}


def test_law_every_error_that_a_page_may_meet_is_told_in_both_languages():
    assert {told.slug for told in STATUS.values()} - set(words.PROBLEMS) <= ELSEWHERE


def test_law_no_page_says_genuine():
    told = [*CHANNEL.rglob("templates/**/*.html"), *CHANNEL.rglob("*.po"), *CHANNEL.rglob("words/*.py")]
    assert told
    for path in told:
        text = path.read_text(encoding="utf-8").casefold()
        assert not any(word in text for word in ("genuine", "authentic", "正品", "真品", "验真")), path


@pytest.mark.parametrize(
    ("headers", "lang", "why"),
    [
        ({}, "en", "nothing is asked for"),
        ({"Accept-Language": "zh-CN,zh;q=0.9"}, "zh-Hans", "a Chinese browser"),
        ({"Accept-Language": "zh-TW"}, "zh-Hans", "there is one Chinese"),
        ({"Accept-Language": "de, zh;q=0.5, en;q=0.3"}, "zh-Hans", "the better of what we have"),
        ({"Accept-Language": "fr"}, "en", "neither"),
    ],
)
def test_the_language_is_the_one_asked_for(client, headers, lang, why):
    assert f'<html lang="{lang}">' in client.get("/", headers=headers).text, why


def test_a_chosen_language_is_remembered(client):
    assert '<html lang="zh-Hans">' in client.get("/?lang=zh").text
    assert '<html lang="zh-Hans">' in client.get("/").text
    assert '<html lang="zh-Hans">' in client.get("/?lang=xx").text
    assert '<html lang="en">' in client.get("/?lang=en", headers={"Accept-Language": "zh"}).text


@pytest.mark.parametrize(
    ("ask", "english"),
    [
        (lambda: words.money(128640), "CN¥1,286.40"),
        (lambda: words.money(-5), "-CN¥0.05"),
        (lambda: words.money(128650, whole=True), "CN¥1,286"),
        (lambda: words.number(961204), "961,204"),
        (lambda: words.number(25.66, digits=1), "25.7"),
        (lambda: words.percent(0.594), "59.4%"),
        (lambda: words.percent(None), "–"),
        (lambda: words.signed_percent(112, 100), "+12%"),
        (lambda: words.signed_percent(88, 100), "−12%"),
        (lambda: words.signed_percent(5, 0), "None"),
        (lambda: words.period(date(2026, 6, 5), date(2026, 6, 5), short=True), "06-05"),
        (lambda: words.period(date(2026, 6, 5), date(2026, 6, 8)), "2026-06-05 – 2026-06-08"),
        (lambda: words.distance(3), "10 m"),
        (lambda: words.distance(84), "80 m"),
        (lambda: words.distance(1540), "1.5 km"),
    ],
)
def test_numbers_are_written_as_people_write_them(said, ask, english):
    assert said(ask) == english


def test_why_a_part_is_ones_own_names_no_rival(said):
    why = {
        "accuracy_m": 30.0,
        "candidates": [{"id": "S1", "name": "Own", "m": 64}, {"id": "R1", "name": "Rival", "m": 210}],
    }
    told = said(lambda: words.why_mine("position", "sale", 0.97, why, "S1"))
    assert told == (
        "It was scanned 60 m from this store, with a position exact to 30 m; the next store was 210 m away: 97% sure."
    )


@pytest.mark.parametrize(
    ("evidence", "follows", "begins"),
    [
        ("delivered", "sale", "The case of this item was delivered"),
        ("source", "sale", "It was scanned through this store's own"),
        ("chosen", "sale", "The consumer said"),
        ("unknown", "sale", "No store is known"),
        ("position", "link", "This consumer belongs to this store"),
    ],
)
def test_every_kind_of_evidence_is_told(said, evidence, follows, begins):
    assert said(lambda: words.why_mine(evidence, follows, 0.9, {}, "S1")).startswith(begins)


FEW = (
    {}, {"days": 1}, {"sold": 3}, {"facings": 1, "facings_before": 4, "per_facing": 2.0}, {"expected": None},
    {"neighbours": None}, {"days": float("inf")}, {"stock": {"code": "stock_there"}}, {"rival": {"facings": 2}},
)  # fmt: skip


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_law_a_reason_is_told_with_the_numbers_that_it_has(said, lang):
    """A flag keeps its reason as it was written, and what later versions write is not in it."""
    whys = [{"code": code, **few} for code in (*_ODD, *_PRESENCE) for few in FEW]
    told = said(lambda: [words.flag_reason(why) for why in whys], lang)
    told += said(lambda: [words.doubt_reason({"code": code, "seconds": None}) for code in _DOUBTS], lang)
    assert "%(" not in told


def test_what_the_night_found_is_told_with_its_numbers(said):
    why = {"code": "stretch_low", "days": 7, "sold": 0, "expected": 25.66, "low": 13, "high": 43}
    assert said(lambda: words.flag_reason(why)) == "Sold 0 in 7 days, where 25.7 are normal (13 to 43)."
    explained = why | {"code": "one_phone", "items": 48, "of": 60, "events": 3, "days": 14}
    assert said(lambda: words.flag_reason(explained)).startswith("Cartons scanned by one phone: 48 of 60 items")
    assert said(lambda: words.flag_reason({"code": "not-yet-worded"})) == "not-yet-worded"


def test_a_store_that_sells_too_much_tells_of_a_rival_and_of_a_store_that_left(said):
    why = {"code": "stretch_high", "days": 7, "sold": 40, "expected": 20.0, "low": 9, "high": 31}
    why |= {"rival": {"name": "Brand A", "facings": 0, "before": 6}}
    why |= {"nearby": {"store": "Corner shop", "m": 423, "since": "2026-05-03"}}
    assert said(lambda: words.flag_reason(why)).endswith(
        "Beside it Brand A has 0 facings, 6 at the visit before. "
        "Corner shop, 420 m from here, has sold nothing since 2026-05-03: its customers may come here."
    )
    assert "420 米外的 Corner shop 自 2026-05-03 起没有销量" in said(lambda: words.flag_reason(why), "zh")


def test_sentences_follow_each_other_with_a_space_but_not_in_chinese(said):
    why = {"code": "stretch_low", "days": 7, "sold": 0, "expected": 25.66, "low": 13, "high": 43, "neighbours": 1.0}
    why |= {"stock": {"code": "stock_out", "items": 1, "low": 0, "high": 2}}
    assert ". Neighbours sold as usual. Stock about 1" in said(lambda: words.flag_reason(why))
    assert "。 " not in said(lambda: words.flag_reason(why), "zh")
    assert said(lambda: words.after("", "One.") + words.after("One.", "")) == "One.One."


@pytest.mark.parametrize(
    ("code", "neighbours", "ends"),
    [
        ("stretch_low", 1.04, "(13 to 43). Neighbours sold as usual."),
        ("stretch_low", 0.82, "Neighbours sold 18% less than usual; that is allowed for."),
        ("stretch_high", 1.12, "Neighbours sold 12% more than usual; that is allowed for."),
        ("stretch_high", 1.4, "Probably a promotion in the region, which works best here."),
        ("stretch_low", 1.4, "that is allowed for."),
    ],
)
def test_a_flag_says_how_the_neighbours_did(said, code, neighbours, ends):
    why = {"code": code, "days": 7, "sold": 0, "expected": 25.66, "low": 13, "high": 43, "neighbours": neighbours}
    assert said(lambda: words.flag_reason(why)).endswith(ends)


@pytest.mark.parametrize(
    ("reason", "chinese"),
    [
        ("is empty", "是空的"),
        ("there is no party D-9", "没有主体 D-9"),
        ("is not between -90 and 90", "不在 -90 与 90 之间"),
        ("nobody has translated this", "nobody has translated this"),
    ],
)
def test_refusals_are_told_in_the_language_of_the_page(said, reason, chinese):
    assert said(lambda: words.refusal(reason), "zh") == chinese
    assert said(lambda: words.refusal(reason)) == reason


def test_refusals_that_stand_in_the_list_are_still_said_somewhere():
    sources = [path for folder in ("scans", "stores", "channel") for path in (CHANNEL.parent / folder).rglob("*.py")]
    text = "".join(path.read_text(encoding="utf-8") for path in sources if path.name != "refusals.py")
    assert [reason for reason in _VERBATIM if reason not in text] == []
